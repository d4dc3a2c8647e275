// Guardrails: Cassandra's texts for ordinary users, none for superusers; changed while the node runs; not passed by on the hot path.
// The texts were compared with Cassandra 5.0.9 under the same settings.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
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
    (await ctl('setguardrailsconfig', 'tables_warn_threshold', '1')).error,
    /is set together with its sibling: tables_threshold <tables_fail_threshold> <tables_warn_threshold>/,
  );
  assert.match(
    (await ctl('setguardrailsconfig', 'tables_threshold', '1')).error,
    /is expecting 2 argument values\. Getting 1 instead\./,
  );
  assert.equal((await ctl('getguardrailsconfig', 'tables_threshold')).out, '[200, 150]\n');
});

test('keys are removed from a map and elements from a set by ordinary users, and only each of them is measured', async () => {
  await superuser.query(
    'CREATE TABLE g.cs (k int PRIMARY KEY, l list<text>, s set<text>, m map<text, text>, f frozen<list<text>>)',
  );
  await superuser.query("CREATE INDEX csm ON g.cs (keys(m)) USING 'sai'");
  await user.query("INSERT INTO g.cs (k, m, s) VALUES (1, {'a': 'x', 'b': 'y'}, {'a', 'b'})");
  await user.query("UPDATE g.cs SET m = m - {'a'}, s = s - {'b'} WHERE k = 1");
  const [row] = (await user.query('SELECT m, s FROM g.cs')).objects();
  assert.deepEqual([row!['m'], row!['s']], [[['b', 'y']], ['a']]);
  await set('items_per_collection_threshold', '2', '1');
  await set('column_value_size_threshold', '100B', '17B');
  await set('collection_size_threshold', '100B', '40B');
  const size = (column: string, bytes: number) =>
    `Guardrail column_value_size violated: Value of column '${column}' has size ${bytes}, this exceeds the warning threshold of 17.`;
  const long = 'x'.repeat(20);
  for (const [statement, expected] of [
    ["UPDATE g.cs SET s = s - {'a', 'b', 'c'} WHERE k = 1", []],
    [`UPDATE g.cs SET m = m - {'a', 'b', '${long}'} WHERE k = 1`, [size('m', 20)]],
    [`DELETE m['${long}'] FROM g.cs WHERE k = 1`, [size('m', 20)]],
    [`UPDATE g.cs SET m['${long}'] = 'x' WHERE k = 1`, [size('m', 20)]],
    [`UPDATE g.cs SET l = ['a', 'b', 'c', '${long}'] + l WHERE k = 1`, [size('l', 20)]],
    // The cell has twenty bytes beside its value, which has eight beside the text.
    [
      "UPDATE g.cs SET f = ['abcdefghijklm'] WHERE k = 1",
      [
        size('f', 21),
        'Guardrail collection_size violated: Detected collection f of size 41, this exceeds the warning threshold of 40.',
      ],
    ],
  ] as const)
    assert.deepEqual(await warnings(statement), expected, statement);
  for (const name of ['items_per_collection', 'column_value_size', 'collection_size'])
    await set(`${name}_threshold`, '-1', '-1');
});

