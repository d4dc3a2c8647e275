// What is for everybody, on a node: the denylist and the sizes of reads, also of statements that the hot path ran before.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
let client: CqlClient;

async function ctl(...args: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, ['bin/ferrosa-ctl.js', '-p', String(ferrosa.webPort), ...args]);
}

before(async () => {
  ferrosa = await Ferrosa.start({
    partition_denylist_enabled: 'true',
    denylist_initial_load_retry: '1s',
    denylist_max_keys_per_table: '2',
  });
  client = await CqlClient.connect({ port: ferrosa.port });
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
  await client.query(`CREATE KEYSPACE k WITH replication = ${replication}`);
  await client.query('CREATE TABLE k.t (k int PRIMARY KEY, v text)');
  await client.query('CREATE TABLE k.cn (k int PRIMARY KEY, v counter)');
  // On one node a list that is read at QUORUM has one replica.
  await client.query(`ALTER KEYSPACE system_distributed WITH replication = ${replication}`);
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

const deny = (table: string, key: string) =>
  client.query(
    `INSERT INTO system_distributed.partition_denylist (ks_name, table_name, key) VALUES ('k', '${table}', 0x${key})`,
  );
const token1 = '-4069959284402364209';
const partition = (table: string) => `denylisted partition [0xDecoratedKey(${token1}, 00000001)] in k/${table}`;

test('denied partitions are neither read nor written, whatever the statement; loadpartitiondenylist reads the list', async () => {
  const read = await client.prepare('SELECT v FROM k.t WHERE k = ?');
  const write = await client.prepare('INSERT INTO k.t (k, v) VALUES (?, ?)');
  const one = value.int(1);
  await client.execute(write, [one, value.text('a')]);
  assert.equal((await client.execute(read, [one])).rows.length, 1);
  await deny('t', '00000001');
  await deny('cn', '00000001');
  await deny('gone', '00000001');
  await ctl('loadpartitiondenylist');
  const refused = (work: Promise<unknown>, message: string) => assert.rejects(work, { code: 0x2200, message });
  await refused(client.execute(read, [one]), `Unable to read ${partition('t')}`);
  await refused(client.execute(write, [one, value.text('b')]), `Unable to write to ${partition('t')}`);
  await refused(client.query("UPDATE k.t SET v = 'c' WHERE k IN (7, 1)"), `Unable to write to ${partition('t')}`);
  await refused(client.query('UPDATE k.cn SET v = v + 1 WHERE k = 1'), `Unable to write to ${partition('cn')}`);
  await refused(client.query('DELETE FROM k.t WHERE k = 1 IF EXISTS'), `Unable to CAS write to ${partition('t')}`);
  await refused(
    client.query("BEGIN BATCH INSERT INTO k.t (k, v) VALUES (7, 'x'); DELETE FROM k.t WHERE k = 1; APPLY BATCH"),
    `Unable to write to ${partition('t')}`,
  );
  await refused(client.query('SELECT * FROM k.t WHERE k IN (7, 1)'), `Unable to read ${partition('t')}`);
  await refused(
    client.query('SELECT count(*) FROM k.t'),
    'Attempted to read a range containing 1 denylisted keys in k/t. Range read: token range: (-9223372036854775808, -9223372036854775808)',
  );
  assert.equal((await client.query(`SELECT * FROM k.t WHERE token(k) > ${token1}`)).rows.length, 0);
  assert.equal((await client.execute(read, [value.int(7)])).rows.length, 0);
  await ctl('setguardrailsconfig', 'denylist_reads_enabled', 'false');
  assert.equal((await client.execute(read, [one])).rows.length, 1);
  await client.query("DELETE FROM system_distributed.partition_denylist WHERE ks_name = 'k' AND table_name = 't'");
  await ctl('loadpartitiondenylist');
  await client.execute(write, [one, value.text('d')]);
});

test('system_views.settings has the settings with the values that Cassandra has without any', async () => {
  const { rows } = await client.query('SELECT name, value FROM system_views.settings');
  const values = new Map(rows.map(([name, text]) => [String(name), text === null ? null : String(text)]));
  for (const [name, expected] of [
    ['denylist_consistency_level', 'QUORUM'],
    ['denylist_initial_load_retry', '1s'],
    ['denylist_refresh', '600s'],
    ['denylist_max_keys_per_table', '2'],
    ['denylist_max_keys_total', '10000'],
    ['denylist_range_reads_enabled', 'true'],
    ['use_statements_enabled', 'true'],
    ['read_thresholds_enabled', 'false'],
    ['coordinator_read_size_warn_threshold', null],
    ['row_index_read_size_fail_threshold', null],
  ] as const)
    assert.equal(values.get(name), expected, name);
});

test('keys beyond denylist_max_keys_per_table are ignored, and the log says so', async () => {
  for (const key of ['00000001', '00000002', '00000003']) await deny('t', key);
  await ctl('loadpartitiondenylist');
  await client.query("INSERT INTO k.t (k, v) VALUES (3, 'x')");
  await assert.rejects(client.query("INSERT INTO k.t (k, v) VALUES (2, 'x')"), /denylisted/);
  assert.match(ferrosa.output, /Partition denylist for k\.t has exceeded the per-table allowance of \(2\)/);
  await ctl('setguardrailsconfig', 'partition_denylist_enabled', 'false');
  await client.query("INSERT INTO k.t (k, v) VALUES (2, 'x')");
});

test('read thresholds switched on while the node runs are for prepared statements of open connections too', async () => {
  const read = await client.prepare('SELECT v FROM k.t WHERE k = ?');
  const warnings = async () => (await client.execute(read, [value.int(9)])).warnings;
  await client.query(`INSERT INTO k.t (k, v) VALUES (9, '${'x'.repeat(2000)}')`);
  assert.deepEqual(await warnings(), []);
  await ctl('setguardrailsconfig', 'coordinator_read_size_warn_threshold', '1KiB');
  await ctl('setguardrailsconfig', 'read_thresholds_enabled', 'true');
  const [warning, ...others] = await warnings();
  assert.match(
    warning!,
    /^Read on table k\.t has exceeded the size warning threshold of 1,024 bytes with token: -?\d+$/,
  );
  assert.deepEqual(others, []);
});
