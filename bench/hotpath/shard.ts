// What the hot path costs in CPU an operation: the ring alone, finding frames, and point writes and reads through one shard.
// One thread does all of it, so that the sum of both sides is seen: node dist/bench/hotpath/shard.js
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CommitLog,
  Frontend,
  NativeStore,
  RingConsumer,
  RingProducer,
  ringMemory,
  ShardLoop,
  sealV5,
} from '../../src/native/index.js';
import { encodeDescriptor } from '../../src/schema/index.js';
import {
  executeEnvelope,
  int,
  intType,
  metadataId,
  planBytes,
  Target,
  text,
  textType,
} from '../../test/unit/hotpath/plan-bytes.js';
import { ids, table, tableId } from '../../test/unit/hotpath/shard-rig.js';
import { report } from '../support/report.js';

const operations = Number(process.argv[2] ?? 400_000);
const perChunk = 64;
const folder = mkdtempSync(join(tmpdir(), 'ferrosa-bench-'));

const requests = ringMemory();
const answers = ringMemory();
const frontend = new Frontend({
  frameBytesMax: 1 << 24,
  openMax: 65_536,
  openPerConnectionMax: 32_768,
  writeTimeoutMicros: 10_000_000,
  readTimeoutMicros: 10_000_000,
});
const planRing = new RingProducer(new Uint8Array(requests), -1);
frontend.addShard(planRing, new RingConsumer(new Uint8Array(answers), -1));
const store = new NativeStore(new Uint8Array(16));
const log = new CommitLog({
  folder,
  shard: 0,
  shardCount: 1,
  segmentBytes: 32 << 20,
  recordBytesMax: 16 << 20,
  firstSegmentId: 256,
});
const loop = new ShardLoop(store, log);
loop.addAsker(new RingConsumer(new Uint8Array(requests), -1), new RingProducer(new Uint8Array(answers), -1));
store.setTable(encodeDescriptor(table(1)));

const insertId = Buffer.alloc(16, 1);
const selectId = Buffer.alloc(16, 2);
const key: [number, number, Buffer][] = [
  [Target.key, 0, intType],
  [Target.clustering, 0, intType],
];
const plans = [
  planBytes({
    kind: 'write',
    flags: 1,
    preparedId: insertId,
    tableId,
    binds: [...key, [Target.value, ids.v, textType]],
  }),
  planBytes({ kind: 'read', preparedId: selectId, tableId, binds: key, columns: [[2, ids.v]] }),
];
plans.forEach((plan, number) => {
  frontend.plan(number, plan);
  const payload = Buffer.concat([Buffer.from([number, 0, 0, 0]), plan]);
  planRing.push(7, 0, number + 1, 0, payload);
});
planRing.flush();
loop.run(1_000_000);
frontend.drain(1 << 20);

/** Chunks of `perChunk` requests, as a socket gives them. */
function chunks(version: 4 | 5, make: (i: number) => Buffer): Buffer[] {
  const out: Buffer[] = [];
  for (let i = 0; i < operations; i += perChunk) {
    const envelopes = Buffer.concat(Array.from({ length: perChunk }, (_, n) => make(i + n)));
    out.push(version >= 5 ? seal(envelopes) : envelopes);
  }
  return out;
}
const seal = (envelopes: Buffer) => sealV5(envelopes, false);
const scratch = Buffer.alloc(1 << 20);
const index = new Uint32Array(4);
const value = text('x'.repeat(100));
const writes = (version: 4 | 5) =>
  chunks(version, (i) =>
    executeEnvelope({ version, stream: i % 1000, preparedId: insertId, metadataId, values: [int(i), int(1), value] }),
  );
const reads = (version: 4 | 5) =>
  chunks(version, (i) =>
    executeEnvelope({
      version,
      stream: i % 1000,
      preparedId: selectId,
      metadataId,
      skipMetadata: true,
      values: [int((i * 7919) % operations), int(1)],
    }),
  );

const memory = ringMemory();
const producer = new RingProducer(new Uint8Array(memory), -1);
const consumer = new RingConsumer(new Uint8Array(memory), -1);
await report('ring: push and drain from JavaScript, 100 bytes', operations, () => {
  for (let i = 0; i < operations; i += 1000) {
    for (let n = 0; n < 1000; n++) producer.push(1, 0, n, 0, value);
    producer.flush();
    consumer.drain(1 << 20);
  }
});

for (const version of [4, 5] as const) {
  const connection = frontend.open(version, 0, false);
  const turn = (list: Buffer[], answered: { bytes: number }) => {
    for (let i = 0; i < list.length; i += 4) {
      for (let n = i; n < i + 4 && n < list.length; n++) frontend.data(connection, list[n]!);
      frontend.flush();
      loop.run(1_000_000);
      frontend.drain(1 << 20, scratch, 0, index);
      answered.bytes += index[2]!;
    }
  };
  frontend.setHot(connection, false);
  const w = writes(version);
  await report(`v${version}: finding frames that are not hot`, operations, () => {
    for (const chunk of w) frontend.data(connection, chunk);
  });
  frontend.setHot(connection, true);
  const answered = { bytes: 0 };
  await report(`v${version}: point write, 100-byte value`, operations, () => turn(w, answered));
  const r = reads(version);
  answered.bytes = 0;
  await report(`v${version}: point read, 100-byte value`, operations, () => turn(r, answered));
  if (answered.bytes < operations * 100) throw new Error('reads found nothing');
}
const stats = frontend.stats();
console.log(
  `hot ${stats.hot}, left ${stats.left}, declined ${stats.declined}, stops ${stats.stops}; shard ${JSON.stringify(loop.stats())}`,
);
log.close();
rmSync(folder, { recursive: true, force: true });
