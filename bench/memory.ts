// `npm run bench:memory`: millions of rows in memtables, written through the protocol. What memory they take for each byte of data, and
// whether latencies stay together over them: p99.9 beside p99. Prints a table and one JSON object; exits with 1 when a wish is not met.
// A window of seconds shows the machine's stalls as much as the server's: each load is measured several times, and the median counts. At a
// fixed rate, where nobody has to wait, nearly all of the tail is the machine's: a canned responder's stands beside it.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CqlClient } from '../test/support/cql-client.js';
import { encode } from '../test/support/cql-frames.js';
import { Ferrosa } from '../test/support/ferrosa.js';
import { buildLoadTools, type LoadResult, medianWindow, runLoad } from './support/load.js';
import { startFloor, type Target, targetOf } from './support/targets.js';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '5000000' },
    seconds: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '3' },
    shards: { type: 'string', default: '2' },
    windows: { type: 'string', default: '3' },
  },
});
const rows = Number(options.rows);
const keyBytes = 8;
const valueBytes = 100;
/** What issue and design ask for. */
const memoryPerByteMax = 2.2;
const tailRatioMax = 3;

type Workload = { readonly name: string; readonly args: readonly string[]; readonly isPaced?: true };
const workloads: readonly Workload[] = [
  { name: 'point write', args: ['--workload', 'write'] },
  { name: 'point read', args: ['--workload', 'read'] },
  { name: '1:1 mix', args: ['--workload', 'mixed'] },
  { name: 'write at 10,000/s', args: ['--workload', 'write', '--rate', '10000'], isPaced: true },
  { name: 'read at 10,000/s', args: ['--workload', 'read', '--rate', '10000'], isPaced: true },
];

