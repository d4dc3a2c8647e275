import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  Frontend,
  type FrontendDrained,
  FrontendItem,
  RecordKind,
  RingConsumer,
  RingProducer,
  type RingRecord,
  recordsOf,
  ringMemory,
  sealSegment,
  sealV5,
} from '../../../src/native/index.js';
import { EnvelopeDecoder, FramedDecoder } from '../../../src/protocol/index.js';
import { envelope, executeEnvelope, int, intType, planBytes, Target, text, textType } from './plan-bytes.js';

const preparedId = Buffer.alloc(16, 7);
const tableId = Buffer.alloc(16, 9);
const writePlan = planBytes({
  kind: 'write',
  flags: 1,
  preparedId,
  tableId,
  binds: [
    [Target.key, 0, intType],
    [Target.value, 1, textType],
  ],
});

const readId = Buffer.alloc(16, 6);
const readPlan = planBytes({
  kind: 'read',
  preparedId: readId,
  tableId,
  binds: [[Target.key, 0, intType]],
  columns: [[2, 1]],
});

/** A frontend with one shard whose other ends are in the test's hands. */
function frontend(options: { openMax?: number; ringBytes?: number; answerBytesMax?: number } = {}) {
  const requests = ringMemory(options.ringBytes ?? 65536);
  const answers = ringMemory(1 << 20);
  const front = new Frontend({
    frameBytesMax: 300_000,
    openMax: options.openMax ?? 1000,
    openPerConnectionMax: 1000,
    answerBytesMax: options.answerBytesMax ?? 1 << 24,
    writeTimeoutMicros: 1,
    readTimeoutMicros: 1,
  });
  front.addShard(new RingProducer(new Uint8Array(requests), -1), new RingConsumer(new Uint8Array(answers), -1));
  front.plan(0, writePlan);
  const shardIn = new RingConsumer(new Uint8Array(requests), -1);
  const shardOut = new RingProducer(new Uint8Array(answers), -1);
  const taken = (): RingRecord[] => {
    front.flush();
    const drained = shardIn.drain(1 << 24);
    return drained === null ? [] : [...recordsOf(drained)];
  };
  /** Feeds bytes in pieces; what is left for JavaScript. */
  const feed = (connection: number, bytes: Uint8Array, cuts: number[] = []) => {
    const left: Buffer[] = [];
    let stopped = false;
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      const items = front.data(connection, bytes.subarray(from, to));
      from = to;
      for (let i = 0; typeof items !== 'number' && i < items[1].length; i += 4) {
        if (items[1][i] === FrontendItem.left) left.push(items[0].subarray(items[1][i + 2], items[1][i + 3]));
        if (items[1][i] === FrontendItem.stopped) stopped = true;
      }
    }
    return { left: Buffer.concat(left), stopped };
  };
  return { front, taken, feed, shardOut };
}

const drained = (front: Frontend) => front.drain(1 << 20) as FrontendDrained;

const write = (version: 3 | 4 | 5, stream: number, key = stream, value = 'v') =>
  executeEnvelope({ version, stream, preparedId, values: [int(key), text(value)] });

/** The frames that the decoder in JavaScript finds, as text; 'error' for what it refuses. */
function frames(version: number, bytes: Uint8Array): string[] {
  const decoder = version >= 5 ? new FramedDecoder(version, false, 300_000) : new EnvelopeDecoder(300_000);
  decoder.push(bytes);
  const out: string[] = [];
  for (let item = decoder.next(); item !== null; item = decoder.next()) {
    if (item.kind === 'error') out.push(`error ${item.stream}`);
    else
      out.push(
        `${item.opcode} ${item.stream} ${Buffer.from(item.body).toString('hex').slice(0, 64)} ${item.body.length}`,
      );
    if (item.kind === 'error' && item.close === 'after-answer') break;
  }
  return out;
}

const envelopes = (version: 3 | 4 | 5) =>
  fc.array(
    fc.oneof(
      fc.nat(1000).map((stream) => ({ hot: true, bytes: write(version, stream) })),
      fc.tuple(fc.nat(1000), fc.uint8Array({ maxLength: 100 })).map(([stream, body]) => ({
        hot: false,
        bytes: envelope(version, 0, stream, 7, Buffer.from(body)),
      })),
      fc.constant({ hot: false, bytes: envelope(version, 0, 5, 7, Buffer.alloc(140_000, 3)) }),
      fc.constant({ hot: false, bytes: envelope(version, 0, 6, 7, Buffer.alloc(400_000, 3)) }),
    ),
    { maxLength: 12 },
  );

