// Statements generated from the grammar, compared with a real Cassandra.
//   node dist/test/grammar/run.js [--seed N] [--count N] [--statements N] [--shrink N] [--cassandra HOST:PORT] [--ferrosa HOST:PORT]
// An episode is a random schema and statements on it; its seed is in the name of its table: `--seed 17 --count 1` is t17 again.
// Without addresses it starts a Ferrosa and a Cassandra (scripts/oracle) of its own.
import { type Outcome, show } from '../diff/outcome.js';
import { episodeOf, type Finding, runEpisode } from './episode.js';
import { render } from './node.js';
import { connection, execute, freshKeyspace, option, startServers } from './servers.js';
import { shrink, signature } from './shrink.js';

/** Episodes that run at a time: what is in order within one leaves both servers idle. */
const lanes = 4;
/** Episodes of a lane between fresh keyspaces: tables cost memory. */
const episodesAKeyspace = 12;
/** Findings of one kind that are kept, each of another episode: what looks alike need not be alike. */
const examplesMax = 12;
/** Statements between two lines on how far the run is. */
const progressEach = 10_000;

type Options = {
  readonly seed: number;
  readonly count: number;
  readonly statements: number;
  readonly shrinks: number;
};

class Tally {
  statements = 0;
  failed = 0;
  differences = 0;
  readonly found = new Map<string, { count: number; examples: Finding[] }>();
  readonly known = new Map<number, number>();
  readonly #started = performance.now();

  add(finding: Finding): void {
    const key = signature(finding);
    const seen = this.found.get(key);
    this.differences++;
    if (seen === undefined) {
      this.found.set(key, { count: 1, examples: [finding] });
      tell(finding);
      return;
    }
    seen.count++;
    if (seen.examples.length < examplesMax && seen.examples.every(({ episode }) => episode !== finding.episode)) {
      seen.examples.push(finding);
      tell(finding);
    }
  }

  progress(added: number): void {
    const before = this.statements;
    this.statements += added;
    if (Math.floor(before / progressEach) === Math.floor(this.statements / progressEach)) return;
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = Math.round(this.statements / seconds);
    console.log(`${this.statements} statements, ${rate} a second, ${this.differences} differences`);
  }
}

function tell(finding: Finding): void {
  console.log(`seed ${finding.episode.name.slice(1)}, ${finding.what}: ${finding.cql}`);
  for (const text of contrast(finding)) console.log(`    ${text}`);
}

/** Both outcomes; of rows those that the other one has not. */
function contrast({ what, ours, theirs }: Finding): string[] {
  const only = (one: Outcome, other: Outcome): Outcome => {
    if (what !== 'rows' || 'code' in one || 'code' in other) return one;
    const rows = one.rows.filter((row, i) => row !== other.rows[i]);
    return { ...one, columns: one.columns.map((column) => column.slice(0, 40)), rows: rows.slice(0, 3) };
  };
  return [`Ferrosa:   ${show(only(ours, theirs))}`, `Cassandra: ${show(only(theirs, ours))}`];
}

type Addresses = { readonly ferrosa: string; readonly cassandra: string };

async function lane(
  number: number,
  options: Options,
  addresses: Addresses,
  next: () => number,
  tally: Tally,
): Promise<void> {
  const ferrosa = connection('Ferrosa', addresses.ferrosa);
  const cassandra = connection('Cassandra', addresses.cassandra);
  const keyspace = `grammar_${number}`;
  try {
    for (let n = 0; ; n++) {
      if (tally.statements >= options.count) break;
      if (n % episodesAKeyspace === 0)
        await Promise.all([ferrosa, cassandra].map((target) => freshKeyspace(target, keyspace)));
      const episode = episodeOf(next(), Math.min(options.statements, options.count));
      const verdict = await runEpisode(episode, ferrosa, cassandra);
      tally.failed += verdict.failed;
      for (const finding of verdict.findings) tally.add(finding);
      for (const [reason, count] of verdict.known) tally.known.set(reason, (tally.known.get(reason) ?? 0) + count);
      tally.progress(verdict.compared);
    }
    for (const target of [ferrosa, cassandra]) await execute(target, `DROP KEYSPACE ${keyspace}`);
  } finally {
    await Promise.all([ferrosa.close(), cassandra.close()]);
  }
}

async function report(options: Options, addresses: Addresses, tally: Tally): Promise<void> {
  const ferrosa = connection('Ferrosa', addresses.ferrosa);
  const cassandra = connection('Cassandra', addresses.cassandra);
  const keyspace = 'grammar_shrink';
  for (const target of [ferrosa, cassandra]) await freshKeyspace(target, keyspace);
  let shrinks = options.shrinks;
  for (const { count, examples } of [...tally.found.values()].sort((a, b) => b.count - a.count)) {
    for (const example of examples) {
      const finding = shrinks-- > 0 ? await shrink(example, { ferrosa, cassandra }) : example;
      const { steps } = finding.episode;
      console.log(`\n${finding.what} (${count} times), seed ${example.episode.name.slice(1)}:`);
      for (const [i, { node, prepared, clock }] of steps.slice(0, finding.index + 1).entries())
        if (finding !== example || i === finding.index)
          console.log(`  ${render(node)}; -- at ${clock % 50}${prepared ? ', prepared' : ''}`);
      for (const text of contrast(finding)) console.log(`    ${text}`);
    }
  }
  for (const target of [ferrosa, cassandra]) {
    await execute(target, `DROP KEYSPACE ${keyspace}`);
    await target.close();
  }
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const options: Options = {
    seed: Number(option(args, '--seed', '1')),
    count: Number(option(args, '--count', '200000')),
    statements: Number(option(args, '--statements', '400')),
    shrinks: Number(option(args, '--shrink', '12')),
  };
  const servers = await startServers(args);
  const tally = new Tally();
  let seed = options.seed;
  try {
    const run = (number: number): Promise<void> => lane(number, options, servers, () => seed++, tally);
    await Promise.all(Array.from({ length: lanes }, (_, number) => run(number)));
    await report(options, servers, tally);
    const known = [...tally.known].sort(([a], [b]) => a - b);
    for (const [reason, count] of known) console.log(`docs/differences.md, reason ${reason}: ${count} times`);
    console.log(
      `${tally.statements} statements, seeds ${options.seed} to ${seed - 1} (${tally.failed} of them refused by ` +
        `Cassandra), ${tally.differences} differences of ${tally.found.size} kinds`,
    );
    process.exitCode = tally.differences === 0 ? 0 : 1;
  } finally {
    await servers.stop();
  }
}

await main();
