import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeDescriptor, getTable } from '../../../src/schema/index.js';
import { schemaAfter } from './recorded.js';

const createKeyspace = "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy'}";
const id = '00112233-4455-1677-8899-aabbccddeeff';

/** The descriptor of ks.t after these statements. */
function descriptor(...statements: string[]): Buffer {
  const { schema } = schemaAfter([createKeyspace, ...statements]);
  return Buffer.from(encodeDescriptor(getTable(schema, 'ks', 't'), { columnIndexBytes: 65_536 }));
}

type Column = { id: number; flags: number; droppedAt: bigint; name: string };

/** Reads a descriptor of plain types and vectors of numbers as docs/format/table-descriptor.md has it. */
function parse(bytes: Buffer) {
  let at = 0;
  const take = (count: number): Buffer => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  const u8 = (): number => take(1)[0]!;
  const u16 = (): number => take(2).readUInt16LE();
  const u32 = (): number => take(4).readUInt32LE();
  const str = (): string => take(u16()).toString();
  const type = (): string => {
    const kind = u8();
    const text = `${kind} ${str()}`;
    if (kind !== 0x80) return text;
    type();
    u32();
    return text;
  };
  const head = { format: u8(), id: take(16).toString('hex'), version: u32(), flags: u8() };
  const options = { gcGrace: u32(), ttl: u32(), bloom: take(8).readDoubleLE(), indexBytes: u32(), chunkBytes: u32() };
  const names = [str(), str()];
  const partitionKey = Array.from({ length: u16() }, type);
  const clustering = Array.from({ length: u16() }, () => [u8(), type()]);
  const columns = Array.from({ length: u16() }, (): Column => {
    const column = { id: u16(), flags: u8(), droppedAt: take(8).readBigInt64LE(), name: str() };
    type();
    return column;
  });
  const vectorIndexes = Array.from({ length: u16() }, () => {
    take(16);
    return [u8(), u16(), u32(), u8(), u8(), u16(), u16(), u16()];
  });
  assert.equal(at, bytes.length);
  return { head, options, names, partitionKey, clustering, columns, vectorIndexes };
}

const marshal = 'org.apache.cassandra.db.marshal.';

test('a descriptor holds id, options, keys and columns as its format says', () => {
  const made = parse(
    descriptor(
      `CREATE TABLE ks.t (k int, c text, s int static, v blob, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC)
       AND id = ${id} AND gc_grace_seconds = 7 AND default_time_to_live = 9 AND bloom_filter_fp_chance = 0.5
       AND compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 4}`,
    ),
  );
  assert.deepEqual(made.head, { format: 1, id: id.replaceAll('-', ''), version: 1, flags: 0 });
  assert.deepEqual(made.options, { gcGrace: 7, ttl: 9, bloom: 0.5, indexBytes: 65_536, chunkBytes: 4096 });
  assert.deepEqual(made.names, ['ks', 't']);
  assert.deepEqual(made.partitionKey, [`9 ${marshal}Int32Type`]);
  assert.deepEqual(made.clustering, [[1, `13 ${marshal}UTF8Type`]]);
  assert.deepEqual(made.columns, [
    { id: 2, flags: 1, droppedAt: 0n, name: 's' },
    { id: 3, flags: 0, droppedAt: 0n, name: 'v' },
  ]);
});

test('columns are in the order of cells in SSTables: statics, then simple ones, then collections of cells', () => {
  const statement = `CREATE TABLE ks.t (k int, c int, b list<frozen<tuple<int>>>, a set<int> static, z int, "é" int,
    y int static, PRIMARY KEY (k, c))`;
  const bytes = descriptor(statement);
  const names = ['y', 'a', 'é', 'z', 'b'];
  const places = names.map((name) => bytes.lastIndexOf(Buffer.from([name === 'é' ? 2 : 1, 0, ...Buffer.from(name)])));
  assert.deepEqual(
    [...places].sort((a, b) => a - b),
    places,
  );
});

test('an uncompressed counter table says so', () => {
  const made = parse(descriptor(`CREATE TABLE ks.t (k int PRIMARY KEY, n counter) WITH compression = {}`));
  assert.equal(made.head.flags, 1);
  assert.equal(made.options.chunkBytes, 0);
  assert.equal(made.columns[0]!.flags, 4);
});

