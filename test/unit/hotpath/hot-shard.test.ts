import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { CommitLog, murmurToken, sealV5 } from '../../../src/native/index.js';
import {
  cellsOf,
  encodeReadCommand,
  MutationBuilder,
  RowStream,
  rowsOf,
  type Selected,
} from '../../../src/storage/index.js';
import {
  batchEnvelope,
  executeEnvelope,
  int,
  intType,
  type PlanSpec,
  planBytes,
  Target,
  text,
  textType,
} from './plan-bytes.js';
import { ids, ShardRig, table, tableId } from './shard-rig.js';

const id = (n: number) => Buffer.alloc(16, n);
const key: PlanSpec['binds'] = [
  [Target.key, 0, intType],
  [Target.clustering, 0, intType],
];
const plans: Record<string, PlanSpec> = {
  insert: {
    kind: 'write',
    flags: 1,
    preparedId: id(1),
    tableId,
    binds: [...key, [Target.value, ids.v, textType], [Target.value, ids.w, intType]],
  },
  insertStatic: {
    kind: 'write',
    flags: 1,
    preparedId: id(2),
    tableId,
    binds: [...key, [Target.value, ids.w, intType], [Target.value, ids.s, textType]],
  },
  update: { kind: 'write', preparedId: id(3), tableId, binds: [[Target.value, ids.v, textType], ...key] },
  insertTtl: {
    kind: 'write',
    flags: 1,
    preparedId: id(4),
    tableId,
    binds: [...key, [Target.value, ids.v, textType], [Target.ttl, 0, intType]],
  },
  deleteRow: { kind: 'write', flags: 16, preparedId: id(5), tableId, binds: key },
  deletePartition: { kind: 'write', flags: 32, preparedId: id(6), tableId, binds: [key[0]!] },
  deleteColumn: { kind: 'write', preparedId: id(7), tableId, binds: key, constants: [[Target.value, ids.v, null]] },
  updateStatic: {
    kind: 'write',
    preparedId: id(8),
    tableId,
    binds: [
      [Target.value, ids.s, textType],
      [Target.key, 0, intType],
    ],
  },
};
const columns: [number, number][] = [
  [0, 0],
  [1, 0],
  [2, ids.s],
  [2, ids.v],
  [3, ids.v],
  [2, ids.w],
];
const reads: Record<string, PlanSpec> = {
  partition: { kind: 'read', flags: 8, preparedId: id(20), tableId, binds: [key[0]!], columns },
  row: { kind: 'read', preparedId: id(21), tableId, binds: key, columns },
  slice: {
    kind: 'read',
    preparedId: id(22),
    tableId,
    binds: [key[0]!, [Target.start, 0, intType], [Target.end, 0, intType]],
    sliceFlags: 1,
    columns,
  },
  last: {
    kind: 'read',
    flags: 4 | 8,
    preparedId: id(23),
    tableId,
    binds: [key[0]!, [Target.limit, 0, intType]],
    columns,
  },
  aggregates: {
    kind: 'read',
    flags: 8,
    preparedId: id(24),
    tableId,
    binds: [key[0]!],
    columns: [
      [1, 0],
      [2, ids.w],
      [2, ids.v],
    ],
    // count(*), count(v), sum(w), avg(w), min(c), max(w), max(v)
    folds: [
      [0, 0],
      [1, 2],
      [4, 1],
      [5, 1],
      [2, 0],
      [3, 1],
      [3, 2],
    ],
    outputs: [
      [0, 8, 0, 0],
      [0, 8, 1, 0],
      [1, 4, 2, 0],
      [2, 4, 2, 3],
      [3, 0, 4, 0],
      [3, 0, 5, 0],
      [3, 0, 6, 0],
    ],
  },
};

/** What the plan `aggregates` gives of rows that show `columns`. */
function aggregated(rows: (string | null)[][]): (string | null)[] {
  const numbers = rows.flatMap((row) => (row[5] === null ? [] : [Buffer.from(row[5]!, 'hex').readInt32BE()]));
  const values = rows.flatMap((row) => row[3] ?? []).sort();
  const clusterings = rows.flatMap((row) => row[1] ?? []).sort();
  const sum = numbers.reduce((total, n) => total + n, 0);
  const long = (n: number) => Buffer.from([0, 0, 0, 0, ...int(n)]).toString('hex');
  const average = numbers.length === 0 ? 0 : Math.trunc(sum / numbers.length);
  return [
    long(rows.length),
    long(values.length),
    int(sum).toString('hex'),
    int(average).toString('hex'),
    clusterings[0] ?? null,
    numbers.length === 0 ? null : int(Math.max(...numbers)).toString('hex'),
    values.at(-1) ?? null,
  ];
}

