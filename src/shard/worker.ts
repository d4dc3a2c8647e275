// Runs an engine behind the port of its thread.
import type { MessagePort } from 'node:worker_threads';
import type { MainCall, ShardCall, ShardNews, ShardWorkerData } from './messages.js';
import { Rpc } from './rpc.js';
import { ShardEngine } from './worker/engine.js';

/** Starts the engine of `data`; errors of the start are news of kind fatal. */
export function serveShard(port: MessagePort, data: ShardWorkerData): void {
  let engine: ShardEngine | null = null;
  const main = new Rpc<MainCall, ShardCall>(
    (message) => port.postMessage(message),
    (call) => engine!.answer(call),
  );
  port.on('message', (message) => main.onMessage(message));
  const news = (one: ShardNews) => port.postMessage(one);
  const fatal = (error: Error) => news({ kind: 'fatal', message: error.message });
  try {
    engine = new ShardEngine(data, { main, news, nowMs: () => Date.now() });
    engine.start().catch(fatal);
  } catch (error) {
    fatal(error as Error);
  }
}
