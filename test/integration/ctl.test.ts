// Every verb of ferrosa-ctl against a real node: what it prints is what the node knows, with --json and without.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { accepts, Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
const rows = 400;

async function fill(client: CqlClient): Promise<void> {
  const insert = await client.prepare('INSERT INTO ctl.t (k, v) VALUES (?, ?)');
  const writes = Array.from({ length: rows }, (_, k) => client.execute(insert, [value.int(k), value.text('v')]));
  await Promise.all(writes);
}

before(async () => {
  ferrosa = await Ferrosa.start({ shards: '2' });
  const client = await CqlClient.connect({ port: ferrosa.port });
  await client.query("CREATE KEYSPACE ctl WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE ctl.t (k int PRIMARY KEY, v text)');
  await client.query('CREATE TABLE ctl.pair (a int, b text, v int, PRIMARY KEY ((a, b)))');
  await fill(client);
  await client.close();
});
after(() => ferrosa.remove());

type Run = { readonly code: number; readonly out: string; readonly error: string };

function ctl(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const argv = ['bin/ferrosa-ctl.js', '-p', String(ferrosa.webPort), ...args];
    execFile(process.execPath, argv, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : Number(failure.code), out, error });
    });
  });
}

/** The text of a verb that succeeds. */
async function text(...args: string[]): Promise<string> {
  const { code, out, error } = await ctl(...args);
  assert.equal(code, 0, error);
  return out;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape of each answer is what the tests look at
async function json(...args: string[]): Promise<any> {
  return JSON.parse(await text('--json', ...args));
}

/** `name: value` lines, the indentation left out. */
function lines(output: string): Map<string, string> {
  const pairs = output.split('\n').map((line) => /^\s*(.+?)\s*:\s*(.*)$/.exec(line));
  return new Map(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1]!, pair[2]!] as const])));
}

const tableStats = async () => (await json('tablestats', 'ctl.t'))[0];

test('status and info name the node as system.local does', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  const [local] = (await client.query('SELECT host_id, data_center, rack, tokens FROM system.local')).objects();
  await client.close();
  const [node] = await json('status');
  assert.equal(node.hostId, local!['host_id']);
  assert.equal(node.tokens, (local!['tokens'] as string[]).length);
  const row = (await text('status')).split('\n').find((line) => line.startsWith('UN'));
  assert.match(row!, new RegExp(`^UN +127\\.0\\.0\\.1 .* 100\\.0% +${node.hostId} +rack1`));
  const info = lines(await text('info'));
  assert.equal(info.get('ID'), node.hostId);
  assert.equal(info.get('Data Center'), local!['data_center']);
  assert.equal(info.get('Native Transport active'), 'true');
  assert.deepEqual((await json('info')).tokens.toSorted(), (local!['tokens'] as string[]).toSorted());
  assert.equal((await text('info', '-T')).match(/^Token +: -?\d+$/gm)?.length, node.tokens);
});

test('version is the release that drivers see', async () => {
  assert.match(await text('version'), /^ReleaseVersion: 5\.0\.\d+\n$/);
  assert.match((await json('version')).releaseVersion, /^5\.0\.\d+$/);
});

test('describecluster lists the schema version and every keyspace', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  const [local] = (await client.query('SELECT schema_version, cluster_name FROM system.local')).objects();
  await client.close();
  const output = await text('describecluster');
  assert.match(output, new RegExp(`\\t\\t${local!['schema_version']}: \\[127\\.0\\.0\\.1\\]`));
  assert.match(output, /\tctl -> Replication class: SimpleStrategy \{replication_factor=1\}/);
  assert.equal((await json('describecluster')).identity.clusterName, local!['cluster_name']);
});

test('flush writes the memtables of the table it names', async () => {
  const before = await tableStats();
  assert.equal(before.writes, rows);
  assert.ok(before.memtableBytes > 0);
  assert.deepEqual(await json('flush', 'ctl', 't'), { done: true });
  const flushed = await tableStats();
  assert.equal(flushed.memtableBytes, 0);
  assert.equal(flushed.sstableCount, before.sstableCount + 2);
  assert.ok(flushed.sstableBytes > 0 && flushed.bloomFilterBytes > 0 && flushed.memtableSwitches > 0);
  assert.equal(flushed.partitionsEstimate, rows);
});

