// Roles and permissions against a real process: the words of Cassandra, the hot path, caches, passwords.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { accessSettings, goldenPath, type Recorded, Stage } from '../access/scenario.js';
import { difference, show } from '../diff/outcome.js';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { asSuperuser, runCtl } from '../support/ctl.js';
import { Ferrosa } from '../support/ferrosa.js';

for (const hotPath of [true, false])
  test(`each permission on each resource, granted and not: Cassandra's answers, hot path ${hotPath ? 'on' : 'off'}`, async () => {
    const recorded = JSON.parse(readFileSync(goldenPath, 'utf8')) as Recorded[];
    const node = await Ferrosa.start({ ...accessSettings, hot_path: String(hotPath) });
    const stage = new Stage('127.0.0.1', node.port, true);
    try {
      for (const { outcome, ...step } of recorded) {
        const ours = await stage.run(step);
        const line = { number: step.number, cql: step.cql, mode: 'exact', pageSize: 0, binds: null } as const;
        const where = `permissions.cql:${step.number} ${step.role}> ${step.cql}`;
        assert.equal(difference(line, ours, outcome), null, `${where}\n${show(ours)}\nCassandra: ${show(outcome)}`);
      }
    } finally {
      await stage.close();
      await node.remove();
    }
  });

let node: Ferrosa;
let admin: CqlClient;
const as = (user: string, password = user, port = node.port): Promise<CqlClient> =>
  CqlClient.connect({ port, credentials: { user, password } });

