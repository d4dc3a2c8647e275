// A node as an operator meets it: started, stopped, killed, started again.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function dataDir(): string {
  const folder = temporaryDataDir();
  cleanups.push(() => folder.remove());
  return folder.path;
}
async function start(path: string, settings: Record<string, string> = {}): Promise<NodeProcess> {
  const node = await NodeProcess.start(path, settings);
  cleanups.push(async () => void (await node.kill()));
  return node;
}
async function connect(node: NodeProcess): Promise<CqlClient> {
  const client = await CqlClient.connect({ port: node.port });
  cleanups.push(() => client.close());
  return client;
}

const rows = 500;
async function fill(client: CqlClient, from = 0): Promise<void> {
  await client.query(
    "CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  );
  await client.query('CREATE TABLE IF NOT EXISTS ks.t (k int PRIMARY KEY, v text)');
  const insert = await client.prepare('INSERT INTO ks.t (k, v) VALUES (?, ?)');
  await Promise.all(
    Array.from({ length: rows }, (_, i) => client.execute(insert, [value.int(from + i), value.text(`v${from + i}`)])),
  );
}
async function keys(client: CqlClient): Promise<number[]> {
  const result = await client.query('SELECT k, v FROM ks.t');
  const found = result.objects() as { k: number; v: string }[];
  for (const { k, v } of found) assert.equal(v, `v${k}`);
  return found.map(({ k }) => k).sort((a, b) => a - b);
}
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
function tableFolder(path: string, name = 't'): string {
  const keyspace = join(path, 'data', 'ks');
  return join(keyspace, readdirSync(keyspace).find((one) => one.startsWith(`${name}-`))!);
}
const dataFiles = (path: string) => readdirSync(tableFolder(path)).filter((name) => name.endsWith('Data.db'));

test('what was written is there after SIGTERM, and the commit log is empty then', async () => {
  const path = dataDir();
  const node = await start(path);
  await fill(await connect(node));
  assert.deepEqual(await node.stop(), { code: 0, signal: null });
  assert.deepEqual(readdirSync(join(path, 'commitlog')), []);
  assert.ok(dataFiles(path).length > 0);
  assert.deepEqual(await keys(await connect(await start(path))), upTo(rows));
});

test('a SIGTERM to the process and one to its group are one wish to stop: it drains', async () => {
  const path = dataDir();
  const node = await start(path);
  await fill(await connect(node));
  const end = node.stop();
  process.kill(node.pid, 'SIGTERM');
  process.kill(node.pid, 'SIGINT');
  assert.deepEqual(await end, { code: 0, signal: null });
  assert.deepEqual(readdirSync(join(path, 'commitlog')), []);
});

test('what was written is there after kill -9, from memtables, SSTables and the log', async () => {
  const path = dataDir();
  const node = await start(path);
  const client = await connect(node);
  await fill(client);
  await node.action('flush', { keyspace: 'ks', tables: ['t'] });
  await fill(client, rows);
  await client.query('DELETE FROM ks.t WHERE k = 0');
  await node.kill();
  const again = await start(path);
  assert.match(again.output, /commit log replayed/);
  assert.deepEqual(await keys(await connect(again)), upTo(2 * rows).slice(1));
});

test('the shard count may change between starts, also after kill -9', async () => {
  const path = dataDir();
  let node = await start(path, { shards: '2' });
  await fill(await connect(node));
  await node.action('flush');
  await fill(await connect(node), rows);
  for (const shards of ['3', '1', '4']) {
    await node.kill();
    node = await start(path, { shards });
    assert.deepEqual(await keys(await connect(node)), upTo(2 * rows), `${shards} shards`);
  }
});

test('small SSTables of another number of shards become one a shard, with what was written last', async () => {
  const path = dataDir();
  const node = await start(path, { shards: '2' });
  const client = await connect(node);
  await fill(client);
  await client.query(
    "ALTER TABLE ks.t WITH compaction = {'class': 'SizeTieredCompactionStrategy', 'enabled': 'false'}",
  );
  for (let round = 0; round < 6; round++) {
    await client.query(`UPDATE ks.t SET v = '${round < 5 ? 'old' : 'v1'}' WHERE k = 1`);
    await client.query(round < 5 ? "INSERT INTO ks.t (k, v) VALUES (0, 'gone')" : 'DELETE FROM ks.t WHERE k = 0');
    await fill(client, (1 + round) * rows);
    await node.action('flush');
  }
  assert.ok(dataFiles(path).length >= 12);
  await node.kill();
  const again = await start(path, { shards: '3' });
  const reader = await connect(again);
  for (const end = Date.now() + 60_000; dataFiles(path).length > 3 && Date.now() < end; ) {
    assert.deepEqual(await keys(reader), upTo(7 * rows).slice(1));
    await delay(20);
  }
  assert.equal(dataFiles(path).length, 3);
  assert.deepEqual(await keys(reader), upTo(7 * rows).slice(1));
});

test('truncated and dropped tables stay empty after kill -9', async () => {
  const path = dataDir();
  const node = await start(path);
  const client = await connect(node);
  await fill(client);
  await node.action('flush');
  await fill(client, rows);
  await client.query('TRUNCATE ks.t');
  assert.deepEqual(await keys(client), []);
  await client.query("INSERT INTO ks.t (k, v) VALUES (7, 'v7')");
  await client.query('CREATE TABLE ks.gone (k int PRIMARY KEY)');
  await client.query('INSERT INTO ks.gone (k) VALUES (1)');
  await client.query('DROP TABLE ks.gone');
  await node.kill();
  const again = await start(path);
  const after = await connect(again);
  assert.deepEqual(await keys(after), [7]);
  await after.query('CREATE TABLE ks.gone (k int PRIMARY KEY)');
  assert.deepEqual((await after.query('SELECT * FROM ks.gone')).rows, []);
});

test('a truncated table leaves a snapshot unless that is switched off', async () => {
  for (const [setting, expected] of [
    ['true', 1],
    ['false', 0],
  ] as const) {
    const path = dataDir();
    const node = await start(path, { auto_snapshot: setting });
    const client = await connect(node);
    await fill(client);
    await client.query('TRUNCATE ks.t');
    const snapshots = join(tableFolder(path), 'snapshots');
    assert.equal(existsSync(snapshots) ? readdirSync(snapshots).length : 0, expected, setting);
  }
});

test('four flushes are compacted into one SSTable a shard, and nothing is lost', async () => {
  const path = dataDir();
  const node = await start(path, { shards: '1' });
  const client = await connect(node);
  for (let i = 0; i < 4; i++) {
    await fill(client, i * rows);
    await node.action('flush', { keyspace: 'ks', tables: ['t'] });
  }
  while (dataFiles(path).length > 1) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await keys(client), upTo(4 * rows));
  await node.kill();
  assert.deepEqual(await keys(await connect(await start(path, { shards: '1' }))), upTo(4 * rows));
});

