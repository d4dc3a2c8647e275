// Statements for the CQL fuzzer: seeds, and the two ways to change them: token by token, so that many still parse, and byte by byte.
import type { Prng } from '../support/prng.js';

const tables = [
  'CREATE TYPE IF NOT EXISTS fuzz.u (a int, b text)',
  'CREATE TABLE IF NOT EXISTS fuzz.t (k int, c int, v text, s int static, l list<int>, m map<int, text>, st set<text>, u u, tp tuple<int, text>, fl frozen<list<int>>, vec vector<float, 2>, PRIMARY KEY (k, c))',
  'CREATE TABLE IF NOT EXISTS fuzz.n (k int PRIMARY KEY, hits counter)',
  'CREATE TABLE IF NOT EXISTS fuzz.a (k text, k2 int, c1 timeuuid, c2 decimal, i int, b bigint, bl blob, bo boolean, d double, f float, dt date, ti time, ts timestamp, ip inet, uu uuid, tu timeuuid, vi varint, dc decimal, si smallint, tn tinyint, du duration, asc_ ascii, fm frozen<map<text, frozen<set<int>>>>, PRIMARY KEY ((k, k2), c1, c2)) WITH CLUSTERING ORDER BY (c1 DESC, c2 ASC)',
  'CREATE TABLE IF NOT EXISTS fuzz.kv (k bigint PRIMARY KEY, v blob)',
];

/** Of `ddl`. */
export const tableNames = ['fuzz.t', 'fuzz.n', 'fuzz.a', 'fuzz.kv'];

export const ddl = [
  "CREATE KEYSPACE IF NOT EXISTS fuzz WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  ...tables,
];

/** Statements with markers that the fuzzer prepares once: hot ones and others. */
export const templates = [
  'INSERT INTO fuzz.kv (k, v) VALUES (?, ?)',
  'SELECT v FROM fuzz.kv WHERE k = ?',
  'SELECT * FROM fuzz.kv WHERE k IN ?',
  'SELECT * FROM fuzz.kv WHERE token(k) > ? LIMIT ?',
  'INSERT INTO fuzz.t (k, c, v, s) VALUES (?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?',
  'INSERT INTO fuzz.t (k, c, l, m, st, u, tp, fl, vec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  'UPDATE fuzz.t SET l = l + ?, m = m + ?, st = st - ?, u.a = ?, l[?] = ?, m[?] = ? WHERE k = ? AND c = ?',
  'UPDATE fuzz.t SET l = ? + l, m = m - ?, u = ?, tp = ? WHERE k = ? AND c IN ?',
  'SELECT * FROM fuzz.t WHERE k = ? AND c > ? AND c <= ? LIMIT ?',
  'SELECT * FROM fuzz.t WHERE k = ? ORDER BY c DESC',
  'SELECT * FROM fuzz.t WHERE k IN ? AND (c) IN ? ',
  'SELECT * FROM fuzz.t WHERE v = ? AND l CONTAINS ? AND m[?] = ? ALLOW FILTERING',
  'SELECT k, m[?], st[?], fl, CAST(c AS text), (int)?, c + (int)? FROM fuzz.t WHERE k = ?',
  'DELETE l[?], m[?], u.a FROM fuzz.t USING TIMESTAMP ? WHERE k = ? AND c = ?',
  'DELETE FROM fuzz.t WHERE k = ? AND c > ?',
  'DELETE FROM fuzz.t WHERE k = ? AND c = ?',
  'UPDATE fuzz.n SET hits = hits + ? WHERE k = ?',
  'SELECT hits FROM fuzz.n WHERE k = ?',
  'INSERT INTO fuzz.t JSON ?',
  'INSERT INTO fuzz.t JSON ? DEFAULT UNSET',
  'INSERT INTO fuzz.t (k, c, v) VALUES (fromJson(?), fromJson(?), fromJson(?))',
  'INSERT INTO fuzz.a (k, k2, c1, c2, i, b, bl, bo, d, f, dt, ti, ts, ip, uu, tu, vi, dc, si, tn, du, asc_, fm) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  'SELECT * FROM fuzz.a WHERE k = ? AND k2 = ?',
  'SELECT * FROM fuzz.a WHERE k = ? AND k2 = ? AND (c1, c2) > (?, ?)',
  'SELECT * FROM fuzz.a WHERE k = ? AND k2 IN ? AND c1 = ? AND c2 IN ?',
  'SELECT JSON * FROM fuzz.a WHERE token(k, k2) >= token(?, ?) PER PARTITION LIMIT ? LIMIT ?',
  'SELECT sum(i), avg(d), max(c2), min(vi), count(bl), sum(dc), toJson(fm) FROM fuzz.a WHERE k = ? AND k2 = ?',
  'SELECT i + (int)?, dc * (decimal)?, vi / (varint)?, d % (double)?, ts + (duration)?, dt - (duration)? FROM fuzz.a',
  'SELECT minTimeuuid(?), toDate((timestamp)?), blobAsInt(?), textAsBlob(?) FROM fuzz.kv',
  'BEGIN BATCH INSERT INTO fuzz.t (k, c) VALUES (?, ?); DELETE FROM fuzz.kv WHERE k = ?; APPLY BATCH',
  'SELECT * FROM system_schema.tables WHERE keyspace_name = ? AND table_name > ?',
];