const rigs: ShardRig[] = [];
after(() => {
  for (const rig of rigs) rig.close();
});
async function rig(log: CommitLog | null = null): Promise<ShardRig> {
  const made = new ShardRig(log);
  rigs.push(made);
  await made.setTable(table(1));
  for (const plan of [...Object.values(plans), ...Object.values(reads)]) made.hot.register(planBytes(plan));
  return made;
}

let stream = 0;
/** Runs a hot request; its frame. */
async function run(
  r: ShardRig,
  client: ReturnType<ShardRig['client']>,
  plan: PlanSpec,
  values: (Buffer | null | 'unset')[],
  more: { timestamp?: bigint; pageSize?: number; skipMetadata?: boolean } = {},
) {
  void r;
  stream = (stream + 1) % 30000;
  const request = executeEnvelope({ version: client.version, stream, preparedId: plan.preparedId, values, ...more });
  return client.ask(stream, client.version >= 5 ? sealV5(request, false) : request);
}

/** The rows of a RESULT, as text a cell. */
function rowsIn(body: Uint8Array, columnCount: number): (string | null)[][] {
  const b = Buffer.from(body);
  assert.equal(b.readInt32BE(0), 2);
  assert.equal(b.readInt32BE(8), columnCount);
  const rows: (string | null)[][] = [];
  let at = 16;
  for (let n = b.readInt32BE(12); n > 0; n--) {
    const row: (string | null)[] = [];
    for (let c = 0; c < columnCount; c++) {
      const length = b.readInt32BE(at);
      at += 4;
      row.push(length < 0 ? null : b.subarray(at, at + length).toString('hex'));
      if (length > 0) at += length;
    }
    rows.push(row);
  }
  assert.equal(at, b.length);
  return rows;
}

/** The same partition by the path that is not hot. */
async function plainRows(r: ShardRig, k: number): Promise<(string | null)[][]> {
  const command = encodeReadCommand({
    tableId,
    nowSeconds: Math.floor(Date.now() / 1000),
    columns: columns.map(([what, which]) => ({ what: what as (typeof Selected)['value'], which })),
    partitions: { keys: [int(k)] },
    unrestricted: true,
  });
  const out: (string | null)[][] = [];
  for (const partition of new RowStream(await r.router.read(0, command)).partitions()) {
    for (const row of rowsOf(partition, columns.length)) {
      out.push(cellsOf(row.cells, columns.length).map((c) => (c === null ? null : Buffer.from(c).toString('hex'))));
    }
  }
  return out;
}

type Op = { plan: string; k: number; c: number; v: string | null | 'unset'; w: number | null; ttl: number };
const op: fc.Arbitrary<Op> = fc.record({
  plan: fc.constantFrom(...Object.keys(plans)),
  k: fc.nat(1),
  c: fc.nat(3),
  v: fc.oneof(fc.string({ maxLength: 5 }), fc.constant(null), fc.constant('unset' as const)),
  w: fc.oneof(fc.nat(9), fc.constant(null)),
  ttl: fc.constantFrom(0, 100_000),
});
const encoded = (v: string | null): Buffer | null | 'unset' => (v === null || v === 'unset' ? v : text(v));

function hotValues(o: Op): (Buffer | null | 'unset')[] {
  const [k, c, v] = [int(o.k), int(o.c), encoded(o.v)];
  const w = o.w === null ? null : int(o.w);
  switch (o.plan) {
    case 'insert':
      return [k, c, v, w];
    case 'insertStatic':
      return [k, c, w, v];
    case 'update':
      return [v, k, c];
    case 'insertTtl':
      return [k, c, v, int(o.ttl)];
    case 'deletePartition':
      return [k];
    case 'updateStatic':
      return [v, k];
    default:
      return [k, c];
  }
}

