import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { RecordKind, RingConsumer, RingProducer, recordsOf, ringMemory, Waker } from '../../../src/native/index.js';
import { payloadOf } from './ring-content.js';

// Goal: what one thread writes another reads, whole, in order and once, through wrap-around, a full ring and fragments.
// Method: a small ring, records of seeded sizes, the reader compares every byte.
test('a million records cross between two threads unchanged', async (t) => {
  const seed = Number(process.env.DB_TEST_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`replay with DB_TEST_SEED=${seed}`);
  const count = 1_000_000;
  const memory = ringMemory(65536);
  let expected = 0;
  await new Promise<void>((resolve, reject) => {
    let ring: RingConsumer | null = null;
    const waker = new Waker(-1, () => {
      try {
        read();
      } catch (e) {
        reject(e as Error);
      }
    });
    function read(): void {
      if (ring === null) return;
      const drained = ring.drain(1 << 16);
      if (drained !== null) {
        for (const record of recordsOf(drained)) {
          if (record.request !== expected || record.flags !== (expected & 0xff) || record.deadline !== expected * 3) {
            assert.fail(`record ${record.request} instead of ${expected}`);
          }
          const want = payloadOf(seed, expected, memory.byteLength);
          if (Buffer.compare(record.payload, want) !== 0) assert.fail(`record ${expected} has other bytes`);
          expected++;
        }
      }
      if (expected === count) {
        waker.close();
        resolve();
      } else if (!ring.sleep()) waker.signal();
    }
    const worker = new Worker(new URL('./ring-peer.js', import.meta.url), {
      workerData: { memory, consumerFd: waker.fd, count, seed },
    });
    worker.on('error', reject);
    worker.once('message', (fd: number) => {
      ring = new RingConsumer(new Uint8Array(memory), fd);
      worker.postMessage('go');
      waker.signal();
    });
  });
  assert.equal(expected, count);
});

test('a full ring refuses a record, tells when there is space, and counts it', async () => {
  const memory = ringMemory(65536);
  let woken = 0;
  const space = await new Promise<Waker>((resolve) => {
    const waker: Waker = new Waker(-1, () => {
      woken++;
      resolve(waker);
    });
    const producer = new RingProducer(new Uint8Array(memory), -1);
    const payload = new Uint8Array(1000);
    let pushed = 0;
    while (producer.push(RecordKind.mutation, 0, pushed, 0, payload)) pushed++;
    assert.equal(pushed, 64); // 65536 / (24 + 1000)
    assert.equal(producer.fullCount(), 1);
    const consumer = new RingConsumer(new Uint8Array(memory), waker.fd);
    assert.equal([...recordsOf(consumer.drain(1 << 20)!)].length, 64);
    assert.equal(producer.push(RecordKind.mutation, 0, pushed, 0, payload), true);
  });
  space.close();
  assert.equal(woken, 1);
});

test('a reader that sleeps is woken once for a batch, a reader that is awake is not', async () => {
  const memory = ringMemory(65536);
  let woken = 0;
  const waker = new Waker(-1, () => woken++);
  const producer = new RingProducer(new Uint8Array(memory), waker.fd);
  const consumer = new RingConsumer(new Uint8Array(memory), -1);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  producer.push(1, 0, 1, 0, new Uint8Array(3));
  producer.flush();
  await turn();
  assert.equal(woken, 0);
  assert.equal(consumer.sleep(), false); // a record is there
  assert.equal(consumer.drain(100)!.length, 32);
  assert.equal(consumer.sleep(), true);
  for (let i = 0; i < 10; i++) producer.push(1, 0, i, 0, new Uint8Array(3));
  producer.flush();
  await turn();
  assert.equal(woken, 1);
  waker.close();
});

test('memory that is no ring is refused', () => {
  const make = (bytes: number) => () => new RingProducer(new Uint8Array(new SharedArrayBuffer(bytes)), -1);
  assert.throws(make(100), { code: 'INVALID' });
  assert.throws(make(ringMemory(65536).byteLength + 8), { code: 'INVALID' });
});
