// Goal: drivers read the schema that Cassandra would show. Method: data/schema-rows.json holds the serialized rows that
// a real 5.0.9 returned after the DDL of data/describe.json.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, getTable, type VirtualContext, virtualTable } from '../../../src/schema/index.js';
import { readData, schemaAfter } from './recorded.js';

type Rows = { columns: string[]; rows: (string | null)[][] };

const { statements } = readData('describe.json') as { statements: string[] };
const recorded = readData('schema-rows.json') as Record<string, Rows>;
const { schema } = schemaAfter(statements);

const local = {
  hostId: '6a5cd39f-3c74-494f-b67f-248dfa17faf0',
  datacenter: 'datacenter1',
  rack: 'rack1',
  tokens: ['5', '-9'],
  releaseVersion: '5.0.9',
  broadcastAddress: '127.0.0.1',
  broadcastPort: 7000,
  listenAddress: '127.0.0.1',
  listenPort: 7000,
  nativeAddress: '127.0.0.1',
  nativePort: 9042,
};
const context: VirtualContext = {
  schema,
  clusterName: 'oracle',
  gossipGeneration: 1_700_000_000,
  local,
  peers: [],
  figures: { settings: () => [{ name: 'b', value: '2' }, { name: 'a' }] },
};

function read(keyspace: string, name: string, of: VirtualContext = context): Rows {
  const table = getTable(schema, keyspace, name);
  const rows = virtualTable(table).rows(of);
  return {
    columns: columnsOf(table).map((column) => column.name),
    rows: rows.map((row) => row.map((value) => (value === null ? null : Buffer.from(value).toString('hex')))),
  };
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

for (const [key, { columns, rows }] of Object.entries(recorded)) {
  const [name, partition] = key.split(' ') as [string, string?];
  const [keyspace, table] = name.split('.') as [string, string];
  test(`rows of ${key} are those of Cassandra 5.0.9`, () => {
    const got = read(keyspace, table);
    assert.deepEqual(got.columns, columns);
    if (keyspace === 'system') return;
    // A keyspace that only this server has.
    const shared = got.rows.filter((row) => row[0] !== hex('system_observability'));
    const gotRows = shared.filter((row) => partition === undefined || row[0] === hex(partition));
    // The index that Cassandra's Paxos keeps for itself is not here.
    assert.deepEqual(
      gotRows,
      rows.filter((row) => row[2] !== hex('PaxosUncommittedIndex')),
    );
  });
}

test('partitions of schema tables are in token order', () => {
  const names = read('system_schema', 'keyspaces').rows.map((row) => Buffer.from(row[0]!, 'hex').toString());
  const builtIn = names.filter((name) => name.startsWith('system'));
  assert.deepEqual(builtIn, ['system_auth', 'system_schema', 'system_distributed', 'system', 'system_traces']);
});

test('system.local has one row that leaves nothing out that drivers need', () => {
  const { columns, rows } = read('system', 'local');
  assert.equal(rows.length, 1);
  const missing = columns.filter((_name, i) => rows[0]![i] === null);
  assert.deepEqual(missing, ['truncated_at']);
  assert.equal(rows[0]![columns.indexOf('schema_version')], schema.version.replaceAll('-', ''));
  assert.equal(rows[0]![columns.indexOf('tokens')], `00000002${`00000002${hex('-9')}`}${`00000001${hex('5')}`}`);
});

test('peers show the other nodes under both names of their address', () => {
  const peer = { ...local, broadcastAddress: '10.0.0.2', nativeAddress: '10.0.0.3', schemaVersion: schema.version };
  const peers = read('system', 'peers', { ...context, peers: [peer] });
  assert.equal(peers.rows[0]![peers.columns.indexOf('rpc_address')], '0a000003');
  const peersV2 = read('system', 'peers_v2', { ...context, peers: [peer] });
  assert.equal(peersV2.rows[0]![peersV2.columns.indexOf('native_address')], '0a000003');
  assert.equal(peersV2.rows[0]![peersV2.columns.indexOf('native_port')], '00002352');
});

test('views show the figures that the process has, sorted, and no rows without any', () => {
  assert.deepEqual(read('system_views', 'settings').rows, [
    [hex('a'), null],
    [hex('b'), hex('2')],
  ]);
  assert.deepEqual(read('system_views', 'thread_pools').rows, []);
});

test('every virtual table has a provider', () => {
  for (const keyspace of schema.keyspaces.values())
    for (const table of keyspace.tables.values()) if (table.virtual) virtualTable(table).rows(context);
});