test('a warning is told as often as there are cells that it is about, and not of what conditions keep from being written', async () => {
  await superuser.query('CREATE TABLE g.often (k int, c int, v text, l list<text>, PRIMARY KEY (k, c))');
  await set('column_value_size_threshold', '100B', '15B');
  const v = 'x'.repeat(16);
  const size = (column: string) =>
    `Guardrail column_value_size violated: Value of column '${column}' has size 16, this exceeds the warning threshold of 15.`;
  const times = (count: number, column = 'v') => Array.from({ length: count }, () => size(column));
  const insert = (c: number) => `INSERT INTO g.often (k, c, v) VALUES (1, ${c}, '${v}')`;
  const condition = `UPDATE g.often SET v = '${v}' WHERE k = 1 AND c = 9 IF v =`;
  for (const [statement, expected] of [
    [`UPDATE g.often SET v = '${v}' WHERE k IN (1, 2, 3) AND c IN (1, 2)`, times(6)],
    [`BEGIN BATCH ${insert(1)}; ${insert(2)}; APPLY BATCH`, times(2)],
    // The path of an element of a list has sixteen bytes as well.
    [`INSERT INTO g.often (k, c, l) VALUES (1, 1, ['${v}', '${v}'])`, times(4, 'l')],
    [`${insert(9)} IF NOT EXISTS`, times(1)],
    [`${insert(9)} IF NOT EXISTS`, []],
    [`${condition} 'other'`, []],
    [`${condition} '${v}'`, times(1)],
    [`BEGIN BATCH ${insert(10)} IF NOT EXISTS; ${insert(11)}; APPLY BATCH`, times(2)],
  ] as const)
    assert.deepEqual(await warnings(statement), expected, statement);
  const long = `UPDATE g.often SET v = '${'x'.repeat(200)}' WHERE k = 1 AND c = 9 IF v =`;
  assert.equal(await refusal(`${long} 'other'`), 'none');
  assert.match(await refusal(`${long} '${v}'`), /has size 200, this exceeds the failure threshold of 100\.$/);
  await set('column_value_size_threshold', '-1', '-1');
});

test('timestamps: the failure is further away than the warning on both sides; those in a batch are not looked at', async () => {
  await set('minimum_timestamp_threshold', '1d', '1h');
  assert.equal((await ctl('setguardrailsconfig', 'minimum_timestamp_threshold', '1h', '1d')).code, 2);
  const old = 'INSERT INTO g.t (k, c) VALUES (1, 1) USING TIMESTAMP 1';
  assert.match(
    await refusal(old),
    /^Guardrail minimum_timestamp violated: The modification to table t has a timestamp 1 before/,
  );
  assert.equal(await refusal(`BEGIN BATCH ${old}; APPLY BATCH`), 'none');
  await set('minimum_timestamp_threshold', 'null', 'null');
});

test('warnings of guardrails come before those of the statement; a table without a word of compression is uncompressed', async () => {
  await set('keyspaces_threshold', '100', '1');
  const created = await warnings(
    "CREATE KEYSPACE g3 WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
  );
  assert.equal(created.length, 2);
  assert.match(created[0]!, /^Guardrail keyspaces violated/);
  assert.match(created[1]!, /^Your replication factor 3/);
  await set('keyspaces_threshold', '-1', '-1');
  await set('uncompressed_tables_enabled', 'false');
  for (const compression of ['{}', "{'enabled': 'false'}"])
    assert.equal(
      await refusal(`ALTER TABLE g.t WITH compression = ${compression}`),
      'Guardrail uncompressed_tables_enabled violated: Uncompressed table is not allowed',
    );
  await set('uncompressed_tables_enabled', 'true');
});

test('queries by index without the partition key, when they are not wanted', async () => {
  await superuser.query('CREATE TABLE g.ix (k int, c int, v int, w text, PRIMARY KEY (k, c))');
  await superuser.query('CREATE INDEX ixv ON g.ix (v)');
  await superuser.query("CREATE INDEX ixw ON g.ix (w) USING 'sai'");
  await set('non_partition_restricted_index_query_enabled', 'false');
  const message =
    'Guardrail non_partition_restricted_index_query_enabled violated: Non-partition key restricted query is not allowed. ' +
    'Executing a query on secondary indexes without partition key restriction might degrade performance';
  for (const where of ['v = 1', "w = 'a'", "w = 'a' ALLOW FILTERING", "token(k) > 0 AND w = 'a'"])
    assert.equal(await refusal(`SELECT * FROM g.ix WHERE ${where}`), message, where);
  await user.query('SELECT * FROM g.ix WHERE k = 1 AND v = 1');
  await superuser.query('SELECT * FROM g.ix WHERE v = 1');
  const prepared = await user.prepare('SELECT * FROM g.ix WHERE v = ?');
  await assert.rejects(user.execute(prepared, [value.int(1)]), { message });
  await set('non_partition_restricted_index_query_enabled', 'true');
  await user.execute(prepared, [value.int(1)]);
});

