// One schema and the statements on it, run on both servers.
import type { Line } from '../diff/corpus.js';
import { difference, type Outcome, type Target } from '../diff/outcome.js';
import { change } from './ddl.js';
import { knownDifference } from './known.js';
import { list, type Node, render } from './node.js';
import { quietOptions } from './options.js';
import { Random } from './random.js';
import { type GenTable, randomTable, schemaStatements } from './schema.js';
import { select, wild } from './select.js';
import { write } from './writes.js';

/** Reads that are asked for at a time: they change nothing, so that their order is nothing. */
const readsAtOnce = 32;
/** The clock of a test: seconds of the request, beside microseconds that are few and close. */
const clockSeconds = 1_900_000_000;

export type Step = {
  readonly node: Node;
  readonly read: boolean;
  readonly prepared: boolean;
  readonly pageSize: number;
  readonly clock: number;
};

export type Episode = { readonly name: string; readonly steps: readonly Step[] };

export type Finding = {
  readonly episode: Episode;
  readonly index: number;
  readonly cql: string;
  readonly what: string;
  readonly ours: Outcome;
  readonly theirs: Outcome;
};

export type Verdict = {
  readonly findings: Finding[];
  /** How often each reason of docs/differences.md came up. */
  readonly known: Map<number, number>;
  /** Statements that Cassandra refused. */
  readonly failed: number;
  /** Statements whose outcomes were compared. */
  readonly compared: number;
};

const isDescribe = (node: Node): boolean => typeof node === 'string' && node.startsWith('DESCRIBE');

const stepOf = (r: Random, node: Node, read: boolean, clock: number): Step => ({
  node,
  read,
  prepared: r.chance(50),
  // A DESCRIBE ends between two pages when the schema changes, as it does in the other lanes.
  pageSize: read && r.chance(20) && !isDescribe(node) ? r.between(1, 5) : 0,
  clock,
});

/** Writes, reads, and now and then changes of the schema, in turn. */
function data(r: Random, first: GenTable, statements: number): Step[] {
  const steps: Step[] = [];
  let table = first;
  let isQuiet = true;
  const add = (node: Node, read: boolean): void => void steps.push(stepOf(r, node, read, steps.length));
  while (steps.length < statements) {
    for (let n = r.between(8, 25); n > 0; n--) add(write(r, table, isQuiet), false);
    add(`SELECT * FROM ${table.name}`, true);
    for (let n = r.between(60, 110); n > 0; n--) add(r.chance(94) ? select(r, table) : wild(r, table), true);
    isQuiet = r.chance(50);
    if (isQuiet) continue;
    for (let n = r.between(1, 4); n > 0; n--) {
      const { node, table: after } = change(r, table);
      add(node, false);
      table = after;
    }
    add(`DESCRIBE TABLE ${table.name}`, true);
  }
  return steps;
}

/** The episode of a seed: the same at each call. */
export function episodeOf(seed: number, statements: number): Episode {
  const r = new Random(seed);
  const name = `t${seed}`;
  const table = randomTable(r, name);
  const options = quietOptions(r);
  const isOrdered = table.columns.some(({ kind }) => kind === 'clustering');
  const tail = list(options, ' AND ', 0, isOrdered ? ' AND ' : ' WITH ');
  const schema = schemaStatements(table, r.chance(30) ? tail : '').map((node) => stepOf(r, node, false, 0));
  return { name, steps: [...schema, ...data(r, table, statements)] };
}

export function lineOf(step: Step, index: number): Line {
  return {
    number: index,
    cql: render(step.node),
    mode: 'exact',
    pageSize: step.pageSize,
    binds: null,
    prepared: step.prepared,
    options: { timestamp: BigInt(1000 + (step.clock % 50)), nowInSeconds: clockSeconds + step.clock },
  };
}

/** The outcome of each step; steps that follow one another and only read run together. */
async function outcomes(target: Target, lines: readonly Line[], steps: readonly Step[]): Promise<Outcome[]> {
  const out: Outcome[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at + 1;
    while (steps[at]!.read && end < lines.length && end - at < readsAtOnce && steps[end]!.read) end++;
    out.push(...(await Promise.all(lines.slice(at, end).map((line) => target.run(line)))));
    at = end;
  }
  return out;
}

/** Names of the static columns that a CREATE TABLE or an ALTER TABLE makes. */
function staticColumns(cql: string): string[] {
  if (!/^(CREATE|ALTER) TABLE /.test(cql)) return [];
  let plain = cql;
  while (/<[^<>]*>/.test(plain)) plain = plain.replace(/<[^<>]*>/g, '');
  return [...plain.matchAll(/(\w+)"? \w+ static\b/g)].map(([, name]) => name!);
}

/** Runs the episode on both sides. A write that only one of them took ends the comparison: what follows is another story. */
export async function runEpisode(episode: Episode, ferrosa: Target, cassandra: Target): Promise<Verdict> {
  const { steps } = episode;
  const lines = steps.map(lineOf);
  const hasReversed = lines.some(({ cql }) => /^CREATE TABLE .* DESC\b/.test(cql));
  const hasEqualNumbers = lines.some(({ cql }) => /^(CREATE|ALTER) T(ABLE|YPE) .*\b(varint|decimal)\b/.test(cql));
  const hasTtl = lines.some(({ cql }) => /\bINSERT\b.*\bTTL\b|default_time_to_live/.test(cql));
  const statics = new Set(lines.flatMap(({ cql }) => staticColumns(cql)));
  // Cassandra compiles each prepared statement anew, and keeps only so many.
  const asText = lines.map((line) => ({ ...line, prepared: false }));
  const [ours, theirs] = await Promise.all([outcomes(ferrosa, lines, steps), outcomes(cassandra, asText, steps)]);
  const verdict: Verdict & { failed: number; compared: number } = {
    findings: [],
    known: new Map(),
    failed: 0,
    compared: 0,
  };
  for (const [index, line] of lines.entries()) {
    verdict.compared++;
    if ('code' in theirs[index]!) verdict.failed++;
    const what = difference(line, ours[index]!, theirs[index]!);
    if (what === null) continue;
    const known = knownDifference(what, ours[index]!, theirs[index]!, {
      hasReversed,
      hasEqualNumbers,
      hasTtl,
      statics,
      cql: line.cql,
    });
    if (known !== null) {
      verdict.known.set(known, (verdict.known.get(known) ?? 0) + 1);
    } else verdict.findings.push({ episode, index, cql: line.cql, what, ours: ours[index]!, theirs: theirs[index]! });
    if (!steps[index]!.read && what === 'kind') break;
  }
  return verdict;
}