const seeds = [
  'SELECT * FROM fuzz.t WHERE k = 1',
  'SELECT k, v, writetime(v), ttl(v), maxwritetime(l), count(*) FROM fuzz.t WHERE k IN (1, 2, 3) AND c > 1 AND c <= 5 ORDER BY c DESC LIMIT 10',
  'SELECT DISTINCT k, s FROM fuzz.t WHERE token(k) > -5 AND token(k) <= 9223372036854775807 PER PARTITION LIMIT 2 LIMIT 3 ALLOW FILTERING',
  'SELECT JSON k, CAST(v AS text), m[1], l[0], u.a, (int)3, [1, 2], {1: 2}, v + 1 * 2 - -3 AS x FROM fuzz.t',
  "INSERT INTO fuzz.t (k, c, v, s, l, m, st, u, tp, vec) VALUES (1, 2, 'text', 3, [1, 2], {1: 'a'}, {'x'}, {a: 1, b: 'y'}, (1, 'z'), [1.0, 2]) USING TTL 100 AND TIMESTAMP 5",
  `INSERT INTO fuzz.t JSON '{"k": 1, "c": 2, "v": "x", "l": [1], "m": {"1": "a"}, "u": {"a": 1}}' DEFAULT UNSET`,
  "UPDATE fuzz.t USING TTL 3 SET v = 'x', l = l + [1], l[0] = 2, m[3] = 'y', st = st - {'x'}, u.a = 4 WHERE k = 1 AND c = 2",
  "UPDATE fuzz.t SET s = s + 1, c = c - 2, v = v + 'x' WHERE k = 1 AND c = 2 IF EXISTS",
  "UPDATE fuzz.t SET v = 'x' WHERE k = 1 AND c = 2 IF v = 'y' AND l[0] > 3 AND st IN ({'a'}, null)",
  'UPDATE fuzz.n SET hits = hits + 1 WHERE k = 1',
  'DELETE v, l[0], m[1], u.a FROM fuzz.t USING TIMESTAMP 9 WHERE k = 1 AND c = 2',
  'DELETE FROM fuzz.t WHERE k = 1 AND c > 3 AND c < 7',
  "BEGIN UNLOGGED BATCH USING TIMESTAMP 3 INSERT INTO fuzz.t (k, c) VALUES (1, 1); UPDATE fuzz.t SET v = 'b' WHERE k = 1 AND c = 1; APPLY BATCH",
  'BEGIN COUNTER BATCH UPDATE fuzz.n SET hits = hits + 1 WHERE k = 1; APPLY BATCH',
  'SELECT k, min(c), max(v), sum(c), avg(c) FROM fuzz.t GROUP BY k, c',
  "SELECT * FROM fuzz.t WHERE v CONTAINS 'a' AND m CONTAINS KEY 1 AND (c) IN ((1), (2)) ALLOW FILTERING",
  "SELECT * FROM fuzz.t WHERE m[1] = 'a' AND u = {a: 1} AND tp = (1, 'a') AND fl CONTAINS 3 AND c != 3 ALLOW FILTERING",
  'SELECT toTimestamp(now()), uuid(), token(k), blobAsInt(intAsBlob(c)), to_json(m), floor(i), mask_inner(v, 1, 2) FROM fuzz.t',
  "SELECT * FROM fuzz.a WHERE k = 'a' AND k2 = 2 AND c1 > minTimeuuid('2026-01-01') AND c1 < maxTimeuuid('2027-01-01')",
  "INSERT INTO fuzz.a (k, k2, c1, c2, i, b, bl, bo, d, f, dt, ti, ts, ip, uu, tu, vi, dc, si, tn, du, asc_, fm) VALUES ('a', 1, now(), 1.5, 1, 2, 0xff, true, 1e3, -0.0, '2026-01-01', '10:00:00.1', '2026-01-01T00:00:00Z', '::1', 00000000-0000-0000-0000-000000000000, now(), 123456789012345678901234567890, -1.23e-5, 3, -4, 1mo2d3h, 'asc', {'a': {1, 2}})",
  'SELECT sum(vi), avg(dc), max(du), count(ip), i * d - b / si % tn + f, dt - ts, -i, round(d), log10(f), exp(dc), abs(vi) FROM fuzz.a',
  'SELECT collection_count(m), map_keys(m), list_sum(l), set_max(st), vec, similarity_euclidean(vec, [1.0, 2.0]) FROM fuzz.t WHERE k = 1',
  'SELECT * FROM fuzz.t ORDER BY vec ANN OF [1.0, 2.0] LIMIT 3',
  "SELECT * FROM system_schema.tables WHERE keyspace_name = 'fuzz' AND table_name IN ('t', 'n')",
  "SELECT * FROM system.local WHERE key = 'local'",
  'SELECT * FROM system_views.settings',
  'DESCRIBE TABLE fuzz.t',
  'DESCRIBE KEYSPACE fuzz',
  'DESCRIBE CLUSTER',
  'LIST ROLES',
  'LIST ALL PERMISSIONS OF cassandra',
  "CREATE ROLE r WITH PASSWORD = 'p' AND LOGIN = true",
  'GRANT SELECT ON fuzz.t TO r',
];

