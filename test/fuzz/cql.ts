// A CQL fuzzer: mutated statements sent as text to a running node, many in flight. Each must be answered; the node must stay alive,
// answer a plain query afterwards, and give its memory back. Usage: node dist/test/fuzz/cql.js [COUNT] [SEED]
import { readFileSync } from 'node:fs';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';
import { Prng } from '../support/prng.js';

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_007);
const inFlight = 256;

const seeds = [
  'SELECT * FROM fuzz.t WHERE k = 1',
  'SELECT k, v, writetime(v), ttl(v), count(*) FROM fuzz.t WHERE k IN (1, 2, 3) AND c > 1 AND c <= 5 ORDER BY c DESC LIMIT 10',
  'SELECT DISTINCT k, s FROM fuzz.t WHERE token(k) > -5 AND token(k) <= 9223372036854775807 PER PARTITION LIMIT 2 LIMIT 3 ALLOW FILTERING',
  'SELECT JSON k, CAST(v AS text), m[1], l[0], u.a, (int)3, [1, 2], {1: 2}, v + 1 * 2 - -3 AS x FROM fuzz.t',
  "INSERT INTO fuzz.t (k, c, v, s, l, m, st, u, tp) VALUES (1, 2, 'text', 3, [1, 2], {1: 'a'}, {'x'}, {a: 1, b: 'y'}, (1, 'z')) USING TTL 100 AND TIMESTAMP 5",
  `INSERT INTO fuzz.t JSON '{"k": 1, "c": 2, "v": "x", "l": [1], "m": {"1": "a"}, "u": {"a": 1}}' DEFAULT UNSET`,
  "UPDATE fuzz.t USING TTL 3 SET v = 'x', l = l + [1], l[0] = 2, m[3] = 'y', st = st - {'x'}, u.a = 4 WHERE k = 1 AND c = 2",
  'UPDATE fuzz.n SET hits = hits + 1 WHERE k = 1',
  'DELETE v, l[0], m[1], u.a FROM fuzz.t USING TIMESTAMP 9 WHERE k = 1 AND c = 2',
  'DELETE FROM fuzz.t WHERE k = 1 AND c > 3 AND c < 7',
  "BEGIN UNLOGGED BATCH USING TIMESTAMP 3 INSERT INTO fuzz.t (k, c) VALUES (1, 1); UPDATE fuzz.t SET v = 'b' WHERE k = 1 AND c = 1; APPLY BATCH",
  'SELECT min(c), max(v), sum(c), avg(c) FROM fuzz.t GROUP BY k',
  "SELECT * FROM fuzz.t WHERE v CONTAINS 'a' AND m CONTAINS KEY 1 AND (c) IN ((1), (2)) ALLOW FILTERING",
  'SELECT toTimestamp(now()), uuid(), token(k), blobAsInt(intAsBlob(c)) FROM fuzz.t',
  "SELECT * FROM system_schema.tables WHERE keyspace_name = 'fuzz' AND table_name IN ('t', 'n')",
  'DESCRIBE TABLE fuzz.t',
];

const ddl = [
  "CREATE KEYSPACE fuzz WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  'CREATE TYPE fuzz.u (a int, b text)',
  'CREATE TABLE fuzz.t (k int, c int, v text, s int static, l list<int>, m map<int, text>, st set<text>, u u, tp tuple<int, text>, PRIMARY KEY (k, c))',
  'CREATE TABLE fuzz.n (k int PRIMARY KEY, hits counter)',
];

/** Pieces that a mutation puts in: words of the grammar, values at the edges, noise. */
const pieces = [
  ...new Set(seeds.join(' ').split(/\s+|(?=[(),;=[\]{}.:])|(?<=[(),;=[\]{}.:])/)),
  ...[
    "''",
    "'\\u0000'",
    '0x',
    '0xF',
    '?',
    ':x',
    '-1',
    '2147483648',
    '-9223372036854775809',
    '1e400',
    'NaN',
    '-Infinity',
    'null',
    'true',
  ],
  ...[
    '"',
    "'",
    '$$',
    '/*',
    '--',
    '((((((((((',
    '[[[[[[',
    '{{{{',
    '}',
    ']',
    'P1Y',
    '12h30m',
    '\u{1F600}',
    '\0',
    'zażółć',
  ],
  ...['00000000-0000-0000-0000-000000000000', "'2026-01-01'", "'::1'", 'IF', 'EXISTS', 'IS NOT NULL', 'LIKE', 'ANN OF'],
];

function mutate(prng: Prng): string {
  let text = prng.pick(seeds);
  const changes = 1 + prng.below(4);
  for (let i = 0; i < changes; i++) {
    const at = prng.below(text.length + 1);
    const length = prng.below(12);
    switch (prng.below(5)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = `${text.slice(0, at)} ${prng.pick(pieces)} ${text.slice(at)}`;
        break;
      case 2:
        text = `${text.slice(0, at)} ${prng.pick(pieces)} ${text.slice(at + length)}`;
        break;
      case 3:
        text = text.slice(0, at) + text.slice(Math.max(0, at - length)) + text.slice(at);
        break;
      default:
        text = text.slice(0, at) + prng.pick(seeds).slice(prng.below(40));
    }
  }
  return text.slice(0, 4000);
}

function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}

async function main(): Promise<void> {
  console.log(`cql fuzzer: ${count} statements, seed ${seed}`);
  const prng = new Prng(seed);
  const ferrosa = await Ferrosa.start();
  const client = await CqlClient.connect({ port: ferrosa.port });
  for (const statement of ddl) await client.query(statement);
  const codes = new Map<string, number>();
  let sent = 0;
  let atHalf = 0;
  let last = '';
  const worker = async (): Promise<void> => {
    while (sent < count) {
      sent++;
      if (sent === Math.floor(count / 2)) atHalf = residentBytes(ferrosa.pid);
      const text = mutate(prng);
      last = text;
      let outcome = 'ok';
      try {
        await client.query(text, [], { pageSize: 100 });
      } catch (error) {
        if (!(error instanceof CqlError))
          throw new Error(`after ${JSON.stringify(last)}: ${(error as Error).message}\n${ferrosa.output}`);
        outcome = `0x${error.code.toString(16)}`;
        if (error.code === 0) console.log(`server error for ${JSON.stringify(text)}: ${error.message}`);
      }
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { rows } = await client.query('SELECT key FROM system.local');
  const atEnd = residentBytes(ferrosa.pid);
  await client.close();
  await ferrosa.remove();
  console.log(`outcomes: ${JSON.stringify(Object.fromEntries(codes))}`);
  console.log(`resident: ${(atHalf / 2 ** 20).toFixed(0)} MiB at half, ${(atEnd / 2 ** 20).toFixed(0)} MiB at the end`);
  const serverErrors = codes.get('0x0') ?? 0;
  const grown = count >= 100_000 && atEnd > atHalf * 1.5 + 64 * 2 ** 20;
  if (rows.length !== 1 || serverErrors > 0 || grown) {
    console.log(`failed: ${serverErrors} server errors${grown ? ', memory grew' : ''}`);
    process.exit(1);
  }
  console.log(`${count} passed, 0 failed`);
}

await main();