test('altering a table keeps what was written before', async () => {
  const path = dataDir();
  const node = await start(path);
  const client = await connect(node);
  await fill(client);
  await client.query('ALTER TABLE ks.t ADD w int');
  await client.query('UPDATE ks.t SET w = 9 WHERE k = 3');
  assert.deepEqual((await client.query('SELECT k, v, w FROM ks.t WHERE k = 3')).objects(), [{ k: 3, v: 'v3', w: 9 }]);
  await client.query('ALTER TABLE ks.t DROP w');
  assert.deepEqual(await keys(client), upTo(rows));
  await node.kill();
  const after = await connect(await start(path));
  assert.deepEqual(await keys(after), upTo(rows));
});

test('a damaged SSTable is set aside and reported by name; the rest is served', async () => {
  const path = dataDir();
  const first = await start(path, { shards: '1' });
  const client = await connect(first);
  await fill(client);
  await first.action('flush', { keyspace: 'ks', tables: ['t'] });
  await fill(client, rows);
  await first.stop();
  const [damaged] = dataFiles(path).sort();
  const statistics = join(tableFolder(path), damaged!.replace('Data.db', 'Statistics.db'));
  const bytes = readFileSync(statistics);
  bytes[bytes.length >> 1]! ^= 0xff;
  writeFileSync(statistics, bytes);
  const node = await start(path, { shards: '1' });
  assert.match(node.output, /da-1-bti-Statistics\.db/);
  assert.match(node.output, /set aside/);
  assert.ok(existsSync(join(tableFolder(path), 'corrupt', damaged!)));
  assert.deepEqual(await keys(await connect(node)), upTo(2 * rows).slice(rows));
});

test('an SSTable whose filter is damaged is served, and the filter reported', async () => {
  const path = dataDir();
  const first = await start(path, { shards: '1' });
  await fill(await connect(first));
  await first.stop();
  const filter = join(tableFolder(path), dataFiles(path)[0]!.replace('Data.db', 'Filter.db'));
  const good = readFileSync(filter);
  for (const bytes of [Buffer.alloc(good.length), good.subarray(0, good.length >> 1)]) {
    writeFileSync(filter, bytes);
    const node = await start(path, { shards: '1' });
    assert.match(node.output, /da-1-bti-Filter\.db is damaged/);
    const client = await connect(node);
    assert.deepEqual(await keys(client), upTo(rows));
    assert.equal((await client.query('SELECT v FROM ks.t WHERE k = 3')).objects().length, 1);
    await node.stop();
  }
});