test('compact leaves one SSTable a shard, which compactionstats and tpstats count', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  await fill(client);
  await client.close();
  await text('flush', 'ctl', 't');
  assert.equal((await tableStats()).sstableCount, 4);
  const before = await json('compactionstats');
  assert.equal(await text('compact', 'ctl', 't'), '');
  assert.equal((await tableStats()).sstableCount, 2);
  assert.equal((await tableStats()).partitionsEstimate, rows);
  const stats = await json('compactionstats');
  assert.equal(stats.completed, before.completed + 2);
  assert.ok(stats.bytesCompacted > before.bytesCompacted);
  assert.deepEqual(stats.active, []);
  assert.match(await text('compactionstats'), new RegExp(`^compactions completed +${stats.completed}`, 'm'));
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const pools: any[] = await json('tpstats');
  assert.equal(pools.find(({ name }) => name === 'CompactionExecutor').completed, stats.completed);
  assert.ok(pools.find(({ name }) => name === 'MutationStage').completed >= 2 * rows);
  assert.ok(pools.find(({ name }) => name === 'Native-Transport-Requests').completed >= 2 * rows);
  assert.match(await text('tpstats'), /^Pool Name +Active +Pending +Completed +Blocked +All time blocked/);
});

test('tablestats counts reads and writes, alone and by keyspace', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  const before = await tableStats();
  for (let k = 0; k < 5; k++) await client.query(`SELECT v FROM ctl.t WHERE k = ${k}`);
  await client.close();
  const after = await tableStats();
  assert.equal(after.reads, before.reads + 5);
  const printed = lines(await text('tablestats', 'ctl.t'));
  assert.equal(printed.get('Local read count'), String(after.reads));
  assert.equal(printed.get('Local write count'), String(after.writes));
  assert.equal(printed.get('SSTable count'), String(after.sstableCount));
  assert.equal((await json('tablestats', 'ctl')).length, 2);
  assert.match((await ctl('tablestats', 'ctl.nope')).error, /Unknown tables: \[nope\] in keyspace: ctl/);
});

test('refreshsizeestimates fills both tables of estimates', async () => {
  await text('flush', 'ctl');
  await text('refreshsizeestimates');
  const client = await CqlClient.connect({ port: ferrosa.port });
  const sizes = (
    await client.query("SELECT * FROM system.size_estimates WHERE keyspace_name = 'ctl' AND table_name = 't'")
  ).objects();
  const sum = sizes.reduce((total, row) => total + Number(row['partitions_count']), 0);
  assert.ok(Math.abs(sum - rows) <= sizes.length, `${sum} partitions in ${sizes.length} ranges`);
  assert.ok(sizes.every((row) => Number(row['mean_partition_size']) > 0));
  const local = (await client.query('SELECT tokens FROM system.local')).objects()[0]!['tokens'] as string[];
  const ends = new Set(sizes.map((row) => row['range_end']));
  for (const token of local) assert.ok(ends.has(token), `no range ends in ${token}`);
  const types = (
    await client.query("SELECT range_type FROM system.table_estimates WHERE keyspace_name = 'ctl'")
  ).objects();
  assert.deepEqual([...new Set(types.map((row) => row['range_type']))].sort(), ['local_primary', 'primary']);
  await client.query('DROP TABLE ctl.pair');
  await text('refreshsizeestimates');
  const left = await client.query(
    "SELECT * FROM system.size_estimates WHERE keyspace_name = 'ctl' AND table_name = 'pair'",
  );
  assert.equal(left.rows.length, 0);
  await client.query('CREATE TABLE ctl.pair (a int, b text, v int, PRIMARY KEY ((a, b)))');
  await client.close();
});

