// The full query log of a real node: what clients have run comes back, and makes the same data on another node.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { ctlOutput, runCtl } from '../support/ctl.js';
import { Ferrosa } from '../support/ferrosa.js';

let node: Ferrosa;
const folder = mkdtempSync(join(tmpdir(), 'ferrosa-fql-'));
const logs = join(folder, 'log');

before(async () => {
  node = await Ferrosa.start({ full_query_logging_options_log_dir: logs });
});
after(async () => {
  await node.remove();
  rmSync(folder, { recursive: true, force: true });
});

const ctl = (...args: string[]) => runCtl(node, ...args);
const ok = (...args: string[]) => ctlOutput(node, ...args);

async function rowsOf(port: number): Promise<unknown> {
  const client = await CqlClient.connect({ port });
  const t = await client.query('SELECT k, v, writetime(v) AS at, tags FROM fk.t');
  await client.close();
  return t.objects().toSorted((a, b) => Number(a['k']) - Number(b['k']));
}

const schema = [
  "CREATE KEYSPACE fk WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  'CREATE TABLE fk.t (k int PRIMARY KEY, v text, tags set<text>)',
];

/** Writes of every kind, by connections of both ports. */
async function workload(): Promise<void> {
  for (const port of [node.port, node.shardAwarePort]) {
    const client = await CqlClient.connect({ port, keyspace: 'fk' });
    const insert = await client.prepare('INSERT INTO t (k, v) VALUES (?, ?)');
    for (let k = 0; k < 20; k++) await client.execute(insert, [value.int(k), value.text(`v${k} of ${port}`)]);
    await client.batch(0, [
      { query: insert, values: [value.int(100), value.text('in a batch')] },
      { query: "UPDATE t SET tags = {'a', 'b'} WHERE k = 100", values: [] },
    ]);
    await client.execute(insert, [value.int(7), value.text('with a time')], { timestamp: 9_999_999_999_999_999n });
    await client.query('DELETE FROM t WHERE k = 3');
    await client.query('SELECT * FROM t');
    await assert.rejects(client.query('INSERT INTO nope (k) VALUES (1)'));
    await client.close();
  }
}

test('a log that is replayed gives another node the same rows, write times included', async () => {
  const client = await CqlClient.connect({ port: node.port });
  for (const text of schema) await client.query(text);
  await client.close();
  await ok('enablefullquerylog');
  assert.match(await ok('getfullquerylog'), /^enabled +true *\nlog_dir +\/.*\narchive_command *\nroll_cycle +HOURLY/);
  await workload();
  assert.equal((await ctl('enablefullquerylog')).code, 2, 'it is on already');
  await ok('disablefullquerylog');
  const other = await Ferrosa.start();
  try {
    const there = await CqlClient.connect({ port: other.port });
    for (const text of schema) await there.query(text);
    await there.close();
    const said = await ok('fqlreplay', '--target', `127.0.0.1:${other.port}`, logs);
    // 20 inserts, a batch, one with its time, a delete and a select of each connection; USE is not replayed.
    assert.equal(said, 'Replayed 48 statements: 0 failed; 2 skipped\n');
    assert.deepEqual(await rowsOf(other.port), await rowsOf(node.port));
    const both = ['--target', `127.0.0.1:${node.port}`, '--target', `127.0.0.1:${other.port}`];
    assert.match(await ok('fqlreplay', ...both, logs), /^Replayed 48 statements: 0 failed, 0 answered differently/);
    const spoil = await CqlClient.connect({ port: other.port });
    await spoil.query("INSERT INTO fk.t (k, v) VALUES (555, 'only here')");
    await spoil.close();
    const found = await ok('fqlreplay', ...both, logs);
    assert.match(found, /^MISMATCH \S+ SELECT \* FROM t\n {2}127\.0\.0\.1:\d+ \| 127\.0\.0\.1:\d+: row \d+: /);
    assert.match(found, /2 answered differently; 2 skipped\n$/);
  } finally {
    await other.remove();
  }
});

test('fqldump prints what fqltool dump prints', async () => {
  const dump = await ok('fqldump', logs);
  assert.match(
    dump,
    /^Type: single-query\nQuery start time: \d{13}\nProtocol version: 5\nGenerated timestamp:-9223372036854775808\nGenerated nowInSeconds:-2147483648\nQuery: USE "fk"\nValues: \n\nType: single-query\n/,
  );
  assert.match(
    dump,
    /Generated timestamp:\d{16}\nGenerated nowInSeconds:-2147483648\nQuery: INSERT INTO t \(k, v\) VALUES \(\?, \?\)\nValues: \n00000000 00 00 00 05 {38}.*\n00000000 76 35 20 6F 66 20.*\n-----\n\n/,
  );
  assert.match(
    dump,
    /Type: batch\n(?:.*\n){4}Batch type: LOGGED\nQuery: INSERT INTO t \(k, v\) VALUES \(\?, \?\)\nValues: \n/,
  );
  assert.ok(!dump.includes('nope'), 'only what succeeded');
});

test('resetfullquerylog ends it and deletes its files and no others', async () => {
  writeFileSync(join(logs, 'notes.txt'), 'mine');
  await ok('enablefullquerylog', '--path', join(folder, 'elsewhere'), '--roll-cycle', 'MINUTELY');
  const client = await CqlClient.connect({ port: node.port });
  await client.query('SELECT * FROM system.local');
  await client.close();
  assert.match(await ok('getfullquerylog'), /log_dir +.*elsewhere/);
  await ok('resetfullquerylog');
  assert.deepEqual(readdirSync(logs), ['notes.txt']);
  assert.deepEqual(readdirSync(join(folder, 'elsewhere')), []);
  assert.match(await ok('getfullquerylog'), /^enabled +false/);
});

test('what cannot be is said', async () => {
  const cases: [string[], RegExp][] = [
    [['fqlreplay', logs], /fqlreplay needs --target/],
    [['fqlreplay', '--target', 'host:port', logs], /"host:port" is no target/],
    [['fqlreplay', '--target', '127.0.0.1:1', logs], /Cannot connect to 127\.0\.0\.1:1/],
    [['fqldump', join(folder, 'nowhere')], /There is no .*nowhere/],
    [['fqldump', join(logs, 'notes.txt')], /is no log of records/],
    [['enablefullquerylog', '--archive-command', 'x'], /Can't enable full query log archiving via nodetool unless/],
    [['enablefullquerylog', '--nonsense', 'x'], /Found unexpected parameters: \[--nonsense\]/],
  ];
  for (const [args, message] of cases) {
    const { code, error } = await ctl(...args);
    assert.notEqual(code, 0, args.join(' '));
    assert.match(error, message);
  }
});
