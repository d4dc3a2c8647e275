// Goal: DDL answers as Cassandra 5.0.9 does. Method: data/ddl.json holds statements in order with what a real 5.0.9 of
// one node in datacenter1 answered to each: error code and text, or the SCHEMA_CHANGE (null for VOID) and warnings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable, FerrosaError } from '../../../src/common/errors.js';
import { parseStatement } from '../../../src/cql/index.js';
import { applyDdl, type Schema, type SchemaStatement, systemSchema } from '../../../src/schema/index.js';
import { readData, testContext } from './recorded.js';

type Answer = {
  cql: string;
  code?: number;
  message?: string;
  warnings?: string[];
  change?: [string, string, string, string | null] | null;
};

const answers = readData('ddl.json') as Answer[];

/** Where this server says something else on purpose. */
const different: Record<string, string> = {
  // Cassandra answers these with a fault of its own (server error).
  'CREATE KEYSPACE schema_empty WITH replication = {}': 'Missing replication strategy class',
  "CREATE TABLE schema_a.bad (a int PRIMARY KEY) WITH read_repair = 'x'":
    "Invalid value x for option 'read_repair': NONE or BLOCKING",
  "CREATE TABLE schema_a.bad (a int PRIMARY KEY) WITH compression = {'class':'LZ4Compressor','min_compress_ratio':'x'}":
    'For input string: "x"',
  "CREATE TABLE schema_m.x (k int PRIMARY KEY, v int) WITH id = '1-2-3-4-6'":
    'Table id 00000001-0002-0003-0004-000000000006 is in use by schema_m.w',
  // Cassandra makes a table whose Bloom filter cannot be.
  'CREATE TABLE schema_mm.e (k int PRIMARY KEY) WITH bloom_filter_fp_chance = NaN':
    'bloom_filter_fp_chance must be larger than 6.71E-5 and less than or equal to 1.0 (got NaN)',
};

/** Errors of the grammar have tests of their own, in test/unit/cql. */
const isWordingOfTheParser = (answer: Omit<Answer, 'cql'>): boolean =>
  answer.code === 0x2000 && /^line \d|^Multiple definitions/.test(answer.message ?? '');

const context = testContext();

function answer(schema: Schema, cql: string): { schema: Schema; answer: Answer } {
  try {
    const statement = parseStatement(cql).statement as SchemaStatement;
    const result = applyDdl(schema, statement, context);
    const { change } = result;
    // Said by this server alone: which compaction strategies are not there yet.
    const warnings = result.warnings.filter((warning) => !warning.includes('is not there yet'));
    return {
      schema: result.schema,
      answer: {
        cql,
        ...(warnings.length === 0 ? {} : { warnings }),
        change: change === null ? null : [change.change, change.target, change.keyspace, change.name ?? null],
      },
    };
  } catch (error) {
    if (!(error instanceof FerrosaError)) throw error;
    const { code, message } = error;
    return { schema, answer: { cql, code: errorTable[code].cql, message } };
  }
}

test('DDL statements are answered as by Cassandra 5.0.9', () => {
  let schema = systemSchema();
  const wrong: string[] = [];
  for (const { cql, ...expected } of answers) {
    const got = answer(schema, cql);
    schema = got.schema;
    const { cql: _cql, ...actual } = got.answer;
    if (isWordingOfTheParser(expected)) continue;
    if (different[cql] !== undefined) {
      assert.equal(actual.message, different[cql]);
      continue;
    }
    const want = JSON.stringify({ ...expected, keyspace: undefined, table: undefined });
    if (JSON.stringify(actual) !== want) wrong.push(`${cql}\n   wanted ${want}\n   got    ${JSON.stringify(actual)}`);
  }
  assert.deepEqual(wrong, []);
});

test('a compaction strategy that is not there is said so once, where it is chosen', () => {
  const ks = "CREATE KEYSPACE w WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
  const apply = (schema: Schema, cql: string) =>
    applyDdl(schema, parseStatement(cql).statement as SchemaStatement, context);
  let schema = apply(systemSchema(), ks).schema;
  const warned = (cql: string): boolean => {
    const result = apply(schema, cql);
    schema = result.schema;
    return result.warnings.some((text) => /CompactionStrategy is not there yet: w\.t .*compacted/.test(text));
  };
  assert.equal(
    warned("CREATE TABLE w.t (k int PRIMARY KEY) WITH compaction = {'class': 'LeveledCompactionStrategy'}"),
    true,
  );
  assert.equal(warned("ALTER TABLE w.t WITH comment = 'c'"), false);
  assert.equal(warned("ALTER TABLE w.t WITH compaction = {'class': 'TimeWindowCompactionStrategy'}"), true);
  assert.equal(warned("ALTER TABLE w.t WITH compaction = {'class': 'SizeTieredCompactionStrategy'}"), false);
});