/** The mutation that the query layer would make of the same statement; null when it writes nothing. */
function plainMutation(o: Op, timestamp: bigint, now: number): Uint8Array | null {
  const m = new MutationBuilder(tableId, murmurToken(int(o.k)), int(o.k));
  const ttl = o.plan === 'insertTtl' ? o.ttl : 0;
  const expiry = ttl === 0 ? 0 : now + ttl;
  const cell = (column: number, v: Buffer | null | 'unset') => {
    if (v === 'unset') return;
    if (v === null) m.cellTombstone(column, timestamp, now);
    else if (ttl > 0) m.cell(column, timestamp, v, ttl, expiry);
    else m.cell(column, timestamp, v);
  };
  const w = o.w === null ? null : int(o.w);
  const v = encoded(o.v);
  switch (o.plan) {
    case 'insert':
      m.insertRow([int(o.c)], timestamp);
      cell(ids.v, v);
      cell(ids.w, w);
      break;
    case 'insertStatic':
      if (v !== 'unset') {
        m.staticRow();
        cell(ids.s, v);
      }
      m.insertRow([int(o.c)], timestamp);
      cell(ids.w, w);
      break;
    case 'insertTtl':
      m.insertRow([int(o.c)], timestamp, ttl, expiry);
      cell(ids.v, v);
      break;
    case 'update':
      if (v === 'unset') return null;
      m.row([int(o.c)]);
      cell(ids.v, v);
      break;
    case 'updateStatic':
      if (v === 'unset') return null;
      m.staticRow();
      cell(ids.s, v);
      break;
    case 'deleteRow':
      m.deleteRow([int(o.c)], timestamp, now);
      break;
    case 'deletePartition':
      m.partitionDeletion(timestamp, now);
      break;
    case 'deleteColumn':
      m.row([int(o.c)]);
      cell(ids.v, null);
      break;
  }
  return m.finish();
}

// Goal: a hot statement leaves what the same statement leaves by the other path, and a hot read returns what the other read returns.
// Method: random statements with few keys and timestamps that collide, once each way into two shards; every partition compared.
for (const version of [4, 5] as const) {
  test(`v${version}: hot statements do what plain statements do`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(op, fc.bigInt(1n, 9n)), { minLength: 1, maxLength: 25 }), async (ops) => {
        const [hot, plain] = [await rig(), await rig()];
        const client = hot.client(version);
        const now = Math.floor(Date.now() / 1000);
        for (const [o, timestamp] of ops) {
          const frame = await run(hot, client, plans[o.plan]!, hotValues(o), { timestamp });
          const mutation = plainMutation(o, timestamp, now);
          if (mutation === null) assert.equal(frame.opcode, -1, 'nothing to write is left to JavaScript');
          else {
            assert.equal(Buffer.from(frame.body).toString('hex'), '00000001', `${o.plan}: ${frame.opcode}`);
            await plain.router.mutate(0, mutation, true);
          }
        }
        for (const k of [0, 1]) {
          const expected = await plainRows(plain, k);
          assert.deepEqual(await plainRows(hot, k), expected);
          const read = await run(hot, client, reads.partition!, [int(k)]);
          assert.deepEqual(rowsIn(read.body, 6), expected);
          for (const c of [0, 1, 2, 3]) {
            const row = await run(hot, client, reads.row!, [int(k), int(c)]);
            assert.deepEqual(
              rowsIn(row.body, 6),
              expected.filter((r) => r[1] === int(c).toString('hex')),
            );
          }
          const folded = await run(hot, client, reads.aggregates!, [int(k)], { pageSize: 1 });
          assert.deepEqual(rowsIn(folded.body, 7), [aggregated(expected)]);
          const rowsOnly = expected.filter((r) => r[1] !== null);
          const slice = await run(hot, client, reads.slice!, [int(k), int(1), int(3)]);
          assert.deepEqual(
            rowsIn(slice.body, 6),
            rowsOnly.filter((r) => r[1] === int(1).toString('hex') || r[1] === int(2).toString('hex')),
          );
          const last = await run(hot, client, reads.last!, [int(k), int(2)]);
          assert.deepEqual(rowsIn(last.body, 6), [...expected].reverse().slice(0, 2));
        }
        for (const r of rigs.splice(0)) r.close();
      }),
      { numRuns: 30 },
    );
  });
}

