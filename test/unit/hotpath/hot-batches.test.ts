// Batches of several partitions on a node of two shards: the first shard keeps them in system.batches until the other has its part.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { murmurToken, nativeStamps } from '../../../src/native/index.js';
import { Catalogue, encodeDescriptor, systemSchema } from '../../../src/schema/index.js';
import { shardOfToken } from '../../../src/shard/index.js';
import { cellsOf, decodeMutation, encodeReadCommand, RowStream, rowsOf, Selected } from '../../../src/storage/index.js';
import { unpackList } from '../../../src/types/index.js';
import { batchEnvelope, int, intType, type PlanSpec, planBytes, Target, text, textType } from './plan-bytes.js';
import { ids, ShardRig, table, tableId } from './shard-rig.js';

const batches = new Catalogue(systemSchema()).getTable('system', 'batches');
const batchesId = Buffer.from(batches.id.replaceAll('-', ''), 'hex');
const insert: PlanSpec = {
  kind: 'write',
  flags: 1,
  preparedId: Buffer.alloc(16, 1),
  tableId,
  binds: [
    [Target.key, 0, intType],
    [Target.clustering, 0, intType],
    [Target.value, ids.v, textType],
  ],
};
const keys = Array.from({ length: 8 }, (_, k) => k);
const shardOf = (k: number): number => shardOfToken(murmurToken(int(k)), 2);

const rigs: ShardRig[] = [];
after(() => {
  for (const rig of rigs) rig.close();
});

async function rig(): Promise<ShardRig> {
  nativeStamps.setBound(2n ** 62n);
  const made = new ShardRig(null, 65536, 2);
  rigs.push(made);
  await made.setTable(table(1));
  await made.router.table(encodeDescriptor(batches));
  made.hot.register(planBytes(insert));
  return made;
}

let stream = 0;
function ask(r: ShardRig, client: ReturnType<ShardRig['client']>, type: number, ks: readonly number[], value: string) {
  void r;
  stream++;
  const entries = ks.map((k) => ({ preparedId: insert.preparedId, values: [int(k), int(1), text(value)] }));
  return client.ask(stream, batchEnvelope(4, stream, type, entries));
}

async function cells(r: ShardRig, shard: number, command: Uint8Array, width: number): Promise<(Uint8Array | null)[][]> {
  return [...new RowStream(await r.router.read(shard, command)).partitions()].flatMap((partition) =>
    [...rowsOf(partition, width)].map((row) => cellsOf(row.cells, width)),
  );
}

/** What each key has. */
async function values(r: ShardRig): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for (const k of keys) {
    const command = encodeReadCommand({
      tableId,
      nowSeconds: 1,
      columns: [{ what: Selected.value, which: ids.v }],
      partitions: { keys: [int(k)] },
    });
    const [row] = await cells(r, shardOf(k), command, 1);
    found.push(row === undefined ? null : Buffer.from(row[0]!).toString());
  }
  return found;
}

/** The mutations of what is kept. */
async function kept(r: ShardRig): Promise<Uint8Array[]> {
  const range = { start: -(2n ** 63n), startInclusive: true, end: 2n ** 63n - 1n, endInclusive: true };
  const command = encodeReadCommand({
    tableId: batchesId,
    nowSeconds: Math.floor(Date.now() / 1000),
    columns: [{ what: Selected.value, which: batches.columns.get('mutations')!.id }],
    partitions: { range },
  });
  const rows = (await Promise.all([0, 1].map((shard) => cells(r, shard, command, 1)))).flat();
  return rows.flatMap(([list]) => unpackList(list!));
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a logged batch of two shards is in both when it is acknowledged, and its entry ends', async () => {
  const r = await rig();
  const client = r.client(4);
  assert.equal(new Set(keys.map(shardOf)).size, 2);
  for (const value of ['a', 'b'])
    assert.equal(Buffer.from((await ask(r, client, 0, keys, value)).body).toString('hex'), '00000001');
  assert.deepEqual(
    await values(r),
    keys.map(() => 'b'),
  );
  await r.hot.batchesEnded();
  assert.deepEqual(await kept(r), []);
  const { spread, loggedBatches } = r.hot.stats();
  assert.deepEqual([spread, loggedBatches[8]], [2, 2]);
});

test('batches of one shard are one record, logged or not; unlogged ones of two shards are left to JavaScript', async () => {
  const r = await rig();
  const client = r.client(4);
  const own = keys.filter((k) => shardOf(k) === 0);
  for (const type of [0, 1])
    assert.equal(Buffer.from((await ask(r, client, type, own, `${type}`)).body).toString('hex'), '00000001');
  assert.equal(r.hot.stats().spread, 0);
  assert.equal((await ask(r, client, 1, keys, 'c')).opcode, -1);
  assert.deepEqual(
    await values(r),
    keys.map((k) => (shardOf(k) === 0 ? '1' : null)),
  );
});

// Goal: what is kept is all of the batch, for whoever finds it after a crash; and nothing but time is needed while the process lives.
test('a part that its shard refuses is kept and written later; the client has a timeout of a batch', async () => {
  const r = await rig();
  const client = r.client(4);
  r.loops[1]!.refuseWrites('no space');
  const first = keys.find((k) => shardOf(k) === 0)!;
  const frame = await ask(r, client, 0, [first, ...keys], 'x');
  assert.equal(frame.opcode, 0);
  const error = Buffer.from(frame.body);
  assert.equal(error.readInt32BE(0), 0x1100, 'WriteTimeout');
  assert.equal(error.subarray(error.length - 5).toString(), 'BATCH');
  assert.deepEqual(
    await values(r),
    keys.map((k) => (shardOf(k) === 0 ? 'x' : null)),
  );
  const mutations = await kept(r);
  const names = mutations.map((bytes) => Buffer.from(decodeMutation(bytes).key).readInt32BE(0)).sort();
  assert.deepEqual(names, [first, ...keys].sort());
  r.loops[1]!.refuseWrites('');
  await until(async () => (await values(r)).every((value) => value === 'x'));
  await r.hot.batchesEnded();
  assert.deepEqual(await kept(r), []);
});

test('a table that is dropped between the shards does not keep the rest of a batch from ending', async () => {
  const r = await rig();
  const client = r.client(4);
  r.loops[1]!.refuseWrites('no space');
  assert.equal((await ask(r, client, 0, [keys.find((k) => shardOf(k) === 0)!, ...keys], 'x')).opcode, 0);
  await r.router.dropTable(tableId);
  r.loops[1]!.refuseWrites('');
  await r.hot.batchesEnded();
  assert.deepEqual(await kept(r), []);
});
