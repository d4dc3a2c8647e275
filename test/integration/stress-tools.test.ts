// What cassandra-stress 5.0, tlp-stress 5.0 and nosqlbench 5.25 ask of a server. They install from no registry, so their statements run here
// in the form in which they send them: over v5 for cassandra-stress and nosqlbench, v4 for tlp-stress.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, type CqlError, type Value } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
before(async () => {
  ferrosa = await Ferrosa.start();
});
after(() => ferrosa.remove());

const text = (value: string): Buffer => Buffer.from(value);
const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const bigint = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

async function runAll(client: CqlClient, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await client.query(statement).catch((error: Error) => {
      throw new Error(`${statement}: ${error.message}`);
    });
  }
}

/** Prepares, executes with paging and without metadata, as the Java driver does. */
async function prepared(
  client: CqlClient,
  statement: string,
  values: readonly Value[],
): Promise<readonly Record<string, unknown>[]> {
  const plan = await client.prepare(statement);
  const result = await client.execute(plan, values, {
    skipMetadata: true,
    pageSize: 5000,
    timestamp: BigInt(Date.now()) * 1000n,
  });
  return result.objects();
}

const metadata = [
  'SELECT * FROM system.local',
  "SELECT * FROM system.local WHERE key='local'",
  'SELECT * FROM system.peers_v2',
  'SELECT * FROM system.peers',
  ...['keyspaces', 'tables', 'columns', 'types', 'functions', 'aggregates', 'indexes', 'views'].map(
    (t) => `SELECT * FROM system_schema.${t}`,
  ),
  ...['keyspaces', 'tables', 'columns'].map((t) => `SELECT * FROM system_virtual_schema.${t}`),
  "select cluster_name from system.local where key = 'local'",
];

test('cassandra-stress: key-value columns, counters and its user profile', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port, version: 5 });
  await runAll(client, [
    ...metadata,
    `CREATE KEYSPACE IF NOT EXISTS "keyspace1" WITH replication = {'class': 'org.apache.cassandra.locator.SimpleStrategy', 'replication_factor' : '1'} AND durable_writes = true;`,
    'USE "keyspace1"',
    'CREATE TABLE IF NOT EXISTS standard1 (key blob PRIMARY KEY , "C0" blob, "C1" blob, "C2" blob, "C3" blob, "C4" blob) WITH compression = {}',
    'CREATE TABLE IF NOT EXISTS counter1 (key blob PRIMARY KEY, , "C0" counter, "C1" counter) WITH compression = {}',
  ]);
  const cells = [1, 2, 3, 4, 5].map((n) => Buffer.alloc(34, n));
  await prepared(client, 'UPDATE "standard1" SET "C0" = ?,"C1" = ?,"C2" = ?,"C3" = ?,"C4" = ? WHERE KEY=?', [
    ...cells,
    text('k1'),
  ]);
  const rows = await prepared(client, 'SELECT * FROM "standard1" WHERE KEY=?', [text('k1')]);
  assert.deepEqual(Object.keys(rows[0]!), ['key', 'C0', 'C1', 'C2', 'C3', 'C4']);
  assert.deepEqual(rows[0]!['C4'], cells[4]);
  for (let i = 0; i < 3; i++) {
    const plan = await client.prepare('UPDATE counter1 SET "C0"="C0"+?,"C1"="C1"+? WHERE KEY=?');
    await client.execute(plan, [bigint(2), bigint(-1), text('k1')]);
  }
  const counters = await prepared(client, 'SELECT * FROM counter1 WHERE KEY=?', [text('k1')]);
  assert.deepEqual([counters[0]!['C0'], counters[0]!['C1']], [6n, -3n]);
  await assert.rejects(
    client.query('CREATE TABLE standard1 (key blob PRIMARY KEY)'),
    (error: CqlError) => error.code === 0x2400,
  );
  await runAll(client, [
    "CREATE TABLE insanitytest (name text, choice boolean, date timestamp, address inet, dbl double, lval bigint, ival int, uid timeuuid, value blob, PRIMARY KEY ((name, choice), date, address, dbl, lval, ival, uid)) WITH compaction = { 'class':'LeveledCompactionStrategy' } AND comment='A table of many types'",
    'CREATE TABLE blogposts (domain text, published_date timeuuid, url text, author text, title text, body text, PRIMARY KEY(domain, published_date)) WITH CLUSTERING ORDER BY (published_date DESC)',
  ]);
  const insert = await client.prepare(
    'INSERT INTO blogposts (domain, published_date, url, author, title, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const stamp = Buffer.from('8e14e7607fa811ebbc66000000000001', 'hex');
  const entries = Array.from({ length: 48 }, (_, i) => {
    const id = Buffer.from(stamp);
    id.writeUInt32BE(i, 0);
    return { query: insert, values: [text('d'), id, text('u'), text('a'), text('t'), text('b')] as Value[] };
  });
  await client.batch(0, entries);
  const posts = await prepared(client, 'select * from blogposts where domain = ? LIMIT 10', [text('d')]);
  assert.equal(posts.length, 10);
  await client.close();
});

