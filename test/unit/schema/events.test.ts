// Goal: registered connections are told what Cassandra tells them. Method: statements and the events that a real 5.0.9 sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatement } from '../../../src/cql/index.js';
import { applyDdl, type SchemaStatement, systemSchema } from '../../../src/schema/index.js';
import { testContext } from './recorded.js';

const steps: [string, string[]][] = [
  ["CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}", ['CREATED KEYSPACE k']],
  ['CREATE TYPE k.u (a int)', ['CREATED TYPE u']],
  ['CREATE TYPE k.v (a frozen<u>)', ['CREATED TYPE v']],
  ['CREATE TABLE k.t (k int PRIMARY KEY, v u)', ['CREATED TABLE t']],
  ['CREATE TABLE k.w (k int PRIMARY KEY, v frozen<v>)', ['CREATED TABLE w']],
  ['ALTER TYPE k.u ADD b int', ['UPDATED TYPE u', 'UPDATED TYPE v', 'UPDATED TABLE t', 'UPDATED TABLE w']],
  ['ALTER TABLE k.t ADD z int', ['UPDATED TABLE t']],
  ["ALTER TABLE k.t WITH comment = 'x'", ['UPDATED TABLE t']],
  ["ALTER TABLE k.t WITH comment = 'x'", []],
  ['ALTER KEYSPACE k WITH durable_writes = false', ['UPDATED KEYSPACE k']],
  ['DROP TABLE k.w', ['DROPPED TABLE w']],
  ['DROP KEYSPACE k', ['DROPPED TABLE t', 'DROPPED TYPE u', 'DROPPED TYPE v', 'DROPPED KEYSPACE k']],
];

test('events of DDL are those of Cassandra 5.0.9, in its order', () => {
  const context = testContext();
  let schema = systemSchema();
  for (const [cql, expected] of steps) {
    const result = applyDdl(schema, parseStatement(cql).statement as SchemaStatement, context);
    schema = result.schema;
    assert.deepEqual(
      result.events.map((event) => `${event.change} ${event.target} ${event.name ?? event.keyspace}`),
      expected,
      cql,
    );
  }
});
