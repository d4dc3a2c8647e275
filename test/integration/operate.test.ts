// A real node as its operator sees it: ferrosa-ctl, metrics, who is connected, passwords, and the hot path behind all of it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { encode } from '../support/cql-frames.js';
import { accepts, Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
before(async () => {
  ferrosa = await Ferrosa.start({ shards: '2' });
  const client = await CqlClient.connect({ port: ferrosa.port });
  await client.query("CREATE KEYSPACE op WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE op.t (k int PRIMARY KEY, v text)');
  await client.close();
});
after(() => ferrosa.remove());

const run = promisify(execFile);
const ctl = async (...args: string[]): Promise<string> => {
  const argv = ['bin/ferrosa-ctl.js', '-p', String(ferrosa.webPort), ...args];
  return (await run(process.execPath, argv)).stdout;
};

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${ferrosa.webPort}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  assert.ok(line !== undefined, `no metric ${name}`);
  return Number(line.slice(name.length + 1));
}

for (const version of [4, 5] as const) {
  test(`v${version}: simple prepared statements take the hot path and read what was written`, async () => {
    const client = await CqlClient.connect({ port: ferrosa.port, version });
    const insert = await client.prepare('INSERT INTO op.t (k, v) VALUES (?, ?)');
    const select = await client.prepare('SELECT v FROM op.t WHERE k = ?');
    const before = await metric('ferrosa_hot_path_requests_total');
    const keys = Array.from({ length: 500 }, (_, key) => key);
    const text = (key: number): Buffer => Buffer.from(`${version}`.repeat(key));
    await Promise.all(keys.map((key) => client.execute(insert, [encode.int(key), text(key)])));
    const rows = await Promise.all(
      keys.map((key) => client.execute(select, [encode.int(key)], { skipMetadata: true })),
    );
    rows.forEach((result, key) => {
      assert.deepEqual(result.rows[0]![0], text(key));
    });
    assert.equal((await metric('ferrosa_hot_path_requests_total')) - before, 1000);
    await client.close();
  });
}

test('a statement that is sampled for tracing goes past the hot path, and is hot again afterwards', async () => {
  const client = await CqlClient.connect({ port: ferrosa.port });
  const select = await client.prepare('SELECT v FROM op.t WHERE k = ?');
  const hot = () => metric('ferrosa_hot_path_requests_total');
  await ctl('settraceprobability', '1');
  const before = await hot();
  await client.execute(select, [encode.int(1)]);
  assert.equal(await hot(), before);
  await ctl('settraceprobability', '0');
  await client.execute(select, [encode.int(1)]);
  assert.equal(await hot(), before + 1);
  await client.close();
});

test('system_views.clients shows the connection with its driver and keyspace', async () => {
  const startup = { DRIVER_NAME: 'test driver', DRIVER_VERSION: '1.2' };
  const client = await CqlClient.connect({ port: ferrosa.port, version: 4, keyspace: 'op', startup });
  const all = (await client.query('SELECT * FROM system_views.clients')).objects();
  const [mine] = all.filter((row) => row['driver_name'] === 'test driver');
  assert.equal(mine?.['keyspace_name'], 'op');
  assert.equal(mine['protocol_version'], 4);
  assert.equal(mine['connection_stage'], 'ready');
  assert.equal(mine['username'], 'anonymous');
  await client.close();
});

test('ferrosa-ctl reads the node and acts on it', async () => {
  assert.match(await ctl('status'), /^Datacenter: datacenter1\n=+\n/);
  assert.match(await ctl('info'), /Native Transport active: true/);
  assert.equal(await ctl('getendpoints', 'op', 't', '1'), '127.0.0.1\n');
  await ctl('flush', 'op', 't');
  const [table] = JSON.parse(await ctl('--json', 'tablestats', 'op.t'));
  assert.ok(table.sstableCount > 0);
  await assert.rejects(ctl('flush', 'nope'), { code: 2 });
});

test('disablebinary takes the ports away and enablebinary gives them back', async () => {
  const ports = [ferrosa.port, ferrosa.shardAwarePort];
  await ctl('disablebinary');
  for (const port of ports) assert.equal(await accepts(port), false);
  assert.equal(await ctl('statusbinary'), 'not running\n');
  await ctl('enablebinary');
  for (const port of ports) assert.equal(await accepts(port), true);
  const client = await CqlClient.connect({ port: ferrosa.port });
  assert.equal((await client.query('SELECT key FROM system.local')).rows.length, 1);
  await client.close();
});

test('with passwords only who knows one gets in, also after a restart and on the web side', async () => {
  const guarded = await Ferrosa.start({ shards: '1', authenticator: 'PasswordAuthenticator' });
  const login = (password: string) =>
    CqlClient.connect({ port: guarded.port, credentials: { user: 'cassandra', password } });
  const web = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${guarded.webPort}/api/v1/identity`, { headers });
  for (let start = 0; start < 2; start++) {
    await (await login('cassandra')).close();
    await assert.rejects(login('wrong'), (error: CqlError) => error.code === 0x0100);
    assert.equal((await web({})).status, 401);
    const authorization = `Basic ${Buffer.from('cassandra:cassandra').toString('base64')}`;
    assert.equal((await web({ authorization })).status, 200);
    if (start === 0) {
      await guarded.down('SIGTERM');
      await guarded.up();
    }
  }
  await guarded.remove();
});