// Goal: hot requests go to the shard, and the decoder in JavaScript sees exactly the others, however the bytes are cut.
for (const version of [3, 4, 5] as const) {
  test(`v${version}: any cut of the bytes gives the same requests`, () => {
    fc.assert(
      fc.property(envelopes(version), fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (list, at, together) => {
        const { front, taken, feed } = frontend();
        const all = list.map((e) => e.bytes);
        const stream =
          version < 5
            ? Buffer.concat(all)
            : together && all.length > 0
              ? sealV5(Buffer.concat(all), false)
              : Buffer.concat(all.map((e) => sealV5(e, false)));
        const cuts = at.map((n) => (stream.length === 0 ? 0 : n % stream.length)).sort((a, b) => a - b);
        const { left } = feed(front.open(version, 0, false), stream, cuts);
        const hot = taken().map((r) => Buffer.from(r.payload).readInt16LE(6));
        // A too long envelope ends the hot path of a v5 connection: the requests after it are JavaScript's.
        const end = version >= 5 ? list.findIndex((e) => e.bytes.length > 300_000) : -1;
        const isHot = (e: { hot: boolean }, i: number) => e.hot && (end < 0 || i < end);
        assert.deepEqual(
          hot,
          list.filter(isHot).map((e) => e.bytes.readInt16BE(2)),
        );
        const rest = list.filter((e, i) => !isHot(e, i)).map((e) => e.bytes);
        const expected =
          version < 5 ? Buffer.concat(rest) : rest.length > 0 ? sealV5(Buffer.concat(rest), false) : Buffer.alloc(0);
        assert.deepEqual(frames(version, left), frames(version, expected));
      }),
      { numRuns: 100 },
    );
  });

  // Goal: bad bytes neither crash nor hang; whatever the decoder in JavaScript says of them it can still say.
  test(`v${version}: changed bytes are taken or passed on, and none are invented`, () => {
    fc.assert(
      fc.property(envelopes(version), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (list, changes) => {
        const { front, taken, feed } = frontend();
        const plain = Buffer.concat(list.map((e) => e.bytes));
        const stream = version < 5 || plain.length === 0 ? Buffer.from(plain) : sealV5(plain, false);
        for (const [at, to] of changes) if (stream.length > 0) stream[at % stream.length] = to;
        const { left } = feed(front.open(version, 0, false), stream);
        const got = frames(version, left).length + taken().length;
        assert.ok(got <= frames(version, stream).length, `${got} of ${frames(version, stream).length}`);
      }),
      { numRuns: 200 },
    );
  });
}

test('segments have the checksums of the specification', () => {
  const options = Buffer.from('050000000500000000', 'hex');
  assert.equal(sealV5(options, false).toString('hex'), '090002a4c8c10500000005000000001086284d');
  assert.equal(sealV5(options, true).toString('hex'), '0900000004c2b8950500000005000000001086284d');
  const hello = sealSegment(Buffer.from('hello'), 0, true);
  assert.equal(hello.subarray(8).toString('hex'), '68656c6c6f74800eb6');
  const large = sealV5(envelope(5, 0, 1, 7, Buffer.alloc(131_071)), false);
  assert.equal(large.subarray(0, 3).toString('hex'), 'ffff01'); // 131071 bytes, not self-contained
});

