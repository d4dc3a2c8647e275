// Loads Ferrosa, a canned responder and a warm Cassandra in turn with the same workloads, and prints a table and one JSON object.
import { parseArgs } from 'node:util';
import { buildLoadTools, type LoadResult, runLoad } from './load.js';
import { startCassandra, startFerrosa, startFloor, type Target } from './targets.js';

export type Workload = {
  readonly name: string;
  /** Arguments of the load generator beside where and how long. */
  readonly args: readonly string[];
  readonly proto: 4 | 5;
  /** Run once before, to make and fill tables; without it the tables of --setup are used. */
  readonly prepare?: readonly string[];
  /** Only the first target (Ferrosa) has this port. */
  readonly shardAware?: boolean;
  readonly rate?: number;
  /** The canned responder answers every request with Void: no use for reads that are checked. */
  readonly floor?: boolean;
};

type Row = { readonly workload: string; readonly target: string } & LoadResult;

/** Of a fixed rate: a tail is of pauses, and each server's come every few seconds, as do the machine's own. */
const rateSeconds = 60;

const optionSpecs = {
  seconds: { type: 'string', default: '10' },
  warmup: { type: 'string', default: '10' },
  'cassandra-warmup': { type: 'string', default: '60' },
  keys: { type: 'string', default: '100000' },
  shards: { type: 'string', default: '2' },
  only: { type: 'string', default: '' },
  'skip-cassandra': { type: 'boolean', default: false },
} as const;

/**
 * Runs the whole comparison with the options of the command line. A figure is only worth quoting as a ratio of one run.
 * @param settings  of Ferrosa
 * @param cassandra  settings of Cassandra, as the oracle script takes them
 */
export async function compareServers(
  workloads: readonly Workload[],
  settings: Readonly<Record<string, string>> = {},
  cassandra: readonly string[] = [],
): Promise<void> {
  const { values: options } = parseArgs({ options: optionSpecs });
  const chosen = workloads.filter((workload) => workload.name.includes(options.only));

  const run = (target: Target, args: readonly string[], seconds: number, warmup: number, workload?: Workload) =>
    runLoad(target, {
      args,
      seconds,
      warmup,
      proto: workload?.proto ?? 4,
      keys: options.keys,
      countErrors: workload !== undefined,
      ...(workload?.shardAware === true ? { shards: Number(options.shards) } : {}),
    });

  const prepare = async (target: Target): Promise<void> => {
    await run(target, ['--setup', '--workload', 'none'], 0, 0);
    if (target.name === 'floor' || chosen.every((workload) => workload.prepare !== undefined)) return;
    await run(target, ['--preload', '--workload', 'read'], 1, 0);
    await run(target, ['--preload', '--workload', 'ts-read'], 1, 0);
  };

  /** Of a server that has nothing else to do. */
  const atRate = async (target: Target, workload: Workload): Promise<LoadResult> => {
    await target.settle();
    return run(target, workload.args, rateSeconds, Number(options.warmup), workload);
  };

  const fill = async (target: Target, { prepare: args }: Workload): Promise<void> => {
    if (args !== undefined) await run(target, args, 0, 0);
  };

  /** A server of the JVM is warm for none of the workloads until it has met all of them. */
  const warm = async (target: Target, seconds: number): Promise<void> => {
    const done = new Set<string>();
    for (const workload of chosen) {
      if (workload.shardAware === true) continue;
      const rateAt = workload.args.indexOf('--rate');
      const args = rateAt < 0 ? workload.args : workload.args.toSpliced(rateAt, 2);
      const key = `${workload.proto} ${args.join(' ')}`;
      if (done.has(key)) continue;
      done.add(key);
      await fill(target, workload);
      await run(target, args, 1, seconds, workload);
    }
  };

  const measure = async (target: Target, warmupSeconds: number): Promise<Row[]> => {
    const rows: Row[] = [];
    await prepare(target);
    if (target.name === 'cassandra') await warm(target, Number(options['cassandra-warmup']));
    for (const workload of chosen) {
      if (workload.shardAware === true && target.shardAwarePort === null) continue;
      if (target.name === 'floor' && workload.floor !== true) continue;
      if (target.name !== 'cassandra') await fill(target, workload);
      const result = await (workload.rate === undefined
        ? run(target, workload.args, Number(options.seconds), warmupSeconds, workload)
        : atRate(target, workload));
      rows.push({ workload: workload.name, target: target.name, ...result });
      const errors = result.errors === 0 ? '' : `, ${result.errors} errors`;
      process.stderr.write(`${target.name}: ${workload.name}: ${Math.round(result.opsPerSecond)}/s${errors}\n`);
    }
    return rows;
  };

  const measureTarget = async (start: () => Promise<Target>, warmupSeconds: number): Promise<Row[]> => {
    const target = await start();
    try {
      return await measure(target, warmupSeconds);
    } finally {
      await target.stop();
    }
  };

  buildLoadTools();
  const rows = await measureTarget(() => startFerrosa(Number(options.shards), settings), Number(options.warmup));
  if (chosen.some((workload) => workload.floor)) rows.push(...(await measureTarget(startFloor, 1)));
  if (!options['skip-cassandra'])
    rows.push(...(await measureTarget(() => startCassandra(cassandra), Number(options.warmup))));
  printTable(chosen, rows);
  console.log(JSON.stringify({ date: new Date().toISOString(), node: process.version, options, rows }));
}

function printTable(workloads: readonly Workload[], rows: readonly Row[]): void {
  const find = (workload: string, target: string): Row | undefined =>
    rows.find((row) => row.workload === workload && row.target === target);
  const ratio = (a: number | undefined, b: number | undefined): string =>
    a === undefined || b === undefined || b === 0 ? '' : (a / b).toFixed(2);
  const rate = (row: Row): string =>
    `${Math.round(row.opsPerSecond)}${row.errors === 0 ? '' : ` (${row.errors} errors)`}`;
  console.log(
    '| workload | Ferrosa /s | us CPU/op | p50 us | p99 us | p99.9 us | Cassandra /s | us CPU/op | p99 us | rate ratio | p99 ratio |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const { name } of workloads) {
    const f = find(name, 'ferrosa');
    if (f === undefined) continue;
    const c = find(name.replace(', shard-aware', ''), 'cassandra');
    const cells = [
      name,
      rate(f),
      f.serverCpuMicros.toFixed(2),
      f.p50,
      f.p99,
      f.p999,
      c === undefined ? '' : rate(c),
      c === undefined ? '' : c.serverCpuMicros.toFixed(2),
      c?.p99 ?? '',
      ratio(f.opsPerSecond, c?.opsPerSecond),
      ratio(f.p99, c?.p99),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