test('getendpoints reads keys as CQL does', async () => {
  assert.equal(await text('getendpoints', 'ctl', 't', '-7'), '127.0.0.1\n');
  assert.deepEqual(await json('getendpoints', 'ctl', 'pair', '1:two'), ['127.0.0.1']);
  assert.equal((await ctl('getendpoints', 'ctl', 't', 'seven')).code, 2);
  assert.equal((await ctl('getendpoints', 'ctl', 'nope', '1')).code, 2);
});

test('settraceprobability traces statements that did not ask for it', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  await text('settraceprobability', '1');
  assert.equal(await text('gettraceprobability'), 'Current trace probability: 1\n');
  await client.query('SELECT v FROM ctl.t WHERE k = 77');
  await text('settraceprobability', '0');
  assert.deepEqual(await json('gettraceprobability'), { probability: 0 });
  const traced = async () =>
    (await client.query('SELECT parameters FROM system_traces.sessions')).rows.some((row) =>
      row[0]?.includes('SELECT v FROM ctl.t WHERE k = 77'),
    );
  // Traces are written behind the answer.
  for (let i = 0; i < 200 && !(await traced()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(await traced());
  await client.close();
  assert.equal((await ctl('settraceprobability', '2')).code, 2);
});

test('disablebinary shuts clients out until enablebinary', async () => {
  await text('disablebinary');
  assert.equal(await accepts(ferrosa.port), false);
  assert.equal(lines(await text('info')).get('Native Transport active'), 'false');
  await text('enablebinary');
  assert.equal(await accepts(ferrosa.port), true);
});

test('what the node refuses and what nobody knows have their exit codes', async () => {
  const refused = await ctl('flush', 'nope');
  assert.equal(refused.code, 2);
  assert.match(refused.error, /nope/);
  assert.equal((await ctl('nosuchverb')).code, 1);
  assert.equal((await ctl('status', '--nosuchflag')).code, 1);
});

test('every action says with --json that it is done', async () => {
  const actions = [
    ['flush', 'ctl', 't'],
    ['compact', 'ctl', 't'],
    ['refreshsizeestimates'],
    ['settraceprobability', '0.25'],
    ['settraceprobability', '0'],
    ['disablebinary'],
    ['enablebinary'],
  ];
  for (const args of actions) assert.deepEqual(await json(...args), { done: true }, args.join(' '));
  assert.deepEqual(await json('statusbinary'), { nativeTransport: true });
});

test('tablehistograms and proxyhistograms tell of reads and writes, those of the hot path too', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  await client.query('CREATE TABLE ctl.h (k int PRIMARY KEY, v text)');
  const insert = await client.prepare('INSERT INTO ctl.h (k, v) VALUES (?, ?)');
  const select = await client.prepare('SELECT v FROM ctl.h WHERE k = ?');
  for (let k = 0; k < 50; k++) await client.execute(insert, [value.int(k), value.text('v')]);
  await ferrosa.action('flush', { keyspace: 'ctl', tables: ['h'] });
  for (let k = 0; k < 50; k++) await client.execute(select, [value.int(k)]);
  await client.close();
  const [figures] = await json('tablehistograms', 'ctl.h');
  const [p50, , , , p99, , max] = figures.readLatency;
  assert.ok(p50 > 0 && p50 <= p99 && p99 <= max, String(figures.readLatency));
  assert.ok(figures.writeLatency[0] > 0);
  assert.equal(figures.sstables[0], 1);
  assert.ok(figures.partitionBytes[0] > 0 && figures.partitionCells[0] >= 1);
  const proxy = await json('proxyhistograms');
  assert.ok(proxy.read[6] >= p50 && proxy.write[6] > 0, JSON.stringify(proxy));
  const printed = await text('tablehistograms', 'ctl', 'h');
  assert.match(printed, /^ctl\/h histograms\nPercentile {2}SSTables {5}Write Latency {6}Read Latency/);
  assert.equal(printed.match(/^(?:\d\d%|Min|Max) /gm)?.length, 7);
  assert.match(await text('proxyhistograms'), /^proxy histograms\nPercentile {7}Read Latency/);
  assert.equal((await ctl('tablehistograms', 'ctl.nope')).code, 2);
  const [stats] = await json('tablestats', 'ctl.h');
  assert.equal(stats.reads, 50);
  assert.ok(stats.readMicros > 0 && stats.writeMicros > 0);
  const metrics = await (await fetch(`http://127.0.0.1:${ferrosa.webPort}/metrics`)).text();
  const labels = '\\{keyspace="ctl",table="h",kind="read"\\}';
  assert.match(metrics, new RegExp(`ferrosa_storage_latency_seconds_count${labels} 50`));
});

