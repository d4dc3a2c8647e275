// The views of a table: a definition that a write has waited with names those of then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewsOf } from '../../../src/schema/index.js';
import { schemaAfter } from './recorded.js';

const keyspace = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
const table = (name: string): string => `CREATE TABLE k.${name} (p int PRIMARY KEY, v int)`;
const view = (base: string): string =>
  `CREATE MATERIALIZED VIEW k.w AS SELECT * FROM k.${base} WHERE p IS NOT NULL AND v IS NOT NULL PRIMARY KEY (v, p)`;

const viewNames = (statements: readonly string[], before: number): string[] => {
  const base = schemaAfter(statements.slice(0, before)).schema.keyspaces.get('k')!.tables.get('t')!;
  return viewsOf(schemaAfter(statements).schema.keyspaces.get('k')!, base).map(({ name }) => name);
};

test('a view that is gone, or is another table’s now, is none of the table', () => {
  const made = [keyspace, table('t'), table('u'), view('t')];
  assert.deepEqual(viewNames(made, 4), ['w']);
  assert.deepEqual(viewNames([...made, 'DROP MATERIALIZED VIEW k.w'], 4), []);
  assert.deepEqual(viewNames([...made, 'DROP MATERIALIZED VIEW k.w', view('u')], 4), []);
});
