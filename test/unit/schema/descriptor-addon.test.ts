// Goal: the addon takes the descriptor of any table. Method: every table of the built-in keyspaces and of the recorded DDL.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NativeStore } from '../../../src/native/index.js';
import { encodeDescriptor, type TableDefinition } from '../../../src/schema/index.js';
import { readData, schemaAfter } from './recorded.js';

const { statements } = readData('describe.json') as { statements: string[] };
const tables = [...schemaAfter(statements).schema.keyspaces.values()].flatMap((keyspace): TableDefinition[] => [
  ...keyspace.tables.values(),
]);

test('the addon takes the descriptors of all kinds of tables', () => {
  const store = new NativeStore(new Uint8Array(16).fill(7));
  assert.ok(tables.length > 150);
  for (const table of tables)
    assert.equal(store.setTable(encodeDescriptor(table)), 0, `${table.keyspace}.${table.name}`);
});
