// `npm run bench:ann`: nearest rows by a vector index (ORDER BY ... ANN OF) on Ferrosa and on a warm Cassandra (StorageAttachedIndex), the same
// vectors in both: time to fill, recall beside comparing all of them, rate and server CPU. Prints a table and one JSON object; exits
// with 1 when a wish is not met.
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
/** What is asked of Ferrosa. */
const recallMin = 0.95;
const rateRatioMin = 5;
/** Queries that the load generator chooses from; the first of them are those of the recall. */
const queryVectors = 2_000;
const seed = 20_261_128;
const shape = { latent: 48, clusters: 16, spread: 1, noise: 0.1 };
const k = 10;
const limits = [k, 100] as const;

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

type Measured = {
  readonly target: string;
  readonly filled: Filled;
  readonly recall: number;
  readonly loads: readonly (LoadResult & { readonly limit: number })[];
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
async function recallOf(target: Target, queries: readonly Buffer[], truth: readonly number[][]): Promise<number> {
  const client = await CqlClient.connect({ host: target.host, port: target.port });
  const prepared = await client.prepare(statement(k));
  let found = 0;
  for (const [i, query] of queries.entries()) {
    const { rows } = await client.execute(prepared, [query]);
    const keys = new Set(rows.map(([key]) => Number(Buffer.from(key!).readBigInt64BE())));
    if (keys.size !== k) throw new Error(`${target.name}: ${keys.size} rows instead of ${k}`);
    found += truth[i]!.filter((key) => keys.has(key)).length;
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

async function measure(
  target: Target,
  linked: () => Promise<void>,
  warmup: string,
  { queries, nearest }: Truth,
): Promise<Measured> {
  try {
    const filled = await fill(target, linked);
    say(`${target.name}: filled in ${filled.seconds.toFixed(1)} s`);
    const recall = await recallOf(target, queries, nearest);
    say(`${target.name}: recall@${k} ${recall.toFixed(4)}`);
    const loads: (LoadResult & { readonly limit: number })[] = [];
    for (const limit of limits) {
      loads.push({ limit, ...(await searches(target, limit, warmup)) });
      say(`${target.name}: LIMIT ${limit}: ${Math.round(loads.at(-1)!.opsPerSecond)}/s`);
    }
    return { target: target.name, filled, recall, loads };
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
    [`recall@${k}`, both(({ recall }) => recall, 4)],
  ];
  for (const [i, limit] of limits.entries())
    lines.push(
      [`LIMIT ${limit}: searches/s`, both(({ loads }) => loads[i]!.opsPerSecond, 0)],
      [`LIMIT ${limit}: us CPU/op`, both(({ loads }) => loads[i]!.serverCpuMicros, 0)],
      [`LIMIT ${limit}: p50 us`, both(({ loads }) => loads[i]!.p50, 0)],
      [`LIMIT ${limit}: p99 us`, both(({ loads }) => loads[i]!.p99, 0)],
    );
  console.log(`| ${vectors} x ${dimensions} | Ferrosa | Cassandra | ratio |\n| --- | --- | --- | --- |`);
  for (const [name, cells] of lines) console.log(`| ${name} | ${cells.join(' | ')} |`);
  console.log(JSON.stringify({ date: new Date().toISOString(), node: process.version, seed, shape, options, results }));
  const rate = (one: Measured): number => one.loads[0]!.opsPerSecond;
  return ferrosa.recall >= recallMin && (cassandra === undefined || rate(ferrosa) >= rateRatioMin * rate(cassandra));
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
