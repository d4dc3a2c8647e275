// Settings that are for everybody: USE, the sizes of reads, the denylist. Texts and figures as Cassandra 5.0.9 answered under the same settings;
// the bytes that a read takes from storage are Ferrosa's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import { Denylist, denyOf, GuardrailConfig, type QueryResult } from '../../../src/query/index.js';
import { InProcessNode, Session } from '../../support/in-process-node.js';

async function session(settings: ConstructorParameters<typeof InProcessNode>[0] = {}): Promise<Session> {
  const made = new Session(new InProcessNode(settings));
  await made.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE k.t (k int, c int, v text, PRIMARY KEY (k, c))',
    'CREATE TABLE k.o (k int PRIMARY KEY, v text)',
  );
  return made;
}

const warningsOf = async (result: Promise<QueryResult>): Promise<readonly string[]> => (await result).warnings ?? [];
const token1 = '-4069959284402364209';

test('USE is refused to everybody but the server when use_statements_enabled is false', async () => {
  const one = await session();
  await one.query('USE k');
  one.node.guardrails.set({ use_statements_enabled: false });
  assert.equal(
    await one.error('USE k'),
    'INVALID: USE statements prohibited. (see use_statements_enabled in cassandra.yaml)',
  );
  one.node.guardrails.set({ use_statements_enabled: true });
  await one.query('USE k');
});

test('a result beyond coordinator_read_size is warned of, and ended, its last row not counted for that', async () => {
  const one = await session();
  const v = 'x'.repeat(300);
  for (let c = 0; c < 8; c++) await one.query(`INSERT INTO k.t (k, c, v) VALUES (1, ${c}, '${v}')`);
  const { guardrails } = one.node;
  guardrails.set({ coordinator_read_size_warn_threshold: 1024, coordinator_read_size_fail_threshold: 2000 });
  assert.deepEqual(await warningsOf(one.query('SELECT * FROM k.t WHERE k = 1')), []);
  guardrails.set({ read_thresholds_enabled: true });
  const warning = (of: string) => `Read on table k.t has exceeded the size warning threshold of 1,024 bytes with ${of}`;
  assert.deepEqual(await warningsOf(one.query('SELECT v FROM k.t WHERE k = 1 LIMIT 3')), []);
  assert.deepEqual(await warningsOf(one.query('SELECT v FROM k.t WHERE k = 1 LIMIT 4')), [warning(`token: ${token1}`)]);
  assert.deepEqual(await warningsOf(one.query('SELECT v FROM k.t WHERE k IN (1, 2) LIMIT 7')), [
    warning(`tokens: [${token1}, -3248873570005575792]`),
  ]);
  assert.deepEqual(await warningsOf(one.query('SELECT v FROM k.t LIMIT 4')), [
    warning('token range: (-9223372036854775808, -9223372036854775808)'),
  ]);
  assert.deepEqual(await warningsOf(one.query('SELECT v FROM k.t WHERE token(k) < 0 LIMIT 4')), [
    warning('token range: (-9223372036854775808, 0]'),
  ]);
  assert.deepEqual(await warningsOf(one.query('SELECT count(*) FROM k.t WHERE k = 1')), []);
  assert.equal((await warningsOf(one.query('SELECT v FROM k.t WHERE k = 1', [], { pageSize: 7 }))).length, 1);
  assert.equal(
    await one.error('SELECT v FROM k.t WHERE k = 1'),
    'READ_FAILURE: Operation failed - Read on table k.t has exceeded the size failure threshold of 2,000 bytes with ' +
      `token: ${token1}: READ_SIZE`,
  );
});

