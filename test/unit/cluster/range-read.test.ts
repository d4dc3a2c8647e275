// Reads of a token range whose rows change between the shards' answers and the second look at the run in which a LIMIT ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRange } from '../../../src/cluster/range-read.js';
import type { ShardPort } from '../../../src/cluster/shard-port.js';
import { ByteWriter, decodePosition, encodePosition, RowStream } from '../../../src/storage/index.js';

type Partition = { readonly token: number; readonly rows: number };

const keyOf = (token: number): Buffer => Buffer.from([0, 0, 0, token]);
const limitAt = 22;

/** The first `limit` rows; each is one byte. */
function streamOf(partitions: readonly Partition[], limit: number): Uint8Array {
  const body = new ByteWriter(64);
  let [rows, runs] = [0, 0];
  let position: Uint8Array | null = null;
  for (const { token, rows: count } of partitions) {
    if (rows === limit) break;
    const taken = Math.min(count, limit - rows);
    body.i64(BigInt(token));
    body.u16(4);
    body.raw(keyOf(token));
    body.u32(taken);
    body.u32(taken);
    body.raw(Buffer.alloc(taken, token));
    rows += taken;
    runs++;
    if (rows === limit)
      position = encodePosition({ key: keyOf(token), token: BigInt(token), clustering: null, rowsInPartition: taken });
  }
  const out = new ByteWriter(64);
  out.u8(1);
  out.u8(position === null ? 0 : 1);
  out.u16(0);
  for (const n of [rows, runs, 0, rows, 0, position?.length ?? 0]) out.u32(n);
  if (position !== null) out.raw(position);
  out.raw(body.finish());
  return out.finish();
}

/** Two shards; `later`: what a shard has from its second read on. */
function shardsOf(first: Partition[], second: Partition[], later: readonly Partition[]): ShardPort {
  const data = [first, second];
  const reads = [0, 0];
  const read = async (shard: number, command: Uint8Array): Promise<Uint8Array> => {
    if (reads[shard]!++ === 1) data[shard] = [...later];
    return streamOf(data[shard]!, Buffer.from(command).readUInt32LE(limitAt));
  };
  return { shardCount: 2, read } as unknown as ShardPort;
}

function commandOf(limit: number): Buffer {
  const command = Buffer.alloc(64);
  command.writeUInt32LE(limit, limitAt);
  return command;
}

/** Token and rows of each run, and the token of the position. */
async function result(shards: ShardPort, limit: number) {
  const stream = new RowStream(await readRange(shards, commandOf(limit), {}));
  return {
    runs: stream.partitions().map(({ token, rowCount }) => [Number(token), rowCount]),
    next: stream.position === null ? null : Number(decodePosition(stream.position).token),
  };
}

test('a limit ends within a run', async () => {
  const same = [{ token: 2, rows: 5 }];
  assert.deepEqual(await result(shardsOf([{ token: 1, rows: 2 }], same, same), 4), {
    runs: [
      [1, 2],
      [2, 2],
    ],
    next: 2,
  });
});

// What the second look finds in place of the run in which the limit ends.
for (const [what, later] of [
  ['is gone', []],
  ['is behind another one', [{ token: 3, rows: 9 }]],
] as const) {
  test(`when the run ${what} meanwhile, the answer ends before it`, async () => {
    const shards = shardsOf([{ token: 1, rows: 2 }], [{ token: 2, rows: 5 }], later);
    assert.deepEqual(await result(shards, 4), { runs: [[1, 2]], next: 1 });
  });
}