test('long terms of storage-attached indexes: by default beyond a kibibyte a warning, beyond eight an error', async () => {
  await superuser.query(
    'CREATE TABLE g.terms (k int PRIMARY KEY, w text, s set<text>, f frozen<set<text>>, m map<text, text>, plain text)',
  );
  for (const target of ['w', 's', 'full(f)', 'keys(m)'])
    await superuser.query(`CREATE INDEX ON g.terms (${target}) USING 'sai'`);
  assert.equal((await ctl('getguardrailsconfig', 'sai_string_term_size_threshold')).out, '[8KiB, 1KiB]\n');
  assert.equal((await ctl('getguardrailsconfig', 'sai_vector_term_size_threshold')).out, '[32KiB, 16KiB]\n');
  const long = 'x'.repeat(1_025);
  const insert = (column: string, literal: string) => `INSERT INTO g.terms (k, ${column}) VALUES (1, ${literal})`;
  const warning = (name: string, column: string, size: number, limit: number) =>
    `Guardrail ${name} violated: Value of column '${column}' has size ${size}, this exceeds the warning threshold of ${limit}.`;
  assert.deepEqual((await user.query(insert('w', `'${long}'`))).warnings, [
    warning('sai_string_term_size', 'w', 1_025, 1_024),
  ]);
  await set('sai_string_term_size_threshold', '20B', '10B');
  await set('sai_frozen_term_size_threshold', '40B', '20B');
  const thirteen = 'a'.repeat(13);
  const seventeen = 'a'.repeat(17);
  assert.deepEqual((await user.query(insert('s', `{'${seventeen}'}`))).warnings, [
    warning('sai_string_term_size', 's', 17, 10),
  ]);
  assert.deepEqual((await user.query(insert('f', `{'${seventeen}'}`))).warnings, [
    warning('sai_frozen_term_size', 'f', 25, 20),
  ]);
  assert.deepEqual((await user.query(insert('m', `{'${thirteen}': '${long}'}`))).warnings, [
    warning('sai_string_term_size', 'm', 13, 10),
  ]);
  assert.deepEqual((await user.query(insert('plain', `'${long}'`))).warnings, []);
  const failure = (name: string, column: string, size: number, limit: number) =>
    `Guardrail ${name} violated: Value of column '${column}' has size ${size}, this exceeds the failure threshold of ${limit}.`;
  const tooLong = 'a'.repeat(29);
  assert.equal(await refusal(insert('w', `'${tooLong}'`)), failure('sai_string_term_size', 'w', 29, 20));
  assert.equal(
    await refusal(`UPDATE g.terms SET s = s + {'${tooLong}'} WHERE k = 1`),
    failure('sai_string_term_size', 's', 29, 20),
  );
  assert.equal(
    await refusal(insert('f', `{'${seventeen}', '${'b'.repeat(27)}'}`)),
    failure('sai_frozen_term_size', 'f', 56, 40),
  );
  const batch = `BEGIN BATCH ${insert('w', `'${thirteen}'`)}; APPLY BATCH`;
  assert.deepEqual((await user.query(batch)).warnings, [warning('sai_string_term_size', 'w', 13, 10)]);
  assert.deepEqual((await superuser.query(insert('w', `'${tooLong}'`))).warnings, []);
  await set('sai_string_term_size_threshold', 'null', 'null');
  assert.deepEqual((await user.query(insert('w', `'${tooLong}'`))).warnings, []);
});

test('views of a table are counted', async () => {
  await superuser.query('CREATE TABLE g.base (k int PRIMARY KEY, v int)');
  await set('materialized_views_per_table_threshold', '2', '1');
  const view = (name: string) =>
    `CREATE MATERIALIZED VIEW g.${name} AS SELECT * FROM g.base WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)`;
  const text = (warnings: readonly string[]) => warnings.filter((one) => one.startsWith('Guardrail'));
  assert.deepEqual(text((await user.query(view('mv1'))).warnings), []);
  assert.deepEqual(text((await user.query(view('mv2'))).warnings), [
    'Guardrail materialized_views_per_table violated: Creating materialized view mv2 on table base, current number of views 2 exceeds warning threshold of 1.',
  ]);
  assert.equal(
    await refusal(view('mv3')),
    'Guardrail materialized_views_per_table violated: Tables cannot have more than 2 materialized views, aborting the creation of materialized view mv3 on table base',
  );
  assert.deepEqual(text((await superuser.query(view('mv9'))).warnings), []);
});