test('a dropped column stays with its drop time; one that comes back has its id, the time, and no flag', () => {
  const create = 'CREATE TABLE ks.t (k int PRIMARY KEY, a int, b int)';
  const drops = ['ALTER TABLE ks.t DROP a USING TIMESTAMP 5', 'ALTER TABLE ks.t DROP b USING TIMESTAMP 6'];
  const dropped = parse(descriptor(create, ...drops));
  assert.equal(dropped.head.version, 3);
  assert.deepEqual(dropped.columns, [
    { id: 1, flags: 8, droppedAt: 5n, name: 'a' },
    { id: 2, flags: 8, droppedAt: 6n, name: 'b' },
  ]);
  const back = parse(descriptor(create, ...drops, 'ALTER TABLE ks.t ADD (c int, a int)'));
  assert.deepEqual(back.columns, [
    { id: 1, flags: 0, droppedAt: 5n, name: 'a' },
    { id: 2, flags: 8, droppedAt: 6n, name: 'b' },
    { id: 3, flags: 0, droppedAt: 0n, name: 'c' },
  ]);
});

test('indexes of vectors are told with where their vectors are and what their graph is made by', () => {
  const made = parse(
    descriptor(
      'CREATE TABLE ks.t (k int, c vector<float, 2>, s vector<float, 3> static, v vector<float, 4>, ' +
        'w vector<float, 5>, x vector<float, 6>, PRIMARY KEY (k, c))',
      "CREATE INDEX ON ks.t (v) USING 'sai'",
      "CREATE INDEX ON ks.t (s) USING 'sai' WITH OPTIONS = {'similarity_function': 'euclidean'}",
      "CREATE INDEX ON ks.t (c) USING 'vector' WITH OPTIONS = {'metric': 'inner_product', 'm': '24', 'ef_construction': '300'}",
      "CREATE INDEX ON ks.t (w) USING 'vector' WITH OPTIONS = {'method': 'ivfflat', 'metric': 'l2', 'lists': '50'}",
      "CREATE INDEX ON ks.t (x) USING 'vector' WITH OPTIONS = {'method': 'HVQ'}",
    ),
  );
  assert.deepEqual(made.vectorIndexes, [
    [0, 3, 4, 0, 0, 16, 100, 1],
    [1, 2, 3, 2, 0, 16, 100, 1],
    [2, 0, 2, 1, 0, 24, 300, 1],
    [0, 4, 5, 2, 1, 16, 200, 50],
    [0, 5, 6, 0, 2, 16, 200, 1],
  ]);
});

test('what a vector index cannot be is refused with its reason', () => {
  const make = (column: string, options: string) => () =>
    descriptor(
      'CREATE TABLE ks.t (k int PRIMARY KEY, n int, v vector<float, 4>, w vector<float, 4000>, i vector<int, 2>)',
      `CREATE INDEX ON ks.t (${column}) USING 'vector' WITH OPTIONS = {${options}}`,
    );
  assert.throws(make('v', "'method': 'flat'"), /no method 'flat'; it has hnsw, ivfflat, hvq/);
  assert.throws(make('v', "'lists': '100'"), /Option 'lists' of a vector index is one of method 'ivfflat'/);
  assert.throws(make('v', "'method': 'ivfflat', 'm': '16'"), /Option 'm' .* is one of methods 'hnsw' and 'hvq'/);
  assert.throws(make('v', "'method': 'ivfflat', 'lists': '0'"), /'lists' .* must be a number from 1 to 4096, not '0'/);
  assert.throws(
    make('w', "'method': 'ivfflat', 'lists': '4000'"),
    /of 4000 dimensions has at most 2000 lists, not 4000/,
  );
  assert.throws(make('v', "'metric': 'hamming'"), /no metric 'hamming'/);
  assert.throws(make('v', "'dimensions': '3'"), /has 4 dimensions, not 3/);
  assert.throws(make('v', "'m': '1000'"), /'m' of a vector index must be a number from 4 to 128/);
  assert.throws(make('n', ''), /A vector index is on vectors, not on int: n/);
  assert.throws(make('i', ''), /float elements/);
});