test('a snapshot has the rows of its tables, is listed, and is gone when it is cleared', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  await fill(client);
  await client.close();
  await json('snapshot', '-t', 'mine', 'ctl');
  const mine = async () => (await json('listsnapshots')).filter((one: { tag: string }) => one.tag === 'mine');
  const tables = (await mine()).map((one: { keyspace: string; table: string }) => `${one.keyspace}.${one.table}`);
  assert.ok(tables.includes('ctl.t') && tables.every((name: string) => name.startsWith('ctl.')), tables.join());
  assert.ok((await mine()).find((one: { table: string }) => one.table === 't').bytes > 0);
  const again = await ctl('snapshot', '-t', 'mine', 'ctl');
  assert.deepEqual([again.code, /Snapshot mine already exists/.test(again.error)], [2, true]);
  for (const tag of ['../up', 'a/b', '..'])
    assert.match((await ctl('snapshot', '-t', tag, 'ctl')).error, /is no name for a snapshot/);
  assert.equal((await ctl('snapshot', '-t', 'x', 'nope')).code, 2);
  await json('clearsnapshot', '-t', 'mine', 'system');
  assert.equal((await mine()).length, tables.length);
  await json('clearsnapshot', '-t', 'mine', 'ctl');
  assert.deepEqual(await mine(), []);
  assert.equal((await ctl('cleanup', 'ctl', 'nope')).code, 2);
  assert.match(await text('ring'), /^127\.0\.0\.1 .* Normal /m);
});

test('a table that is dropped keeps the snapshots that it has, also where the drop makes none', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
  await client.query(`CREATE KEYSPACE old WITH replication = ${replication}`);
  for (const table of ['emptied', 'without']) {
    await client.query(`CREATE TABLE old.${table} (k int PRIMARY KEY) WITH allow_auto_snapshot = false`);
    await client.query(`INSERT INTO old.${table} (k) VALUES (1)`);
  }
  await json('snapshot', '-t', 'backup', 'old');
  await client.query('TRUNCATE old.emptied');
  await client.query('DROP TABLE old.emptied');
  await json('snapshot', '-t', 'backup2', 'old');
  await client.query('DROP KEYSPACE old');
  await client.close();
  const found = (await json('listsnapshots')).filter((one: { keyspace: string }) => one.keyspace === 'old');
  const names = found.map(({ tag, table }: { tag: string; table: string }) => `${tag} ${table}`).sort();
  assert.deepEqual(names, ['backup emptied', 'backup without', 'backup2 without']);
});

test('drain empties the memtables and lets no client in; stop then ends the process', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  await fill(client);
  await client.close();
  assert.deepEqual(await json('drain'), { done: true });
  assert.equal(await accepts(ferrosa.port), false);
  assert.equal((await tableStats()).memtableBytes, 0);
  assert.equal((await ctl('enablebinary')).code, 2);
  assert.deepEqual(await json('stop'), { done: true });
  while (await accepts(ferrosa.webPort)) await new Promise((resolve) => setTimeout(resolve, 10));
  await ferrosa.down('SIGTERM');
  assert.match(ferrosa.output, /ferrosa-ctl stop: draining/);
  await ferrosa.up();
  const again = await CqlClient.connect({ port: ferrosa.port });
  assert.equal((await again.query('SELECT k FROM ctl.t')).rows.length, rows);
  await again.close();
});
