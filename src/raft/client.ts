// Main's side of the raft thread.
import { Worker } from 'node:worker_threads';
import { FerrosaError } from '../common/errors.js';
import { metadataChangesPendingMax } from '../common/limits.js';
import type { Command, Consensus, LogEntry, Restored } from './consensus.js';
import type { RaftReply, RaftRequest, RaftWorkerData } from './messages.js';
import { serveRaft } from './server.js';

type Value = Restored | number | null;
type Pending = { resolve(value: Value): void; reject(error: FerrosaError): void };
type Body = RaftRequest extends infer R ? (R extends RaftRequest ? Omit<R, 'requestId'> : never) : never;

/** Where requests go: the raft thread, or this one. */
interface Channel {
  post(request: RaftRequest): void;
  close(): Promise<void>;
}

/** Consensus behind a channel: numbers the requests and waits for the answers. */
export class RaftClient implements Consensus {
  readonly #pending = new Map<number, Pending>();
  readonly #channel: Channel;
  #listener: (entries: readonly LogEntry[]) => void = () => {};
  #nextRequestId = 1;
  #logBytes = 0;
  #closed: string | null = null;

  private constructor(connect: (client: RaftClient) => Channel) {
    this.#channel = connect(this);
  }

  /**
   * Starts the raft thread.
   * @param folder  `<data>/metadata`
   * @param onFailure  the thread died: the process must not go on
   */
  static startThread(folder: string, onFailure: (error: Error) => void): RaftClient {
    return new RaftClient((client) => {
      const workerData: RaftWorkerData = { folder };
      // dist/src/raft/client.js -> dist/workers/raft.js
      const worker = new Worker(new URL('../../workers/raft.js', import.meta.url), { workerData, name: 'raft' });
      worker.on('message', (reply: RaftReply) => client.#onReply(reply));
      worker.on('error', (error) => {
        client.#fail(`the raft thread failed: ${error.message}`);
        onFailure(error);
      });
      worker.on('exit', (code) => {
        const unexpected = client.#closed === null;
        client.#fail('the raft thread has stopped');
        if (unexpected) onFailure(new Error(`the raft thread has ended with ${code}`));
      });
      return {
        post: (request) => worker.postMessage(request),
        close: async () => {
          await worker.terminate();
        },
      };
    });
  }

  /** The same on this thread: for tools and tests. */
  static inProcess(folder: string): RaftClient {
    return new RaftClient((client) => {
      const handle = serveRaft(folder, (reply) => queueMicrotask(() => client.#onReply(structuredClone(reply))));
      return { post: (request) => handle(structuredClone(request)), close: () => Promise.resolve() };
    });
  }

  async open(): Promise<Restored> {
    return (await this.#call({ kind: 'open' })) as Restored;
  }

  async propose(command: Command): Promise<number> {
    return (await this.#call({ kind: 'propose', command })) as number;
  }

  onCommitted(listener: (entries: readonly LogEntry[]) => void): void {
    this.#listener = listener;
  }

  async snapshot(state: unknown, index: number): Promise<void> {
    await this.#call({ kind: 'snapshot', state, index });
  }

  logBytes(): number {
    return this.#logBytes;
  }

  async stop(): Promise<void> {
    if (this.#closed !== null) return;
    await this.#call({ kind: 'stop' });
    this.#fail('the metadata log is closed');
    await this.#channel.close();
  }

  #call(body: Body): Promise<Value> {
    if (this.#closed !== null) return Promise.reject(new FerrosaError('SERVER_ERROR', this.#closed));
    if (this.#pending.size >= metadataChangesPendingMax)
      return Promise.reject(new FerrosaError('OVERLOADED', 'Too many changes of the schema are waiting'));
    const requestId = this.#nextRequestId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(requestId, { resolve, reject });
      this.#channel.post({ ...body, requestId } as RaftRequest);
    });
  }

  #onReply(reply: RaftReply): void {
    if (reply.kind === 'committed') {
      this.#logBytes = reply.logBytes;
      this.#listener(reply.entries);
      return;
    }
    const pending = this.#pending.get(reply.requestId);
    this.#pending.delete(reply.requestId);
    if (reply.kind === 'failed') {
      pending?.reject(new FerrosaError(reply.code, reply.message));
      return;
    }
    this.#logBytes = reply.logBytes;
    pending?.resolve(reply.value);
  }

  #fail(reason: string): void {
    this.#closed ??= reason;
    for (const pending of this.#pending.values()) pending.reject(new FerrosaError('SERVER_ERROR', reason));
    this.#pending.clear();
  }
}