/** Of /proc/PID/status, in bytes: what the process has allocated, apart from the pages of mapped files. */
function anonymousBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** A metric of the table that the load generator writes. */
async function tableMetric(node: Ferrosa, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${node.webPort}/metrics`)).text();
  const found = new RegExp(`^ferrosa_storage_${name}\\{keyspace="load",table="kv"\\} (\\S+)$`, 'm').exec(text);
  if (found === null) throw new Error(`no metric ${name} of load.kv`);
  return Number(found[1]);
}

type Filled = {
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly dataBytes: number;
  readonly memoryBytes: number;
  readonly memtableBytes: number;
  readonly memoryPerByte: number;
  readonly memoryPerValueByte: number;
};

/** Writes every key once. */
async function fill(node: Ferrosa): Promise<Filled> {
  const target = targetOf(node);
  const base = { seconds: 0, warmup: 0, proto: 4, keys: options.rows } as const;
  await runLoad(target, { ...base, args: ['--setup', '--workload', 'none'] });
  const before = anonymousBytes(node.pid);
  const startedMs = performance.now();
  await runLoad(target, { ...base, args: ['--preload', '--workload', 'none', '--value-size', String(valueBytes)] });
  const seconds = (performance.now() - startedMs) / 1000;
  await expectRow(node, rows - 1);
  const memoryBytes = anonymousBytes(node.pid) - before;
  const dataBytes = rows * (keyBytes + valueBytes);
  return {
    rows,
    rowsPerSecond: Math.round(rows / seconds),
    dataBytes,
    memoryBytes,
    memtableBytes: await tableMetric(node, 'memtable_size_bytes'),
    memoryPerByte: memoryBytes / dataBytes,
    memoryPerValueByte: memoryBytes / (rows * valueBytes),
  };
}

async function expectRow(node: Ferrosa, key: number): Promise<void> {
  const client = await CqlClient.connect({ port: node.port });
  const select = await client.prepare('SELECT v FROM load.kv WHERE k = ?');
  const answer = await client.execute(select, [encode.long(BigInt(key))]);
  await client.close();
  if (answer.rows[0]?.[0]?.length !== valueBytes) throw new Error(`the row of key ${key} is not there`);
}

type Row = { readonly workload: string; readonly tailRatio: number; readonly isPaced: boolean } & LoadResult;

/** The window whose tail is the median of all windows'. */
async function median(target: Target, { name, args, isPaced }: Workload): Promise<Row> {
  const rows: Row[] = [];
  for (let i = 0; i < Number(options.windows); i++) {
    const result = await runLoad(target, {
      args: [...args, '--value-size', String(valueBytes)],
      seconds: Number(options.seconds),
      warmup: Number(options.warmup),
      proto: 4,
      keys: options.rows,
    });
    const workload = target.name === 'ferrosa' ? name : `${name}, ${target.name}`;
    rows.push({ workload, tailRatio: result.p999 / result.p99, isPaced: isPaced === true, ...result });
    process.stderr.write(
      `${workload}: ${Math.round(result.opsPerSecond)}/s, p99 ${result.p99} us, p99.9 ${result.p999} us\n`,
    );
  }
  return medianWindow(rows, ({ tailRatio }) => tailRatio);
}

async function underLoad(node: Ferrosa): Promise<Row[]> {
  const measured: Row[] = [];
  for (const workload of workloads) measured.push(await median(targetOf(node), workload));
  return measured;
}

/** What the machine itself does to a responder that does nothing. It answers writes only. */
async function machine(): Promise<Row> {
  const floor = await startFloor();
  try {
    return await median(floor, workloads.find(({ isPaced }) => isPaced)!);
  } finally {
    await floor.stop();
  }
}

const MiB = 2 ** 20;
const megabytes = (bytes: number): string => `${(bytes / MiB).toFixed(0)} MiB`;

function print(filled: Filled, measured: readonly Row[]): void {
  console.log(`| rows in memtables | data | memory | counted by memtables | memory/byte | memory/byte of value | rows/s |
| --- | --- | --- | --- | --- | --- | --- |
| ${[
    filled.rows,
    megabytes(filled.dataBytes),
    megabytes(filled.memoryBytes),
    megabytes(filled.memtableBytes),
    filled.memoryPerByte.toFixed(2),
    filled.memoryPerValueByte.toFixed(2),
    filled.rowsPerSecond,
  ].join(' | ')} |
`);
  console.log('| workload | /s | us CPU/op | p50 us | p99 us | p99.9 us | max us | p99.9 / p99 |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const { workload, opsPerSecond, serverCpuMicros, p50, p99, p999, max, tailRatio } of measured)
    console.log(
      `| ${[workload, Math.round(opsPerSecond), serverCpuMicros.toFixed(2), p50, p99, p999, max, tailRatio.toFixed(2)].join(' | ')} |`,
    );
}

function misses(filled: Filled, measured: readonly Row[]): string[] {
  const memory =
    filled.memoryPerValueByte > memoryPerByteMax
      ? [`memory: ${filled.memoryPerValueByte.toFixed(2)} bytes for a byte of value, wanted ${memoryPerByteMax}`]
      : [];
  return [
    ...memory,
    ...measured
      .filter(({ tailRatio, isPaced }) => tailRatio > tailRatioMax && !isPaced)
      .map(
        ({ workload, tailRatio }) => `${workload}: p99.9 is ${tailRatio.toFixed(2)} times p99, wanted ${tailRatioMax}`,
      ),
  ];
}

buildLoadTools();
// Room for the rows and what is written over them: nothing is flushed, or it would not be memtables that are measured.
const node = await Ferrosa.start({ shards: options.shards, memtable_offheap_space: '6GiB' });
try {
  const filled = await fill(node);
  const measured = [...(await underLoad(node)), await machine()];
  if ((await tableMetric(node, 'sstable_count')) > 0) throw new Error('memtables were flushed meanwhile');
  print(filled, measured);
  const missed = misses(filled, measured);
  for (const line of missed) console.log(`missed: ${line}`);
  console.log(JSON.stringify({ date: new Date().toISOString(), node: process.version, options, filled, measured }));
  if (missed.length > 0) process.exitCode = 1;
} finally {
  await node.remove();
}
