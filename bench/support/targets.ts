// The servers that a benchmark loads, each started fresh and stopped again.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, Ferrosa } from '../../test/support/ferrosa.js';
import { floorTool } from './load.js';

export type Target = {
  readonly name: 'ferrosa' | 'cassandra' | 'floor';
  readonly host: string;
  readonly port: number;
  readonly shardAwarePort: number | null;
  readonly pid: number;
  /** Flushes and compacts what loads have written, and waits for the end: nothing of it is left to do in the background. */
  settle(): Promise<void>;
  stop(): Promise<void>;
};

/** Ferrosa on a fresh data folder and free ports. */
export async function startFerrosa(shards: number, settings: Readonly<Record<string, string>> = {}): Promise<Target> {
  return targetOf(await Ferrosa.start({ shards: String(shards), ...settings }));
}

/** A running Ferrosa as a target; its end removes it. */
export function targetOf(ferrosa: Ferrosa): Target {
  return {
    name: 'ferrosa',
    host: '127.0.0.1',
    port: ferrosa.port,
    shardAwarePort: ferrosa.shardAwarePort,
    pid: ferrosa.pid,
    async settle() {
      await ferrosa.action('flush', { keyspace: 'load' });
      await ferrosa.action('compact', { keyspace: 'load' });
    },
    stop: () => ferrosa.remove(),
  };
}

/**
 * The real Cassandra with these settings of cassandra.yaml, in an instance of its own that is wiped afterwards. ORACLE_NODE is the number
 * of its node (5): each has addresses and data of its own.
 */
export async function startCassandra(settings: readonly string[] = []): Promise<Target> {
  const oracle = join('scripts', 'oracle', 'cassandra');
  const node = process.env['ORACLE_NODE'] ?? '5';
  const instance = `bench-${node}`;
  const run = (...args: string[]): string => execFileSync(oracle, args, { encoding: 'utf8' }).trim();
  run('wipe', instance);
  const [host, port] = run('start', instance, '--node', node, ...settings).split(' ') as [string, string];
  return {
    name: 'cassandra',
    host,
    port: Number(port),
    shardAwarePort: null,
    pid: Number(run('pid', instance)),
    async settle() {
      run('nodetool', instance, '--', 'flush', 'load');
      run('nodetool', instance, '--', 'compact', 'load');
      while (!/pending tasks:?\s+0\b/.test(run('nodetool', instance, '--', 'compactionstats'))) await delay(500);
    },
    async stop() {
      run('stop', instance, '--kill');
      run('wipe', instance);
    },
  };
}

const floorPort = 29142;

/** A responder that answers everything with Void: what the machine and the client allow at most. */
export async function startFloor(): Promise<Target> {
  const port = floorPort;
  const child = spawn(floorTool, [String(port)], { stdio: 'ignore' });
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`the responder ended with ${child.exitCode}`);
    await delay(20);
  }
  return {
    name: 'floor',
    host: '127.0.0.1',
    port,
    shardAwarePort: null,
    pid: child.pid as number,
    async settle() {},
    async stop() {
      child.kill('SIGKILL');
    },
  };
}
