// Builds and runs the load generator, and measures what the server spent meanwhile.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './targets.js';

const root = process.cwd();
const outDir = join(root, 'build', 'bench');
export const loadTool = join(outDir, 'cqlload');
export const floorTool = join(outDir, 'floor');

/** Compiles bench/load/*.cpp when they are newer than what was compiled. */
export function buildLoadTools(): void {
  mkdirSync(outDir, { recursive: true });
  for (const [name, out] of [
    ['cqlload', loadTool],
    ['floor', floorTool],
  ] as const) {
    const source = join(root, 'bench', 'load', `${name}.cpp`);
    if (existsSync(out) && statSync(out).mtimeMs > statSync(source).mtimeMs) continue;
    execFileSync('g++', ['-O2', '-std=c++20', '-o', out, source], { stdio: 'inherit' });
  }
}

export type LoadOptions = {
  readonly args: readonly string[];
  readonly seconds: number;
  readonly warmup: number;
  readonly proto: 4 | 5;
  readonly keys: string;
  /** Set for the shard-aware port. */
  readonly shards?: number;
  /** Requests that the server answers with an error (a timeout under this load) are counted in the result instead of rejecting. */
  readonly countErrors?: boolean;
};

export type LoadResult = {
  readonly opsPerSecond: number;
  readonly errors: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** CPU of all threads of the server for an operation, microseconds; warm-up included. */
  readonly serverCpuMicros: number;
  /** Of --preload; 0 without. */
  readonly preloadPerSecond: number;
};

/** User and system time of a process and all its threads, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}

type Latencies = {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
};

/** What the load generator prints. */
type Printed = {
  readonly ops_per_s: number;
  readonly errors: number;
  readonly read_us: Latencies;
  readonly write_us: Latencies;
  readonly preload_ops_per_s: number;
};

/** Runs the load generator against a target and waits for its end. Rejects when it fails, and when a request did unless errors are counted. */
export async function runLoad(target: Target, options: LoadOptions): Promise<LoadResult> {
  const port = options.shards === undefined ? target.port : (target.shardAwarePort ?? target.port);
  const args = ['--host', target.host, '--port', String(port), '--proto', String(options.proto)];
  args.push(
    '--seconds',
    String(options.seconds),
    '--warmup',
    String(options.warmup),
    '--keys',
    options.keys,
    ...options.args,
  );
  if (options.shards !== undefined) args.push('--shards', String(options.shards));
  const before = cpuSeconds(target.pid);
  const output = await new Promise<string>((resolve, reject) => {
    execFile(loadTool, args, (error, stdout, stderr) => {
      // With figures printed it ran to its end, and failed for the errors that they count.
      if (error === null || (options.countErrors === true && stdout !== '')) resolve(stdout);
      else reject(new Error(`cqlload ${args.join(' ')}: ${error.message}\n${stderr}`));
    });
  });
  const spent = cpuSeconds(target.pid) - before;
  const json = JSON.parse(output) as Printed;
  const worse = json.read_us.p99 > json.write_us.p99 ? json.read_us : json.write_us;
  const operations = json.ops_per_s * (options.seconds + options.warmup);
  return {
    opsPerSecond: json.ops_per_s,
    errors: json.errors,
    p50: worse.p50,
    p99: worse.p99,
    p999: worse.p999,
    max: worse.max,
    serverCpuMicros: operations === 0 ? 0 : (spent * 1e6) / operations,
    preloadPerSecond: json.preload_ops_per_s,
  };
}

/** Of several windows the one whose figure is the median. */
export function medianWindow<T>(windows: readonly T[], figure: (window: T) => number): T {
  return windows.toSorted((a, b) => figure(a) - figure(b))[Math.floor(windows.length / 2)]!;
}

/** Names of the threads of a process with their CPU seconds, for finding who spends it. */
export function threadCpu(pid: number): Map<string, number> {
  const spent = new Map<string, number>();
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8');
    const name = `${tid} ${/\((.*)\)/.exec(stat)?.[1] ?? ''}`;
    const fields = stat.replace(/^.*\) /, '').split(' ');
    spent.set(name, (Number(fields[11]) + Number(fields[12])) / 100);
  }
  return spent;
}