/** Of these few are sent: each change is kept for good in the metadata log. */
const ddlSeeds = [
  "CREATE TABLE fuzz.d (a int, b text, c frozen<map<int, text>>, PRIMARY KEY ((a, b), c)) WITH CLUSTERING ORDER BY (c DESC) AND comment = 'x' AND gc_grace_seconds = 5 AND compaction = {'class': 'SizeTieredCompactionStrategy', 'min_threshold': 4}",
  'DROP TABLE IF EXISTS fuzz.d',
  'ALTER TABLE fuzz.d ADD (x int, y set<text>)',
  'ALTER TABLE fuzz.d DROP x USING TIMESTAMP 5',
  'ALTER TABLE fuzz.d RENAME a TO z AND b TO w',
  "ALTER TABLE fuzz.d WITH compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 16} AND default_time_to_live = 10",
  'CREATE TYPE fuzz.ud (a int, b frozen<list<u>>)',
  'ALTER TYPE fuzz.ud ADD c int',
  'DROP TYPE IF EXISTS fuzz.ud',
  'CREATE INDEX ON fuzz.t (v)',
  "CREATE CUSTOM INDEX i ON fuzz.t (values(m)) USING 'sai'",
  'CREATE MATERIALIZED VIEW fuzz.mv AS SELECT * FROM fuzz.t WHERE k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (c, k)',
  "CREATE FUNCTION fuzz.f (a int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS 'return a;'",
  "CREATE KEYSPACE IF NOT EXISTS fuzz2 WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1} AND durable_writes = false",
  'DROP KEYSPACE IF EXISTS fuzz2',
  'TRUNCATE fuzz.t',
];

const splitTokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9A-Za-z.+-]*|\s+|[^\s]/g;
const tokensOf = (text: string): string[] => text.match(splitTokens) ?? [];

