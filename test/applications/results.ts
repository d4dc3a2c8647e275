// What test runners say of each test, in the formats that they share, and the verdict on all of it.

export type TestResult = {
  /** Stable from run to run: file or class, then the test's name. */
  readonly id: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
};

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function plainText(text: string): string {
  return text.replaceAll(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));
    return entities[name] ?? whole;
  });
}

function attribute(tag: string, name: string): string {
  return plainText(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
}

/** The test cases of a JUnit report, as pytest, Surefire, mocha (`xunit`) and node:test (`junit`) write it. */
export function junitResults(xml: string): TestResult[] {
  // Output of the tests stands in CDATA and may hold anything.
  const text = xml.replaceAll(/<!\[CDATA\[.*?\]\]>/gs, '');
  return [...text.matchAll(/<testcase(\s[^>]*?)(\/>|>(.*?)<\/testcase>)/gs)].map(([, tag = '', , body = '']) => {
    const outcome = /<(failure|error)[\s>/]/.test(body) ? 'failed' : /<skipped[\s>/]/.test(body) ? 'skipped' : 'passed';
    return { id: `${attribute(tag, 'classname')} ${attribute(tag, 'name')}`.trim(), outcome };
  });
}

/** The tests of `go test -json`. A package that did not build or did not end counts as one that failed. */
export function goResults(lines: string): TestResult[] {
  const outcomes = { pass: 'passed', fail: 'failed', skip: 'skipped' } as const;
  const results: TestResult[] = [];
  for (const line of lines.split('\n')) {
    if (!line.startsWith('{')) continue;
    const { Action: action, Test: test, Package: name } = JSON.parse(line) as Record<string, string>;
    const outcome = outcomes[action as keyof typeof outcomes];
    // A package passes or is skipped when its tests did, which is no test more.
    if (outcome === undefined || (test === undefined && outcome !== 'failed')) continue;
    results.push({ id: test ?? `package ${name}`, outcome });
  }
  // A package fails because a test in it did: then that test tells it.
  const failed = results.filter(({ id, outcome }) => outcome === 'failed' && !id.startsWith('package '));
  return failed.length > 0 ? results.filter(({ id }) => !id.startsWith('package ')) : results;
}

export type Verdict = {
  readonly passed: number;
  readonly skipped: number;
  /** Failed as they fail on Cassandra. */
  readonly alike: number;
  /** Failed by a difference that is meant. */
  readonly meant: number;
  /** What is wrong, a line each; empty when the application passed. */
  readonly wrong: readonly string[];
};

/**
 * Judges the results of one application.
 * @param failsOnCassandra  ids of tests that fail on Cassandra 5.0 in the same way: they have to fail here too, else the list is out of date
 * @param meantDifferences  ids of tests that have to fail here alone; none when the server is Cassandra
 */
export function judge(
  results: readonly TestResult[],
  failsOnCassandra: readonly string[],
  meantDifferences: readonly string[] = [],
): Verdict {
  const ids = (outcome: TestResult['outcome']) =>
    results.filter((result) => result.outcome === outcome).map(({ id }) => id);
  const failed = ids('failed');
  const known = new Set([...failsOnCassandra, ...meantDifferences]);
  const countIn = (list: readonly string[]) => failed.filter((id) => list.includes(id)).length;
  const passed = ids('passed').length;
  const wrong = [
    ...failed.filter((id) => !known.has(id)).map((id) => `failed: ${id}`),
    ...failsOnCassandra
      .filter((id) => !failed.includes(id))
      .map((id) => `should fail as on Cassandra, and did not: ${id}`),
    ...meantDifferences
      .filter((id) => !failed.includes(id))
      .map((id) => `should fail by a difference that is meant, and did not: ${id}`),
    ...(passed === 0 ? ['no test passed'] : []),
  ];
  const skipped = ids('skipped').length;
  return { passed, skipped, alike: countIn(failsOnCassandra), meant: countIn(meantDifferences), wrong };
}
