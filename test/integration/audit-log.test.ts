// The audit log of a real node: Cassandra's records, also of what the hot path would run; switched while the node serves.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { asSuperuser, ctlOutput, runCtl } from '../support/ctl.js';
import { Ferrosa } from '../support/ferrosa.js';

let node: Ferrosa;
let admin: CqlClient;
const credentials = { user: 'cassandra', password: 'cassandra' };
const connect = (user: string, port = node.port) => CqlClient.connect({ port, credentials: { user, password: user } });

before(async () => {
  node = await Ferrosa.start({
    authenticator: 'PasswordAuthenticator',
    authorizer: 'CassandraAuthorizer',
    // What is hot stays so: nothing has to be read again meanwhile.
    roles_validity: '1h',
    permissions_validity: '1h',
  });
  admin = await CqlClient.connect({ port: node.port, credentials });
  await admin.query("CREATE KEYSPACE ak WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await admin.query('CREATE TABLE ak.t (k int PRIMARY KEY, v int)');
  await admin.query("CREATE ROLE carl WITH PASSWORD = 'carl' AND LOGIN = true");
});
after(async () => {
  await admin.close();
  await node.remove();
});

const ctl = (...args: string[]) => runCtl(node, ...asSuperuser, ...args);
const ok = (...args: string[]) => ctlOutput(node, ...asSuperuser, ...args);

const folder = () => join(node.dataDir, 'audit');

/** The records that a run of statements leaves, as `TYPE ks scope operation` without what differs from run to run. */
async function recordsOf(run: () => Promise<void>, ...options: string[]): Promise<string[]> {
  const seen = (await records()).length;
  await ok('enableauditlog', ...options);
  await run();
  await ok('disableauditlog');
  return (await records()).slice(seen);
}

async function records(): Promise<string[]> {
  const out = await ok('auditlogviewer', folder()).catch(() => '');
  return [...out.matchAll(/^LogMessage: (.*(?:\n(?!Type: ).*)*)/gm)].map(([, text]) => short(text!.trimEnd()));
}

function short(text: string): string {
  const match =
    /^user:(\w+)\|host:\/127\.0\.0\.1:\d+\|source:\/127\.0\.0\.1\|port:\d+\|timestamp:\d{13}\|type:(\w+)\|category:(\w+)(.*)$/s.exec(
      text,
    );
  assert.ok(match, text);
  return `${match[1]} ${match[2]} ${match[3]}${match[4]!.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')}`;
}

const fails = (run: Promise<unknown>) => assert.rejects(run);

test('records are those of Cassandra for the same statements, and no password is in them', async () => {
  const found = await recordsOf(async () => {
    await admin.query('INSERT INTO ak.t (k, v) VALUES (1, 2)');
    await admin.query('SELECT *   FROM \n ak.t  -- c\n');
    await admin.query('BEGIN BATCH INSERT INTO ak.t (k, v) VALUES (1, 2); APPLY BATCH');
    await admin.query('SELECT * FROM system.local');
    await fails(admin.query('SELECT * FROM ak.nope'));
    await fails(admin.query('SELEC * FROM nope'));
    await admin.query('CREATE INDEX ti ON ak.t (v)');
    await admin.query('DROP INDEX ak.ti');
    await admin.query("CREATE ROLE bob WITH PASSWORD = 'secret1' AND LOGIN = true");
    await fails(admin.query("CREATE ROLE bob WITH PASSWORD = 'secret1' AND LOGIN = true"));
    await fails(admin.query("CREATE ROLE bob WITH PASSWORD = 'secret1' AND LOGIN"));
    await admin.query('GRANT SELECT ON ak.t TO bob');
    await admin.query('GRANT SELECT ON ALL TABLES IN KEYSPACE ak TO bob');
    await admin.query('GRANT ALTER ON ROLE bob TO carl');
    await admin.query('LIST USERS');
    await admin.query("ADD IDENTITY 'spiffe://a' TO ROLE 'bob'");
    await admin.query('DESCRIBE TABLES');
    await admin.query('TRUNCATE ak.t');
    await admin.query('DROP ROLE bob');
    await admin.query('USE ak');
    await admin.query('SELECT * FROM system_views.clients LIMIT 1');
  });
  assert.deepEqual(found, [
    'cassandra UPDATE DML|ks:ak|scope:t|operation:INSERT INTO ak.t (k, v) VALUES (1, 2)',
    'cassandra SELECT QUERY|ks:ak|scope:t|operation:SELECT *   FROM \n ak.t  -- c',
    'cassandra BATCH DML|operation:BEGIN BATCH INSERT INTO ak.t (k, v) VALUES (1, 2); APPLY BATCH',
    'cassandra REQUEST_FAILURE ERROR|operation:SELECT * FROM ak.nope; table nope does not exist',
    "cassandra REQUEST_FAILURE ERROR|operation:SELEC * FROM nope; line 1:0 no viable alternative at input 'SELEC' ([SELEC]...)",
    'cassandra CREATE_INDEX DDL|ks:ak|scope:ti|operation:CREATE INDEX ti ON ak.t (v)',
    'cassandra DROP_INDEX DDL|ks:ak|scope:ti|operation:DROP INDEX ak.ti',
    "cassandra CREATE_ROLE DCL|operation:CREATE ROLE bob WITH PASSWORD = '*******' AND LOGIN = true",
    "cassandra REQUEST_FAILURE ERROR|operation:CREATE ROLE bob WITH PASSWORD = '*******' AND LOGIN = true; bob already exists",
    'cassandra REQUEST_FAILURE ERROR|operation:CREATE ROLE bob WITH PASSWORD *******; Syntax Exception. Obscured for security reasons.',
    'cassandra GRANT DCL|ks:data/ak/*|scope:data/ak/t|operation:GRANT SELECT ON ak.t TO bob',
    'cassandra GRANT DCL|ks:data/ak|scope:data/ak/*|operation:GRANT SELECT ON ALL TABLES IN KEYSPACE ak TO bob',
    'cassandra GRANT DCL|ks:roles|scope:roles/bob|operation:GRANT ALTER ON ROLE bob TO carl',
    'cassandra LIST_ROLES DCL|operation:LIST USERS',
    "cassandra CREATE_IDENTITY DCL|operation:ADD IDENTITY 'spiffe://a' TO ROLE 'bob'",
    'cassandra DESCRIBE OTHER|operation:DESCRIBE TABLES',
    'cassandra TRUNCATE DDL|ks:ak|scope:t|operation:TRUNCATE ak.t',
    'cassandra DROP_ROLE DCL|operation:DROP ROLE bob',
    'cassandra USE_KEYSPACE OTHER|ks:ak|operation:USE ak',
    'cassandra SELECT QUERY|ks:system_views|scope:clients|operation:SELECT * FROM system_views.clients LIMIT 1',
  ]);
  for (const name of readdirSync(folder()))
    assert.ok(!readFileSync(join(folder(), name), 'latin1').includes('secret1'), name);
});

// On the other port the connection is on the thread of a shard.
for (const port of ['port', 'shardAwarePort'] as const)
  test(`what the addon has run until now is recorded from the moment on that the log is on (${port})`, async () => {
    const client = await connect('cassandra', node[port]);
    const read = await client.prepare('SELECT v FROM ak.t WHERE k = ?');
    const write = await client.prepare('INSERT INTO ak.t (k, v) VALUES (?, ?)');
    const hot = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${node.webPort}/metrics`)).text();
      return Number(/^ferrosa_hot_path_requests_total (\d+)/m.exec(text)![1]);
    };
    for (let i = 0; i < 5; i++) await client.execute(read, [value.int(1)]);
    const before = await hot();
    for (let i = 0; i < 5; i++) await client.execute(read, [value.int(1)]);
    assert.equal((await hot()) - before, 5);
    const text = 'SELECT v FROM ak.t WHERE k = 2';
    for (let i = 0; i < 50; i++) await client.query(text);
    const found = await recordsOf(async () => {
      await client.query(text);
      // Not only the first after the change.
      for (let i = 0; i < 3; i++) await client.execute(read, [value.int(1)]);
      await client.execute(write, [value.int(1), value.int(5)]);
      await client.batch(1, [
        { query: write, values: [value.int(1), value.int(2)] },
        { query: 'DELETE FROM ak.t WHERE k = 7', values: [] },
      ]);
      await fails(client.execute(write, [value.int(1)]));
    });
    assert.deepEqual(found, [
      `cassandra SELECT QUERY|ks:ak|scope:t|operation:${text}`,
      ...new Array(3).fill('cassandra SELECT QUERY|ks:ak|scope:t|operation:SELECT v FROM ak.t WHERE k = ?'),
      'cassandra UPDATE DML|ks:ak|scope:t|operation:INSERT INTO ak.t (k, v) VALUES (?, ?)',
      'cassandra BATCH DML|batch:ID|operation:BatchId:[ID] - BATCH of [2] statements',
      'cassandra UPDATE DML|batch:ID|ks:ak|scope:t|operation:INSERT INTO ak.t (k, v) VALUES (?, ?)',
      'cassandra DELETE DML|batch:ID|ks:ak|scope:t|operation:DELETE FROM ak.t WHERE k = 7',
      'cassandra REQUEST_FAILURE ERROR|ks:ak|scope:t|operation:INSERT INTO ak.t (k, v) VALUES (?, ?); ' +
        'there were 2 markers(?) in CQL but 1 bound variables',
    ]);
    // The shard hears a moment later that it may run the plan again.
    const isHotAgain = async (): Promise<boolean> => {
      const from = await hot();
      for (let i = 0; i < 200; i++) await client.execute(read, [value.int(1)]);
      return (await hot()) - from >= 150;
    };
    assert.ok(await isHotAgain(), 'hot again when the log is off');
    // Logins alone cost the hot path nothing.
    await ok('enableauditlog', '--included-categories', 'AUTH,DDL');
    assert.ok(await isHotAgain());
    await ok('disableauditlog');
    await client.close();
  });

test('logins, refused logins and refused statements are recorded', async () => {
  const found = await recordsOf(
    async () => {
      const carl = await connect('carl');
      await fails(carl.query('INSERT INTO ak.t (k) VALUES (1)'));
      const insert = await carl.prepare('INSERT INTO ak.t (k) VALUES (?)');
      await fails(carl.execute(insert, [value.int(1)]));
      await fails(carl.batch(0, [{ query: insert, values: [value.int(1)] }]));
      await carl.close();
      await fails(CqlClient.connect({ port: node.port, credentials: { user: 'carl', password: 'guess' } }));
    },
    '--included-categories',
    'auth',
  );
  const denied = 'User carl has no MODIFY permission on <table ak.t> or any of its parents';
  assert.deepEqual(found, [
    'carl LOGIN_SUCCESS AUTH|operation:LOGIN SUCCESSFUL',
    `carl UNAUTHORIZED_ATTEMPT AUTH|operation:INSERT INTO ak.t (k) VALUES (1); ${denied}`,
    `carl UNAUTHORIZED_ATTEMPT AUTH|ks:ak|scope:t|operation:INSERT INTO ak.t (k) VALUES (?); ${denied}`,
    `carl UNAUTHORIZED_ATTEMPT AUTH|operation:BATCH of 1 statements at consistency ONE; ${denied}`,
    'null LOGIN_ERROR AUTH|operation:LOGIN FAILURE; Provided username carl and/or password *******',
  ]);
});

test('getauditlog shows what nodetool shows; filters change while it is on; bad options are refused', async () => {
  await ok('enableauditlog', '--excluded-users', 'carl, bob', '--roll-cycle', 'daily', '--blocking', 'false');
  const rows = new Map(
    (await ok('getauditlog')).split('\n').map((line) => line.trimEnd().split(/ +/) as [string, string]),
  );
  assert.deepEqual(
    ['enabled', 'logger', 'roll_cycle', 'block', 'max_log_size', 'max_queue_weight', 'excluded_users'].map((name) =>
      rows.get(name),
    ),
    ['true', 'BinAuditLogger', 'DAILY', 'false', '17179869184', '268435456', 'carl,bob'],
  );
  await ok('enableauditlog', '--included-keyspaces', 'ak');
  const after = JSON.parse(await ok('--json', 'getauditlog'));
  assert.equal(after.included_keyspaces, 'ak');
  assert.equal(after.roll_cycle, 'DAILY');
  await ok('disableauditlog');
  for (const [args, message] of [
    [['--included-categories', 'QUERY,NONSENSE'], /"NONSENSE" is not one of QUERY, DML/],
    [['--roll-cycle', 'WEEKLY'], /"WEEKLY" is not one of MINUTELY/],
    [['--logger', 'MyLogger'], /"MyLogger" is not one of BinAuditLogger, FileAuditLogger/],
    [
      ['--archive-command', '/bin/rm %path'],
      /Can't enable audit log archiving via nodetool unless audit_logging_options/,
    ],
    [['--max-log-size', 'much'], /max_log_size: "much" is not a size/],
  ] as const) {
    const { code, error } = await ctl('enableauditlog', ...args);
    assert.equal(code, 2, error);
    assert.match(error, message);
  }
  assert.match(await ok('getauditlog'), /^enabled +false/);
});

test('metrics count the records', async () => {
  const text = await (await fetch(`http://127.0.0.1:${node.webPort}/metrics`)).text();
  assert.ok(Number(/^ferrosa_audit_log_records_total (\d+)/m.exec(text)![1]) > 30);
  assert.equal(/^ferrosa_audit_log_dropped_total (\d+)/m.exec(text)![1], '0');
});

test('FileAuditLogger of the configuration writes lines from the start on', async () => {
  const other = await Ferrosa.start({
    audit_logging_options_enabled: 'true',
    audit_logging_options_logger: 'FileAuditLogger',
  });
  try {
    const client = await CqlClient.connect({ port: other.port });
    await client.query("CREATE KEYSPACE a WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}\n");
    await client.close();
    await other.down('SIGTERM');
    const audit = join(other.dataDir, 'audit');
    const lines = readdirSync(audit).map((name) => readFileSync(join(audit, name), 'utf8'));
    assert.match(
      lines.join(''),
      /^INFO {2}\[main\] \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} FileAuditLogger - user:anonymous\|host:\/127\.0\.0\.1:\d+\|.*\|type:CREATE_KEYSPACE\|category:DDL\|ks:a\|operation:CREATE KEYSPACE a .*\\n\n$/,
    );
  } finally {
    await other.remove();
  }
});