test('timestamps that the server gives grow with every write', async () => {
  const r = await rig();
  const client = r.client(4);
  const before = BigInt(Date.now()) * 1000n;
  await Promise.all(
    Array.from({ length: 20 }, (_, c) => run(r, client, plans.insert!, [int(1), int(c), text('v'), int(1)])),
  );
  const rows = rowsIn((await run(r, client, reads.partition!, [int(1)])).body, 6);
  const times = rows.map((row) => BigInt(`0x${row[4]}`)).sort((a, b) => (a < b ? -1 : 1));
  assert.equal(new Set(times).size, 20);
  assert.ok(times[0]! >= before);
});

test('a page that would be cut, an altered table and a dropped plan are left to JavaScript', async () => {
  const r = await rig();
  const client = r.client(4);
  for (let c = 0; c < 3; c++) await run(r, client, plans.insert!, [int(1), int(c), text('v'), int(1)]);
  assert.equal((await run(r, client, reads.partition!, [int(1)], { pageSize: 2 })).opcode, -1);
  assert.equal((await run(r, client, reads.partition!, [int(1)], { pageSize: 5 })).opcode, 8);
  assert.equal((await run(r, client, reads.last!, [int(1), int(2)], { pageSize: 2 })).opcode, 8);
  await r.setTable(table(2, 'x'));
  const declined = await run(r, client, plans.insert!, [int(1), int(9), text('v'), int(1)]);
  assert.equal(declined.opcode, -1);
  assert.equal(client.declined.length, 2);
  assert.deepEqual(
    Buffer.from(client.declined[1]!).subarray(4),
    executeEnvelope({
      version: 4,
      stream,
      preparedId: plans.insert!.preparedId,
      values: [int(1), int(9), text('v'), int(1)],
    }).subarray(4),
  );
  assert.equal((await plainRows(r, 1)).length, 3);
});

test('without metadata when the client skips it', async () => {
  const r = await rig();
  const client = r.client(4);
  const whole = await run(r, client, reads.partition!, [int(1)]);
  const skipped = await run(r, client, reads.partition!, [int(1)], { skipMetadata: true });
  assert.equal(Buffer.from(whole.body).readInt32BE(4), 0);
  assert.equal(Buffer.from(skipped.body).readInt32BE(4), 4);
});

