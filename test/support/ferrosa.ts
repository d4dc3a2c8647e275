// A Ferrosa of its own for a test or a benchmark: a real process on free ports and a fresh data folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ports on the loopback address that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      if (address === null || typeof address === 'string') throw new Error('no port');
      return address.port;
    }),
  );
}

/** True when something accepts connections on the port. */
export async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

const startMsMax = 60_000;

export class Ferrosa {
  private child: ChildProcess | null = null;
  private log = '';

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly shardAwarePort: number,
    readonly webPort: number,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Starts one; `settings` are FERROSA_* variables. Rejects with its output when it does not come to serve. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Ferrosa> {
    const [port, aware, web] = (await freePorts(3)) as [number, number, number];
    const folder = mkdtempSync(join(tmpdir(), 'ferrosa-'));
    const ferrosa = new Ferrosa(folder, port, aware, web, settings);
    await ferrosa.up();
    return ferrosa;
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error('not running');
    return this.child.pid;
  }

  /** What the process has written so far, all starts together. */
  get output(): string {
    return this.log;
  }

  /** Starts the process (again) on the same folder and ports and waits until it accepts CQL connections. */
  async up(): Promise<void> {
    const environment = {
      ...process.env,
      FERROSA_DATA_DIR: this.folder,
      FERROSA_CQL_BIND: `127.0.0.1:${this.port}`,
      FERROSA_CQL_SHARD_AWARE_BIND: `127.0.0.1:${this.shardAwarePort}`,
      FERROSA_WEB_BIND: `127.0.0.1:${this.webPort}`,
      ...this.settings,
    };
    const child = spawn(process.execPath, ['bin/ferrosa.js', 'start'], { env: environment });
    this.child = child;
    const keep = (chunk: Buffer): void => {
      this.log = (this.log + chunk.toString()).slice(-200_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadline = Date.now() + startMsMax;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`ferrosa ended with ${child.exitCode ?? child.signalCode}\n${this.log}`);
      }
      if (Date.now() > deadline) throw new Error(`nothing listens on port ${this.port}\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Sends the signal and waits for the end; gives the exit code, null after a signal. */
  async down(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.child;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  /** Kills it and removes its data. */
  async remove(): Promise<void> {
    await this.down('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
