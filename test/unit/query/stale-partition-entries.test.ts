// Entries of indexes of static columns and of partition keys: those that are true of no partition any more go when somebody finds them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoggingNode } from '../../support/logging-node.js';

async function nodeWithIndexes() {
  const node = new LoggingNode();
  await node.session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE k.t (a int, b int, c int, s int static, v int, PRIMARY KEY ((a, b), c))',
    'CREATE INDEX ON k.t (s)',
    'CREATE INDEX ON k.t (b)',
  );
  /** How many partitions of the table a statement looks at, and what it finds. */
  const look = async (cql: string): Promise<[reads: number, rows: string[][]]> => {
    let reads = 0;
    node.before = async ({ kind, names }) => {
      if (kind === 'read' && names('k', 't')) reads++;
    };
    const rows = await node.session.rows(cql);
    return [reads, rows];
  };
  return { session: node.session, look };
}

test('an entry of a static value that was overwritten is looked up once', async () => {
  const { session, look } = await nodeWithIndexes();
  for (let a = 0; a < 5; a++) {
    await session.query(`INSERT INTO k.t (a, b, c, s) VALUES (${a}, 1, 1, 5)`);
    if (a > 0) await session.query(`UPDATE k.t SET s = 6 WHERE a = ${a} AND b = 1`);
  }
  const select = 'SELECT a FROM k.t WHERE s = 5';
  assert.deepEqual(await look(select), [5, [['0']]]);
  assert.deepEqual(await look(select), [1, [['0']]]);
  // What has it again is found again.
  await session.query('UPDATE k.t SET s = 5 WHERE a = 3 AND b = 1');
  assert.deepEqual((await look(select))[1].sort(), [['0'], ['3']]);
});

test('an entry of a partition that is gone is looked up once, and one of a partition that shows no row here stays', async () => {
  const { session, look } = await nodeWithIndexes();
  for (let a = 0; a < 5; a++) await session.query(`INSERT INTO k.t (a, b, c, s) VALUES (${a}, 7, 1, ${a})`);
  for (let a = 1; a < 4; a++) await session.query(`DELETE FROM k.t WHERE a = ${a} AND b = 7`);
  // Of partition 4 nothing is left but the static value.
  await session.query('DELETE FROM k.t WHERE a = 4 AND b = 7 AND c = 1');
  const select = 'SELECT a FROM k.t WHERE b = 7';
  const restricted = 'SELECT a FROM k.t WHERE b = 7 AND c = 2 ALLOW FILTERING';
  assert.deepEqual((await look(restricted))[1], []);
  const [reads, rows] = await look(select);
  assert.equal(reads, 5);
  assert.deepEqual(rows.sort(), [['0'], ['4']]);
  assert.equal((await look(select))[0], 2);
  await session.query('INSERT INTO k.t (a, b, c) VALUES (2, 7, 9)');
  assert.deepEqual((await look(select))[1].sort(), [['0'], ['2'], ['4']]);
});
