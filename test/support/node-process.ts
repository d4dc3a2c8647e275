// A real node in a process of its own, on free ports, for integration and crash tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// dist/test/support -> the root of the checkout
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
/** Far beyond any start: machines may be busy with other things. */
const startMsMax = 300_000;

export type NodeEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export class NodeProcess {
  readonly #child: ChildProcess;
  readonly ended: Promise<NodeEnd>;
  /** Everything the process has printed: log and ready line. */
  output = '';
  port = 0;
  shardAwarePort = 0;
  webPort = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const add = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    child.stdout!.on('data', add);
    child.stderr!.on('data', add);
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  }

  /** Starts the process without waiting. Settings as flags: { commitlog_sync: 'batch' }. */
  static spawn(
    dataDir: string,
    settings: Readonly<Record<string, string>> = {},
    { nodeArgs = [], env: more = {} }: { nodeArgs?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
  ): NodeProcess {
    const all = {
      data_dir: dataDir,
      cql_bind: '127.0.0.1:0',
      web_bind: '127.0.0.1:0',
      cql_shard_aware_bind: '127.0.0.1:0',
      shards: '2',
      ...settings,
    };
    const flags = Object.entries(all).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, value]);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FERROSA_')));
    const child = spawn(process.execPath, [...nodeArgs, join(root, 'bin', 'ferrosa.js'), 'start', ...flags], {
      cwd: tmpdir(),
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new NodeProcess(child);
  }

  /** Starts a node and waits until clients can connect. @throws Error with the output when it ends instead */
  static async start(dataDir: string, settings: Readonly<Record<string, string>> = {}): Promise<NodeProcess> {
    const node = NodeProcess.spawn(dataDir, settings);
    try {
      await node.ready();
    } catch (error) {
      // Nobody else could end it, and it would write on into a folder that is being removed.
      await node.kill();
      throw error;
    }
    return node;
  }

  async ready(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const readyLine = new Promise<void>((resolve, reject) => {
      const look = () => {
        const match = /ferrosa ready: CQL [^ ]*?:(\d+) and [^ ]*?:(\d+), web [^ ]*:(\d+)/.exec(this.output);
        if (match === null) return;
        this.port = Number(match[1]);
        this.shardAwarePort = Number(match[2]);
        this.webPort = Number(match[3]);
        resolve();
      };
      this.#child.stdout!.on('data', look);
      void this.ended.then(() => reject(new Error(`the node ended before it was ready:\n${this.output}`)));
      timer = setTimeout(() => reject(new Error(`the node is not ready:\n${this.output}`)), startMsMax);
    });
    try {
      await readyLine;
    } finally {
      clearTimeout(timer);
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async kill(): Promise<NodeEnd> {
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  /** SIGTERM and the end. */
  async stop(): Promise<NodeEnd> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }

  /** POST to the API behind ferrosa-ctl. */
  async action(name: string, body: object = {}): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.webPort}/api/v1/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}

/** A data folder that is removed by `remove`. */
export function temporaryDataDir(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'ferrosa-node-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
