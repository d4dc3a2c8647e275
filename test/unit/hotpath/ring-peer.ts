// The writing thread of ring.test.ts: pushes records whose content follows from their number and a seed.
import { parentPort, workerData } from 'node:worker_threads';
import { RingProducer, Waker } from '../../../src/native/index.js';
import { payloadOf } from './ring-content.js';

const { memory, consumerFd, count, seed } = workerData as {
  memory: SharedArrayBuffer;
  consumerFd: number;
  count: number;
  seed: number;
};
const waker = new Waker(-1, write);
const ring = new RingProducer(new Uint8Array(memory), consumerFd);
let next = 0;

function write(): void {
  if (!ring.pump()) return;
  for (let n = 0; n < 1000 && next < count; n++) {
    if (!ring.push(1, next & 0xff, next, next * 3, payloadOf(seed, next, memory.byteLength))) {
      ring.flush();
      return; // woken when there is space
    }
    next++;
  }
  ring.flush();
  if (next < count) setImmediate(write);
  else if (ring.pump()) waker.close();
}

// The reader learns from the first message where to signal free space.
parentPort!.once('message', write);
parentPort!.postMessage(waker.fd);