test('what one partition or range takes from storage beyond local_read_size is told with the command that took it', async () => {
  const one = await session();
  const v = 'x'.repeat(300);
  for (let c = 0; c < 40; c++) await one.query(`INSERT INTO k.t (k, c, v) VALUES (1, ${c}, '${v}')`);
  one.node.guardrails.set({
    read_thresholds_enabled: true,
    local_read_size_warn_threshold: 5_000,
    local_read_size_fail_threshold: 10_000,
  });
  const told = async (statement: string): Promise<string[]> =>
    (await warningsOf(one.query(statement))).map((text) => text.replace(/over \d+ bytes/, 'over N bytes'));
  const warning = (command: string, place: string) =>
    `1 nodes loaded over N bytes and issued local read size warnings for query ${command} ALLOW FILTERING ` +
    `(see local_read_size_warn_threshold) with ${place}`;
  const token = `token=${token1}`;
  assert.deepEqual(await told('SELECT v FROM k.t WHERE k = 1 AND c > 2 AND c <= 25'), [
    warning('SELECT * FROM k.t WHERE k = 1 AND c > 2 AND c <= 25', token),
  ]);
  assert.deepEqual(await told('SELECT v FROM k.t WHERE k = 1 LIMIT 20'), [
    warning('SELECT * FROM k.t WHERE k = 1 LIMIT 20', token),
  ]);
  assert.deepEqual(await told('SELECT v FROM k.t WHERE k = 1 ORDER BY c DESC LIMIT 20'), [
    warning('SELECT * FROM k.t WHERE k = 1 ORDER BY c DESC LIMIT 20', token),
  ]);
  assert.deepEqual(await told('SELECT v FROM k.t LIMIT 20'), [
    warning('SELECT * FROM k.t LIMIT 20', 'token range: (-9223372036854775808, -9223372036854775808]'),
  ]);
  assert.match(
    await one.error('SELECT v FROM k.t WHERE k = 1'),
    /^READ_FAILURE: Operation failed - 1 nodes loaded over \d+ bytes and aborted the query SELECT \* FROM k\.t WHERE k = 1 ALLOW FILTERING \(see local_read_size_fail_threshold\): READ_SIZE$/,
  );
});

test('with read thresholds tombstones are told with the command too', async () => {
  const one = await session({ tombstoneWarn: 5, tombstoneFail: 20 });
  for (let c = 0; c < 10; c++) await one.query(`DELETE FROM k.t WHERE k = 1 AND c = ${c}`);
  for (let c = 0; c < 30; c++) await one.query(`DELETE FROM k.t WHERE k = 2 AND c = ${c}`);
  const warned = () => warningsOf(one.query('SELECT * FROM k.t WHERE k = 1'));
  assert.deepEqual(await warned(), [
    'Read 0 live rows and 10 tombstone cells for query on k.t (see tombstone_warn_threshold)',
  ]);
  one.node.guardrails.set({ read_thresholds_enabled: true });
  assert.deepEqual(await warned(), [
    '1 nodes scanned up to 10 tombstones and issued tombstone warnings for query SELECT * FROM k.t WHERE k = 1 ALLOW FILTERING ' +
      `(see tombstone_warn_threshold) with token=${token1}`,
  ]);
  assert.equal(
    await one.error('SELECT * FROM k.t WHERE k = 2'),
    'READ_FAILURE: Operation failed - 1 nodes scanned over 21 tombstones and aborted the query SELECT * FROM k.t WHERE k = 2 ' +
      'ALLOW FILTERING (see tombstone_failure_threshold): READ_TOO_MANY_TOMBSTONES',
  );
});

test('the failure threshold of a size is not below the warning threshold', () => {
  const wrong = { local_read_size_warn_threshold: 2048, local_read_size_fail_threshold: 1024 };
  const text =
    'local_read_size_fail_threshold (1KiB) must be greater than or equal to local_read_size_warn_threshold (2KiB)';
  assert.throws(() => new GuardrailConfig(wrong), new FerrosaError('INVALID', text));
  const config = new GuardrailConfig({ local_read_size_warn_threshold: 2048 });
  assert.throws(() => config.set({ local_read_size_fail_threshold: 1024 }), { message: text });
  assert.equal(config.readSize('local_read_size', 'fail'), -1);
});

test('a denylist has the tables and switches that it is asked about', async () => {
  const one = await session();
  const { catalogue } = one.node;
  const config = new GuardrailConfig({ partition_denylist_enabled: true });
  const list = new Denylist(config);
  const [table, roles] = [catalogue.getTable('k', 't'), catalogue.getTable('system_auth', 'roles')];
  const key = Buffer.from('00000001', 'hex');
  list.replace(new Map([table, roles].map(({ id }) => [id, denyOf([key])])));
  const what = `denylisted partition [0xDecoratedKey(${token1}, 00000001)] in k/t`;
  assert.throws(() => list.checkWrite(table, key), { message: `Unable to write to ${what}` });
  assert.throws(() => list.checkCas(table, key), { message: `Unable to CAS write to ${what}` });
  assert.throws(() => list.checkRead(table, [key]), { message: `Unable to read ${what}` });
  const from = BigInt(token1);
  const range = (startInclusive: boolean) => ({ start: from, startInclusive, end: 0n, endInclusive: true });
  assert.throws(() => list.checkRange(table, range(true), () => 'R'), {
    message: 'Attempted to read a range containing 1 denylisted keys in k/t. Range read: R',
  });
  list.checkRange(table, range(false), () => 'R');
  list.checkWrite(roles, key);
  config.set({ denylist_writes_enabled: false });
  list.checkWrite(table, key);
  list.checkCas(table, key);
  config.set({ partition_denylist_enabled: false });
  list.checkRead(table, [key]);
});
