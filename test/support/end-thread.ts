// Preloaded into a node under test (`node --import`): SIGUSR2 ends the thread that END_THREAD names, as a crash of it would, without
// anything in the node that knows of it. Threads are told apart by what main says to them first.
import { Worker } from 'node:worker_threads';

const wanted = process.env['END_THREAD'] ?? '';
const threads = new Map<string, Worker>();
const { postMessage } = Worker.prototype;

/** The name of the thread: the raft thread is asked to open its log, shards are told to serve connections. */
function nameOf(message: unknown): string | null {
  const kind = (message as { kind?: unknown } | null)?.kind;
  if (kind === 'open') return 'raft';
  return kind === 'serve' ? 'shard' : null;
}

Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
  const name = nameOf(args[0]);
  if (name !== null) threads.set(name, this);
  return Reflect.apply(postMessage, this, args);
} as Worker['postMessage'];

process.on('SIGUSR2', () => void threads.get(wanted)?.terminate());
