// From where roles may do anything: CassandraNetworkAuthorizer and CassandraCIDRAuthorizer, with the answers of Cassandra.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { asSuperuser, ctlOutput, runCtl } from '../support/ctl.js';
import { Ferrosa } from '../support/ferrosa.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';

let node: Ferrosa;
let admin: CqlClient;
const as = (user: string, port = node.port) => CqlClient.connect({ port, credentials: { user, password: user } });

const settings = {
  authenticator: 'PasswordAuthenticator',
  authorizer: 'CassandraAuthorizer',
  network_authorizer: 'CassandraNetworkAuthorizer',
  cidr_authorizer: 'CassandraCIDRAuthorizer',
  cidr_authorizer_mode: 'ENFORCE',
  auth_cache_warming_enabled: 'true',
  roles_validity: '1h',
  permissions_validity: '1h',
};

before(async () => {
  node = await Ferrosa.start(settings);
  admin = await as('cassandra');
  await ok('updatecidrgroup', 'local', '127.0.0.0/8', '10.0.0.0/8');
  await ok('updatecidrgroup', 'far', '200.0.0.0/8');
  await ok('reloadcidrgroupscache');
  await admin.query("CREATE KEYSPACE ak WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await admin.query('CREATE TABLE ak.t (k int PRIMARY KEY, v int)');
});
after(async () => {
  await admin.close();
  await node.remove();
});

const ctl = (...args: string[]) => runCtl(node, ...asSuperuser, ...args);
const ok = (...args: string[]) => ctlOutput(node, ...asSuperuser, ...args);

const refusedHere = (error: CqlError) => {
  assert.equal(error.code, 0x2100);
  assert.equal(error.message, 'You do not have access from this IP 127.0.0.1');
  return true;
};
const create = (name: string, rest: string) =>
  admin.query(`CREATE ROLE ${name} WITH PASSWORD = '${name}' AND LOGIN = true${rest}`);
const invalid = (message: string) => ({ code: 0x2200, message });

test('a role works from its ranges only; superusers too; who logs in from elsewhere is refused with the first statement', async () => {
  await create('near', " AND ACCESS FROM CIDRS {'local'}");
  await create('away', " AND ACCESS FROM CIDRS {'far'}");
  await create('chief', " AND SUPERUSER = true AND ACCESS FROM CIDRS {'far'}");
  await create('free', ' AND ACCESS FROM ALL CIDRS');
  for (const user of ['near', 'free']) {
    const client = await as(user);
    await client.query('SELECT key FROM system.local');
    await client.close();
  }
  for (const user of ['away', 'chief']) {
    const client = await as(user);
    for (const text of ['SELECT key FROM system.local', 'USE ak', 'LIST ROLES', 'SELECT * FROM ak.t'])
      await assert.rejects(client.query(text), refusedHere, text);
    await client.close();
  }
});

// The plan of a prepared statement is hot for a role at an address.
for (const port of ['port', 'shardAwarePort'] as const)
  test(`a range that is taken away stops prepared statements that were hot (${port})`, async () => {
    const name = `moves${port.toLowerCase()}`;
    await create(name, " AND ACCESS FROM CIDRS {'local', 'far'}");
    await admin.query(`GRANT SELECT ON ak.t TO ${name}`);
    const client = await as(name, node[port]);
    const read = await client.prepare('SELECT v FROM ak.t WHERE k = ?');
    const hot = async () => {
      const text = await (await fetch(`http://127.0.0.1:${node.webPort}/metrics`)).text();
      return Number(/^ferrosa_hot_path_requests_total (\d+)/m.exec(text)![1]);
    };
    for (let i = 0; i < 3; i++) await client.execute(read, [value.int(1)]);
    const before = await hot();
    for (let i = 0; i < 5; i++) await client.execute(read, [value.int(1)]);
    assert.equal((await hot()) - before, 5);
    await admin.query(`ALTER ROLE ${name} WITH ACCESS FROM CIDRS {'far'}`);
    await assert.rejects(client.execute(read, [value.int(1)]), refusedHere);
    await admin.query(`ALTER ROLE ${name} WITH ACCESS FROM ALL CIDRS`);
    await client.execute(read, [value.int(1)]);
    await admin.query(`ALTER ROLE ${name} WITH ACCESS TO DATACENTERS {'datacenter1'}`);
    await client.execute(read, [value.int(1)]);
    await client.close();
  });

// Each address of a role has hot plans of its own.
for (const port of ['port', 'shardAwarePort'] as const)
  test(`what a role runs hot from one address it may not run from another (${port})`, async () => {
    await ok('updatecidrgroup', 'other', '127.0.0.2/32');
    await ok('reloadcidrgroupscache');
    const name = `two${port.toLowerCase()}`;
    await create(name, " AND ACCESS FROM CIDRS {'local'}");
    await admin.query(`GRANT SELECT ON ak.t TO ${name}`);
    const here = await as(name, node[port]);
    const credentials = { user: name, password: name };
    const there = await CqlClient.connect({ port: node[port], credentials, localAddress: '127.0.0.2' });
    const read = await here.prepare('SELECT v FROM ak.t WHERE k = ?');
    for (let i = 0; i < 20; i++) {
      await here.execute(read, [value.int(1)]);
      await assert.rejects(there.execute(read, [value.int(1)]), {
        code: 0x2100,
        message: 'You do not have access from this IP 127.0.0.2',
      });
    }
    await here.close();
    await there.close();
    await ok('dropcidrgroup', 'other');
    await ok('reloadcidrgroupscache');
  });

test('what CREATE and ALTER ROLE write is what Cassandra writes', async () => {
  await admin.query("CREATE ROLE d4 WITH LOGIN = false AND ACCESS TO DATACENTERS {'datacenter1'}");
  await create('d6', " AND ACCESS TO DATACENTERS {'datacenter1'} AND ACCESS FROM CIDRS {'local', 'far'}");
  const rows = async (table: string, key: string) =>
    (await admin.query(`SELECT * FROM system_auth.${table} WHERE role = '${key}'`)).objects();
  assert.deepEqual(await rows('network_permissions', 'roles/d6'), [{ role: 'roles/d6', dcs: ['datacenter1'] }]);
  assert.deepEqual(await rows('cidr_permissions', 'd6'), [{ role: 'd6', cidr_groups: ['far', 'local'] }]);
  assert.deepEqual(await rows('network_permissions', 'roles/near'), [{ role: 'roles/near', dcs: [] }]);
  assert.deepEqual(await rows('cidr_permissions', 'd4'), [{ role: 'd4', cidr_groups: [] }]);
  const roles = (await admin.query('LIST ROLES')).objects().filter(({ role }) => /^d\d|^near/.test(String(role)));
  assert.deepEqual(
    roles.map(({ role, datacenters }) => [role, datacenters]),
    [
      ['d4', 'n/a'],
      ['d6', 'datacenter1'],
      ['near', 'ALL'],
    ],
  );
  await admin.query('ALTER ROLE d6 WITH ACCESS FROM ALL CIDRS AND ACCESS TO ALL DATACENTERS');
  assert.deepEqual(await rows('network_permissions', 'roles/d6'), [{ role: 'roles/d6', dcs: [] }]);
  await admin.query('DROP ROLE d6');
  assert.deepEqual(await rows('network_permissions', 'roles/d6'), []);
  assert.deepEqual(await rows('cidr_permissions', 'd6'), []);
  await assert.rejects(
    admin.query("CREATE ROLE x WITH ACCESS FROM CIDRS {'nix', 'nux'}"),
    invalid('Invalid CIDR group(s): [nux, nix]. Available CIDR Groups are: [far, local]'),
  );
  await assert.rejects(
    admin.query("CREATE ROLE x WITH ACCESS TO DATACENTERS {'dcx'}"),
    invalid("Invalid value(s) for DATACENTERS '[dcx]',All values must be valid datacenters"),
  );
  const free = await as('free');
  await assert.rejects(free.query('ALTER ROLE free WITH ACCESS FROM ALL CIDRS'), {
    code: 0x2100,
    message: 'Only superusers are allowed to alter access from CIDR groups.',
  });
  await free.close();
});

test('a role of another datacenter is refused here', async () => {
  await create('elsewhere', '');
  await admin.query("UPDATE system_auth.network_permissions SET dcs = {'dc9'} WHERE role = 'roles/elsewhere'");
  await ok('invalidatenetworkpermissionscache', 'elsewhere');
  const client = await as('elsewhere');
  await assert.rejects(client.query('SELECT key FROM system.local'), {
    code: 0x2100,
    message: 'You do not have access to this datacenter (datacenter1)',
  });
  await client.close();
});

test('the verbs about CIDR groups say what nodetool says', async () => {
  assert.equal(await ok('getcidrgroupsofip', '127.0.0.1'), 'CIDR Groups: \nlocal        \n');
  assert.equal(await ok('getcidrgroupsofip', '9.9.9.9'), '');
  assert.match(await ok('listcidrgroups'), /^CIDR Groups: \n(far {10}\nlocal {8}|local {8}\nfar {10})\n$/);
  assert.match(await ok('listcidrgroups', 'local'), /^CIDRs: {5}\n10\.0\.0\.0\/8 \n127\.0\.0\.0\/8\n$/);
  assert.equal(await ok('listcidrgroups', 'nix'), '');
  assert.equal(
    await ok('invalidatecidrpermissionscache', 'ghost'),
    'Not found role ghost in CIDR permissions cache, nothing to invalidate\n',
  );
  assert.equal(await ok('invalidatecidrpermissionscache'), 'Invalidated CIDR permissions cache\n');
  assert.match((await ctl('updatecidrgroup', 'bad', '1.2.3.4/40')).error, /1\.2\.3\.4\/40 is not a valid CIDR String/);
  assert.match((await ctl('getcidrgroupsofip', 'abc')).error, /Invalid IP abc/);
  await ok('updatecidrgroup', 'six', '2001:db8::/32');
  assert.equal(await ok('dropcidrgroup', 'six'), 'Deleted CIDR group six\n');
  assert.match((await ctl('dropcidrgroup', 'six')).error, /CIDR group 'six' doesn't exists/);
  assert.match(await ok('cidrfilteringstats'), /Number of CIDR accesses rejected from CIDR group - local +\d+ *\n/);
  const counts = (await admin.query('SELECT * FROM system_views.cidr_filtering_metrics_counts')).objects();
  const count = (name: string) => Number(counts.find((row) => row['name'] === name)?.['value']);
  assert.ok(count('CIDR groups cache reload count') >= 2);
  assert.ok(count('Number of CIDR accesses accepted from CIDR group - local') > 0);
  assert.equal((await admin.query('SELECT * FROM system_views.cidr_filtering_metrics_latencies')).rows.length, 3);
});

test('MONITOR lets in whom ENFORCE refuses, and says so in the log; superusers may be left out', async () => {
  const data = temporaryDataDir();
  const ports = { cql_bind: '127.0.0.1:0', cql_shard_aware_bind: '127.0.0.1:0', web_bind: '127.0.0.1:0' };
  let other = await NodeProcess.start(data.path, { ...settings, ...ports, cidr_authorizer_mode: 'MONITOR' });
  try {
    const chief = await CqlClient.connect({ port: other.port });
    await chief.query("INSERT INTO system_auth.cidr_groups (cidr_group, cidrs) VALUES ('far', {('200.0.0.0', 8)})");
    await chief.query("CREATE ROLE away WITH PASSWORD = 'away' AND LOGIN = true AND ACCESS FROM CIDRS {'far'}");
    await chief.query("ALTER ROLE cassandra WITH ACCESS FROM CIDRS {'far'}");
    const away = await CqlClient.connect({ port: other.port, credentials: { user: 'away', password: 'away' } });
    await away.query('SELECT key FROM system.local');
    assert.match(other.output, /Role away accessed from unauthorized IP 127\.0\.0\.1, CIDR group \[\]/);
    await chief.close();
    await away.close();
    await other.stop();
    other = await NodeProcess.start(data.path, { ...settings, ...ports, cidr_checks_for_superusers: 'false' });
    const again = await CqlClient.connect({ port: other.port });
    await again.query('SELECT key FROM system.local');
    await again.close();
  } finally {
    await other.kill();
    data.remove();
  }
});
