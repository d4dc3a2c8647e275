// `npm run bench:ann`: nearest rows by a vector index (ORDER BY ... ANN OF) on Ferrosa and on a warm Cassandra (StorageAttachedIndex), the same
// vectors in both: time to fill, recall beside comparing all of them, rate and server CPU. A server that misses too many of the ten nearest is
// asked for more, of which the first ten count, until it finds them: rates are compared at one recall. Prints a table and one JSON object;
// exits with 1 when a wish is not met.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CqlClient } from '../test/support/cql-client.js';
import { Ferrosa } from '../test/support/ferrosa.js';
import { buildLoadTools, cpuSeconds, type LoadResult, residentBytes, runLoad } from './support/load.js';
import { startCassandra, type Target, targetOf } from './support/targets.js';
import { clusteredVectors, nearestByCosine, serializedVectors } from './support/vectors.js';

const { values: options } = parseArgs({
  options: {
    vectors: { type: 'string', default: '100000' },
    dimensions: { type: 'string', default: '384' },
    queries: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '3' },
    'cassandra-warmup': { type: 'string', default: '60' },
    shards: { type: 'string', default: '2' },
    conns: { type: 'string', default: '8' },
    inflight: { type: 'string', default: '4' },
    index: { type: 'string', default: "USING 'StorageAttachedIndex'" },
    'skip-cassandra': { type: 'boolean', default: false },
  },
});
const vectors = Number(options.vectors);
const dimensions = Number(options.dimensions);
/** The recall at which rates are compared, and what is asked of Ferrosa there. */
const recallMin = 0.95;
const rateRatioMin = 5;
/** Queries that the load generator chooses from; the first of them are those of the recall. */
const queryVectors = 2_000;
const seed = 20_261_128;
const shape = { latent: 48, clusters: 16, spread: 1, noise: 0.1 };
const k = 10;
const limits = [k, 100] as const;
/** Between those, until the recall is reached. */
const moreLimits = [15, 20, 30, 40, 50, 70] as const;

const statement = (limit: number): string => `SELECT k FROM load.ann ORDER BY v ANN OF ? LIMIT ${limit}`;
/** Two cores are slow at making a graph, and every write waits for its turn. */
const timeouts = { write_request_timeout: '120s', read_request_timeout: '60s', range_request_timeout: '60s' };