test('what the plan cannot judge is left to JavaScript', () => {
  const { front, taken, feed } = frontend();
  const connection = front.open(4, 0, false);
  const spec = {
    version: 4 as const,
    stream: 1,
    preparedId,
    values: [int(1), text('v')] as (Buffer | null | 'unset')[],
  };
  const cases: [string, Buffer][] = [
    ['another statement', executeEnvelope({ ...spec, preparedId: Buffer.alloc(16, 8) })],
    ['too few values', executeEnvelope({ ...spec, values: [int(1)] })],
    ['a key of the wrong length', executeEnvelope({ ...spec, values: [Buffer.alloc(3), text('v')] })],
    ['a null key', executeEnvelope({ ...spec, values: [null, text('v')] })],
    ['a key left out', executeEnvelope({ ...spec, values: ['unset', text('v')] })],
    ['an empty key', executeEnvelope({ ...spec, values: [Buffer.alloc(0), text('v')] })],
    ['text that is not UTF-8', executeEnvelope({ ...spec, values: [int(1), Buffer.from([0xc3, 0x28])] })],
    ['a consistency level that the plan does not have', executeEnvelope({ ...spec, consistency: 2 })],
    ['values by name', executeEnvelope({ ...spec, flags: 0x40 })],
    ['page size 0', executeEnvelope({ ...spec, pageSize: 0 })],
  ];
  for (const [name, bytes] of cases) {
    assert.deepEqual(feed(connection, bytes).left, bytes, name);
    assert.equal(taken().length, 0, name);
  }
  const traced = executeEnvelope(spec);
  traced[1] = 2;
  assert.deepEqual(feed(connection, traced).left, traced);
  for (const fine of [
    executeEnvelope({ ...spec, values: [int(1), null] }),
    executeEnvelope({ ...spec, values: [int(1), 'unset'] }),
    executeEnvelope({ ...spec, pageSize: 5000, skipMetadata: true, timestamp: 5n }),
    executeEnvelope({ ...spec, values: [int(1), text('grüße, 世界 🙂')] }),
  ]) {
    assert.equal(feed(connection, fine).left.length, 0);
    assert.equal(taken().length, 1);
  }
});

test('an answer reaches its connection with its stream, and none that was closed', () => {
  const { front, taken, feed, shardOut } = frontend();
  const [a, b, gone] = [front.open(4, 0, false), front.open(5, 0, false), front.open(4, 0, false)];
  feed(a, write(4, 11));
  feed(b, sealV5(Buffer.concat([write(5, 12), write(5, -3)]), false));
  feed(gone, write(4, 14));
  front.close(gone);
  for (const r of taken()) {
    const stream = Buffer.from(r.payload).readInt16LE(6);
    const answer = envelope(r.payload[4]! | 0x80, 0, stream, 8, int(1));
    if (stream === 12) shardOut.push(RecordKind.declined, 0, r.request, 0, r.payload);
    else shardOut.push(RecordKind.frame, 0, r.request, 0, Buffer.concat([r.payload.subarray(8, 12), answer]));
    shardOut.push(RecordKind.frame, 0, r.request, 0, Buffer.concat([r.payload.subarray(8, 12), answer])); // twice: ignored
  }
  shardOut.push(RecordKind.ack, 0, 5, 0, new Uint8Array()); // an answer for the router
  shardOut.flush();
  const [more, generic, items, sealed, outgoing] = drained(front);
  assert.equal(more, false);
  assert.deepEqual(
    [...recordsOf(generic!)].map((r) => [r.kind, r.request]),
    [[RecordKind.ack, 5]],
  );
  const parts = [0, 4].map((i) => sealed!.subarray(outgoing[i + 1], outgoing[i + 2]));
  assert.deepEqual([outgoing[0], outgoing[4], outgoing.length], [a, b, 8]);
  assert.deepEqual(parts[0], envelope(0x84, 0, 11, 8, int(1)));
  assert.deepEqual(parts[1], sealV5(envelope(0x85, 0, -3, 8, int(1)), false));
  assert.deepEqual([...items![1].slice(0, 2)], [FrontendItem.declined, b]);
  assert.deepEqual(items![0], write(5, 12)); // as it came
  assert.equal(front.stats().open, 0);
});

test('answers alone are drained into memory of the caller, when they fit there', () => {
  const { front, taken, feed, shardOut } = frontend();
  const connection = front.open(4, 0, false);
  const answer = envelope(0x84, 0, 11, 8, int(1));
  const answerOne = () => {
    feed(connection, write(4, 11));
    const [request] = taken();
    shardOut.push(RecordKind.frame, 0, request!.request, 0, Buffer.concat([request!.payload.subarray(8, 12), answer]));
    shardOut.flush();
  };
  answerOne();
  const memory = Buffer.alloc(64);
  const index = new Uint32Array(8);
  assert.equal(front.drain(1 << 20, memory, 10, index), 2);
  assert.deepEqual([...index.subarray(0, 4)], [connection, 0, answer.length, 0]);
  assert.deepEqual(memory.subarray(10, 10 + answer.length), answer);
  assert.equal(front.drain(1 << 20, memory, 10, index), 0);
  for (const [offset, room] of [
    [64 - answer.length + 1, 8],
    [10, 3],
  ] as const) {
    answerOne();
    const [, , , sealed] = front.drain(1 << 20, memory, offset, new Uint32Array(room)) as FrontendDrained;
    assert.deepEqual(sealed, answer);
  }
});

