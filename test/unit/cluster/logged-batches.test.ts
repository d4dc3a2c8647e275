// Logged batches that span shards, and what happens to them between their entry in system.batches and their end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import type { Session } from '../../support/in-process-node.js';
import { LoggingNode, Signal } from '../../support/logging-node.js';

const keyspace = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
const refused: unknown[] = [];

/** A session whose node keeps logged batches. `onKept` runs when a batch is kept and nothing of it is written. */
function sessionWithLog(onKept: (session: Session) => Promise<void>) {
  const node = new LoggingNode();
  let isKept = false;
  node.after = async ({ kind, names }) => {
    if (isKept || kind !== 'mutate' || !names('system', 'batches')) return;
    isKept = true;
    await onKept(node.session);
  };
  return node;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const inserts = (table: string, count: number, using = '') =>
  Array.from({ length: count }, (_, k) => `INSERT INTO k.${table} (k, v) VALUES (${k}, 5)${using};`).join(' ');
const batchOf = (statements: string) => `BEGIN BATCH ${statements} APPLY BATCH`;

test('a view that is created while a batch is being kept has what the batch writes', async () => {
  const { session } = sessionWithLog(async (other) => {
    await other.query(
      'CREATE MATERIALIZED VIEW k.by_v AS SELECT * FROM k.t WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)',
    );
  });
  await session.all(keyspace, 'CREATE TABLE k.t (k int PRIMARY KEY, v int)');
  await session.query(batchOf(inserts('t', 8)));
  assert.equal((await session.rows('SELECT k FROM k.by_v WHERE v = 5')).length, 8);
});

// The entry of the batch must be later than the one that a reader has found stale meanwhile.
test('an index finds what a batch writes where a reader has removed a stale entry while it was being kept', async () => {
  const { session } = sessionWithLog(async (other) => {
    await other.all('INSERT INTO k.t (k, v) VALUES (3, 5)', 'UPDATE k.t SET v = 6 WHERE k = 3');
    assert.deepEqual(await other.rows('SELECT k FROM k.t WHERE v = 5'), []);
  });
  await session.all(keyspace, 'CREATE TABLE k.t (k int PRIMARY KEY, v int)', 'CREATE INDEX ON k.t (v)');
  await session.query(batchOf(inserts('t', 8, ` USING TIMESTAMP ${2n ** 52n}`)));
  assert.equal((await session.rows('SELECT k FROM k.t')).length, 8);
  assert.equal((await session.rows('SELECT k FROM k.t WHERE v = 5')).length, 8);
});

test('a batch that the process did not end is replayed without the tables that were dropped since', async () => {
  const { session, coordinator } = sessionWithLog(() => Promise.reject(new Error('the process ends here')));
  await session.all(
    keyspace,
    'CREATE TABLE k.t (k int PRIMARY KEY, v int)',
    'CREATE TABLE k.u (k int PRIMARY KEY, v int)',
  );
  await assert.rejects(session.query(batchOf(inserts('t', 8) + inserts('u', 8))), /the process ends here/);
  await session.query('DROP TABLE k.t');
  assert.equal(await coordinator.recover((error) => refused.push(error)), 1);
  assert.deepEqual(refused, []);
  assert.equal((await session.rows('SELECT k FROM k.u')).length, 8);
});

test('what a batch could not write in time is written a second later, without a restart', async () => {
  const node = new LoggingNode();
  const { session } = node;
  await session.all(keyspace, 'CREATE TABLE k.t (k int PRIMARY KEY, v int)');
  let failures = 2;
  node.before = async ({ kind, names }) => {
    if (kind === 'batch' && names('k', 't') && failures-- > 0) throw new FerrosaError('OVERLOADED', 'not now');
  };
  // It will be there: the answer must not say that it is not.
  await assert.rejects(session.query(batchOf(inserts('t', 8))), { code: 'WRITE_TIMEOUT' });
  await until(async () => (await session.rows('SELECT k FROM k.t')).length === 8);
  await until(async () => (await node.kept()) === 0);
  await node.coordinator.stop();
});

test('a batch that has become impossible is not tried again before the next start', async () => {
  const node = new LoggingNode();
  const { session } = node;
  await session.all(keyspace, 'CREATE TABLE k.t (k int PRIMARY KEY, v int)');
  let tries = 0;
  node.before = async ({ kind, names }) => {
    if (kind !== 'batch' || !names('k', 't')) return;
    if (tries++ < 1) throw new FerrosaError('OVERLOADED', 'not now');
    throw new FerrosaError('INVALID', 'never');
  };
  await assert.rejects(session.query(batchOf(inserts('t', 8))));
  await until(async () => node.givenUp.length > 0);
  const then = tries;
  await new Promise((resolve) => setTimeout(resolve, 1_300));
  assert.equal(tries, then);
  assert.deepEqual(
    node.givenUp.map(({ message }) => message),
    ['never'],
  );
  assert.equal(await node.kept(), 1);
  await node.coordinator.stop();
});

test('a client does not wait until its batch is forgotten, and TRUNCATE does', async () => {
  const node = new LoggingNode();
  const { session } = node;
  await session.all(keyspace, 'CREATE TABLE k.t (k int PRIMARY KEY, v int)');
  const forgets = new Signal();
  let ofLog = 0;
  node.before = async ({ kind, names }) => {
    if (kind === 'mutate' && names('system', 'batches') && ++ofLog === 2) await forgets.promise;
  };
  await session.query(batchOf(inserts('t', 8)));
  assert.equal(await node.kept(), 1);
  const truncated = session.query('TRUNCATE k.t');
  await new Promise((resolve) => setTimeout(resolve, 50));
  // After a crash that came now the batch would be replayed.
  assert.equal((await session.rows('SELECT k FROM k.t')).length, 8);
  forgets.give();
  await truncated;
  assert.equal(await node.kept(), 0);
  assert.deepEqual(await session.rows('SELECT k FROM k.t'), []);
});