test('tlp-stress: time series, collections, user types, ranges and filtering', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port, version: 4 });
  await runAll(client, [
    "CREATE KEYSPACE IF NOT EXISTS tlp_stress WITH replication = {'class': 'SimpleStrategy', 'replication_factor':1 }",
    'USE tlp_stress',
    "CREATE TABLE IF NOT EXISTS keyvalue (key text PRIMARY KEY, value text) WITH caching = {'keys': 'ALL', 'rows_per_partition': 'NONE'} AND default_time_to_live = 0",
    "CREATE TABLE IF NOT EXISTS sensor_data (sensor_id text, timestamp timeuuid, data text, primary key(sensor_id, timestamp)) WITH CLUSTERING ORDER BY (timestamp DESC) AND compaction = {'class':'TimeWindowCompactionStrategy'}",
    'CREATE TABLE IF NOT EXISTS map_stress (id text, data map<text, text>, primary key (id))',
    'CREATE TABLE IF NOT EXISTS sets (key text primary key, values set<text>)',
    'CREATE TABLE IF NOT EXISTS counter_wide (key text, cluster bigint, value counter, primary key(key, cluster))',
    'CREATE TYPE IF NOT EXISTS sensor_data_details (data1 text, data2 text, data3 text)',
    'CREATE TABLE IF NOT EXISTS sensor_data_udt (sensor_id text, timestamp timeuuid, data frozen<sensor_data_details>, primary key(sensor_id, timestamp)) WITH CLUSTERING ORDER BY (timestamp DESC)',
    'CREATE TABLE IF NOT EXISTS allow_filtering (partition_id text, row_id int, value int, payload text, primary key (partition_id, row_id))',
  ]);
  await prepared(client, 'INSERT INTO keyvalue (key, value) VALUES (?, ?)', [text('a'), text('b')]);
  await prepared(client, 'DELETE from keyvalue WHERE key = ?', [text('a')]);
  assert.deepEqual(await prepared(client, 'SELECT * from keyvalue WHERE key = ?', [text('a')]), []);
  const id = Buffer.from('8e14e7607fa811ebbc66000000000001', 'hex');
  await prepared(client, 'INSERT INTO sensor_data (sensor_id, timestamp, data) VALUES (?, ?, ?)', [
    text('s'),
    id,
    text('d'),
  ]);
  assert.equal(
    (await prepared(client, 'SELECT * from sensor_data WHERE sensor_id = ? LIMIT ?', [text('s'), int(5)])).length,
    1,
  );
  await prepared(client, 'DELETE from sensor_data WHERE sensor_id = ? and timestamp < maxTimeuuid(?)', [
    text('s'),
    bigint(4_000_000_000_000),
  ]);
  assert.equal((await prepared(client, 'SELECT * from sensor_data WHERE sensor_id = ?', [text('s')])).length, 0);
  await prepared(client, 'UPDATE map_stress SET data[?] = ? WHERE id = ?', [text('x'), text('y'), text('m')]);
  assert.equal((await prepared(client, 'SELECT * from map_stress WHERE id = ?', [text('m')])).length, 1);
  const set = Buffer.concat([int(1), int(1), text('v')]);
  await prepared(client, 'UPDATE sets SET values = values + ? WHERE key = ?', [set, text('k')]);
  await prepared(client, 'UPDATE sets SET values = values - ? WHERE key = ?', [set, text('k')]);
  await prepared(client, 'UPDATE counter_wide SET value = value + 1 WHERE key = ? and cluster = ?', [
    text('k'),
    bigint(1),
  ]);
  const udt = Buffer.concat([int(1), text('a'), int(1), text('b'), int(1), text('c')]);
  await prepared(client, 'INSERT INTO sensor_data_udt (sensor_id, timestamp, data) VALUES (?, ?, ?)', [
    text('s'),
    id,
    udt,
  ]);
  await prepared(client, 'INSERT INTO allow_filtering (partition_id, row_id, value, payload) values (?, ?, ?, ?)', [
    text('p'),
    int(1),
    int(7),
    text('x'),
  ]);
  const found = await prepared(
    client,
    'SELECT * from allow_filtering WHERE partition_id = ? and value = ? ALLOW FILTERING',
    [text('p'), int(7)],
  );
  assert.equal(found.length, 1);
  await runAll(client, [
    "SELECT * FROM system_schema.tables WHERE keyspace_name = 'tlp_stress' AND table_name = 'sets'",
  ]);
  await client.close();
});

test('nosqlbench: prepared DDL, comments in CREATE TABLE, timestamps as binds', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port, version: 5 });
  for (const ddl of [
    "create keyspace if not exists baselines WITH replication = {'class': 'SimpleStrategy', 'replication_factor': '1'} AND durable_writes = true;",
    'create table if not exists baselines.keyvalue (\n  key text,\n  value text,\n  // a comment\n  PRIMARY KEY (key)\n);',
    "create table if not exists baselines.iot (machine_id UUID, sensor_name text, time timestamp, sensor_value double, station_id UUID, data text, PRIMARY KEY ((machine_id, sensor_name), time)) WITH CLUSTERING ORDER BY (time DESC) AND compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_size': 60, 'compaction_window_unit': 'MINUTES'};",
    'truncate table baselines.keyvalue;',
  ]) {
    await client.execute(await client.prepare(ddl), [], { consistency: 6 });
  }
  const rows = await prepared(client, 'insert into baselines.keyvalue (key, value) VALUES (?, ?) using timestamp ?', [
    text('k'),
    text('v'),
    bigint(5),
  ]);
  assert.deepEqual(rows, []);
  const read = await client.execute(
    await client.prepare('select writetime(value) as w from baselines.keyvalue where key = ?'),
    [text('k')],
    { consistency: 6 },
  );
  assert.equal(read.objects()[0]!['w'], 5n);
  for (const [ddl, words] of [
    [
      "create keyspace refused WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 'UNSET:rf:1'}",
      /For input string|must be an integer|numeric/,
    ],
    [
      "create table baselines.refused (k int primary key) with compression = {'sstable_compression': 'LZ4Compressor'}",
      /Missing sub-option 'class' for the 'compression' option/,
    ],
  ] as const) {
    await assert.rejects(client.query(ddl), (error: CqlError) => error.code === 0x2300 && words.test(error.message));
  }
  await client.close();
});
