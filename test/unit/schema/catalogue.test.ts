import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import {
  alteredTable,
  applyDelta,
  buildTable,
  Catalogue,
  type CatalogueChange,
  type ColumnDefinition,
  defaultTableOptions,
  diffSchemas,
  type Schema,
  schemaOf,
  type TableDefinition,
} from '../../../src/schema/index.js';

function column(name: string, id: number, kind: ColumnDefinition['kind'], position = -1): ColumnDefinition {
  return { name, id, kind, position, type: { kind: 'int' }, reversed: false };
}

function table(name: string, id: string): TableDefinition {
  return buildTable({
    keyspace: 'ks',
    name,
    id,
    version: 1,
    isCounter: false,
    flags: ['compound'],
    columns: [column('v', 2, 'regular'), column('Z', 3, 'regular'), column('k', 0, 'partition_key', 0)],
    dropped: [{ name: 'gone', id: 1, kind: 'regular', type: { kind: 'text' }, droppedAt: 9_007_199_254_740_993n }],
    nextColumnId: 4,
    options: defaultTableOptions,
    indexes: [],
    virtual: false,
  });
}

function schemaWith(...tables: TableDefinition[]): Schema {
  const replication = { class: 'org.apache.cassandra.locator.SimpleStrategy', replication_factor: '1' };
  const byName = new Map(tables.map((one) => [one.name, one]));
  const ks = {
    name: 'ks',
    durableWrites: true,
    replication,
    tables: byName,
    types: new Map(),
    functions: new Map(),
    virtual: false,
  };
  return schemaOf(new Map([['ks', ks]]));
}

const idA = '00000000-0000-1000-8000-00000000000a';
const idB = '00000000-0000-1000-8000-00000000000b';

test('a name that is not there is an Invalid error in the words of Cassandra', () => {
  const catalogue = new Catalogue(schemaWith(table('t', idA)));
  const isInvalid = (message: string) => (error: unknown) =>
    error instanceof FerrosaError && error.code === 'INVALID' && error.message === message;
  assert.throws(() => catalogue.getTable('nope', 't'), isInvalid('keyspace nope does not exist'));
  assert.throws(() => catalogue.getTable('ks', 'nope'), isInvalid('table nope does not exist'));
  assert.equal(catalogue.getTable('ks', 't').id, idA);
  assert.equal(catalogue.tableById(idA)?.name, 't');
  assert.equal(catalogue.findTable('ks', 'nope'), null);
});

test('columns are in byte order of their names, upper case before lower', () => {
  assert.deepEqual(
    table('t', idA).regulars.map((c) => c.name),
    ['Z', 'v'],
  );
});

test('listeners hear which tables came, changed and went until they are taken off', () => {
  const first = table('t', idA);
  const catalogue = new Catalogue(schemaWith(first, table('u', idB)));
  const heard: CatalogueChange[] = [];
  const off = catalogue.onChange((change) => heard.push(change));
  const altered = alteredTable(first, { options: { ...defaultTableOptions, comment: 'x' } });
  catalogue.publish(schemaWith(altered), [{ change: 'UPDATED', target: 'TABLE', keyspace: 'ks', name: 't' }]);
  assert.deepEqual(
    heard[0]?.tables.map((t) => [t.before?.name, t.before?.version, t.after?.version]),
    [
      ['t', 1, 2],
      ['u', 1, undefined],
    ],
  );
  assert.equal(catalogue.tableById(idB), null);
  assert.equal(catalogue.tableById(idA)?.options.comment, 'x');
  off();
  catalogue.publish(schemaWith(), []);
  assert.equal(heard.length, 1);
});

test('a table dropped and created again under the same name is another table', () => {
  const catalogue = new Catalogue(schemaWith(table('t', idA)));
  const change = catalogue.publish(schemaWith(table('t', idB)), []);
  assert.deepEqual(
    change.tables.map((t) => [t.before?.id, t.after?.id]),
    [
      [idA, undefined],
      [undefined, idB],
    ],
  );
  assert.equal(catalogue.tableById(idA), null);
  assert.equal(catalogue.tableById(idB)?.name, 't');
});

test('equal schemas have equal versions, different ones do not', () => {
  assert.equal(schemaWith(table('t', idA)).version, schemaWith(table('t', idA)).version);
  assert.notEqual(schemaWith(table('t', idA)).version, schemaWith(table('t', idB)).version);
  assert.match(schemaWith().version, /^[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a difference that went through JSON makes the same schema again', () => {
  const before = schemaWith(table('t', idA), table('u', idB));
  const kept = before.keyspaces.get('ks')!.tables.get('u')!;
  const after = schemaWith(kept, table('w', idA));
  const delta = JSON.parse(JSON.stringify(diffSchemas(before, after)));
  assert.deepEqual(applyDelta(before, delta), after);
  assert.equal(applyDelta(before, delta).version, after.version);
  assert.equal(applyDelta(before, delta).keyspaces.get('ks')?.tables.get('u'), kept);
  const gone = JSON.parse(JSON.stringify(diffSchemas(after, schemaOf(new Map()))));
  assert.equal(applyDelta(after, gone).keyspaces.size, 0);
});
