// A Ferrosa with a fresh data folder that keeps its ports when it is killed and started again.
import { connect } from 'node:net';
import { NodeProcess, temporaryDataDir } from './node-process.js';

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

export class Ferrosa {
  readonly #data = temporaryDataDir();
  readonly #settings: Readonly<Record<string, string>>;
  #node: NodeProcess | null = null;
  #log = '';
  port = 0;
  shardAwarePort = 0;
  webPort = 0;

  private constructor(settings: Readonly<Record<string, string>>) {
    this.#settings = settings;
  }

  /** Starts one with two shards on free ports, or as `settings` say. Rejects with its output when it does not come to serve. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Ferrosa> {
    const ferrosa = new Ferrosa(settings);
    await ferrosa.up();
    return ferrosa;
  }

  /** The data folder, which outlives the process until `remove`. */
  get dataDir(): string {
    return this.#data.path;
  }

  get pid(): number {
    if (this.#node === null) throw new Error('not running');
    return this.#node.pid;
  }

  /** What the process has written, all starts together. */
  get output(): string {
    return this.#log + (this.#node?.output ?? '');
  }

  /** Starts the process (again), on the ports of its first start. */
  async up(): Promise<void> {
    const node = await NodeProcess.start(this.#data.path, {
      cql_bind: `127.0.0.1:${this.port}`,
      cql_shard_aware_bind: `127.0.0.1:${this.shardAwarePort}`,
      web_bind: `127.0.0.1:${this.webPort}`,
      ...this.#settings,
    });
    this.#node = node;
    this.port = node.port;
    this.shardAwarePort = node.shardAwarePort;
    this.webPort = node.webPort;
  }

  /** POST to the API behind ferrosa-ctl. */
  action(name: string, body: object = {}): Promise<unknown> {
    if (this.#node === null) throw new Error('not running');
    return this.#node.action(name, body);
  }

  /** Sends the signal and waits for the end; gives the exit code, null after a signal. */
  async down(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const node = this.#node;
    if (node === null) return null;
    this.#node = null;
    const end = signal === 'SIGTERM' ? await node.stop() : await node.kill();
    this.#log += node.output;
    return end.code;
  }

  /** Kills it and removes its data. */
  async remove(): Promise<void> {
    await this.down('SIGKILL');
    this.#data.remove();
  }
}