before(async () => {
  const hour = '1h';
  node = await Ferrosa.start({
    authenticator: 'PasswordAuthenticator',
    authorizer: 'CassandraAuthorizer',
    user_defined_functions_enabled: 'true',
    dynamic_data_masking_enabled: 'true',
    slow_query_log_timeout: '1ms',
    roles_validity: hour,
    permissions_validity: hour,
    credentials_validity: hour,
  });
  admin = await as('cassandra');
  await admin.query("CREATE KEYSPACE app WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await admin.query('CREATE TABLE app.t (k int PRIMARY KEY, v int)');
  await admin.query("CREATE ROLE app WITH PASSWORD = 'app' AND LOGIN = true");
});
after(async () => {
  await admin.close();
  await node.remove();
});

test('permissions on MBeans are kept and listed by their canonical names, and go again', async () => {
  await admin.query("CREATE ROLE jmx WITH ACCESS TO DATACENTERS {'datacenter1'}");
  await admin.query("GRANT SELECT ON MBEAN 'java.lang:type=Memory' TO jmx");
  await admin.query("GRANT MODIFY ON MBEANS 'org.apache.cassandra.db:*' TO jmx");
  const named = "'org.apache.cassandra.metrics:type=Table,keyspace=system,scope=local,name=ReadLatency'";
  await admin.query(`GRANT EXECUTE ON MBEAN ${named} TO jmx`);
  const listed = async (of: string) => (await admin.query(of)).rows.map((row) => `${row[3]} ${row[2]}`);
  const all = [
    'SELECT <mbean java.lang:type=Memory>',
    'MODIFY <mbean org.apache.cassandra.db:*>',
    'EXECUTE <mbean org.apache.cassandra.metrics:keyspace=system,name=ReadLatency,scope=local,type=Table>',
  ];
  assert.deepEqual(await listed('LIST ALL PERMISSIONS OF jmx'), all);
  assert.deepEqual(await listed("LIST SELECT ON MBEAN 'java.lang:type=Memory' OF jmx"), all.slice(0, 1));
  await admin.query("REVOKE SELECT ON MBEAN 'java.lang:type=Memory' FROM jmx");
  assert.deepEqual(await listed('LIST ALL PERMISSIONS OF jmx'), all.slice(1));
  const refused = (name: string, code: number, message: string) =>
    assert.rejects(admin.query(`GRANT SELECT ON MBEAN '${name}' TO jmx`), { code, message });
  await refused('nosuch:type=Nope', 0x2200, "Resource <mbean nosuch:type=Nope> doesn't exist");
  await refused('not a name', 0x2000, 'not a name is not a valid JMX object name');
  await admin.query('DROP ROLE jmx');
});

test('who may not write a view is told that first; a statement that cannot be planned is told before, and PREPARE looks at the view alone', async () => {
  await admin.query(
    'CREATE MATERIALIZED VIEW app.v AS SELECT * FROM app.t WHERE k IS NOT NULL AND v IS NOT NULL PRIMARY KEY (v, k)',
  );
  const user = await as('app');
  const denied = { code: 0x2100, message: 'User app has no MODIFY permission on <table app.v> or any of its parents' };
  const view = { code: 0x2200, message: 'Cannot directly modify a materialized view' };
  const insert = 'INSERT INTO app.v (v, k) VALUES (1, 1)';
  for (const statement of [
    insert,
    `${insert} IF NOT EXISTS`,
    'DELETE FROM app.v WHERE v = 1 AND k = 1',
    `BEGIN BATCH ${insert}; APPLY BATCH`,
  ]) {
    await assert.rejects(user.query(statement), denied, statement);
    await assert.rejects(admin.query(statement), view, statement);
  }
  const unknown = { code: 0x2200, message: 'Undefined column name nope in table app.v' };
  await assert.rejects(user.query('INSERT INTO app.v (v, nope) VALUES (1, 1)'), unknown);
  await assert.rejects(user.prepare(insert), view);
  await assert.rejects(admin.query(`EXPLAIN ${insert}`), view);
  await user.close();
  await admin.query('DROP MATERIALIZED VIEW app.v');
});

test('CREATE ROLE takes datacenters also where nobody looks at them, and ALTER ROLE does not', async () => {
  await admin.query("CREATE ROLE dc WITH ACCESS TO DATACENTERS {'datacenter1'}");
  const rows = await admin.query('SELECT role FROM system_auth.network_permissions');
  assert.deepEqual(rows.rows, []);
  await assert.rejects(admin.query("ALTER ROLE dc WITH ACCESS TO DATACENTERS {'datacenter1'}"), {
    code: 0x2200,
    message: 'ACCESS TO DATACENTERS operations not supported by AllowAllNetworkAuthorizer',
  });
  await assert.rejects(admin.query("CREATE ROLE dc2 WITH ACCESS TO DATACENTERS {'nosuch'}"), {
    code: 0x2200,
    message: "Invalid value(s) for DATACENTERS '[nosuch]',All values must be valid datacenters",
  });
  await admin.query('DROP ROLE dc');
});

test('ferrosa-ctl is for superusers, and says who is none', async () => {
  const errorOf = async (...login: string[]) => (await runCtl(node, ...login, 'status')).error;
  assert.match(await errorOf('-u', 'app', '-pw', 'app'), /app is no superuser/);
  assert.match(await errorOf('-u', 'app', '-pw', 'no'), /Provided username app and\/or password are incorrect/);
  assert.match(await errorOf('-u', 'who', '-pw', 'no'), /Provided username who and\/or password are incorrect/);
  assert.equal(await errorOf(...asSuperuser), '');
});

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

async function hotRequests(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${node.webPort}/metrics`)).text();
  return Number(/^ferrosa_hot_path_requests_total (\d+)/m.exec(text)![1]);
}

const isUnauthorized = (permission: string) => (error: CqlError) => {
  assert.equal(error.code, 0x2100);
  assert.equal(error.message, `User app has no ${permission} permission on <table app.t> or any of its parents`);
  return true;
};

for (const port of ['port', 'shardAwarePort'] as const)
  test(`a permission that is revoked stops statements that came as text and were hot (${port})`, async () => {
    const client = await as('app', 'app', node[port]);
    const read = (k: number) => client.query(`SELECT v FROM app.t WHERE k = ${k}`);
    const write = (k: number) => client.query(`INSERT INTO app.t (k, v) VALUES (${k}, 1)`);
    const denied = async () => {
      await assert.rejects(read(1), isUnauthorized('SELECT'));
      await assert.rejects(write(1), isUnauthorized('MODIFY'));
    };
    try {
      await denied();
      await admin.query('GRANT SELECT, MODIFY ON app.t TO app');
      await Promise.all([read(2), write(2)]);
      const hotBefore = await hotRequests();
      for (let i = 0; (await hotRequests()) - hotBefore < 30; i++) await Promise.all([read(i), write(i)]);
      await admin.query('REVOKE SELECT, MODIFY ON app.t FROM app');
      for (let i = 0; i < 10; i++) await denied();
    } finally {
      await client.close();
    }
  });

// On the other port the connection is on the thread of a shard, which has plans and groups of its own.
for (const port of ['port', 'shardAwarePort'] as const)
  test(`a permission that is revoked stops prepared statements that were hot (${port})`, async () => {
    const client = await as('app', 'app', node[port]);
    try {
      const read = await client.prepare('SELECT v FROM app.t WHERE k = ?');
      const write = await client.prepare('INSERT INTO app.t (k, v) VALUES (?, ?)');
      const batch = () =>
        client.batch(0, [
          { query: write, values: [int(1), int(2)] },
          { query: write, values: [int(1), int(3)] },
        ]);
      const denied = async () => {
        await assert.rejects(client.execute(read, [int(1)]), isUnauthorized('SELECT'));
        await assert.rejects(client.execute(write, [int(1), int(1)]), isUnauthorized('MODIFY'));
        await assert.rejects(batch(), isUnauthorized('MODIFY'));
      };
      await denied();
      await admin.query('GRANT SELECT, MODIFY ON app.t TO app');
      const hotBefore = await hotRequests();
      for (let i = 0; i < 200; i++) {
        await client.execute(read, [int(1)]);
        await client.execute(write, [int(1), int(i)]);
        await batch();
      }
      // A connection of a shard tells of its requests from time to time.
      while ((await hotRequests()) - hotBefore < 300) await setImmediate();
      await admin.query('REVOKE SELECT, MODIFY ON app.t FROM app');
      await denied();
      await admin.query('GRANT SELECT, MODIFY ON app.t TO app');
      await client.execute(read, [int(1)]);
      await admin.query('REVOKE ALL ON app.t FROM app');
      await denied();
    } finally {
      await client.close();
    }
  });

test('a superuser that is none any more has lost its rights', async () => {
  await admin.query("CREATE ROLE chief WITH PASSWORD = 'chief' AND LOGIN = true AND SUPERUSER = true");
  const chief = await as('chief');
  const read = await chief.prepare('SELECT v FROM app.t WHERE k = ?');
  for (let i = 0; i < 50; i++) await chief.execute(read, [int(1)]);
  await admin.query('ALTER ROLE chief WITH SUPERUSER = false');
  await assert.rejects(chief.execute(read, [int(1)]), /User chief has no SELECT permission/);
  await chief.close();
});

test('what is changed in system_auth itself is seen when the cache is invalidated', async () => {
  await admin.query('GRANT SELECT ON app.t TO app');
  const client = await as('app');
  const read = await client.prepare('SELECT v FROM app.t WHERE k = ?');
  for (let i = 0; i < 50; i++) await client.execute(read, [int(1)]);
  const cached = await admin.query("SELECT resource FROM system_views.permissions_cache_keys WHERE role = 'app'");
  assert.ok(cached.objects().some(({ resource }) => resource === '<table app.t>'));
  await admin.query("DELETE FROM system_auth.role_permissions WHERE role = 'app'");
  await client.execute(read, [int(1)]);
  const invalidate = async (cache: string, role: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${node.webPort}/api/v1/invalidateauthcache`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from('cassandra:cassandra').toString('base64')}`,
      },
      body: JSON.stringify({ cache, role }),
    });
    return response.status;
  };
  assert.equal(await invalidate('nothing', 'app'), 400);
  assert.equal(await invalidate('permissions', 'other'), 200);
  await client.execute(read, [int(1)]);
  assert.equal(await invalidate('permissions', 'app'), 200);
  await assert.rejects(client.execute(read, [int(1)]), isUnauthorized('SELECT'));
  await client.close();
});

test("Cassandra's bcrypt hashes let their owners in, new hashes are argon2id", async () => {
  const fromCassandra = '$2a$10$4PEnGpf3/x9peUAP.1/7HO6iNRirzAm6BkjPlUUtdncYXZT4t1sim';
  await admin.query(`CREATE ROLE moved WITH HASHED PASSWORD = '${fromCassandra}' AND LOGIN = true`);
  await (await as('moved', 'cassandra')).close();
  await assert.rejects(as('moved', 'wrong'), /Provided username moved and\/or password are incorrect/);
  const rows = await admin.query("SELECT salted_hash FROM system_auth.roles WHERE role = 'app'");
  const { salted_hash: hash } = rows.objects()[0]!;
  assert.match(String(hash), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  await admin.query(`CREATE ROLE copied WITH HASHED PASSWORD = '${hash}' AND LOGIN = true`);
  await (await as('copied', 'app')).close();
});

test("a role's password is not changed twice in a moment, and a new one counts at once", async () => {
  await admin.query('CREATE ROLE hasty WITH LOGIN = true');
  await admin.query("ALTER ROLE hasty WITH PASSWORD = 'one'");
  await (await as('hasty', 'one')).close();
  await assert.rejects(admin.query("ALTER ROLE hasty WITH PASSWORD = 'two'"), (error: CqlError) => {
    assert.equal(error.code, 0x1001);
    assert.equal(error.message, 'Password for role hasty can only be changed every 5000ms.');
    return true;
  });
  await admin.query('ALTER ROLE hasty WITH LOGIN = false');
  await assert.rejects(as('hasty', 'one'), /hasty is not permitted to log in/);
});

test('functions of users: made, called and dropped by those who may', async () => {
  const client = await as('app');
  const make =
    "CREATE FUNCTION app.twice (i int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE javascript AS 'return i * 2;'";
  const denied = (permission: string, resource: string) =>
    new RegExp(`User app has no ${permission} permission on ${resource} or any of its parents`);
  await admin.query('GRANT SELECT ON app.t TO app');
  await assert.rejects(client.query(make), denied('CREATE', '<all functions in app>'));
  await admin.query(make);
  const call = 'SELECT app.twice(k) FROM app.t';
  await assert.rejects(client.query(call), denied('EXECUTE', '<function app.twice\\(int\\)>'));
  await assert.rejects(client.query('DROP FUNCTION app.twice'), denied('DROP', '<function app.twice\\(int\\)>'));
  await admin.query('GRANT EXECUTE ON FUNCTION app.twice(int) TO app');
  await client.query(call);
  await admin.query('DROP FUNCTION app.twice');
  const left = await admin.query('LIST ALL PERMISSIONS OF app');
  assert.ok(!left.objects().some(({ resource }) => String(resource).startsWith('<function')));
  await admin.query('GRANT CREATE ON ALL FUNCTIONS IN KEYSPACE app TO app');
  await client.query(make);
  await client.query(call);
  await client.query('DROP FUNCTION app.twice(int)');
  await client.close();
});

test('a batch of a role that may not run it calls no functions', async () => {
  await admin.query(
    `CREATE FUNCTION app.told (i int) CALLED ON NULL INPUT RETURNS int LANGUAGE javascript AS 'throw new Error("called")'`,
  );
  await admin.query('CREATE TABLE app.b (k int PRIMARY KEY, v int)');
  const client = await as('app');
  const batch = () => client.batch(0, [{ query: 'INSERT INTO app.b (k, v) VALUES (1, app.told(1))', values: [] }]);
  await assert.rejects(batch(), /User app has no MODIFY permission on <table app.b>/);
  await admin.query('GRANT MODIFY ON app.b TO app');
  await assert.rejects(batch(), /User app has no EXECUTE permission on <function app.told\(int\)>/);
  await admin.query('GRANT EXECUTE ON FUNCTION app.told(int) TO app');
  await assert.rejects(batch(), /Error: called/);
  await client.close();
});

test('masked columns show their values to roles with UNMASK only', async () => {
  await admin.query('CREATE TABLE app.masked (k int PRIMARY KEY, name text MASKED WITH mask_default())');
  await admin.query("INSERT INTO app.masked (k, name) VALUES (1, 'ann')");
  await admin.query('GRANT SELECT ON app.masked TO app');
  const client = await as('app');
  const name = async () => (await client.query('SELECT name FROM app.masked')).objects()[0]!['name'];
  const ask = () => client.query("SELECT k FROM app.masked WHERE name = 'ann' ALLOW FILTERING");
  assert.equal(await name(), '****');
  await assert.rejects(ask(), /User app has no UNMASK nor SELECT_MASKED permission on table app.masked, cannot query/);
  await admin.query('GRANT SELECT_MASKED ON app.masked TO app');
  assert.equal((await ask()).rows.length, 1);
  assert.equal(await name(), '****');
  await admin.query('GRANT UNMASK ON app.masked TO app');
  assert.equal(await name(), 'ann');
  await client.close();
});

test('nobody asks by ANN about masked vectors, and a mask that is a user function needs no EXECUTE', async () => {
  await admin.query(
    'CREATE FUNCTION app.hide (a text) CALLED ON NULL INPUT RETURNS text LANGUAGE javascript AS \'return "hidden";\'',
  );
  await admin.query(
    'CREATE TABLE app.near (k int PRIMARY KEY, x vector<float, 2> MASKED WITH DEFAULT, name text MASKED WITH app.hide())',
  );
  await admin.query("CREATE INDEX ON app.near (x) USING 'sai'");
  await admin.query("INSERT INTO app.near (k, x, name) VALUES (1, [1, 2], 'ann')");
  await admin.query('GRANT SELECT ON app.near TO app');
  const client = await as('app');
  const ask = () => client.query('SELECT k FROM app.near ORDER BY x ANN OF [1, 2] LIMIT 1');
  await assert.rejects(
    ask(),
    /User app has no UNMASK nor SELECT_MASKED permission on table app.near, .* columns \[x\]/,
  );
  assert.deepEqual((await client.query('SELECT name FROM app.near')).objects(), [{ name: 'hidden' }]);
  await assert.rejects(client.query("SELECT app.hide('x') FROM app.near"), /User app has no EXECUTE permission/);
  await admin.query('GRANT SELECT_MASKED ON app.near TO app');
  assert.equal((await ask()).rows.length, 1);
  await client.close();
});

test('who may not truncate a table is not told what else is in the way', async () => {
  const client = await as('app');
  await admin.query('CREATE TABLE app.tb (k int PRIMARY KEY)');
  await admin.query('CREATE MATERIALIZED VIEW app.tv AS SELECT k FROM app.tb WHERE k IS NOT NULL PRIMARY KEY (k)');
  for (const table of ['app.tv', 'system_views.clients'])
    await assert.rejects(
      client.query(`TRUNCATE ${table}`),
      new RegExp(`User app has no MODIFY permission on <table ${table}>`),
    );
  await assert.rejects(admin.query('TRUNCATE app.tv'), /Cannot TRUNCATE materialized view directly/);
  await assert.rejects(admin.query('GRANT EXECUTE ON FUNCTION nope.f(int) TO app'), /Keyspace nope doesn't exist/);
  await client.close();
});

test('a view is read by those who may read its table, and written by those who may write both', async () => {
  await admin.query('CREATE TABLE app.base (k int PRIMARY KEY, v int)');
  const make =
    'CREATE MATERIALIZED VIEW app.by_v AS SELECT * FROM app.base WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)';
  const client = await as('app');
  await assert.rejects(client.query(make), /has no ALTER permission on <table app.base>/);
  // What the table held before is in the view too: builds are nobody's.
  await admin.query('INSERT INTO app.base (k, v) VALUES (2, 1)');
  await admin.query(make);
  const status =
    "SELECT status FROM system_distributed.view_build_status WHERE keyspace_name = 'app' AND view_name = 'by_v'";
  while ((await admin.query(status)).objects()[0]?.['status'] !== 'SUCCESS') await setImmediate();
  await assert.rejects(client.query('SELECT * FROM app.by_v'), /has no SELECT permission on <table app.base>/);
  await admin.query('GRANT SELECT, MODIFY ON app.base TO app');
  await client.query('SELECT * FROM app.by_v');
  const write = 'INSERT INTO app.base (k, v) VALUES (1, 1)';
  await assert.rejects(client.query(write), /has no MODIFY permission on <table app.by_v>/);
  await admin.query('GRANT MODIFY ON app.by_v TO app');
  await client.query(write);
  assert.equal((await client.query('SELECT k FROM app.by_v')).rows.length, 2);
  await assert.rejects(client.query('DROP MATERIALIZED VIEW app.by_v'), /has no ALTER permission on <table app.base>/);
  await client.close();
});

// Traces can be read by everybody.
test('passwords are in no trace and in no list of slow statements', async () => {
  const secret = 's3cret word';
  await admin.query(`/* new */ CREATE ROLE traced WITH LOGIN = true AND PASSWORD = '${secret}'`, [], { tracing: true });
  const client = await as('app');
  const sessions = async () => (await client.query('SELECT parameters FROM system_traces.sessions')).rows.flat().join();
  while (!(await sessions()).includes('CREATE ROLE traced')) await setImmediate();
  const events = (await client.query('SELECT activity FROM system_traces.events')).rows.flat().join();
  const slow = (await admin.query('SELECT query_text FROM system_observability.slow_queries')).rows.flat().join();
  const shapes = (await admin.query('SELECT query_text FROM system_observability.query_fingerprints')).rows
    .flat()
    .join();
  assert.match(events, /Parsing \/\* new \*\/ CREATE ROLE traced WITH LOGIN = true AND PASSWORD \*{7}/);
  assert.match(slow, /CREATE ROLE traced WITH LOGIN = true AND PASSWORD \*{7}/);
  for (const text of [await sessions(), events, slow, shapes]) assert.ok(!text.includes(secret), text);
  await client.close();
});

test('a function may be called with EXECUTE on the overload that is called, and on the functions of an aggregate', async () => {
  const make = (args: string, returns: string) =>
    `CREATE FUNCTION app.over (${args}) CALLED ON NULL INPUT RETURNS ${returns} LANGUAGE javascript AS 'return x'`;
  await admin.query(make('x int', 'int'));
  await admin.query(make('x text', 'text'));
  await admin.query(make('x int, y int', 'int'));
  await admin.query('CREATE AGGREGATE app.last (int) SFUNC over STYPE int');
  await admin.query('CREATE TABLE app.f (k int PRIMARY KEY, w text)');
  await admin.query("INSERT INTO app.f (k, w) VALUES (1, 'a')");
  await admin.query('GRANT SELECT ON app.f TO app');
  await admin.query('GRANT EXECUTE ON FUNCTION app.over(int) TO app');
  const client = await as('app');
  assert.equal((await client.query('SELECT app.over(k) FROM app.f')).rows.length, 1);
  const denied = (fn: string) =>
    new RegExp(`has no EXECUTE permission on <function app\\.${fn}> or any of its parents`);
  await assert.rejects(client.query('SELECT app.over(w) FROM app.f'), denied('over\\(text\\)'));
  await admin.query('GRANT EXECUTE ON FUNCTION app.last(int) TO app');
  await assert.rejects(client.query('SELECT app.last(k) FROM app.f'), denied('over\\(int, int\\)'));
  await admin.query('GRANT EXECUTE ON FUNCTION app.over(int, int) TO app');
  assert.equal((await client.query('SELECT app.last(k) FROM app.f')).rows.length, 1);
  await client.close();
});

test('a user sees and ends his own queries only; a superuser those of all', async () => {
  await admin.query(
    'CREATE FUNCTION app.second (x int) CALLED ON NULL INPUT RETURNS int LANGUAGE javascript AS ' +
      "'const end = Date.now() + 1000; while (Date.now() < end); return x'",
  );
  await admin.query('CREATE TABLE app.many (k int PRIMARY KEY)');
  for (let k = 0; k < 100; k++) await admin.query(`INSERT INTO app.many (k) VALUES (${k})`);
  await admin.query('GRANT SELECT ON app.many TO app');
  await admin.query('GRANT EXECUTE ON FUNCTION app.second(int) TO app');
  const [own, watching, others] = [await as('app'), await as('app'), await as('cassandra')];
  const slow = 'SELECT app.second(k) FROM app.many';
  const listed = async (client: CqlClient) =>
    (await client.query('LIST QUERIES')).objects().filter((row) => row['query_text'] === slow);
  const until = async (client: CqlClient, count: number) => {
    while ((await listed(client)).length !== count) await setImmediate();
    return listed(client);
  };
  const ofAdmin = assert.rejects(others.query(slow), /ended by KILL QUERY/);
  const [theirs] = await until(admin, 1);
  assert.deepEqual(await listed(watching), []);
  await assert.rejects(watching.query(`KILL QUERY ${theirs!['query_id']}`), (error: CqlError) => {
    assert.equal(error.code, 0x2100);
    assert.equal(error.message, 'Only superusers may kill queries of other users');
    return true;
  });
  const ofApp = assert.rejects(own.query(slow), /ended by KILL QUERY/);
  const [mine] = await until(watching, 1);
  assert.equal(mine!['username'], 'app');
  await watching.query(`KILL QUERY ${mine!['query_id']}`);
  await ofApp;
  const again = assert.rejects(own.query(slow), /ended by KILL QUERY/);
  for (const { query_id: id } of await until(admin, 2)) await admin.query(`KILL QUERY ${id}`);
  await Promise.all([again, ofAdmin]);
  for (const client of [own, watching, others]) await client.close();
});

// Cassandra 5.0.9 answers so.
test('what a condition found that did not hold is shown as it is, also to who sees masks in SELECT', async () => {
  await admin.query('CREATE TABLE app.m (k int PRIMARY KEY, v int MASKED WITH DEFAULT)');
  await admin.query('INSERT INTO app.m (k, v) VALUES (1, 42)');
  await admin.query('GRANT SELECT, MODIFY ON app.m TO app');
  const client = await as('app');
  assert.deepEqual((await client.query('SELECT v FROM app.m')).objects(), [{ v: 0 }]);
  const failed = await client.query('UPDATE app.m SET v = 1 WHERE k = 1 IF v = 7');
  assert.deepEqual(failed.objects(), [{ '[applied]': false, v: 42 }]);
  await client.close();
});

test('a hash that would cost every login too much is refused with the setting that says so', async () => {
  const hash = (head: string) => `${head}$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g`;
  const bcrypt = (cost: string) => `$2a$${cost}$${'a'.repeat(53)}`;
  const alter = (text: string) => admin.query(`ALTER ROLE costly WITH HASHED PASSWORD = '${text}'`);
  await admin.query("CREATE ROLE costly WITH PASSWORD = 'costly' AND LOGIN = true");
  const texts: [hash: string, expected: RegExp][] = [
    [bcrypt('31'), /bcrypt with a cost of 31, at most 14 \(password_hash_bcrypt_cost_max\)/],
    [
      hash('$argon2id$v=19$m=4194304,t=2,p=1'),
      /4194304 KiB of memory, at most 131072 \(password_hash_argon2_memory_max\)/,
    ],
    [hash('$argon2id$v=19$m=1024,t=9999,p=1'), /9999 passes, at most 10 \(password_hash_argon2_passes_max\)/],
    [hash('$argon2id$v=19$m=1024,t=1,p=999'), /999 lanes, at most 64/],
  ];
  for (const [text, expected] of texts) {
    await assert.rejects(alter(text), expected);
    await assert.rejects(
      admin.query(`CREATE ROLE other WITH HASHED PASSWORD = '${text}'`),
      /would cost every login too much/,
    );
  }
  await admin.query(`CREATE ROLE costs_enough WITH HASHED PASSWORD = '${bcrypt('14')}'`);
});

test('an address that guesses passwords has to wait', async () => {
  const message = () =>
    as('app', 'a guess').then(
      () => assert.fail('logged in'),
      (error: CqlError) => error.message,
    );
  let guesses = 0;
  while ((await message()) === 'Provided username app and/or password are incorrect') guesses++;
  assert.ok(guesses > 0 && guesses <= 30, `${guesses} guesses`);
  await assert.rejects(as('app', 'app'), /Too many failed logins from 127\.0\.0\.1/);
});
