// Goal: no sequence of DDL breaks the catalogue. Method: random statements over few names, so that they meet; after
// each one the invariants below. fast-check prints the seed that replays a failure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FerrosaError } from '../../../src/common/errors.js';
import { parseStatement } from '../../../src/cql/index.js';
import {
  applyDdl,
  applyDelta,
  compareColumnNames,
  type DdlResult,
  describe,
  diffSchemas,
  encodeDescriptor,
  type KeyspaceDefinition,
  type Schema,
  type SchemaStatement,
  schemaEvents,
  systemSchema,
  type TableDefinition,
} from '../../../src/schema/index.js';
import { testContext } from './recorded.js';

const name = (...names: string[]) => fc.constantFrom(...names);
const keyspace = name('k1', '"K2"');
const table = name('t1', 't2', '"T3"');
const column = name('a', 'b', 'c', '"D"', 'é');
const udt = name('u1', 'u2');
const type = name(
  'int',
  'text',
  'ascii',
  'blob',
  'list<int>',
  'set<text>',
  'map<int, text>',
  'frozen<u1>',
  'u1',
  'frozen<map<text, frozen<u2>>>',
  'tuple<int, u1>',
  'counter',
  'vector<float, 2>',
);
const option = name(
  "comment = 'x'",
  'gc_grace_seconds = 7',
  "compaction = {'class': 'LeveledCompactionStrategy'}",
  "compression = {'enabled': 'false'}",
  'default_time_to_live = 5',
);