const names = [
  'k',
  'c',
  'v',
  's',
  'l',
  'm',
  'st',
  'u',
  'tp',
  'fl',
  'vec',
  'hits',
  'k2',
  'c1',
  'c2',
  'i',
  'b',
  'bl',
  'd',
  'dt',
];
const otherTables = [...tableNames, 'system.local', 'system_schema.columns', 'fuzz.none'];
const constants = [
  ...["''", "'a'", '0x', '0xFF', '0xF', '0', '1', '-1', '2147483648', '-9223372036854775809', '1e400', '1.5', 'NaN'],
  ...['-Infinity', 'null', 'true', 'P1Y', '12h30m', '00000000-0000-0000-0000-000000000000', "'2026-01-01'", "'::1'"],
  ...['[1, 2]', '{1, 2}', "{1: 'a'}", '{}', '[]', "(1, 'a')", '(1)', '{a: 1}', '[null]', 'now()', 'token(1)', '-(1)'],
  ...[
    "'\u{1F600}'",
    "'999999-12-31'",
    "'25:00:00'",
    '1e-2147483648',
    '9'.repeat(400),
    '1e999999999',
    '(int)1',
    '?',
    ':x',
  ],
];
const operators = [
  '=',
  '<',
  '>',
  '<=',
  '>=',
  '!=',
  'IN',
  'CONTAINS',
  'CONTAINS KEY',
  'LIKE',
  'IS NOT',
  '+',
  '-',
  '*',
  '/',
  '%',
];
const noise = [
  ...['"', "'", '$$', '/*', '--', '((((((((((', '[[[[[[', '{{{{', '}', ']', ';', '\0', 'zażółć', '\u{1F600}', '.', ','],
  ...['IF', 'EXISTS', 'NOT', 'ANN OF', 'BATCH', 'AS', 'frozen<', 'duration', 'GROUP BY', 'ORDER BY'],
];

function otherToken(prng: Prng, token: string): string {
  if (prng.below(10) === 0) return prng.pick(noise);
  if (prng.below(10) === 0) return '';
  if (/^['0-9-]/.test(token)) return prng.pick(constants);
  if (names.includes(token)) return prng.below(3) === 0 ? prng.pick(constants) : prng.pick(names);
  if (/^[=<>+*/%]/.test(token)) return ` ${prng.pick(operators)} `;
  if (token === 'fuzz') return prng.pick(['fuzz', 'fuzz', 'system', 'system_schema', 'none']);
  const other = prng.pick(tokensOf(prng.pick(seeds)));
  return prng.below(2) === 0 ? other : `${token} ${other}`;
}

function byToken(prng: Prng, text: string): string {
  const tokens = tokensOf(text);
  for (let changes = 1 + prng.below(2); changes > 0; changes--) {
    const at = prng.below(tokens.length);
    const kind = prng.below(8);
    if (kind === 0) tokens.splice(at, 1 + prng.below(4));
    else if (kind === 1) tokens.splice(at, 0, ...tokens.slice(at, at + 1 + prng.below(8)));
    else if (kind === 2) {
      const table = tokens.indexOf('fuzz');
      if (table >= 0) tokens.splice(table, 3, prng.pick(otherTables));
    } else tokens[at] = otherToken(prng, tokens[at] ?? '');
  }
  return tokens.join('');
}

function byByte(prng: Prng, text: string): string {
  let result = text;
  for (let changes = 1 + prng.below(4); changes > 0; changes--) {
    const at = prng.below(result.length + 1);
    const length = prng.below(12);
    const piece = prng.pick(prng.below(2) === 0 ? constants : noise);
    switch (prng.below(5)) {
      case 0:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 1:
        result = `${result.slice(0, at)} ${piece} ${result.slice(at)}`;
        break;
      case 2:
        result = `${result.slice(0, at)} ${piece} ${result.slice(at + length)}`;
        break;
      case 3:
        result = result.slice(0, at) + result.slice(Math.max(0, at - length)) + result.slice(at);
        break;
      default:
        result = result.slice(0, at) + prng.pick(seeds).slice(prng.below(40));
    }
  }
  return result;
}

/** A statement that may be anything from right to noise. */
export function mutateStatement(prng: Prng): string {
  const kind = prng.below(100);
  const text = kind === 0 ? prng.pick(ddlSeeds) : kind < 15 ? prng.pick(templates) : prng.pick(seeds);
  const how = prng.below(10);
  // A mutated name in a change of the schema would be one more table for good: those are sent as they are, or only planned.
  if (kind === 0) return how < 5 ? text : byToken(prng, text);
  const changed = how === 0 ? text : how < 8 ? byToken(prng, text) : byByte(prng, text);
  return changed.slice(0, 4000);
}