type Filled = {
  readonly rowsPerSecond: number;
  /** Until every vector is part of what searches go through. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentMiB: number;
};

/** @property recall  of the ten nearest, among the first ten of LIMIT */
type Searched = LoadResult & { readonly limit: number; readonly recall: number };

type Measured = {
  readonly target: string;
  readonly filled: Filled;
  /** One for each of `limits`. */
  readonly loads: readonly Searched[];
  /** The smallest LIMIT that reached the recall; the largest when none did. */
  readonly reached: Searched;
};

const folder = join('build', 'bench');
const recordFile = join(folder, `vectors-${process.pid}.bin`);
const recordBytes = dimensions * 4;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function createTable(target: Target): Promise<void> {
  const client = await CqlClient.connect({ host: target.host, port: target.port });
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
  await client.query(`CREATE KEYSPACE IF NOT EXISTS load WITH replication = ${replication}`);
  await client.query(`CREATE TABLE load.ann (k bigint PRIMARY KEY, v vector<float, ${dimensions}>)`);
  await client.query(`CREATE CUSTOM INDEX ann_v ON load.ann (v) ${options.index}`);
  await client.close();
}

/** @param linked  waits for what a settled server has still to do */
async function fill(target: Target, linked: () => Promise<void>): Promise<Filled> {
  await createTable(target);
  const startedMs = performance.now();
  const cpuBefore = cpuSeconds(target.pid);
  const insert = 'INSERT INTO load.ann (k, v) VALUES (?, ?)';
  const { preloadPerSecond } = await runLoad(target, {
    seconds: 0,
    warmup: 0,
    proto: 5,
    keys: options.vectors,
    args: [
      ...['--workload', 'custom', '--records', recordFile, '--conns', options.conns, '--inflight', '16', '--preload'],
      ...['--preload-cql', insert, '--preload-bind', `key,record:${recordBytes}`],
    ],
  });
  say(`${target.name}: ${Math.round(preloadPerSecond)} rows/s written`);
  await target.settle();
  await linked();
  return {
    rowsPerSecond: preloadPerSecond,
    seconds: (performance.now() - startedMs) / 1000,
    cpuSeconds: cpuSeconds(target.pid) - cpuBefore,
    residentMiB: residentBytes(target.pid) / 2 ** 20,
  };
}

/** Part of the true nearest that searches find. */
async function recallOf(target: Target, { queries, nearest }: Truth, limit: number): Promise<number> {
  const client = await CqlClient.connect({ host: target.host, port: target.port });
  const prepared = await client.prepare(statement(limit));
  let found = 0;
  for (const [i, query] of queries.entries()) {
    const { rows } = await client.execute(prepared, [query]);
    const keys = new Set(rows.slice(0, k).map(([key]) => Number(Buffer.from(key!).readBigInt64BE())));
    if (keys.size !== k) throw new Error(`${target.name}: ${keys.size} rows instead of ${k}`);
    found += nearest[i]!.filter((key) => keys.has(key)).length;
  }
  await client.close();
  return found / (queries.length * k);
}

function searches(target: Target, limit: number, warmup: string): Promise<LoadResult> {
  return runLoad(target, {
    seconds: Number(options.seconds),
    warmup: Number(warmup),
    proto: 5,
    keys: options.vectors,
    args: [
      ...['--workload', 'custom', '--records', recordFile, '--conns', options.conns, '--inflight', options.inflight],
      ...['--cql', statement(limit), '--bind', `rrecord:${recordBytes}`, '--cql-reads'],
    ],
  });
}

type Truth = { readonly queries: readonly Buffer[]; readonly nearest: readonly number[][] };

async function measure(target: Target, linked: () => Promise<void>, warmup: string, truth: Truth): Promise<Measured> {
  const search = async (limit: number, recall: number): Promise<Searched> => {
    const load = await searches(target, limit, warmup);
    say(`${target.name}: LIMIT ${limit}: recall@${k} ${recall.toFixed(4)}, ${Math.round(load.opsPerSecond)}/s`);
    return { limit, recall, ...load };
  };
  try {
    const filled = await fill(target, linked);
    say(`${target.name}: filled in ${filled.seconds.toFixed(1)} s`);
    const loads: Searched[] = [];
    for (const limit of limits) loads.push(await search(limit, await recallOf(target, truth, limit)));
    let reached = loads.find(({ recall }) => recall >= recallMin) ?? loads.at(-1)!;
    for (const limit of moreLimits) {
      if (limit >= reached.limit) break;
      const recall = await recallOf(target, truth, limit);
      if (recall >= recallMin) reached = await search(limit, recall);
    }
    return { target: target.name, filled, loads, reached };
  } finally {
    await target.stop();
  }
}

/** Every vector is in the graph. */
async function linked(node: Ferrosa): Promise<void> {
  const client = await CqlClient.connect({ port: node.port });
  const waiting = async (): Promise<number> => {
    const { rows } = await client.query('SELECT vectors_waiting FROM system_observability.secondary_indexes');
    return Number(Buffer.from(rows[0]![0]!).readBigInt64BE());
  };
  while ((await waiting()) > 0) await delay(50);
  await client.close();
}

function prepare(): Truth {
  mkdirSync(folder, { recursive: true });
  const set = clusteredVectors({ ...shape, count: vectors + queryVectors, dimensions, seed });
  const queryNumbers = Array.from({ length: Number(options.queries) }, (_, i) => vectors + i);
  const nearest = nearestByCosine(set, vectors, queryNumbers, k);
  const bytes = serializedVectors(set); // in the place of the floats
  writeFileSync(recordFile, bytes);
  const queries = queryNumbers.map((n) => Buffer.from(bytes.subarray(n * recordBytes, (n + 1) * recordBytes)));
  return { queries, nearest };
}

function print(results: readonly Measured[]): boolean {
  const [ferrosa, cassandra] = results as [Measured, Measured | undefined];
  const both = (of: (one: Measured) => number, digits: number): [string, string, string] => {
    const ours = of(ferrosa);
    const theirs = cassandra === undefined ? null : of(cassandra);
    return [
      ours.toFixed(digits),
      theirs === null ? '' : theirs.toFixed(digits),
      theirs === null ? '' : (ours / theirs).toFixed(2),
    ];
  };
  const lines: [string, [string, string, string]][] = [
    ['rows/s written', both(({ filled }) => filled.rowsPerSecond, 0)],
    ['until all is searchable by the graph, s', both(({ filled }) => filled.seconds, 1)],
    ['CPU of that, s', both(({ filled }) => filled.cpuSeconds, 1)],
    ['resident then, MiB', both(({ filled }) => filled.residentMiB, 0)],
    [`LIMIT for recall@${k} of ${recallMin}`, both(({ reached }) => reached.limit, 0)],
    ['its recall', both(({ reached }) => reached.recall, 4)],
    ['its searches/s', both(({ reached }) => reached.opsPerSecond, 0)],
  ];
  for (const [i, limit] of limits.entries())
    lines.push(
      [`LIMIT ${limit}: recall@${k}`, both(({ loads }) => loads[i]!.recall, 4)],
      [`LIMIT ${limit}: searches/s`, both(({ loads }) => loads[i]!.opsPerSecond, 0)],
      [`LIMIT ${limit}: us CPU/op`, both(({ loads }) => loads[i]!.serverCpuMicros, 0)],
      [`LIMIT ${limit}: p50 us`, both(({ loads }) => loads[i]!.p50, 0)],
      [`LIMIT ${limit}: p99 us`, both(({ loads }) => loads[i]!.p99, 0)],
    );
  console.log(`| ${vectors} x ${dimensions} | Ferrosa | Cassandra | ratio |\n| --- | --- | --- | --- |`);
  for (const [name, cells] of lines) console.log(`| ${name} | ${cells.join(' | ')} |`);
  console.log(JSON.stringify({ date: new Date().toISOString(), node: process.version, seed, shape, options, results }));
  const rate = ({ reached }: Measured): number => reached.opsPerSecond;
  return (
    ferrosa.reached.recall >= recallMin && (cassandra === undefined || rate(ferrosa) >= rateRatioMin * rate(cassandra))
  );
}

async function main(): Promise<void> {
  buildLoadTools();
  const truth = prepare();
  try {
    const node = await Ferrosa.start({ shards: options.shards, ...timeouts });
    const results = [await measure(targetOf(node), () => linked(node), options.warmup, truth)];
    if (!options['skip-cassandra']) {
      const cassandra = await startCassandra(Object.entries(timeouts).map(([name, value]) => `${name}=${value}`));
      results.push(await measure(cassandra, async () => {}, options['cassandra-warmup'], truth));
    }
    if (!print(results)) process.exitCode = 1;
  } finally {
    rmSync(recordFile, { force: true });
  }
}

await main();
