// A thread of user functions: runs jobs one after the other, each in a sandbox of its own.
import type { UserFunction } from '../../schema/index.js';
import { CellReader, packCells } from '../cells.js';
import { Progress, UdfFailure, type UdfReply, type UdfRequest, type UdfWorkerData } from '../messages.js';
import { JavaScriptEngine } from './javascript.js';
import type { CallWatch, Sandbox } from './sandbox.js';
import { wasmSandbox } from './wasm.js';

const noBytes = new Uint8Array(0);

class Watch implements CallWatch {
  slowestMs = 0;
  #startMs = 0;

  constructor(private readonly progress: Int32Array) {}

  begin(): void {
    this.#startMs = performance.now();
    Atomics.add(this.progress, Progress.calls, 1);
  }

  end(): void {
    this.slowestMs = Math.max(this.slowestMs, performance.now() - this.#startMs);
  }
}

/** Handles requests in order. @param crash  ends the thread: the sandbox is broken */
export function serveFunctions(
  data: UdfWorkerData,
  send: (reply: UdfReply) => void,
  crash: (error: unknown) => never,
): (request: UdfRequest) => Promise<void> {
  const progress = new Int32Array(data.progress);
  let engine: Promise<JavaScriptEngine> | null = null;
  const open = async (fn: UserFunction, watch: CallWatch): Promise<Sandbox> => {
    if (fn.language === 'wasm') return wasmSandbox(fn, data.memoryBytesMax, watch);
    engine ??= JavaScriptEngine.load(data.memoryBytesMax, data.failTimeoutMs);
    return (await engine).open(fn, watch);
  };
  const run = async (request: UdfRequest, watch: Watch): Promise<Uint8Array> => {
    const sandbox = await open(request.fn, watch);
    const output = request.kind === 'check' ? noBytes : execute(sandbox, request);
    sandbox.dispose();
    return output;
  };
  let last: Promise<void> = Promise.resolve();
  const handle = async (request: UdfRequest): Promise<void> => {
    const { job } = request;
    const watch = new Watch(progress);
    Atomics.store(progress, Progress.job, job);
    watch.begin();
    try {
      const output = await run(request, watch);
      send({ kind: 'done', job, output, slowestMs: watch.slowestMs });
    } catch (error) {
      // Anything else comes from below the sandbox: its memory may be damaged.
      if (!(error instanceof UdfFailure)) crash(error);
      send({ kind: 'failed', job, reason: error.reason, message: error.message });
    }
    Atomics.store(progress, Progress.job, 0);
  };
  return (request) => {
    last = last.then(() => handle(request));
    return last;
  };
}

function execute(sandbox: Sandbox, request: Exclude<UdfRequest, { kind: 'check' }>): Uint8Array {
  const reader = new CellReader(request.input);
  if (request.kind === 'map') {
    const width = request.fn.argTypes.length;
    const results = Array.from({ length: request.rows }, () => sandbox.call(reader.take(width)));
    return packCells(results);
  }
  const width = request.fn.argTypes.length - 1;
  const state = reader.next();
  let left = request.rows;
  return packCells([sandbox.fold(state, () => (left-- > 0 ? reader.take(width) : null))]);
}
