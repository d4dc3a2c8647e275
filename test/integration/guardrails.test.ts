// Guardrails: Cassandra's texts for ordinary users, none for superusers; changed while the node runs; not passed by on the hot path.
// The texts were compared with Cassandra 5.0.9 under the same settings.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { hash } from '@node-rs/bcrypt';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
let superuser: CqlClient;
let user: CqlClient;

const connect = (username: string, password: string) =>
  CqlClient.connect({ port: ferrosa.port, credentials: { user: username, password } });

before(async () => {
  ferrosa = await Ferrosa.start({
    authenticator: 'PasswordAuthenticator',
    columns_per_table_warn_threshold: '4',
    columns_per_table_fail_threshold: '6',
    table_properties_ignored: 'comment',
    table_properties_disallowed: 'caching',
    minimum_replication_factor_warn_threshold: '2',
  });
  superuser = await connect('cassandra', 'cassandra');
  const salted = (await hash('secret', 4)).replace('$2b$', '$2a$');
  await superuser.query(
    `INSERT INTO system_auth.roles (role, can_login, is_superuser, salted_hash) VALUES ('ann', true, false, '${salted}')`,
  );
  user = await connect('ann', 'secret');
  await superuser.query("CREATE KEYSPACE g WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await superuser.query('CREATE TABLE g.t (k int, c int, v text, l list<text>, PRIMARY KEY (k, c))');
});
after(async () => {
  await superuser.close();
  await user.close();
  await ferrosa.remove();
});

type Run = { readonly code: number; readonly out: string; readonly error: string };
function ctl(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const argv = ['bin/ferrosa-ctl.js', '-p', String(ferrosa.webPort), '-u', 'cassandra', '-pw', 'cassandra', ...args];
    execFile(process.execPath, argv, (failure, out, error) =>
      resolve({ code: failure === null ? 0 : Number(failure.code), out, error }),
    );
  });
}
async function set(name: string, ...values: string[]): Promise<void> {
  const { code, error } = await ctl('setguardrailsconfig', name, ...values);
  assert.equal(code, 0, error);
}

/** The message of what a statement ends with. */
async function refusal(statement: string, client = user): Promise<string> {
  let message = 'none';
  await client.query(statement).catch((error: CqlError) => {
    assert.equal(error.code, 0x2200);
    message = error.message;
  });
  return message;
}
const warnings = async (statement: string, client = user): Promise<readonly string[]> =>
  (await client.query(statement)).warnings;

test('DDL: settings of the start warn, ignore and refuse; superusers are free', async () => {
  assert.deepEqual(await warnings('CREATE TABLE g.w5 (a int PRIMARY KEY, b int, c int, d int, e int)'), [
    'Guardrail columns_per_table violated: The table w5 has 5 columns, this exceeds the warning threshold of 4.',
  ]);
  const wide = 'CREATE TABLE g.w7 (a int PRIMARY KEY, b int, c int, d int, e int, f int, g int)';
  assert.match(
    await refusal(wide),
    /Guardrail columns_per_table violated: Tables cannot have more than 6 columns, but 7 provided for table w7/,
  );
  assert.deepEqual(await warnings(wide, superuser), []);
  assert.deepEqual(await warnings("CREATE TABLE g.c (a int PRIMARY KEY) WITH comment = 'x'"), [
    'Guardrail table_properties violated: Ignoring provided values [comment] as they are not supported for Table Properties ' +
      '(ignored values are: [comment])',
  ]);
  const [row] = (
    await superuser.query("SELECT comment FROM system_schema.tables WHERE keyspace_name = 'g' AND table_name = 'c'")
  ).objects();
  assert.equal(row!['comment'], '');
  assert.match(
    await refusal("CREATE TABLE g.d (a int PRIMARY KEY) WITH caching = {'keys': 'ALL'}"),
    /Provided values \[caching\] are not allowed for Table Properties \(disallowed values are: \[caching\]\)/,
  );
});

