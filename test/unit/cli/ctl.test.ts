// ferrosa-ctl prints what nodetool would, and takes what nodetool takes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCtl } from '../../../src/cli/ctl.js';
import { formatBytes } from '../../../src/cli/ctl-format.js';
import { targetOf } from '../../../src/cli/ctl-target.js';
import { packageVersion } from '../../../src/cli/main.js';
import { loginOf, startTestWeb, type TestWeb } from '../../support/web.js';

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
  assert.equal((await ctl('getendpoints', 'ks')).code, 1);
  assert.equal((await ctl('status', '--nope')).code, 1);
  assert.equal((await ctl('settraceprobability', '3')).code, 2);
  const gone = await ctl('-p', '1', 'status');
  assert.equal(gone.code, 2);
  assert.match(gone.error, /Failed to connect to '127\.0\.0\.1:1' - Connection refused: does the node run/);
});

test('a command that there is not is told by name, with the one that was probably meant', async () => {
  for (const argv of [['stauts'], ['stauts', 'ks'], ['help', 'stauts'], ['stauts', '--help']]) {
    const { code, error } = await ctl(...argv);
    assert.equal(code, 1);
    assert.match(error, /^ferrosa-ctl: Unknown command stauts; did you mean status\?\n/, argv.join(' '));
  }
  assert.match((await ctl('nonsense')).error, /^ferrosa-ctl: Unknown command nonsense\n/);
});

test('arguments that a verb does not take are told by name', async () => {
  for (const [argv, message] of [
    [['version', 'a', 'b'], 'Found unexpected parameters: [a, b]; version takes no arguments'],
    [['ring', 'ks', 'b'], 'Found unexpected parameters: [b]; ring takes the arguments: [<keyspace>]'],
    [['drain', 'constructor'], 'Found unexpected parameters: [constructor]; drain takes no arguments'],
    [['getendpoints', 'ks'], 'getendpoints takes the arguments: <keyspace> <table> <key>'],
  ] as const) {
    const { code, error } = await ctl(...argv);
    assert.equal(code, 1);
    assert.ok(error.startsWith(`ferrosa-ctl: ${message}\n`), error);
  }
  assert.match((await ctl('status', 'nope')).error, /The keyspace nope, does not exist/);
});

test('--help, -h without a host and --version need no node', async () => {
  const general = (await ctl('help')).out;
  for (const argv of [[], ['--help'], ['-h'], ['-p', '1', '--help']])
    assert.deepEqual(await ctl(...argv), { code: 0, out: general, error: '' });
  const ring = (await ctl('help', 'ring')).out;
  assert.match(ring, /ferrosa-ctl \[options\] ring \[<keyspace>\]$/);
  for (const argv of [
    ['ring', '--help'],
    ['ring', '-h'],
  ])
    assert.deepEqual(await ctl(...argv), { code: 0, out: ring, error: '' });
  assert.equal((await ctl('--version')).out, packageVersion());
});

test('who does not log in, who does it wrongly and who is no superuser are told apart', async () => {
  const guarded = await startTestWeb(loginOf({ admin: 'secret' }, { app: 'secret' }));
  const errorOf = async (...argv: string[]) => (await ctl('-p', String(guarded.port), ...argv, 'status')).error;
  assert.match(await errorOf(), /log in as a superuser with -u <username> -pw <password>/);
  assert.match(await errorOf('-u', 'admin'), /log in as a superuser with -u <username> -pw <password>/);
  assert.match(await errorOf('-u', 'admin', '-pw', 'x'), /Provided username admin and\/or password are incorrect/);
  assert.match(await errorOf('-u', 'who', '-pw', 'x'), /Provided username who and\/or password are incorrect/);
  assert.match(await errorOf('-u', 'app', '-pw', 'secret'), /^ferrosa-ctl: app is no superuser\n/);
  assert.equal(await errorOf('-u', 'admin', '-pw', 'secret'), '');
  await guarded.stop();
});

