// What codec, memtable, read command and SSTable tries cost: node dist/bench/storage.js [PARTITIONS]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { murmurToken, NativeStore, ReadOperation, readBudgetDefault } from '../src/native/index.js';
import { decodeRequest, encodeResponse } from '../src/protocol/index.js';
import { encodeDescriptor } from '../src/schema/index.js';
import {
  ChunkStore,
  flushMemtable,
  listSSTables,
  MutationBuilder,
  ReadCommandBuilder,
  RowStream,
  Selected,
  SSTableReader,
} from '../src/storage/index.js';
import { encode } from '../test/support/cql-frames.js';
import { ids, table, tableId } from '../test/unit/hotpath/shard-rig.js';
import { report } from './support/report.js';

const partitions = Number(process.argv[2] ?? 100_000);
const rowsOfWide = 10_000;
const value = Buffer.alloc(100, 0x61);
const int = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(n);
  return bytes;
};
const keys = Array.from({ length: partitions }, (_, i) => int(i));
const tokens = keys.map((key) => murmurToken(key));
const descriptor = encodeDescriptor(table(1));
const builder = new MutationBuilder();
const mutation = (i: number, clustering: number): Uint8Array =>
  builder
    .reset(tableId, tokens[i]!, keys[i]!)
    .insertRow([int(clustering)], 1n)
    .cell(ids.v, 1n, value)
    .finish();

function filled(): NativeStore {
  const store = new NativeStore(new Uint8Array(16));
  store.setTable(descriptor);
  for (let i = 0; i < partitions; i++) store.apply(mutation(i, 1));
  return store;
}

const commands = new ReadCommandBuilder();
const columns = [{ what: Selected.value, which: ids.v }];
const read = (i: number, rowLimit: number): Uint8Array =>
  commands.encode({ tableId, nowSeconds: 1, columns, partitions: { keys: [keys[i]!] }, rowLimit });

async function run(store: NativeStore, chunks: ChunkStore | null, command: Uint8Array): Promise<RowStream> {
  const operation = new ReadOperation(command);
  for (;;) {
    const answer = store.read(operation, readBudgetDefault);
    if (answer instanceof Uint8Array) return new RowStream(answer);
    if (answer !== null) await chunks!.load(answer);
  }
}

async function codec(): Promise<void> {
  const execute = Buffer.concat([
    encode.shortBytes(Buffer.alloc(16)),
    encode.short(1),
    Buffer.from([1]),
    encode.short(2),
    encode.value(int(1)),
    encode.value(value),
  ]);
  await report('codec: decode EXECUTE', 200_000, () => {
    for (let i = 0; i < 200_000; i++) decodeRequest(0x0a, 4, 0, execute);
  });
  await report('codec: encode RESULT Void', 200_000, () => {
    for (let i = 0; i < 200_000; i++)
      encodeResponse({ kind: 'RESULT', result: { kind: 'void' } }, { version: 4, stream: 1 });
  });
}

async function memtable(): Promise<NativeStore> {
  await report('memtable: encode a mutation', partitions, () => {
    for (let i = 0; i < partitions; i++) mutation(i, 1);
  });
  await report('memtable: encode and apply, new partitions', partitions, () => {
    filled();
  });
  const store = filled();
  for (let i = 0; i < rowsOfWide; i++) store.apply(mutation(0, i));
  await report('read command: one row of one partition', partitions, async () => {
    for (let i = 0; i < partitions; i++) await run(store, null, read(i, 1));
  });
  await report('read command: a row of a slice of 10,000', rowsOfWide, async () => {
    await run(store, null, read(0, rowsOfWide));
  });
  return store;
}

async function tries(store: NativeStore): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-bench-'));
  const frozen = store.freeze(tableId);
  const compression = { class: 'org.apache.cassandra.io.compress.LZ4Compressor', chunk_length_in_kb: '16' };
  const options = { frozen, descriptor, bloomFilterFpChance: 0.01, compression, folder, hostId: null };
  let first = 1;
  await report('SSTable: flush, a partition', partitions, () => {
    flushMemtable({ ...options, ids: { first: first++, count: 1 } });
  });
  const chunks = new ChunkStore(1 << 28);
  const [name] = listSSTables(folder).finished;
  const reader = SSTableReader.open(folder, name!, descriptor, chunks);
  store.replaceSources(tableId, [frozen], [], [reader.native.source]);
  await report('SSTable: one row by trie, chunks cached', partitions, async () => {
    for (let i = 0; i < partitions; i++) await run(store, chunks, read(i, 1));
  });
  rmSync(folder, { recursive: true, force: true });
}

await codec();
await tries(await memtable());
