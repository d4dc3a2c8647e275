// The threads that run user functions, seen from main: who gets which job, and which thread is ended because its call does not.
import { Worker } from 'node:worker_threads';
import { FerrosaError } from '../common/errors.js';
import { userFunctionJobsBytes, userFunctionJobsMax } from '../common/limits.js';
import {
  type FailureReason,
  Progress,
  UdfFailure,
  type UdfReply,
  type UdfRequest,
  type UdfWorkerData,
} from './messages.js';

export type PoolSettings = {
  readonly threads: number;
  readonly memoryBytesMax: number;
  readonly failTimeoutMs: number;
};

/** Milliseconds that a call may take beyond its time before its thread is ended: QuickJS ends most by itself. */
const graceMs = 250;
const watchPeriodMs = 50;
const MiB = 2 ** 20;
/** What a thread needs beside the memory of its functions. */
const threadBytes = 64 * MiB;

export type UdfWork = { readonly active: number; readonly pending: number; readonly completed: number };

type WithoutJob<R> = R extends unknown ? Omit<R, 'job'> : never;
export type Job = WithoutJob<UdfRequest>;
export type JobResult = { readonly output: Uint8Array; readonly slowestMs: number };

type Pending = {
  readonly request: UdfRequest;
  /** Throws when nobody wants the result any more. */
  readonly check: () => void;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: UdfFailure | FerrosaError) => void;
};

export class UdfThreads {
  readonly #threads: Thread[] = [];
  readonly #waiting: Pending[] = [];
  #nextJob = 1;
  #completed = 0;
  #stopped = false;

  constructor(private readonly settings: PoolSettings) {}

  /**
   * @param check  asked again and again until the job has ended: what it throws ends the job
   * @throws UdfFailure what the function did; FerrosaError OVERLOADED; what `check` throws
   */
  run(job: Job, check: () => void): Promise<JobResult> {
    if (this.#waiting.length >= userFunctionJobsMax || this.#stopped)
      return Promise.reject(new FerrosaError('OVERLOADED', 'Too many calls of user-defined functions are waiting'));
    const number = this.#nextJob;
    this.#nextJob = number === 2 ** 31 - 1 ? 1 : number + 1;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request: { ...job, job: number } as UdfRequest, check, resolve, reject });
      this.#dispatch();
    });
  }

  /** Jobs: a thread runs one at a time. */
  get work(): UdfWork {
    const active = this.#threads.filter((thread) => !thread.isIdle).length;
    const given = this.#threads.reduce((sum, thread) => sum + thread.jobs, 0);
    return { active, pending: this.#waiting.length + given - active, completed: this.#completed };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idleThread();
      if (thread === null) return;
      let bytes = 0;
      const bundle: Pending[] = [];
      while (this.#waiting.length > 0 && (bundle.length === 0 || bytes < userFunctionJobsBytes)) {
        const pending = this.#waiting.shift()!;
        bytes += 'input' in pending.request ? pending.request.input.length : 0;
        bundle.push(pending);
      }
      thread.give(bundle);
    }
  }

  /** Jobs that wait only do so while a thread works. */
  #dropUnwanted(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) if (isDropped(this.#waiting[i]!)) this.#waiting.splice(i, 1);
  }

  #idleThread(): Thread | null {
    const idle = this.#threads.find((thread) => thread.isIdle);
    if (idle !== undefined) return idle;
    if (this.#threads.length >= this.settings.threads) return null;
    const thread = new Thread(this.settings, {
      onIdle: () => this.#dispatch(),
      onDone: () => void this.#completed++,
      onWatch: () => this.#dropUnwanted(),
      // What the thread had not come to runs on another: functions have no effects.
      onEnd: (unfinished) => {
        this.#threads.splice(this.#threads.indexOf(thread), 1);
        this.#waiting.unshift(...unfinished);
        this.#dispatch();
      },
    });
    this.#threads.push(thread);
    return thread;
  }
}

/** Tells who waits for a job that nobody wants any more. False when somebody does. */
function isDropped({ check, reject }: Pending): boolean {
  try {
    check();
    return false;
  } catch (error) {
    reject(error as FerrosaError);
    return true;
  }
}

