// Tables of every kind with two rounds of writes, for a flush after each.

export type Kind = {
  readonly name: string;
  readonly columns: string;
  readonly options?: string;
  /** What a SELECT asks for besides every column. */
  readonly also?: readonly string[];
  /** False where sstabledump fails: it cannot write the type as JSON. */
  readonly isPrintable?: boolean;
  readonly first: readonly string[];
  readonly second: readonly string[];
};

export const userTypes = ['point (x int, y int, label text)', 'shape (name text, corners frozen<list<frozen<point>>>)'];

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const filler = (i: number): string => `${i} ${(i * 2654435761).toString(36)} `.repeat(20);

const types: Kind = {
  name: 'types',
  columns:
    'k text PRIMARY KEY, a ascii, b bigint, bl blob, bo boolean, da date, de decimal, do double, du duration, f float, i int, ' +
    'ip inet, si smallint, te text, ti time, ts timestamp, tu timeuuid, ty tinyint, u uuid, v varint, ve vector<float, 3>',
  also: ['a', 'de', 'du', 'v', 've'].flatMap((column) => [`writetime(${column})`, `ttl(${column})`]),
  first: [
    'INSERT INTO types (k, a, b, bl, bo, da, de, do, du, f, i, ip, si, te, ti, ts, tu, ty, u, v, ve) VALUES ' +
      "('all', 'ascii', -9223372036854775808, 0xcafe, true, '-0044-03-15', -12345678901234567890.000123, NaN, -1y2mo3d4h, 1.5e-40, " +
      "2147483647, '2001:db8::1', -32768, 'žluťoučký 🐎', '23:59:59.999999999', '2262-04-11 23:47:16.854+0000', " +
      '8e14e760-7fa8-11eb-bc66-000000000001, -128, 123e4567-e89b-42d3-a456-426614174000, ' +
      '-170141183460469231731687303715884105728, [1.0, -0.0, 3.5])',
    "INSERT INTO types (k, te, i) VALUES ('replaced', 'before', 1)",
    "INSERT INTO types (k) VALUES ('only the key')",
    "INSERT INTO types (k, bl, te) VALUES ('empty', 0x, '')",
  ],
  second: [
    "UPDATE types SET te = 'after', i = null, bo = false WHERE k = 'replaced'",
    "UPDATE types SET v = 0, de = 1E+100, do = -Infinity, ip = '127.0.0.1' WHERE k = 'without liveness'",
  ],
};

const collections: Kind = {
  name: 'collections',
  columns:
    'k int PRIMARY KEY, l list<text>, s set<int>, m map<text, double>, fl frozen<list<int>>, fs frozen<set<text>>, ' +
    'fm frozen<map<int, blob>>, deep map<int, frozen<list<frozen<set<int>>>>>',
  first: [
    'INSERT INTO collections (k, l, s, m, fl, fs, fm, deep) VALUES ' +
      "(1, ['a', 'b', 'c'], {3, 1, 2}, {'one': 1, 'two': 2}, [1, 2], {'x', 'y'}, {1: 0x01, 2: 0x}, {1: [{2, 1}, {}]})",
    "INSERT INTO collections (k, l, s, m) VALUES (2, ['gone'], {9}, {'gone': 0})",
    "INSERT INTO collections (k, l, s, m) VALUES (3, ['kept', 'changed'], {1, 2}, {'kept': 1, 'deleted': 2})",
  ],
  second: [
    "UPDATE collections SET l = ['z'] + l, s = s + {10}, m['three'] = 3 WHERE k = 1",
    'DELETE l, s, m FROM collections WHERE k = 2',
    "UPDATE collections SET l[1] = 'new', s = s - {1}, fl = [] WHERE k = 3",
    "DELETE m['deleted'] FROM collections WHERE k = 3",
    "UPDATE collections USING TTL 500000 SET m = m + {'expiring': 7} WHERE k = 3",
  ],
};

const udts: Kind = {
  name: 'udts',
  columns: 'k int PRIMARY KEY, p point, fp frozen<point>, s shape, tu tuple<int, text, double>, lp list<frozen<point>>',
  first: [
    "INSERT INTO udts (k, p, fp, s, tu, lp) VALUES (1, {x: 1, y: 2, label: 'a'}, {x: 3}, " +
      "{name: 'line', corners: [{x: 0, y: 0}, {x: 1, y: 1}]}, (1, null, 2.5), [{x: 5}])",
    'INSERT INTO udts (k, p) VALUES (2, {x: 1, y: 2})',
  ],
  second: ["UPDATE udts SET p.label = 'changed', p.x = null WHERE k = 1", 'UPDATE udts SET p = {y: 9} WHERE k = 2'],
};