/** What there is at the start, so that most statements find what they name. */
const first = ['k1', '"K2"'].flatMap((k) => [
  `CREATE KEYSPACE ${k} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  `CREATE TYPE ${k}.u2 (f int)`,
  `CREATE TYPE ${k}.u1 (f int, g frozen<u2>)`,
  `CREATE TABLE ${k}.t1 (p int, q text, a int, b text static, c list<int>, PRIMARY KEY (p, q))`,
  `CREATE TABLE ${k}."T3" (p int, q text, a counter, PRIMARY KEY (p, q))`,
]);

const rare = fc.oneof(
  fc
    .tuple(keyspace, name('1', '2'))
    .map(([k, n]) => `CREATE KEYSPACE ${k} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': ${n}}`),
  keyspace.map((k) => `DROP KEYSPACE ${k}`),
  fc.tuple(keyspace, name('true', 'false')).map(([k, on]) => `ALTER KEYSPACE ${k} WITH durable_writes = ${on}`),
  fc.tuple(keyspace, udt).map(([k, u]) => `DROP TYPE ${k}.${u}`),
  fc.tuple(keyspace, table).map(([k, t]) => `DROP TABLE ${k}.${t}`),
);
const common = fc.oneof(
  fc.tuple(keyspace, udt, type).map(([k, u, t]) => `CREATE TYPE ${k}.${u} (f int, g ${t})`),
  // Not a collection: Cassandra (and so this server) lets it into a type that a table could not be created with.
  fc
    .tuple(
      keyspace,
      udt,
      column,
      type.filter((one) => !/^(list|set|map)/.test(one)),
    )
    .map(([k, u, c, t]) => `ALTER TYPE ${k}.${u} ADD ${c} ${t}`),
  fc.tuple(keyspace, udt, column).map(([k, u, c]) => `ALTER TYPE ${k}.${u} RENAME f TO ${c}`),
  fc
    .tuple(keyspace, table, type, type, option)
    .map(([k, t, a, b, o]) => `CREATE TABLE ${k}.${t} (p int, q text, a ${a}, b ${b}, PRIMARY KEY (p, q)) WITH ${o}`),
  fc.tuple(keyspace, table, type).map(([k, t, a]) => `CREATE TABLE ${k}.${t} (p ${a} PRIMARY KEY)`),
  fc.tuple(keyspace, table, column, type).map(([k, t, c, y]) => `ALTER TABLE ${k}.${t} ADD ${c} ${y}`),
  fc.tuple(keyspace, table, column, type).map(([k, t, c, y]) => `ALTER TABLE ${k}.${t} ADD ${c} ${y} static`),
  fc.tuple(keyspace, table, column).map(([k, t, c]) => `ALTER TABLE ${k}.${t} DROP ${c}`),
  fc.tuple(keyspace, table, column).map(([k, t, c]) => `ALTER TABLE ${k}.${t} DROP ${c}`),
  // Not to the name of a dropped column: what Cassandra (and so this server) prints then cannot be executed.
  fc.tuple(keyspace, table, name('x', '"Y"')).map(([k, t, c]) => `ALTER TABLE ${k}.${t} RENAME p TO ${c}`),
  fc.tuple(keyspace, table, option).map(([k, t, o]) => `ALTER TABLE ${k}.${t} WITH ${o}`),
);
const statement = fc.oneof({ arbitrary: rare, weight: 1 }, { arbitrary: common, weight: 12 });

function checkTable(keyspaceOf: KeyspaceDefinition, one: TableDefinition): void {
  const columns = [...one.partitionKey, ...one.clustering, ...one.statics, ...one.regulars];
  assert.deepEqual(new Map(columns.map((c) => [c.name, c])), new Map(one.columns));
  const ids = new Map(columns.map((c) => [c.id, c.name]));
  assert.equal(ids.size, columns.length);
  for (const dropped of one.dropped) assert.ok((ids.get(dropped.id) ?? dropped.name) === dropped.name);
  assert.ok([...ids.keys()].every((id) => id < one.nextColumnId));
  for (const list of [one.statics, one.regulars])
    assert.deepEqual(
      [...list].sort((a, b) => compareColumnNames(a.name, b.name)),
      [...list],
    );
  JSON.stringify(columns, (_key, value) => {
    // A user type in a column is the one that the keyspace has.
    if (value?.kind === 'udt')
      assert.deepEqual({ ...value, frozen: false }, { ...keyspaceOf.types.get(value.name), frozen: false });
    return value;
  });
  assert.ok(encodeDescriptor(one).length > 50);
}

/** Every keyspace's DESCRIBE ... WITH INTERNALS. */
function describeAll(schema: Schema): string[] {
  const parsed = parseStatement('DESCRIBE SCHEMA WITH INTERNALS').statement;
  assert(parsed.kind === 'describe');
  const rangeOwnership = () => new Map();
  const context = { schema, keyspace: null, clusterName: '', snitch: '', rangeOwnership };
  return describe(parsed, context).rows.map((row) => Buffer.from(row[3]!).toString());
}

function checkStep(before: Schema, result: DdlResult): void {
  const { schema } = result;
  assert.equal(schema.version === before.version, result.change === null);
  for (const one of schema.keyspaces.values())
    for (const definition of one.tables.values()) if (!one.name.startsWith('system')) checkTable(one, definition);
  const replayed = applyDelta(before, JSON.parse(JSON.stringify(diffSchemas(before, schema))));
  assert.equal(replayed.version, schema.version);
  assert.deepEqual(replayed.keyspaces, schema.keyspaces);
  assert.deepEqual(schemaEvents(before, replayed), result.events);
}

test('random DDL keeps the invariants of the catalogue, and its DESCRIBE makes the same schema again', () => {
  fc.assert(
    fc.property(fc.array(statement, { minLength: 20, maxLength: 60 }), (statements) => {
      const context = testContext();
      let schema = systemSchema();
      for (const cql of [...first, ...statements]) {
        try {
          const result = applyDdl(schema, parseStatement(cql).statement as SchemaStatement, context);
          checkStep(schema, result);
          schema = result.schema;
        } catch (error) {
          if (!(error instanceof FerrosaError)) throw error;
        }
      }
      const texts = describeAll(schema);
      let again = systemSchema();
      for (const text of texts)
        for (const cql of text.split(/;(?:\n|$)/).filter((part) => part !== ''))
          again = applyDdl(again, parseStatement(cql).statement as SchemaStatement, context).schema;
      assert.deepEqual(describeAll(again), texts);
    }),
    { numRuns: 60 },
  );
});