test('over the bound a connection is stopped, or its request is answered with Overloaded when it asked for that', () => {
  const { front, taken, feed } = frontend({ openMax: 2 });
  const patient = front.open(4, 0, false);
  const stream = Buffer.concat([1, 2, 3, 4].map((n) => write(4, n)));
  assert.equal(feed(patient, stream).stopped, true);
  assert.equal(taken().length, 2);
  const impatient = front.open(4, 0, true);
  feed(impatient, write(4, 9));
  const [, , items, sealed, outgoing] = drained(front);
  assert.equal(items, null); // still stopped
  assert.deepEqual([...outgoing], [impatient, 0, sealed!.length, 0]);
  assert.equal(sealed!.readInt32BE(9), 0x1001);
  assert.equal(sealed!.readInt16BE(2), 9);
  // The deadlines of the two in flight pass: their streams get WriteTimeout, and the stopped requests go on.
  const until = process.hrtime.bigint() + 1000n;
  while (process.hrtime.bigint() < until);
  assert.equal(front.expire(), true);
  const [, , resumed, timeouts] = drained(front);
  assert.equal(timeouts!.readInt32BE(9), 0x1100);
  assert.equal(resumed![1][0], FrontendItem.resumed);
  assert.equal(taken().length, 2);
  assert.equal(front.stats().timeouts, 2);
});

test('what a connection has in flight goes by the answers that its statement had', () => {
  const { front, taken, feed, shardOut } = frontend({ answerBytesMax: 6400 });
  front.plan(1, readPlan);
  const connection = front.open(4, 0, true);
  const stream = (count: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) =>
        executeEnvelope({ version: 4, stream: i, preparedId: readId, values: [int(i)] }),
      ),
    );
  const answer = (requests: readonly RingRecord[], bytes: number) => {
    for (const { payload, request } of requests) {
      const one = envelope(0x84, 0, Buffer.from(payload).readInt16LE(6), 8, Buffer.alloc(bytes));
      shardOut.push(RecordKind.frame, 0, request, 0, Buffer.concat([payload.subarray(8, 12), one]));
    }
    shardOut.flush();
    return drained(front);
  };
  // Before the first answer it may have a 64th of what is allowed.
  assert.equal(feed(connection, stream(100)).stopped, true);
  const first = taken();
  assert.equal(first.length, 64);
  answer(first, 2500);
  const second = taken();
  assert.equal(second.length, 2);
  // While the client leaves too much unread nothing goes on; it does not get Overloaded for that.
  front.setHeld(connection, true);
  answer(second, 100);
  assert.equal(taken().length, 0);
  front.setHeld(connection, false);
  drained(front);
  const third = taken();
  assert.ok(third.length >= 2 && third.length < 5, `${third.length}`);
  // Small answers make it forget.
  let rest = third;
  let seen = 66 + third.length;
  for (; seen < 100; seen += rest.length) {
    answer(rest, 100);
    rest = taken();
  }
  answer(rest, 100);
  feed(connection, stream(200));
  let most = 0;
  for (let open = taken(); open.length > 0; open = taken()) {
    most = Math.max(most, open.length);
    answer(open, 100);
  }
  assert.ok(most > 10, `${most}`);
  assert.equal(front.stats().overloaded, 0);
  assert.equal(front.stats().open, 0);
});

test('a full ring stops the connection until the shard has read', () => {
  const { front, taken, feed } = frontend({ openMax: 100_000 });
  const connection = front.open(4, 0, false);
  const stream = Buffer.concat(Array.from({ length: 1000 }, (_, i) => write(4, i, i, 'x'.repeat(100))));
  assert.equal(feed(connection, stream).stopped, true);
  const seen = taken();
  for (let rounds = 0; seen.length < 1000 && rounds < 100; rounds++) {
    front.drain(1 << 20);
    seen.push(...taken());
  }
  assert.deepEqual(
    seen.map((r) => Buffer.from(r.payload).readInt16LE(6)),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.ok(seen.every((r) => r.kind === RecordKind.hot));
});