const statics: Kind = {
  name: 'statics',
  columns: 'k int, c int, s text static, n int static, sl list<int> static, v int, PRIMARY KEY (k, c)',
  options: 'CLUSTERING ORDER BY (c DESC)',
  also: ['writetime(s)', 'ttl(n)', 'writetime(v)'],
  first: [
    ...range(6).map((c) => `INSERT INTO statics (k, c, v) VALUES (1, ${c}, ${c * 10})`),
    "UPDATE statics SET s = 'one', n = 1, sl = [1, 2] WHERE k = 1",
    "UPDATE statics SET s = 'alone' WHERE k = 2",
    "INSERT INTO statics (k, c, s, v) VALUES (3, 1, 'three', 3)",
  ],
  second: [
    'UPDATE statics USING TTL 500000 SET n = 2 WHERE k = 1',
    'UPDATE statics SET sl = sl + [3] WHERE k = 1',
    'DELETE s FROM statics WHERE k = 3',
    'DELETE FROM statics WHERE k = 1 AND c = 4',
  ],
};

const counters: Kind = {
  name: 'counters',
  columns: 'k int, c int, a counter, b counter, s counter static, PRIMARY KEY (k, c)',
  first: [
    ...range(5).map((c) => `UPDATE counters SET a = a + ${c}, b = b - 1 WHERE k = 1 AND c = ${c}`),
    'UPDATE counters SET s = s + 4611686018427387904 WHERE k = 1',
    'UPDATE counters SET a = a + 7 WHERE k = 2 AND c = 1',
  ],
  second: [
    'UPDATE counters SET a = a + 100 WHERE k = 1 AND c = 3',
    'UPDATE counters SET s = s - 5 WHERE k = 1',
    'DELETE FROM counters WHERE k = 2 AND c = 1',
    'DELETE b FROM counters WHERE k = 1 AND c = 0',
  ],
};

const expiring: Kind = {
  name: 'expiring',
  columns: 'k int, c int, v int, w text, PRIMARY KEY (k, c)',
  options: 'default_time_to_live = 600000000', // past 2038
  also: ['ttl(v)', 'ttl(w)', 'writetime(v)'],
  first: [
    "INSERT INTO expiring (k, c, v, w) VALUES (1, 1, 1, 'default')",
    "INSERT INTO expiring (k, c, v, w) VALUES (1, 2, 1, 'own') USING TTL 86400",
    "INSERT INTO expiring (k, c, v, w) VALUES (1, 3, 1, 'never') USING TTL 0",
    "INSERT INTO expiring (k, c, v, w) VALUES (1, 4, 1, 'row') USING TTL 86400",
    "INSERT INTO expiring (k, c, v, w) VALUES (2, 1, 1, 'gone at once') USING TTL 1",
  ],
  second: [
    'UPDATE expiring USING TTL 700000 SET v = 2 WHERE k = 1 AND c = 1',
    'UPDATE expiring USING TTL 0 SET v = 3 WHERE k = 1 AND c = 4',
    'DELETE w FROM expiring WHERE k = 1 AND c = 2',
  ],
};

const tombstones: Kind = {
  name: 'tombstones',
  columns: 'k int, c int, d text, v text, w int, PRIMARY KEY (k, c, d)',
  options: 'CLUSTERING ORDER BY (c ASC, d DESC)',
  also: ['writetime(v)'],
  first: [
    ...range(8).flatMap((k) =>
      range(36).map(
        (i) => `INSERT INTO tombstones (k, c, d, v, w) VALUES (${k}, ${i % 6}, 'd${Math.floor(i / 6)}', 'v${i}', ${i})`,
      ),
    ),
    'DELETE FROM tombstones WHERE k = 6 AND c >= 1 AND c < 3',
    'DELETE FROM tombstones WHERE k = 7',
    "DELETE FROM tombstones WHERE k = 100 AND c = 1 AND d = 'never was'",
  ],
  second: [
    "DELETE v FROM tombstones WHERE k = 0 AND c = 0 AND d = 'd0'",
    "DELETE FROM tombstones WHERE k = 0 AND c = 1 AND d = 'd1'",
    'DELETE FROM tombstones WHERE k = 1',
    'DELETE FROM tombstones WHERE k = 2 AND c = 3',
    'DELETE FROM tombstones WHERE k = 3 AND c > 1 AND c <= 4',
    "DELETE FROM tombstones WHERE k = 3 AND c = 1 AND d >= 'd2' AND d < 'd4'",
    'DELETE FROM tombstones WHERE k = 4 AND c < 2',
    'DELETE FROM tombstones WHERE k = 4 AND c >= 2',
    'DELETE FROM tombstones WHERE k = 5 AND c > 0 AND c < 4',
    'DELETE FROM tombstones WHERE k = 5 AND c > 2',
    "INSERT INTO tombstones (k, c, d, v) VALUES (5, 3, 'd3', 'again')",
    'DELETE FROM tombstones WHERE k = 6 AND c >= 2 AND c < 5',
    "INSERT INTO tombstones (k, c, d, v) VALUES (6, 2, 'd2', 'again')",
    "INSERT INTO tombstones (k, c, d, v) VALUES (7, 1, 'd1', 'again')",
  ],
};

