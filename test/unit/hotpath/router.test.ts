import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import { RecordKind, RingConsumer, RingProducer, recordsOf, ringMemory, Waker } from '../../../src/native/index.js';
import { ShardRouter, shardOfToken } from '../../../src/shard/index.js';

/** A router and, on the same thread, the other end of its one shard: `answer` is called with each record. */
function pair(answer: (record: { kind: number; request: number; payload: Uint8Array }, back: RingProducer) => void) {
  let now = 1000;
  const router = new ShardRouter(() => now);
  const rings = { requests: ringMemory(65536), answers: ringMemory(65536) };
  const back = new RingProducer(new Uint8Array(rings.answers), router.wakerFd);
  const incoming = new RingConsumer(new Uint8Array(rings.requests), router.wakerFd);
  const waker = new Waker(-1, () => {
    back.pump();
    for (let drained = incoming.drain(1 << 20); drained !== null; drained = incoming.drain(1 << 20)) {
      for (const record of recordsOf(drained)) answer(record, back);
    }
    back.flush();
    if (!incoming.sleep()) waker.signal();
  });
  router.addShard(rings, waker.fd);
  waker.signal();
  after(() => {
    waker.close();
    router.close();
  });
  return { router, advance: (micros: number) => (now += micros) };
}

test('tokens belong to the shards that ScyllaDB drivers expect', () => {
  const vectors: [bigint, number, number, number][] = [
    [-9219783007514621794n, 4, 12, 3],
    [9222582454147032830n, 4, 12, 3],
    [0n, 4, 12, 0],
    [-1n, 4, 12, 3],
    [9223372036854775807n, 4, 12, 3],
    [-1n, 8, 12, 7],
    [0n, 4, 0, 2],
    [4611686018427387904n, 4, 0, 3],
    [123n, 1, 12, 0],
  ];
  for (const [token, shards, msb, shard] of vectors) assert.equal(shardOfToken(token, shards, msb), shard);
});

test('a read resolves with the bytes of the shard, an error record rejects with its code', async () => {
  const { router } = pair((record, back) => {
    if (Buffer.from(record.payload).toString() === 'bad') {
      back.push(RecordKind.error, 0, record.request, 0, Buffer.from('\x01\x05\x00wrong'));
    } else back.push(RecordKind.rows, 0, record.request, 0, Buffer.concat([record.payload, Buffer.from('!')]));
  });
  assert.equal(Buffer.from(await router.read(0, Buffer.from('rows'))).toString(), 'rows!');
  await assert.rejects(router.read(0, Buffer.from('bad')), { code: 'INVALID', message: 'wrong' });
});

test('many writes larger than the ring together all get through, in order', async () => {
  const seen: number[] = [];
  const { router } = pair((record, back) => {
    seen.push(Buffer.from(record.payload).readUInt32LE(0));
    back.push(RecordKind.ack, 0, record.request, 0, new Uint8Array());
  });
  const writes = Array.from({ length: 500 }, (_, i) => {
    const bytes = Buffer.alloc(i === 250 ? 200_000 : 1000);
    bytes.writeUInt32LE(i, 0);
    return router.mutate(0, bytes, true);
  });
  await Promise.all(writes);
  assert.deepEqual(
    seen,
    Array.from({ length: 500 }, (_, i) => i),
  );
  assert.equal(router.stats().open, 0);
});

test('a request without an answer is rejected when its deadline has passed, and a late answer is ignored', async () => {
  let late: (() => void) | null = null;
  const { router, advance } = pair((record, back) => {
    late = () => {
      back.push(RecordKind.ack, 0, record.request, 0, new Uint8Array());
      back.flush();
    };
  });
  const write = router.mutate(0, Buffer.from('m'), true, { deadline: router.now() + 10 });
  const custom = router.read(0, Buffer.from('r'), {
    deadline: router.now() + 10,
    timedOut: () => new FerrosaError('READ_TIMEOUT', 'mine'),
  });
  router.expire();
  advance(11);
  router.expire();
  await assert.rejects(write, { code: 'WRITE_TIMEOUT' });
  await assert.rejects(custom, { code: 'READ_TIMEOUT', message: 'mine' });
  while (late === null) await new Promise((resolve) => setTimeout(resolve, 1));
  (late as () => void)();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(router.stats().timeouts, 2);
});

test('when a shard ends, what waits for it is rejected at once and nothing more is taken', async () => {
  const { router } = pair(() => {});
  const write = router.mutate(0, Buffer.from('m'), true);
  router.shardEnded(0);
  await assert.rejects(write, { code: 'SERVER_ERROR' });
  await assert.rejects(router.control(0, { flush: true }), { code: 'SERVER_ERROR' });
});

test('a control message and its answer are JSON', async () => {
  const { router } = pair((record, back) => {
    const message = JSON.parse(Buffer.from(record.payload).toString()) as { n: number };
    back.push(RecordKind.controlAnswer, 0, record.request, 0, Buffer.from(JSON.stringify({ n: message.n + 1 })));
  });
  assert.deepEqual(await router.control(0, { n: 1 }), { n: 2 });
});