type ThreadEvents = {
  readonly onIdle: () => void;
  /** A job has ended, well or not. */
  readonly onDone: () => void;
  /** From time to time while the thread works. */
  readonly onWatch: () => void;
  readonly onEnd: (unfinished: readonly Pending[]) => void;
};

class Thread {
  readonly #worker: Worker;
  readonly #progress = new Int32Array(new SharedArrayBuffer(4 * Progress.slots));
  readonly #pending = new Map<number, Pending>();
  /** Jobs that nobody wants: they are ended when their turn comes. */
  readonly #dropped = new Set<Pending>();
  #watch: NodeJS.Timeout | null = null;
  /** Ended because nobody wanted what it did: what it has come to since is nobody's fault. */
  #endedForNobody = false;
  #seenCall = -1;
  #seenAtMs = 0;
  #cause: { readonly reason: FailureReason; readonly message: string } = {
    reason: 'threw',
    message: 'InternalError: the function broke its sandbox: out of stack or memory',
  };

  constructor(
    private readonly settings: PoolSettings,
    private readonly events: ThreadEvents,
  ) {
    const { memoryBytesMax, failTimeoutMs } = settings;
    const workerData: UdfWorkerData = { memoryBytesMax, failTimeoutMs, progress: this.#progress.buffer };
    this.#worker = new Worker(new URL('../../workers/udf.js', import.meta.url), {
      workerData,
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil((memoryBytesMax + threadBytes) / MiB), stackSizeMb: 8 },
    });
    this.#worker.on('message', (reply: UdfReply) => this.#onReply(reply));
    // The reason is told to whoever waits for the call; `exit` follows.
    this.#worker.on('error', () => {});
    this.#worker.once('exit', () => this.#onExit());
    this.#worker.unref();
  }

  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  /** That it has not come to the end of. */
  get jobs(): number {
    return this.#pending.size;
  }

  give(bundle: readonly Pending[]): void {
    for (const pending of bundle) this.#pending.set(pending.request.job, pending);
    this.#worker.ref();
    this.#seenCall = -1;
    this.#watch ??= setInterval(() => this.#checkProgress(), watchPeriodMs);
    for (const { request } of bundle) this.#worker.postMessage(request);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #onReply(reply: UdfReply): void {
    const pending = this.#pending.get(reply.job)!;
    this.#pending.delete(reply.job);
    this.#dropped.delete(pending);
    this.events.onDone();
    if (reply.kind === 'done') pending.resolve(reply);
    else pending.reject(new UdfFailure(reply.reason, reply.message));
    if (!this.isIdle) return;
    this.#stopWatching();
    this.#worker.unref();
    this.events.onIdle();
  }

  /** Ends the thread when the same call runs for too long, or for nobody. */
  #checkProgress(): void {
    this.events.onWatch();
    for (const pending of this.#pending.values())
      if (!this.#dropped.has(pending) && isDropped(pending)) this.#dropped.add(pending);
    const running = Atomics.load(this.#progress, Progress.job);
    if (running === 0) return;
    if (this.#dropped.has(this.#pending.get(running)!)) {
      this.#endedForNobody = true;
      this.#stopWatching();
      void this.#worker.terminate();
      return;
    }
    const call = Atomics.load(this.#progress, Progress.calls);
    const nowMs = performance.now();
    if (call !== this.#seenCall) {
      this.#seenCall = call;
      this.#seenAtMs = nowMs;
      return;
    }
    if (nowMs - this.#seenAtMs <= this.settings.failTimeoutMs + graceMs) return;
    this.#cause = { reason: 'timeout', message: '' };
    this.#stopWatching();
    void this.#worker.terminate();
  }

  #stopWatching(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }

  #onExit(): void {
    this.#stopWatching();
    const running = Atomics.load(this.#progress, Progress.job);
    const culprit = this.#endedForNobody ? null : (this.#pending.get(running) ?? [...this.#pending.values()][0]);
    const unfinished = [...this.#pending.values()].filter(
      (pending) => pending !== culprit && !this.#dropped.has(pending),
    );
    this.#pending.clear();
    this.#dropped.clear();
    if (culprit != null) this.events.onDone();
    culprit?.reject(new UdfFailure(this.#cause.reason, this.#cause.message));
    this.events.onEnd(unfinished);
  }
}
