// Writes of tables with views beside what must not meet them half-way: TRUNCATE, another view that is created, a view that is dropped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildView } from '../../../src/cluster/index.js';
import { LoggingNode, Signal, turns } from '../../support/logging-node.js';

const view = (name: string, column: string) =>
  `CREATE MATERIALIZED VIEW k.${name} AS SELECT * FROM k.t WHERE ${column} IS NOT NULL AND k IS NOT NULL PRIMARY KEY (${column}, k)`;

async function nodeWithView(): Promise<LoggingNode> {
  const node = new LoggingNode();
  await node.session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE k.t (k int PRIMARY KEY, v int, w int)',
    view('by_v', 'v'),
  );
  return node;
}

/** Holds back the first request of its kind that names a table. */
function hold(node: LoggingNode, table: string, ...kinds: string[]): { reached: Signal; goOn: Signal } {
  const [reached, goOn] = [new Signal(), new Signal()];
  node.before = async ({ kind, names }) => {
    if (reached.given || !kinds.includes(kind) || !names('k', table)) return;
    reached.give();
    await goOn.promise;
  };
  return { reached, goOn };
}

test('TRUNCATE waits for the views of a write that has reached the base', async () => {
  const node = await nodeWithView();
  const { reached, goOn } = hold(node, 'by_v', 'mutate', 'batch');
  // Its intent does not name the view: the first request that does is the view's part.
  const written = node.session.query('INSERT INTO k.t (k, v) VALUES (1, 2)');
  await reached.promise;
  const truncated = node.session.query('TRUNCATE k.t');
  await turns();
  assert.equal((await node.session.rows('SELECT * FROM k.t')).length, 1);
  goOn.give();
  await Promise.all([written, truncated]);
  assert.deepEqual(await node.session.rows('SELECT * FROM k.t'), []);
  assert.deepEqual(await node.session.rows('SELECT * FROM k.by_v'), []);
});

test('writes that come while base and views are being emptied wait, and are in both', async () => {
  const node = await nodeWithView();
  await node.session.query('INSERT INTO k.t (k, v) VALUES (1, 2)');
  const { reached, goOn } = hold(node, 't', 'control');
  const truncated = node.session.query('TRUNCATE k.t');
  await reached.promise;
  const writes = [5, 6, 7].map((k) => node.session.query(`INSERT INTO k.t (k, v) VALUES (${k}, 3)`));
  writes.push(node.session.query('INSERT INTO k.t (k, v) VALUES (8, 3) IF NOT EXISTS'));
  await turns();
  assert.equal((await node.session.rows('SELECT * FROM k.t')).length, 1);
  goOn.give();
  await Promise.all([truncated, ...writes]);
  assert.equal((await node.session.rows('SELECT * FROM k.t')).length, 4);
  assert.equal((await node.session.rows('SELECT * FROM k.by_v WHERE v = 3')).length, 4);
});

test('a TRUNCATE that cannot begin in time does nothing, and what waited for it goes on', async () => {
  const node = await nodeWithView();
  const { reached, goOn } = hold(node, 'by_v', 'mutate', 'batch');
  const written = node.session.query('INSERT INTO k.t (k, v) VALUES (1, 2)');
  await reached.promise;
  const id = node.node.catalogue.getTable('k', 't').id;
  const truncated = node.coordinator.truncate(id, 30);
  const other = node.session.query('INSERT INTO k.t (k, v) VALUES (2, 2)');
  await assert.rejects(truncated, { code: 'TRUNCATE_ERROR', message: /Truncate timed out/ });
  await other;
  goOn.give();
  await written;
  assert.equal((await node.session.rows('SELECT * FROM k.by_v')).length, 2);
});

test('two TRUNCATEs at once and one after them are all done', async () => {
  const node = await nodeWithView();
  await node.session.query('INSERT INTO k.t (k, v) VALUES (1, 2)');
  await Promise.all([node.session.query('TRUNCATE k.t'), node.session.query('TRUNCATE k.t')]);
  await node.session.query('TRUNCATE k.t');
  assert.deepEqual(await node.session.rows('SELECT * FROM k.by_v'), []);
});

// The write has planned its views when the second one is created, and writes a partition that a build would have passed already.
test('the build of a second view waits for writes that began before the view was known', async () => {
  const node = await nodeWithView();
  const { reached, goOn } = hold(node, 't', 'batch');
  const written = node.session.query('INSERT INTO k.t (k, v, w) VALUES (1, 2, 3)');
  await reached.promise;
  await node.session.query(view('by_w', 'w'));
  const { id } = node.node.catalogue.getTable('k', 't');
  const build = buildView(
    node.coordinator,
    id,
    true,
    null,
    () => true,
    async () => {},
  );
  await turns();
  goOn.give();
  await written;
  assert.equal(await build, true);
  assert.deepEqual(await node.session.rows('SELECT k, v FROM k.by_w WHERE w = 3'), [['1', '2']]);
});

test('a write whose view is dropped meanwhile succeeds, with its other views', async () => {
  const node = await nodeWithView();
  await node.session.query(view('by_w', 'w'));
  const { reached, goOn } = hold(node, 'by_v', 'mutate', 'batch');
  const written = node.session.query('INSERT INTO k.t (k, v, w) VALUES (1, 2, 3)');
  await reached.promise;
  await node.session.query('DROP MATERIALIZED VIEW k.by_v');
  goOn.give();
  await written;
  assert.deepEqual(await node.session.rows('SELECT k, v FROM k.by_w WHERE w = 3'), [['1', '2']]);
  assert.equal(await node.kept(), 0);
});

test('views that could not follow do so a second later', async () => {
  const node = await nodeWithView();
  await node.session.query('INSERT INTO k.t (k, v) VALUES (1, 1)');
  let failures = 2;
  node.before = async ({ kind, names }) => {
    const isViewsPart = (kind === 'mutate' || kind === 'batch') && names('k', 'by_v') && !names('k', 't');
    if (isViewsPart && failures-- > 0) throw new Error('not now');
  };
  await assert.rejects(node.session.query('UPDATE k.t SET v = 2 WHERE k = 1'), /not now/);
  node.before = async () => {};
  const shown = () => node.session.rows('SELECT v FROM k.by_v');
  while (JSON.stringify(await shown()) !== '[["2"]]') await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await node.kept(), 0);
  await node.coordinator.stop();
});