test('writes are refused when the data has more of the disk than it may have, also prepared ones that were hot', async () => {
  const insert = await user.prepare("INSERT INTO g.t (k, c, v) VALUES (1, 1, 'x')");
  for (let i = 0; i < 3; i++) await user.execute(insert, []);
  await set('data_disk_usage_max_disk_size', '1MiB');
  const outcome = async (wanted: RegExp): Promise<void> => {
    // The disk is looked at in the background.
    for (let i = 0; i < 200; i++) {
      const [found] = (await user.execute(insert, []).catch((error: CqlError) => ({ warnings: [error.message] })))
        .warnings;
      if (wanted.test(found ?? 'none')) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`no ${wanted}`);
  };
  await superuser.query(`INSERT INTO g.t (k, c, v) VALUES (2, 2, '${randomBytes(250_000).toString('hex')}')`);
  await ctl('flush', 'g');
  await set('data_disk_usage_percentage_threshold', '100', '1');
  await outcome(/^Guardrail replica_disk_usage violated: Replica disk usage exceeds warning threshold$/);
  await set('data_disk_usage_percentage_threshold', '2', '1');
  await outcome(
    /^Guardrail replica_disk_usage violated: Write request failed because disk usage exceeds failure threshold$/,
  );
  const full =
    /Guardrail local_data_disk_usage violated: Local data disk usage \d+%\(Full\) exceeds failure threshold of 2%/;
  for (let i = 0; i < 200 && !full.test(ferrosa.output); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(ferrosa.output, full);
  await user.query('SELECT * FROM g.t WHERE k = 1 AND c = 1');
  await superuser.query("INSERT INTO g.t (k, c, v) VALUES (1, 1, 'x')");
  const tooMuch = await ctl('setguardrailsconfig', 'data_disk_usage_percentage_threshold', '101', '1');
  assert.match(
    tooMuch.error,
    /Invalid value 101 for data_disk_usage_percentage_fail_threshold: maximum allowed value is 100/,
  );
  await set('data_disk_usage_percentage_threshold', '-1', '-1');
  await outcome(/^none$/);
  await set('data_disk_usage_max_disk_size', 'null');
  assert.equal((await ctl('getguardrailsconfig', 'data_disk_usage_max_disk_size')).out, 'null\n');
});

test('the log is told of partitions that a flush writes beyond the thresholds, with both parts of their keys', async () => {
  await superuser.query('CREATE TABLE g.large (a int, b text, c int, v text, PRIMARY KEY ((a, b), c))');
  await set('partition_size_threshold', '100KiB', '1KiB');
  await set('partition_tombstones_threshold', '4', '2');
  await superuser.query(`INSERT INTO g.large (a, b, c, v) VALUES (1, 'x', 0, '${'v'.repeat(3000)}')`);
  for (let c = 0; c < 3; c++) await superuser.query(`DELETE FROM g.large WHERE a = 2 AND b = 'y' AND c = ${c}`);
  for (let c = 0; c < 5; c++) await superuser.query(`DELETE v FROM g.large WHERE a = 3 AND b = 'z' AND c = ${c}`);
  await superuser.query(`INSERT INTO g.large (a, b, c, v) VALUES (4, 'small', 0, 'v')`);
  const { code, error } = await ctl('flush', 'g', 'large');
  assert.equal(code, 0, error);
  const said = (name: string, partition: string, what: string): RegExp =>
    new RegExp(`Guardrail ${name} violated: Partition g\\.large:${partition} on sstable \\S+-Data\\.db has ${what}`);
  assert.match(
    ferrosa.output,
    said('partition_size', '1:x', 'size 3\\d\\d\\d, this exceeds the warning threshold of 1024\\. Too'),
  );
  assert.match(
    ferrosa.output,
    said('partition_tombstones', '2:y', '3 tombstones, this exceeds the warning threshold of 2\\.'),
  );
  assert.match(
    ferrosa.output,
    said('partition_tombstones', '3:z', '5 tombstones, this exceeds the failure threshold of 4\\.'),
  );
  assert.doesNotMatch(ferrosa.output, /4:small/);
});