test('flags forbid what they name, from the moment they are set', async () => {
  const grouped = 'SELECT k, count(*) FROM g.t GROUP BY k';
  await user.query(grouped);
  for (const [flag, statement, text] of [
    ['group_by_enabled', grouped, 'Guardrail group_by violated: GROUP BY functionality is not allowed'],
    [
      'allow_filtering_enabled',
      "SELECT * FROM g.t WHERE v = 'x' ALLOW FILTERING",
      'Guardrail allow_filtering violated: Querying with ALLOW FILTERING is not allowed. ALLOW FILTERING can potentially visit all ' +
        'the data in the table and have unpredictable performance.',
    ],
    [
      'group_by_enabled',
      `EXPLAIN ANALYZE ${grouped}`,
      'Guardrail group_by violated: GROUP BY functionality is not allowed',
    ],
    [
      'drop_truncate_table_enabled',
      'TRUNCATE g.t',
      'Guardrail drop_truncate_table_enabled violated: DROP and TRUNCATE TABLE functionality is not allowed',
    ],
    [
      'drop_keyspace_enabled',
      'DROP KEYSPACE g',
      'Guardrail drop_keyspace_enabled violated: DROP KEYSPACE functionality is not allowed',
    ],
    [
      'user_timestamps_enabled',
      'INSERT INTO g.t (k, c) VALUES (1, 1) USING TIMESTAMP 5',
      'Guardrail user_timestamps violated: User provided timestamps (USING TIMESTAMP) is not allowed',
    ],
    [
      'read_before_write_list_operations_enabled',
      "UPDATE g.t SET l[0] = 'x' WHERE k = 1 AND c = 1",
      'Guardrail read_before_write_list_operations violated: Setting of list items by index requiring read before write is not allowed',
    ],
  ] as const) {
    await set(flag, 'false');
    assert.equal(await refusal(statement), text);
    await set(flag, 'true');
  }
  await user.query(grouped);
});

test('what the hot path runs is guarded too', async () => {
  const insert = await user.prepare('INSERT INTO g.t (k, c, v) VALUES (?, ?, ?)');
  const write = (v: string) => user.execute(insert, [value.int(1), value.int(2), value.text(v)]);
  assert.deepEqual((await write('x'.repeat(100))).warnings, []);
  await set('column_value_size_threshold', '64B', '16B');
  assert.deepEqual((await write('x'.repeat(20))).warnings, [
    "Guardrail column_value_size violated: Value of column 'v' has size 20, this exceeds the warning threshold of 16.",
  ]);
  await assert.rejects(
    write('x'.repeat(65)),
    /Value of column 'v' has size 65, this exceeds the failure threshold of 64\./,
  );
  await set('column_value_size_threshold', 'null', 'null');
  assert.deepEqual((await write('x'.repeat(100))).warnings, []);
});

test('limits on reads count keys, products and pages', async () => {
  await set('partition_keys_in_select_threshold', '4', '2');
  assert.deepEqual(await warnings('SELECT * FROM g.t WHERE k IN (1, 2, 3)'), [
    'Guardrail partition_keys_in_select violated: Query with partition keys in IN clause on table t, with number of partition ' +
      'keys 3 exceeds warning threshold of 2.',
  ]);
  assert.match(
    await refusal('SELECT * FROM g.t WHERE k IN (1, 2, 3, 4, 5)'),
    /number of partition keys 5 exceeds fail threshold of 4\.$/,
  );
  await set('in_select_cartesian_product_threshold', '5', '3');
  assert.match(
    await refusal('SELECT * FROM g.t WHERE k = 1 AND c IN (1, 2, 3, 4, 5, 6)'),
    /the cartesian product of the IN restrictions on clustering key produces 6 values, this exceeds fail threshold of 5\.$/,
  );
  await set('partition_keys_in_select_threshold', '-1', '-1');
  await set('in_select_cartesian_product_threshold', '-1', '-1');
});

test('getguardrailsconfig and settings show what is set; what contradicts itself is refused', async () => {
  await set('tables_threshold', '200', '150');
  assert.equal((await ctl('getguardrailsconfig', 'tables_threshold')).out, '[200, 150]\n');
  assert.match((await ctl('getguardrailsconfig', '--expand')).out, /^tables_warn_threshold +150 *$/m);
  assert.ok(JSON.parse((await ctl('--json', 'getguardrailsconfig', '-c', 'flags')).out).length > 5);
  const [row] = (
    await superuser.query("SELECT value FROM system_views.settings WHERE name = 'tables_warn_threshold'")
  ).objects();
  assert.equal(row!['value'], '150');
  const wrong = await ctl('setguardrailsconfig', 'tables_threshold', '10', '20');
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.error,
    /The warn threshold 20 for tables_warn_threshold should be lower than the fail threshold 10/,
  );
  assert.equal((await ctl('setguardrailsconfig', 'nope', '1')).code, 2);
  assert.match(
    (await ctl('setguardrailsconfig', 'tables_threshold', '1')).error,
    /is expecting 2 argument values\. Getting 1 instead\./,
  );
  assert.equal((await ctl('getguardrailsconfig', 'tables_threshold')).out, '[200, 150]\n');
});