test('a port that is not the web port is told', async (t) => {
  // As a CQL port answers what is no CQL, and as one that only hangs up.
  for (const [answer, message] of [
    [Buffer.from('840000000000000000', 'hex'), /'127\.0\.0\.1:\d+' does not speak HTTP: it is not the web port \(-p/],
    [null, /ended the connection without an answer: .*the web port \(-p/],
    [Buffer.from('HTTP/1.1 404 no\r\n\r\nnothing'), /no JSON: it is not the web port \(-p/],
  ] as const) {
    const server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => (answer === null ? socket.destroy() : socket.end(answer)));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const { code, error } = await ctl('-p', String((server.address() as AddressInfo).port), 'status');
    assert.equal(code, 2);
    assert.match(error, message);
  }
});

test('the node is found by the options, else FERROSA_WEB_BIND, else ferrosa.toml, else the default', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-ctl-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ferrosa.toml');
  const none = { host: null, port: null, user: null, password: null };
  const place = (given: object, variables: Record<string, string> = {}): string => {
    const { host, port } = targetOf({ ...none, ...given }, { FERROSA_CONFIG: file, ...variables });
    return `${host} ${port}`;
  };
  assert.throws(() => place({}), /cannot read the configuration file .*ferrosa\.toml/);
  assert.equal(place({ host: 'a', port: '1' }), 'a 1');
  writeFileSync(file, 'shards = 1\n');
  assert.equal(place({}), '127.0.0.1 9090');
  for (const text of ['web_bind = "0.0.0.0:9091"\n', '[web]\nbind = "0.0.0.0:9091"\n']) {
    writeFileSync(file, text);
    assert.equal(place({}), '127.0.0.1 9091');
  }
  assert.equal(place({ host: 'a' }), 'a 9091');
  assert.equal(place({}, { FERROSA_WEB_BIND: '[::1]:9092' }), '::1 9092');
  assert.equal(place({ port: '9093' }, { FERROSA_WEB_BIND: '[::1]:9092' }), '::1 9093');
  writeFileSync(file, 'web_bind = "127.0.0.1:0"\n');
  assert.throws(() => place({}), /web_bind of .*ferrosa\.toml lets the system choose the port: give it with -p/);
  assert.equal(place({ port: '9093' }), '127.0.0.1 9093');
  writeFileSync(file, 'web_bind = 9090\n');
  assert.throws(() => place({}), /web_bind of .*ferrosa\.toml: "9090" is not an address/);
});

test('ring and gossipinfo have the shape of nodetool', async () => {
  const ring = (await ctl('ring')).out.split('\n').map((line) => line.trimEnd());
  assert.deepEqual(ring, [
    '',
    'Datacenter: datacenter1',
    '==========',
    'Address         Rack        Status State   Load            Owns                Token',
    `${' '.repeat(79)}12`,
    '127.0.0.1       rack1       Up     Normal  115.14 KiB      100.00%             -9',
    '127.0.0.1       rack1       Up     Normal  115.14 KiB      100.00%             12',
    '',
  ]);
  assert.equal((await ctl('ring', 'ks')).code, 0);
  assert.match((await ctl('ring', 'nope')).error, /Keyspace \[nope\] does not exist/);
  const gossip = (await ctl('gossipinfo')).out.split('\n');
  assert.equal(gossip[0], '/127.0.0.1');
  for (const line of ['  generation:1795245390', '  DC:datacenter1', '  NATIVE_ADDRESS_AND_PORT:127.0.0.1:9042'])
    assert.ok(gossip.includes(line), line);
});

test('snapshots are taken, listed and cleared as nodetool does it', async () => {
  assert.equal(
    (await ctl('snapshot', '-t', 'one', 'ks')).out,
    'Requested creating snapshot(s) for [ks] with snapshot name [one]\nSnapshot directory: one',
  );
  assert.deepEqual(web.control.calls.at(-1), ['takeSnapshot', 'one', ['ks']]);
  const listed = (await ctl('listsnapshots')).out.split('\n').map((line) => line.trimEnd());
  assert.equal(listed[1], 'Snapshot name Keyspace name Column family name True size Size on disk Creation time');
  assert.match(listed[2]!, /^one {11}ks {12}t {18}149 bytes 115\.14 KiB {3}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(listed[4], 'Total TrueDiskSpaceUsed: 149 bytes');
  assert.match((await ctl('clearsnapshot')).error, /Specify snapshot name or --all/);
  assert.equal(
    (await ctl('clearsnapshot', '--tag=one')).out,
    'Requested clearing snapshot(s) for [all keyspaces] with snapshot name [one]',
  );
  assert.deepEqual(web.control.calls.at(-1), ['clearSnapshots', 'one', []]);
  await ctl('clearsnapshot', '--all', 'ks');
  assert.deepEqual(web.control.calls.at(-1), ['clearSnapshots', null, ['ks']]);
});

test('cleanup and repair say why there is nothing to do', async () => {
  assert.equal((await ctl('cleanup', 'ks', 't')).out, 'Nothing to clean up: the node owns the whole ring');
  assert.deepEqual(web.control.calls.at(-1), ['cleanup', 'ks', ['t']]);
  assert.equal((await ctl('repair')).out, "This node is the only replica. No repair is needed for keyspace 'ks'");
  assert.match((await ctl('repair', 'nope')).error, /Keyspace \[nope\] does not exist/);
});

test("invalidatepermissionscache takes nodetool's options", async () => {
  const resources = async (...options: string[]) => {
    web.control.calls.length = 0;
    assert.equal((await ctl('invalidatepermissionscache', ...options, 'ann')).code, 0, options.join(' '));
    return web.control.calls.map(([, cache, role, resource]) => `${cache} ${role} ${resource}`);
  };
  const cases: [options: string[], expected: string[]][] = [
    [['--all-keyspaces'], ['data']],
    [['--keyspace', 'ks'], ['data/ks']],
    [['--keyspace', 'ks', '--table', 't'], ['data/ks/t']],
    [['--all-tables', '--keyspace=ks'], ['data/ks/*']],
    [
      ['--all-roles', '--role', 'bob'],
      ['roles', 'roles/bob'],
    ],
    [['--functions-in-keyspace', 'ks'], ['functions/ks']],
    [
      ['--functions-in-keyspace', 'ks', '--function', 'f[Int32Type^DoubleType]'],
      ['functions/ks/f[org.apache.cassandra.db.marshal.Int32Type^org.apache.cassandra.db.marshal.DoubleType]'],
    ],
    [
      ['--all-functions', '--all-mbeans', '--mbean', 'a:b=c'],
      ['functions', 'mbean', 'mbean/a:b=c'],
    ],
  ];
  for (const [options, expected] of cases)
    assert.deepEqual(
      await resources(...options),
      expected.map((resource) => `permissions ann ${resource}`),
    );
  await ctl('invalidatepermissionscache');
  assert.deepEqual(web.control.calls.at(-1), ['invalidateAuthCache', 'permissions', null, null]);
  for (const [args, message] of [
    [['ann'], /No resource options specified/],
    [['--all-roles'], /No resource options allowed without a <role> being specified/],
    [['--table', 't', 'ann'], /--table option should be passed along with --keyspace option/],
    [['ann', 'data/ks'], /takes the arguments/],
  ] as const)
    assert.match((await ctl('invalidatepermissionscache', ...args)).error, message);
});

test('help of a verb that there is not is wrong use', async () => {
  assert.equal((await ctl('help', 'status')).code, 0);
  const { code, error } = await ctl('help', 'nope');
  assert.equal(code, 1);
  assert.match(error, /^ferrosa-ctl: Unknown command nope\n/);
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
