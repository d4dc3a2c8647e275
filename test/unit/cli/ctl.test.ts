// ferrosa-ctl prints what nodetool would, and takes what nodetool takes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCtl } from '../../../src/cli/ctl.js';
import { formatBytes } from '../../../src/cli/ctl-format.js';
import { startTestWeb, type TestWeb } from '../../support/web.js';

let web: TestWeb;
before(async () => {
  web = await startTestWeb();
});
after(() => web.stop());

async function ctl(...argv: string[]): Promise<{ code: number; out: string; error: string }> {
  let out = '';
  let error = '';
  const code = await runCtl(argv, {
    variables: { FERROSA_WEB_BIND: `127.0.0.1:${web.port}` },
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
  });
  return { code, out, error };
}

test('status has the shape of nodetool status', async () => {
  const { code, out } = await ctl('status');
  assert.equal(code, 0);
  assert.deepEqual(
    out.split('\n').map((line) => line.trimEnd()),
    [
      'Datacenter: datacenter1',
      '=======================',
      'Status=Up/Down',
      '|/ State=Normal/Leaving/Joining/Moving',
      '--  Address    Load        Tokens  Owns (effective)  Host ID                               Rack',
      'UN  127.0.0.1  115.14 KiB  16      100.0%            6a5cd39f-3c74-494f-b67f-248dfa17faf0  rack1',
      '',
    ],
  );
});

test("info, version, tpstats, compactionstats and describecluster say the node's values", async () => {
  const info = (await ctl('info')).out;
  assert.ok(info.includes('ID                     : 6a5cd39f-3c74-494f-b67f-248dfa17faf0'));
  assert.ok(info.includes('Load                   : 230.28 KiB'));
  assert.ok(info.includes('Uptime (seconds)       : 2228'));
  assert.ok(info.includes('(invoke with -T/--tokens to see all 2 tokens)'));
  assert.ok((await ctl('info', '-T')).out.includes('Token                  : -9\nToken                  : 12'));
  assert.equal((await ctl('version')).out, 'ReleaseVersion: 5.0.9');
  assert.match(
    (await ctl('tpstats')).out,
    /^Pool Name +Active Pending Completed Blocked All time blocked\nMutationStage 0 +0 +28624 +0 +0 *$/,
  );
  const compactions = (await ctl('compactionstats')).out;
  assert.match(compactions, /compaction throughput \(MiB\/s\) 64\.0/);
  assert.match(compactions, /a1 Compaction +ks +t +25 +100 +bytes 25\.00%/);
  const cluster = (await ctl('describecluster')).out;
  assert.ok(cluster.includes('\tName: Test Cluster'));
  assert.ok(cluster.includes('\tks -> Replication class: SimpleStrategy {replication_factor=1}'));
});

test('tablestats prints all tables, those of a keyspace, or one, and refuses a name that nothing has', async () => {
  assert.match((await ctl('tablestats')).out, /^Total number of tables: 2\n/);
  const one = (await ctl('tablestats', 'ks.t')).out;
  assert.match(one, /^Total number of tables: 1\n-+\nKeyspace: ks\n\tRead Count: 4\n\tRead Latency: 0\.25 ms\n/);
  assert.ok(one.includes('\t\tLocal write latency: NaN ms'));
  assert.ok(one.includes('\t\tSpace used (live): 117903'));
  assert.ok((await ctl('tablestats', '-H', 'ks')).out.includes('\t\tSpace used (live): 115.14 KiB'));
  const unknown = await ctl('tablestats', 'nope');
  assert.equal(unknown.code, 2);
  assert.match(unknown.error, /^ferrosa-ctl: Unknown keyspace: nope\n/);
});

test('actions reach the node', async () => {
  assert.deepEqual(await ctl('flush', 'ks', 't', 'u'), { code: 0, out: '', error: '' });
  assert.deepEqual(web.control.calls.at(-1), ['flush', 'ks', ['t', 'u']]);
  await ctl('compact');
  assert.deepEqual(web.control.calls.at(-1), ['compact', null, []]);
  assert.equal((await ctl('getendpoints', 'ks', 't', '-1')).out, '127.0.0.1');
  assert.deepEqual(web.control.calls.at(-1), ['endpoints', 'ks', 't', '-1']);
  await ctl('disablebinary');
  assert.equal((await ctl('statusbinary')).out, 'not running');
  await ctl('enablebinary');
  assert.equal((await ctl('statusbinary')).out, 'running');
  await ctl('settraceprobability', '0.5');
  assert.equal((await ctl('gettraceprobability')).out, 'Current trace probability: 0.5');
  for (const verb of ['drain', 'refreshsizeestimates']) assert.equal((await ctl(verb)).code, 0);
});

test('--json gives the data', async () => {
  const [table] = JSON.parse((await ctl('--json', 'tablestats', 'ks.t')).out);
  assert.equal(table.sstableCount, 3);
  assert.deepEqual(JSON.parse((await ctl('flush', '--json')).out), { done: true });
});

test('wrong use is told from a node that refuses or is not there', async () => {
  assert.equal((await ctl('nonsense')).code, 1);
  assert.equal((await ctl('getendpoints', 'ks')).code, 1);
  assert.equal((await ctl('status', '--nope')).code, 1);
  assert.equal((await ctl('settraceprobability', '3')).code, 2);
  const gone = await ctl('-p', '1', 'status');
  assert.equal(gone.code, 2);
  assert.match(gone.error, /Failed to connect to '127\.0\.0\.1:1'/);
});

test('help names every verb', async () => {
  const { out } = await ctl('help');
  for (const verb of ['status', 'flush', 'compact', 'drain', 'tablestats', 'getendpoints', 'stop'])
    assert.ok(out.includes(`    ${verb} `));
});

test('sizes are printed as Cassandra prints them', () => {
  assert.deepEqual([0, 834, 1024, 117_903, 3_911_189, 2 ** 41].map(formatBytes), [
    '0 bytes',
    '834 bytes',
    '1 KiB',
    '115.14 KiB',
    '3.73 MiB',
    '2 TiB',
  ]);
});