test('in batch mode a write is acknowledged when the log is synced, and reads do not wait', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-hot-'));
  const log = new CommitLog({
    folder,
    shard: 0,
    shardCount: 1,
    segmentBytes: 1 << 17,
    recordBytesMax: 1 << 16,
    firstSegmentId: 256,
  });
  try {
    const r = await rig(log);
    r.loop.holdForSync(true);
    const client = r.client(4);
    let acknowledged = 0;
    const writes = [1, 2].map(async (c) => {
      const frame = await run(r, client, plans.insert!, [int(1), int(c), text('v'), int(1)]);
      acknowledged++;
      return frame;
    });
    const plain = r.router.mutate(0, plainMutation({ plan: 'insert', k: 1, c: 3, v: 'p', w: 1, ttl: 0 }, 5n, 1)!, true);
    assert.equal((await plainRows(r, 1)).length, 3); // applied
    assert.equal(acknowledged, 0);
    assert.equal(r.loop.stats().held, 3);
    assert.equal(log.stats().records, 3);
    r.loop.synced(log.appended());
    for (const frame of await Promise.all(writes)) assert.equal(frame.opcode, 8);
    await plain;
    r.loop.holdForSync(false);
    await run(r, client, plans.insert!, [int(1), int(4), text('v'), int(1)]);
  } finally {
    log.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('control messages reach JavaScript in order, with news of tables', async () => {
  const r = await rig();
  const answer = r.router.control(0, { flush: 'ks.t' });
  while (r.events.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(
    r.events.map((e) => e[0]),
    [5, 8],
  );
  const [, asker, request, , payload] = r.events[1]!;
  assert.equal(payload!.toString(), '{"flush":"ks.t"}');
  r.loop.answer(asker as number, request as number, 136, Buffer.from('{"done":true}'));
  assert.deepEqual(await answer, { done: true });
});

test('a mutation of an unknown table is refused with INVALID, bad bytes with CORRUPT', async () => {
  const r = await rig();
  const other = new MutationBuilder(Buffer.alloc(16, 1), 1n, int(1)).insertRow([int(1)], 1n).finish();
  await assert.rejects(r.router.mutate(0, other, true), { code: 'INVALID' });
  await assert.rejects(r.router.mutate(0, Buffer.from('nonsense'), true), { code: 'CORRUPT' });
  await assert.rejects(r.router.batch(0, [other], true), { code: 'INVALID' });
});

test('a batch of one shard is one record with one timestamp; what is more than that is left to JavaScript', async () => {
  const r = await rig();
  const client = r.client(4);
  const entry = (plan: PlanSpec, ...values: (Buffer | null | 'unset')[]) => ({ preparedId: plan.preparedId, values });
  const ask = (type: number, entries: ReturnType<typeof entry>[], timestamp?: bigint) => {
    stream++;
    return client.ask(stream, batchEnvelope(4, stream, type, entries, timestamp));
  };
  const good = [
    entry(plans.insert!, int(1), int(1), text('a'), int(1)),
    entry(plans.insertStatic!, int(1), int(2), int(2), text('s')),
    entry(plans.update!, text('b'), int(1), int(2)),
  ];
  for (const type of [0, 1]) assert.equal((await ask(type, good)).body.length, 4);
  const rows = await plainRows(r, 1);
  assert.deepEqual(
    rows.map((row) => [row[1], row[2], row[3], row[5]]),
    [
      [int(1), text('s'), text('a'), int(1)],
      [int(2), text('s'), text('b'), int(2)],
    ].map((row) => row.map((b) => b!.toString('hex'))),
  );
  assert.equal(rows[0]![4], rows[1]![4]);
  await ask(1, [entry(plans.deletePartition!, int(1))], 2n ** 60n);
  assert.deepEqual(await plainRows(r, 1), []);

  const left: [string, number, ReturnType<typeof entry>[]][] = [
    [
      'more partitions than may need a warning',
      1,
      Array.from({ length: 11 }, (_, k) => entry(plans.insert!, int(k), int(1), text('a'), int(1))),
    ],
    ['a counter batch', 2, good],
    ['a read', 1, [good[0]!, entry(reads.partition!, int(1))]],
    ['a statement that is not hot', 1, [good[0]!, { preparedId: id(99), values: [] }]],
    ['a bad value', 1, [entry(plans.insert!, int(1), int(1), text('a'), Buffer.alloc(3))]],
    ['no statement', 1, []],
    ['more bytes than may need a warning', 1, [entry(plans.insert!, int(1), int(1), text('a'.repeat(6000)), int(1))]],
  ];
  const before = client.left.length;
  for (const [name, type, entries] of left) assert.equal((await ask(type, entries)).opcode, -1, name);
  assert.equal(client.left.length, before + left.length);
  assert.equal(client.declined.length, 0);
  await r.setTable(table(2, 'x'));
  assert.equal((await ask(1, good)).opcode, -1);
  assert.deepEqual(Buffer.from(client.declined[0]!), batchEnvelope(4, stream, 1, good));
});

test('a plan number that is given again does not keep the columns of the plan before it', async () => {
  const r = new ShardRig();
  rigs.push(r);
  await r.setTable(table(1));
  const client = r.client(4);
  for (let round = 0; round < 20; round++) {
    const [column, value] = round % 2 === 0 ? [ids.v, text(`${round}`)] : [ids.w, int(round)];
    const type = round % 2 === 0 ? textType : intType;
    const spec: PlanSpec = {
      kind: 'write',
      preparedId: id(round + 1),
      tableId,
      binds: [...key, [Target.value, column, type]],
    };
    const number = r.hot.register(planBytes(spec));
    assert.equal((await run(r, client, spec, [int(1), int(1), value])).body.length, 4);
    const [row] = await plainRows(r, 1);
    assert.equal(row![round % 2 === 0 ? 3 : 5], value.toString('hex'));
    r.hot.unregister(number);
    await r.router.plan(60_000, new Uint8Array()); // behind the unregistering
    await new Promise((resolve) => setImmediate(resolve));
  }
});
