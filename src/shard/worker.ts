// Runs an engine behind the port of its thread, and connections beside it.
import type { MessagePort } from 'node:worker_threads';
import type { MainCall, ShardCall, ShardFigures, ShardNews, ShardStats, ShardWorkerData } from './messages.js';
import { Rpc } from './rpc.js';
import { type ServeMessage, ShardServing, type StartServing } from './serving.js';
import { ShardEngine } from './worker/engine.js';

/** Starts the engine of `data`; errors of the start are news of kind fatal. `startServing` takes the shard's connections. */
export function serveShard(port: MessagePort, data: ShardWorkerData, startServing: StartServing): void {
  let engine: ShardEngine | null = null;
  const serving = new ShardServing(data.shard, startServing);
  const answer = (call: ShardCall): unknown => {
    const given = engine!.answer(call);
    if (call.op === 'stats') return { ...(given as ShardStats), serving: serving.stats() };
    if (call.op === 'figures') return { ...(given as ShardFigures), coordinator: serving.takeFigures() };
    return given;
  };
  const main = new Rpc<MainCall, ShardCall>((message) => port.postMessage(message), answer);
  port.on('message', (message: ServeMessage) => {
    if (message.kind === 'serve') {
      engine!.addAskers(message.askers);
      serving.serve(message);
    } else main.onMessage(message);
  });
  const news = (one: ShardNews) => port.postMessage(one);
  const fatal = (error: Error) => news({ kind: 'fatal', message: error.message });
  try {
    engine = new ShardEngine(data, { main, news, nowMs: () => Date.now(), servingFd: serving.wakerFd });
    engine.start().catch(fatal);
  } catch (error) {
    fatal(error as Error);
  }
}
