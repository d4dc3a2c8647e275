// Logged batches that span shards, and what happens to them between their entry in system.batches and their end.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { BatchLog, LocalCoordinator, type ShardPort, ViewWriter, withIndexes } from '../../../src/cluster/index.js';
import type { Coordinator } from '../../../src/query/index.js';
import { nativeFunctions } from '../../../src/query/index.js';
import { InProcessNode, Session } from '../../support/in-process-node.js';

const keyspace = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
const refused: unknown[] = [];

/** A session whose node keeps logged batches. `onKept` runs when a batch is kept and nothing of it is written. */
function sessionWithLog(onKept: (session: Session) => Promise<void>) {
  const node = new InProcessNode();
  const session = new Session(node);
  const { catalogue } = node;
  const nowMicros = () => node.nowMicros();
  const clock = { nowMicros, nextTimeUuid: () => new Uint8Array(randomBytes(16)) };
  const { shards } = node;
  const table = catalogue.getTable('system', 'batches');
  const tableId = Buffer.from(table.id.replaceAll('-', ''), 'hex');
  let isKept = false;
  const port: ShardPort = {
    shardCount: shards.shardCount,
    now: () => shards.now(),
    async mutate(shard, mutation) {
      await shards.mutate(shard, mutation);
      if (isKept || !Buffer.from(mutation).includes(tableId)) return;
      isKept = true;
      await onKept(session);
    },
    batch: (shard, mutations) => shards.batch(shard, mutations),
    read: (shard, command) => shards.read(shard, command),
    control: (shard, message) => shards.control(shard, message),
  };
  const log = new BatchLog(port, table, clock);
  const planning = { functions: nativeFunctions(), text: { nowMs: () => Date.now() } };
  const entriesOf = (mutation: Uint8Array) => coordinator.indexMutations(mutation);
  const views = new ViewWriter(withIndexes(port, entriesOf), catalogue, log, clock, planning);
  const replicas = () => ({ wanted: 1, alive: 1 });
  const indexes = { isBuilt: () => true };
  const coordinator = new LocalCoordinator(port, catalogue, replicas, indexes, nowMicros, log, views);
  (node.processor.services as { coordinator: Coordinator }).coordinator = coordinator;
  return { session, coordinator };
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
