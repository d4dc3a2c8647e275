// `npm run bench:compare`: loads Ferrosa, a warm Cassandra and a canned responder in turn, with the same client and settings,
// and prints a table and one JSON object. Figures are only worth quoting as ratios of one run.
import { parseArgs } from 'node:util';
import { buildLoadTools, type LoadResult, runLoad } from './support/load.js';
import { startCassandra, startFerrosa, startFloor, type Target } from './support/targets.js';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '3' },
    'cassandra-warmup': { type: 'string', default: '60' },
    keys: { type: 'string', default: '100000' },
    shards: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    'skip-cassandra': { type: 'boolean', default: false },
  },
});

type Workload = {
  readonly name: string;
  /** Arguments of the load generator beside where and how long. */
  readonly args: readonly string[];
  readonly proto: 4 | 5;
  /** Only the first target (Ferrosa) has this port. */
  readonly shardAware?: boolean;
  readonly rate?: number;
  /** The canned responder answers every request with Void: no use for reads that are checked. */
  readonly floor?: boolean;
};

const slice = ['--workload', 'ts-read', '--slice-rows', '100'];
const workloads: readonly Workload[] = ([4, 5] as const).flatMap((proto) => [
  { name: `point write v${proto}`, args: ['--workload', 'write'], proto, floor: proto === 4 },
  { name: `point read v${proto}`, args: ['--workload', 'read'], proto },
  { name: `1:1 mix v${proto}`, args: ['--workload', 'mixed'], proto },
  { name: `slice of 100 rows v${proto}`, args: slice, proto },
  { name: `batch of 10 rows v${proto}`, args: ['--workload', 'batch'], proto },
  { name: `unprepared read v${proto}`, args: ['--workload', 'query'], proto },
  {
    name: `write at 10,000/s v${proto}`,
    args: ['--workload', 'write', '--rate', '10000'],
    proto,
    rate: 10_000,
    floor: proto === 4,
  },
  { name: `read at 10,000/s v${proto}`, args: ['--workload', 'read', '--rate', '10000'], proto, rate: 10_000 },
  { name: `point write v${proto}, shard-aware`, args: ['--workload', 'write'], proto, shardAware: true },
  { name: `point read v${proto}, shard-aware`, args: ['--workload', 'read'], proto, shardAware: true },
]);

type Row = { readonly workload: string; readonly target: string } & LoadResult;

async function measure(target: Target, warmupSeconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  await runLoad(target, {
    args: ['--setup', '--workload', 'none'],
    seconds: 0,
    warmup: 0,
    proto: 4,
    keys: options.keys,
  });
  if (target.name !== 'floor') {
    const load = (workload: string): Promise<LoadResult> =>
      runLoad(target, {
        args: ['--preload', '--workload', workload],
        seconds: 1,
        warmup: 0,
        proto: 4,
        keys: options.keys,
      });
    await load('read');
    await load('ts-read');
  }
  for (const workload of workloads.filter((w) => w.name.includes(options.only))) {
    if (workload.shardAware === true && target.shardAwarePort === null) continue;
    if (target.name === 'floor' && workload.floor !== true) continue;
    const result = await runLoad(target, {
      args: workload.args,
      seconds: Number(options.seconds),
      warmup: workload.rate === undefined ? warmupSeconds : Number(options.warmup),
      proto: workload.proto,
      keys: options.keys,
      ...(workload.shardAware === true ? { shards: Number(options.shards) } : {}),
    });
    rows.push({ workload: workload.name, target: target.name, ...result });
    process.stderr.write(`${target.name}: ${workload.name}: ${Math.round(result.opsPerSecond)}/s\n`);
  }
  return rows;
}

async function measureTarget(start: () => Promise<Target>, warmupSeconds: number): Promise<Row[]> {
  const target = await start();
  try {
    return await measure(target, warmupSeconds);
  } finally {
    await target.stop();
  }
}

function printTable(rows: readonly Row[]): void {
  const find = (workload: string, target: string): Row | undefined =>
    rows.find((row) => row.workload === workload && row.target === target);
  const ratio = (a: number | undefined, b: number | undefined): string =>
    a === undefined || b === undefined || b === 0 ? '' : (a / b).toFixed(2);
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
      Math.round(f.opsPerSecond),
      f.serverCpuMicros.toFixed(2),
      f.p50,
      f.p99,
      f.p999,
      c === undefined ? '' : Math.round(c.opsPerSecond),
      c === undefined ? '' : c.serverCpuMicros.toFixed(2),
      c?.p99 ?? '',
      ratio(f.opsPerSecond, c?.opsPerSecond),
      ratio(f.p99, c?.p99),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

buildLoadTools();
const warmup = Number(options.warmup);
const rows = await measureTarget(() => startFerrosa(Number(options.shards)), warmup);
rows.push(...(await measureTarget(startFloor, 1)));
if (!options['skip-cassandra'])
  rows.push(...(await measureTarget(startCassandra, Number(options['cassandra-warmup']))));
printTable(rows);
console.log(JSON.stringify({ date: new Date().toISOString(), node: process.version, options, rows }));
