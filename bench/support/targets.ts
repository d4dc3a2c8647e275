// The servers that a benchmark loads, each started fresh and stopped again.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { floorTool } from './load.js';

export type Target = {
  readonly name: 'ferrosa' | 'cassandra' | 'floor';
  readonly host: string;
  readonly port: number;
  readonly shardAwarePort: number | null;
  readonly pid: number;
  stop(): Promise<void>;
};

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Waits until something accepts connections there. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const ok = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('close', () => socket.destroy());
    });
    if (ok) return;
    if (child.exitCode !== null) throw new Error(`server ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function terminate(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await ended;
}

/** Ferrosa on a fresh data folder and free ports. */
export async function startFerrosa(shards: number, settings: Readonly<Record<string, string>> = {}): Promise<Target> {
  const [port, aware, web] = await Promise.all([freePort(), freePort(), freePort()]);
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-bench-'));
  const environment = {
    ...process.env,
    FERROSA_DATA_DIR: folder,
    FERROSA_SHARDS: String(shards),
    FERROSA_CQL_BIND: `127.0.0.1:${port}`,
    FERROSA_CQL_SHARD_AWARE_BIND: `127.0.0.1:${aware}`,
    FERROSA_WEB_BIND: `127.0.0.1:${web}`,
    ...settings,
  };
  const child = spawn(process.execPath, ['bin/ferrosa.js', 'start'], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await listening(port, child);
  return {
    name: 'ferrosa',
    host: '127.0.0.1',
    port,
    shardAwarePort: aware,
    pid: child.pid as number,
    async stop() {
      await terminate(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The real Cassandra, in an instance of its own that is wiped afterwards. */
export async function startCassandra(): Promise<Target> {
  const oracle = join('scripts', 'oracle', 'cassandra');
  const run = (...args: string[]): string => execFileSync(oracle, args, { encoding: 'utf8' }).trim();
  run('wipe', 'bench');
  const [host, port] = run('start', 'bench', '--node', '5').split(' ') as [string, string];
  return {
    name: 'cassandra',
    host,
    port: Number(port),
    shardAwarePort: null,
    pid: Number(run('pid', 'bench')),
    async stop() {
      run('stop', 'bench', '--kill');
      run('wipe', 'bench');
    },
  };
}

/** A responder that answers everything with Void: what the machine and the client allow at most. */
export async function startFloor(): Promise<Target> {
  const port = await freePort();
  const child = spawn(floorTool, [String(port)], { stdio: 'ignore' });
  await listening(port, child);
  return {
    name: 'floor',
    host: '127.0.0.1',
    port,
    shardAwarePort: null,
    pid: child.pid as number,
    async stop() {
      child.kill('SIGKILL');
    },
  };
}