test('damage found by a read is an error of that read, and the file is never read again', async () => {
  const path = dataDir();
  const first = await start(path, { shards: '1' });
  await fill(await connect(first));
  await first.stop();
  const data = join(tableFolder(path), dataFiles(path)[0]!);
  const bytes = readFileSync(data);
  bytes.fill(0x55, 0, bytes.length - 8);
  writeFileSync(data, bytes);
  const node = await start(path, { shards: '1' });
  const client = await connect(node);
  await assert.rejects(client.query('SELECT * FROM ks.t'), { code: 0 });
  while (!/Data\.db.*set aside/.test(node.output)) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await keys(client), []);
  assert.deepEqual(dataFiles(path), []);
});

test('a second process on the same data folder says who has it', async () => {
  const path = dataDir();
  const node = await start(path);
  const second = NodeProcess.spawn(path);
  assert.equal((await second.ended).code, 1);
  assert.ok(second.output.includes(`in use by another process (pid ${node.pid})`), second.output);
});

test('a port in use, a folder that cannot be written and wrong settings say what to do', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  cleanups.push(() => void holder.close());
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  const busy = NodeProcess.spawn(dataDir(), { cql_bind: `127.0.0.1:${port}` });
  assert.equal((await busy.ended).code, 1);
  assert.match(busy.output, new RegExp(`127\\.0\\.0\\.1:${port}: another process does.*--cql-bind`));

  const file = join(dataDir(), 'file');
  writeFileSync(file, '');
  const wrong = NodeProcess.spawn(join(file, 'data'));
  assert.equal((await wrong.ended).code, 1);
  assert.match(wrong.output, /is not a folder.*--data-dir/);

  const unknown = NodeProcess.spawn(dataDir(), { commitlog_sinc: 'batch' });
  assert.equal((await unknown.ended).code, 2);
  assert.match(unknown.output, /--commitlog-sinc is not a setting; did you mean --commitlog-sync\?/);

  const production = NodeProcess.spawn(dataDir(), { mode: 'production' });
  assert.equal((await production.ended).code, 1);
  assert.match(production.output, /needs authentication/);
});

test('a cluster name that changed is refused', async () => {
  const path = dataDir();
  await (await start(path, { cluster_name: 'one' })).stop();
  const other = NodeProcess.spawn(path, { cluster_name: 'two' });
  assert.equal((await other.ended).code, 1);
  assert.match(
    other.output,
    /Saved cluster name one != configured name two\. The data folder .* set cluster_name back/,
  );
  assert.doesNotMatch(other.output, /\bat .*\.js:\d/);
});

test('a clock that was set back between starts loses nothing', async () => {
  const path = dataDir();
  const settings = { shards: '1', commitlog_sync: 'batch' };
  const first = await start(path, settings);
  await fill(await connect(first));
  await first.stop();
  // As that process would have left it with a clock that was a year ahead: ids of log segments begin with the time.
  const manifest = join(tableFolder(path), 'ferrosa-manifest.json');
  const content = JSON.parse(readFileSync(manifest, 'utf8')) as { flushed: { base: number; segment: number }[] };
  assert.ok(content.flushed.length > 0);
  const year = 366 * 86_400_000 * 256;
  for (const mark of content.flushed) {
    mark.base += year;
    mark.segment += year;
  }
  writeFileSync(manifest, JSON.stringify(content));
  const second = await start(path, settings);
  await fill(await connect(second), rows);
  await second.kill();
  assert.deepEqual(await keys(await connect(await start(path, settings))), upTo(2 * rows));
});

type StoredManifest = { readonly sstables: readonly { readonly name: string; readonly shard: number | null }[] };

test('SSTables that shards share after another shard count are split, also when the process is killed meanwhile', async () => {
  const path = dataDir();
  const entries = () =>
    (JSON.parse(readFileSync(join(tableFolder(path), 'ferrosa-manifest.json'), 'utf8')) as StoredManifest).sstables;
  let node = await start(path, { shards: '1' });
  const client = await connect(node);
  await fill(client);
  await node.action('flush', { keyspace: 'ks' });
  await fill(client, rows);
  await client.query('DELETE FROM ks.t WHERE k = 3');
  await node.action('flush', { keyspace: 'ks' });
  const expected = upTo(2 * rows).filter((k) => k !== 3);
  for (const shards of ['2', '3', '1']) {
    await node.kill();
    for (const afterMs of [0, 30]) {
      node = await start(path, { shards });
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await node.kill();
    }
    node = await start(path, { shards });
    const now = await connect(node);
    assert.deepEqual(await keys(now), expected, `${shards} shards, at once`);
    // Compaction may follow the split at any time: what counts is where it comes to rest.
    const settled = () =>
      entries().every(({ shard }) => shard !== null) &&
      isDeepStrictEqual(
        dataFiles(path).sort(),
        entries()
          .map(({ name }) => `${name}-Data.db`)
          .sort(),
      );
    for (let tries = 0; !settled(); tries++) {
      assert.ok(tries < 1500, `files ${dataFiles(path)} and manifest ${JSON.stringify(entries())} do not agree`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(await keys(now), expected, `${shards} shards, split`);
    assert.doesNotMatch(node.output, /"level":[4-6]0/);
  }
});