const wide: Kind = {
  name: 'wide',
  columns: 'k int, c int, s text static, v text, PRIMARY KEY (k, c)',
  first: [
    ...range(2500).map((c) => `INSERT INTO wide (k, c, v) VALUES (1, ${c}, '${filler(c)}')`),
    ...range(300).map((c) => `INSERT INTO wide (k, c, v) VALUES (2, ${c * 2}, '${filler(c)}')`),
    "UPDATE wide SET s = 'of all rows' WHERE k = 1",
    ...range(100).map((k) => `INSERT INTO wide (k, c, v) VALUES (${k + 10}, 0, 'one row')`),
  ],
  second: [
    ...range(300).map((c) => `INSERT INTO wide (k, c, v) VALUES (2, ${c * 2 + 1}, '${filler(c)}')`),
    ...range(50).map((i) => `UPDATE wide SET v = 'changed' WHERE k = 1 AND c = ${i * 37}`),
    'DELETE FROM wide WHERE k = 1 AND c >= 500 AND c < 900',
    'DELETE FROM wide WHERE k = 1 AND c > 2400',
    ...range(20).map((i) => `DELETE FROM wide WHERE k = 1 AND c = ${1000 + i}`),
    'DELETE v FROM wide WHERE k = 1 AND c = 1500',
  ],
};

const stored = (name: string, compression: string, more = ''): Kind => ({
  name,
  columns: 'k int, c int, v text, PRIMARY KEY (k, c)',
  options: `compression = {${compression}}${more}`,
  first: range(200).map((i) => `INSERT INTO ${name} (k, c, v) VALUES (${i % 20}, ${i}, '${filler(i)}')`),
  second: range(100).map((i) => `INSERT INTO ${name} (k, c, v) VALUES (${i % 25}, ${i * 3}, '${filler(i + 1)}')`),
});

/** Rows enough for an index of a partition, in an order that their bytes do not have. */
const composites: Kind = {
  name: 'composites',
  isPrintable: false,
  columns: "k int, v text, u 'LexicalUUIDType', c 'CompositeType(UTF8Type,Int32Type)', PRIMARY KEY (k, c, u)",
  first: [
    ...range(200).map(
      (i) =>
        `INSERT INTO composites (k, c, u, v) VALUES (1, '${'ab'.repeat(i % 7)}:${(i % 11) - 5}', ` +
        `${((i * 37) % 256).toString(16).padStart(2, '0')}1c395e-b41f-11e5-${i % 2 ? '9' : '1'}f22-ba0be0483c18, '${filler(i)}')`,
    ),
    "INSERT INTO composites (k, c, u) VALUES (2, '', 0x)",
    "INSERT INTO composites (k, c, u) VALUES (2, 'a', 0x)",
    "INSERT INTO composites (k, c, u) VALUES (2, 'a:', 0x)",
    "INSERT INTO composites (k, c, u) VALUES (2, 'a:1:!', 0x)",
    'INSERT INTO composites (k, c, u) VALUES (2, 0xffff0001610000040000000200, 0x)',
  ],
  second: ["DELETE FROM composites WHERE k = 1 AND c > 'abab:0' AND c < 'abababab:2'"],
};

const dynamicComposites: Kind = {
  name: 'dynamic_composites',
  isPrintable: false,
  columns: "k int, v text, c 'DynamicCompositeType(s=>UTF8Type,i=>Int32Type)', PRIMARY KEY (k, c)",
  options: 'CLUSTERING ORDER BY (c DESC)',
  first: [
    ...range(200).map(
      (i) =>
        `INSERT INTO dynamic_composites (k, c, v) VALUES (1, '${i % 3 ? `i@${(i * 37) % 101}:s@${i}` : `s@${i}:i@${i - 9}`}', ` +
        `'${filler(i)}')`,
    ),
    "INSERT INTO dynamic_composites (k, c) VALUES (1, 'LongType@7')",
    "INSERT INTO dynamic_composites (k, c) VALUES (1, 'org.apache.cassandra.db.marshal.UUIDType@')",
    "INSERT INTO dynamic_composites (k, c) VALUES (1, 's@12:!')",
  ],
  second: ["DELETE FROM dynamic_composites WHERE k = 1 AND c > 'i@50' AND c < 's@12'"],
};

export const kinds: readonly Kind[] = [
  types,
  collections,
  udts,
  statics,
  counters,
  expiring,
  tombstones,
  wide,
  composites,
  dynamicComposites,
  stored('uncompressed', "'enabled': false"),
  stored('snappy', "'class': 'SnappyCompressor', 'chunk_length_in_kb': 4"),
  stored('deflate', "'class': 'DeflateCompressor', 'min_compress_ratio': 1.5"),
  stored('zstd', "'class': 'ZstdCompressor'"),
  stored('unfiltered', "'class': 'LZ4Compressor', 'chunk_length_in_kb': 64", ' AND bloom_filter_fp_chance = 1.0'),
];
