// What a real node tells of itself in system and system_views, asked as any client asks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
let client: CqlClient;
const startup = { DRIVER_NAME: 'tests', DRIVER_VERSION: '1.2' };

before(async () => {
  ferrosa = await Ferrosa.start({ shards: '2' });
  client = await CqlClient.connect({ port: ferrosa.port, keyspace: 'system', startup });
  await client.query("CREATE KEYSPACE sys WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE sys.t (k int PRIMARY KEY, v text)');
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

type Row = Record<string, unknown>;
const rowsOf = async (statement: string): Promise<Row[]> => (await client.query(statement)).objects();
const view = (table: string): Promise<Row[]> => rowsOf(`SELECT * FROM system_views.${table}`);
async function only(statement: string): Promise<Row> {
  const rows = await rowsOf(statement);
  assert.equal(rows.length, 1, statement);
  return rows[0]!;
}
const tableRow = (table: string): Promise<Row> =>
  only(`SELECT * FROM system_views.${table} WHERE keyspace_name = 'sys' AND table_name = 't'`);
const rowNamed = (table: string, name: string): Promise<Row> =>
  only(`SELECT * FROM system_views.${table} WHERE name = '${name}'`);

async function write(count: number, table = 't'): Promise<void> {
  const insert = await client.prepare(`INSERT INTO sys.${table} (k, v) VALUES (?, ?)`);
  const text = value.text('v'.repeat(500));
  await Promise.all(Array.from({ length: count }, (_, k) => client.execute(insert, [value.int(k), text])));
}

test('every table of system_views can be read', async () => {
  const tables = await rowsOf(
    "SELECT table_name FROM system_virtual_schema.tables WHERE keyspace_name = 'system_views'",
  );
  assert.ok(tables.length > 40);
  for (const { table_name } of tables) await view(table_name as string);
});

test('clients counts the requests of a connection, those of the hot path too', async () => {
  const mine = async () => (await view('clients')).find((row) => row['driver_name'] === 'tests')!;
  const before = await mine();
  assert.equal(before['driver_version'], '1.2');
  assert.equal(before['keyspace_name'], 'system');
  assert.equal(before['connection_stage'], 'ready');
  assert.equal(before['protocol_version'], 5);
  await write(50);
  // PREPARE, 50 EXECUTEs, and the question itself.
  assert.equal((await mine())['request_count'], (before['request_count'] as bigint) + 52n);
});

test('cql_metrics counts prepared and other statements', async () => {
  const figures = async () =>
    new Map((await view('cql_metrics')).map((row) => [row['name'] as string, row['value'] as number]));
  const before = await figures();
  await write(20);
  const after = await figures();
  const grown = (name: string): number => after.get(name)! - before.get(name)!;
  assert.equal(grown('prepared_statements_executed'), 20);
  assert.equal(grown('regular_statements_executed'), 1);
  assert.equal(after.get('prepared_statements_count'), 1);
  assert.ok(after.get('prepared_statements_ratio')! > before.get('prepared_statements_ratio')!);
});

test('settings shows what the node runs with', async () => {
  assert.equal((await rowNamed('settings', 'shards'))['value'], '2');
  assert.equal((await rowNamed('settings', 'data_center'))['value'], 'datacenter1');
});

test('settings has the names and units of Cassandra, those from before 4.1 too', async () => {
  for (const [name, text] of [
    ['read_request_timeout', '5000ms'],
    ['read_request_timeout_in_ms', '5000'],
    ['batch_size_fail_threshold', '50KiB'],
    ['commitlog_total_space', '8192MiB'],
    ['commitlog_segment_size_in_mb', '32'],
    ['compaction_throughput', '64MiB/s'],
    ['native_transport_idle_timeout', '0ms'],
    ['roles_update_interval', null],
    ['broadcast_rpc_address', null],
    ['authenticator.class_name', 'AllowAllAuthenticator'],
    ['audit_logging_options.logger.class_name', 'BinAuditLogger'],
    ['client_encryption_options.enabled', 'false'],
    ['rpc_address', '127.0.0.1'],
    ['partitioner', 'org.apache.cassandra.dht.Murmur3Partitioner'],
  ] as const)
    assert.equal((await rowNamed('settings', name))['value'], text, name);
});

test('thread_pools counts work that was done', async () => {
  const before = await rowNamed('thread_pools', 'MutationStage');
  await write(30);
  const after = await rowNamed('thread_pools', 'MutationStage');
  assert.ok((after['completed_tasks'] as bigint) >= (before['completed_tasks'] as bigint) + 30n);
  assert.equal(after['active_tasks_limit'], 2);
  const requests = await rowNamed('thread_pools', 'Native-Transport-Requests');
  assert.ok((requests['active_tasks'] as number) >= 1, 'the question itself runs');
});

test('sizes and counts of a table follow what is written', async () => {
  const writes = (await tableRow('local_write_latency'))['count'] as bigint;
  await write(100);
  assert.equal((await tableRow('local_write_latency'))['count'], writes + 100n);
  const reads = (await tableRow('local_read_latency'))['count'] as bigint;
  await client.query('SELECT v FROM sys.t WHERE k = 1');
  assert.equal((await tableRow('local_read_latency'))['count'], reads + 1n);
  assert.equal((await tableRow('disk_usage'))['mebibytes'], 0n);
  await ferrosa.action('flush', { keyspace: 'sys', tables: ['t'] });
  for (const table of ['disk_usage', 'max_partition_size', 'max_sstable_size'])
    assert.equal((await tableRow(table))['mebibytes'], 1n, table);
});

test('latencies and counts a read are told of each table, for the hot path and beside it', async () => {
  await client.query('CREATE TABLE sys.l (k int, c int, v text, PRIMARY KEY (k, c))');
  const row = (table: string): Promise<Row> =>
    only(`SELECT * FROM system_views.${table} WHERE keyspace_name = 'sys' AND table_name = 'l'`);
  const insert = await client.prepare('INSERT INTO sys.l (k, c, v) VALUES (?, ?, ?)');
  for (let c = 0; c < 30; c++) await client.execute(insert, [value.int(1), value.int(c), value.text('v')]);
  await client.query('DELETE FROM sys.l WHERE k = 1 AND c = 3');
  const slice = await client.prepare('SELECT c, v FROM sys.l WHERE k = ?');
  for (let i = 0; i < 10; i++) await client.execute(slice, [value.int(1)]);
  await client.query('SELECT v FROM sys.l WHERE k = 2');
  await client.query('SELECT v FROM sys.l');
  for (const [table, count] of [
    ['local_write_latency', 31n],
    ['coordinator_write_latency', 31n],
    ['local_read_latency', 11n],
    ['coordinator_read_latency', 11n],
    ['coordinator_scan_latency', 1n],
  ] as const) {
    const latency = await row(table);
    assert.equal(latency['count'], count, table);
    const [p50, p99, max] = ['p50th_ms', 'p99th_ms', 'max_ms'].map((name) => latency[name] as number);
    assert.ok(p50! >= 0 && p50! <= p99! && p99! <= max! && max! > 0, `${table} ${p50} ${p99} ${max}`);
  }
  // A scan asks every shard.
  assert.ok(((await row('local_scan_latency'))['count'] as bigint) >= 1n);
  const rows = await row('rows_per_read');
  assert.equal(rows['p50th'], 29);
  assert.equal(rows['max'], 29);
  const tombstones = await row('tombstones_per_read');
  assert.equal(tombstones['p50th'], 1);
  assert.equal(tombstones['count'], rows['count']);
});

test('reads by an index without the partition key are scans, hot ones too', async () => {
  await client.query('CREATE TABLE sys.si (k int PRIMARY KEY, v int)');
  await client.query("CREATE INDEX siv ON sys.si (v) USING 'sai'");
  await client.query('INSERT INTO sys.si (k, v) VALUES (1, 1)');
  const find = await client.prepare('SELECT k FROM sys.si WHERE v = ?');
  for (let i = 0; i < 10; i++) await client.execute(find, [value.int(1)]);
  const count = async (kind: string) =>
    (
      await only(
        `SELECT * FROM system_views.coordinator_${kind}_latency WHERE keyspace_name = 'sys' AND table_name = 'si'`,
      )
    )['count'];
  assert.deepEqual([await count('scan'), await count('read')], [10n, 0n]);
  await client.query('DROP TABLE sys.si');
});

test('the read before a conditional update is a read to the coordinator, and the update no write', async () => {
  await client.query('CREATE TABLE sys.cas (k int PRIMARY KEY, v int)');
  const insert = await client.prepare('INSERT INTO sys.cas (k, v) VALUES (?, 1) IF NOT EXISTS');
  for (let i = 0; i < 3; i++) await client.execute(insert, [value.int(1)]);
  await client.query('UPDATE sys.cas SET v = 2 WHERE k = 1 IF v = 7');
  await client.query('SELECT v FROM sys.cas WHERE k = 1', [], { consistency: 8 });
  const count = async (kind: string) =>
    (
      await only(
        `SELECT count FROM system_views.coordinator_${kind}_latency WHERE keyspace_name = 'sys' AND table_name = 'cas'`,
      )
    )['count'];
  assert.deepEqual([await count('read'), await count('write')], [5n, 0n]);
  await client.query('DROP TABLE sys.cas');
});

test('batch_metrics counts the partitions of batches of each kind', async () => {
  const most = async (type: string) => (await rowNamed('batch_metrics', `partitions_per_${type}_batch`))['max'];
  await client.query('CREATE TABLE sys.b (k int PRIMARY KEY, v text)');
  const inserts = (keys: number[]) => keys.map((k) => `INSERT INTO sys.b (k, v) VALUES (${k}, 'v');`).join(' ');
  await client.query(`BEGIN UNLOGGED BATCH ${inserts([1, 2, 3])} APPLY BATCH`);
  await client.query(`BEGIN BATCH ${inserts([1, 2])} APPLY BATCH`);
  assert.equal(await most('unlogged'), 3n);
  assert.equal(await most('logged'), 2n);
  assert.equal(await most('counter'), 0n);
});

test('caches shows the chunk cache filling as SSTables are read', async () => {
  await write(100);
  await ferrosa.action('flush', { keyspace: 'sys', tables: ['t'] });
  const before = await rowNamed('caches', 'chunks');
  for (let k = 0; k < 20; k++) await client.query(`SELECT v FROM sys.t WHERE k = ${k}`);
  const after = await rowNamed('caches', 'chunks');
  assert.ok((after['request_count'] as bigint) > (before['request_count'] as bigint));
  assert.ok((after['size_bytes'] as bigint) > 0n);
  for (const rate of ['recent_hit_rate_per_second', 'recent_request_rate_per_second'])
    assert.ok((after[rate] as bigint) >= 0n);
  assert.ok((after['hit_count'] as bigint) <= (after['request_count'] as bigint));
});

test('compaction_history has a row for each compaction, and none for its own', async () => {
  await client.query('CREATE TABLE sys.c (k int PRIMARY KEY, v text)');
  for (let i = 0; i < 2; i++) {
    await write(100, 'c');
    await ferrosa.action('flush', { keyspace: 'sys', tables: ['c'] });
  }
  await ferrosa.action('compact', { keyspace: 'sys', tables: ['c'] });
  const history = async () =>
    (await rowsOf('SELECT * FROM system.compaction_history')).filter((row) => row['columnfamily_name'] === 'c');
  // Written behind the compaction.
  for (let i = 0; i < 200 && (await history()).length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  const rows = await history();
  assert.equal(rows.length, 2);
  for (const row of rows) {
    assert.equal(row['keyspace_name'], 'sys');
    assert.ok((row['bytes_in'] as bigint) > (row['bytes_out'] as bigint));
    assert.ok((row['bytes_out'] as bigint) > 0n);
    assert.ok((row['compacted_at'] as Date).getTime() > 0);
  }
  for (let i = 0; i < 2; i++) await ferrosa.action('flush', { keyspace: 'system', tables: ['compaction_history'] });
  await ferrosa.action('compact', { keyspace: 'system', tables: ['compaction_history'] });
  const own = await rowsOf('SELECT columnfamily_name FROM system.compaction_history');
  assert.ok(own.every((row) => row['columnfamily_name'] !== 'compaction_history'));
  assert.deepEqual(await view('sstable_tasks'), []);
});

test('snapshots lists the one of a dropped table', async () => {
  await client.query('CREATE TABLE sys.gone (k int PRIMARY KEY)');
  await client.query('INSERT INTO sys.gone (k) VALUES (1)');
  await client.query('DROP TABLE sys.gone');
  const snapshot = (await view('snapshots')).find((row) => row['table_name'] === 'gone')!;
  assert.match(snapshot['name'] as string, /^dropped-\d+-gone$/);
  assert.equal(snapshot['keyspace_name'], 'sys');
  assert.ok((snapshot['size_on_disk'] as bigint) > 0n);
  assert.equal(snapshot['ephemeral'], false);
});

test('system_properties shows no secret', async () => {
  assert.equal((await rowNamed('system_properties', 'node.version'))['value'], process.versions.node);
  assert.ok((await view('system_properties')).every((row) => !/PASSWORD/.test(row['name'] as string)));
});

test('gossip_info and system.local agree on the node', async () => {
  const local = await only('SELECT * FROM system.local');
  const gossip = await only('SELECT * FROM system_views.gossip_info');
  assert.equal(gossip['dc'], local['data_center']);
  assert.equal(gossip['host_id'], local['host_id']);
  assert.equal(gossip['schema'], local['schema_version']);
  assert.equal(gossip['status'], gossip['status_with_port']);
  assert.equal(gossip['sstable_versions'], 'bti-da');
  assert.match(gossip['load'] as string, /^\d+\.\d$/);
  await client.query('CREATE TABLE sys.gossip (k int PRIMARY KEY)');
  const later = await only('SELECT * FROM system_views.gossip_info');
  assert.ok((later['schema_version'] as number) > (gossip['schema_version'] as number));
  assert.equal(later['dc_version'], gossip['dc_version']);
  assert.ok((later['heartbeat'] as number) >= (later['schema_version'] as number));
});

test('what a node of one without indexes cannot have is empty', async () => {
  for (const table of [
    'internode_inbound',
    'internode_outbound',
    'pending_hints',
    'streaming',
    'repairs',
    'sai_column_indexes',
  ])
    assert.deepEqual(await view(table), [], table);
});

test('a statement that was prepared is in system.prepared_statements, and known after a restart', async () => {
  const text = 'SELECT v FROM sys.t WHERE k = :key';
  const prepared = await client.prepare(text);
  const stored = async () =>
    (await rowsOf('SELECT * FROM system.prepared_statements')).find((row) => row['query_string'] === text);
  // Written behind the answer.
  for (let i = 0; i < 200 && !(await stored()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(Buffer.from((await stored())!['prepared_id'] as Uint8Array), prepared.id);
  await client.close();
  await ferrosa.down('SIGTERM');
  await ferrosa.up();
  client = await CqlClient.connect({ port: ferrosa.port });
  assert.equal((await client.execute(prepared, [value.int(1)])).rows.length, 1);
  await client.query('DROP TABLE sys.t');
  await assert.rejects(client.execute(prepared, [value.int(1)]), (error: CqlError) => error.code === 0x2500);
});
