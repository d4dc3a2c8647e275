import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseStatement } from '../../../src/cql/index.js';
import {
  type MetadataEnvironment,
  MetadataStore,
  type NodeRecord,
  RaftClient,
  stateFromSnapshot,
  stateToSnapshot,
} from '../../../src/raft/index.js';
import type { SchemaStatement } from '../../../src/schema/index.js';

type Cleanup = { after(run: () => void): void };

function folder(t: Cleanup): string {
  const path = mkdtempSync(join(tmpdir(), 'ferrosa-store-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function environment(): MetadataEnvironment & { reports: string[] } {
  let now = 1_700_000_000_000_000n;
  let random = 0;
  const reports: string[] = [];
  return {
    nowMicros: () => now++,
    randomBytes: (count) => new Uint8Array(count).fill(++random),
    report: (message) => reports.push(message),
    reports,
  };
}

const node: NodeRecord = {
  hostId: '6a5cd39f-3c74-494f-b67f-248dfa17faf0',
  datacenter: 'datacenter1',
  rack: 'rack1',
  tokens: ['-9', '5'],
  releaseVersion: '5.0.9',
  broadcastAddress: '127.0.0.1',
  broadcastPort: 7000,
  listenAddress: '127.0.0.1',
  listenPort: 7000,
  nativeAddress: '127.0.0.1',
  nativePort: 9042,
};

const run = (store: MetadataStore, cql: string, keyspace: string | null = null) =>
  store.change(parseStatement(cql).statement as SchemaStatement, keyspace);

const createKeyspace = "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";

test('a change is committed, published and told before it is answered, and is there after a restart', async (t) => {
  const path = folder(t);
  const store = await MetadataStore.open(RaftClient.inProcess(path), environment());
  const events: string[] = [];
  store.catalogue.onChange((change) => {
    events.push(...change.events.map((event) => `${event.change} ${event.target} ${event.name ?? event.keyspace}`));
  });
  await store.ensureClusterName('Test Cluster');
  await store.putNode(node);
  await run(store, createKeyspace);
  const { change } = await run(store, 'CREATE TABLE t (k int PRIMARY KEY, v text)', 'ks');
  assert.deepEqual(change, { change: 'CREATED', target: 'TABLE', keyspace: 'ks', name: 't' });
  assert.equal(store.catalogue.getTable('ks', 't').regulars[0]?.name, 'v');
  assert.deepEqual(events, ['CREATED KEYSPACE ks', 'CREATED TABLE t']);
  const { version } = store.catalogue.schema;
  await store.stop();

  const again = await MetadataStore.open(RaftClient.inProcess(path), environment());
  assert.equal(again.catalogue.schema.version, version);
  assert.equal(again.clusterName, 'Test Cluster');
  assert.deepEqual(again.nodes, [node]);
  assert.deepEqual((await run(again, 'CREATE TABLE IF NOT EXISTS ks.t (k int PRIMARY KEY)')).change, null);
  await again.stop();
});

test('changes that are asked for at once are made one after the other', async (t) => {
  const store = await MetadataStore.open(RaftClient.inProcess(folder(t)), environment());
  await run(store, createKeyspace);
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => run(store, `CREATE TABLE ks.t${i % 10} (k int PRIMARY KEY)`)),
  );
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 10);
  for (const result of results) if (result.status === 'rejected') assert.equal(result.reason.code, 'ALREADY_EXISTS');
  assert.equal(store.catalogue.getKeyspace('ks').tables.size, 10);
  await store.stop();
});

test('the state comes back the same from its snapshot, which a long log is replaced by', async (t) => {
  const path = folder(t);
  const store = await MetadataStore.open(RaftClient.inProcess(path), environment());
  await store.putRole({ name: 'r', canLogin: true, isSuperuser: false, memberOf: ['x'], saltedHash: null });
  await run(store, createKeyspace);
  await run(store, 'CREATE TYPE ks.u (a int)');
  const columns = Array.from({ length: 3000 }, (_, i) => `c${i} frozen<map<text, frozen<list<u>>>>`).join(', ');
  await run(store, `CREATE TABLE ks.t (k int PRIMARY KEY, ${columns})`);
  await run(store, 'ALTER TABLE ks.t DROP c7');
  const restored = stateFromSnapshot(JSON.parse(JSON.stringify(stateToSnapshot(store.state))));
  assert.deepEqual(restored, store.state);
  await store.stop();
  const again = await MetadataStore.open(RaftClient.inProcess(path), environment());
  assert.equal(again.catalogue.schema.version, store.catalogue.schema.version);
  assert.deepEqual(again.state.roles.get('r')?.memberOf, ['x']);
  await again.stop();
});

test('a statement that fails changes nothing', async (t) => {
  const store = await MetadataStore.open(RaftClient.inProcess(folder(t)), environment());
  const { version } = store.catalogue.schema;
  await assert.rejects(run(store, 'CREATE TABLE nope.t (k int PRIMARY KEY)'), { code: 'INVALID' });
  await assert.rejects(run(store, 'CREATE TABLE t (k int PRIMARY KEY)'), {
    message: 'No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename',
  });
  assert.equal(store.catalogue.schema.version, version);
  await store.stop();
});

test('a node keeps the name of its cluster', async (t) => {
  const store = await MetadataStore.open(RaftClient.inProcess(folder(t)), environment());
  await store.ensureClusterName('one');
  await store.ensureClusterName('one');
  await assert.rejects(store.ensureClusterName('two'), { code: 'CONFIG_ERROR' });
  await store.stop();
});

test('the raft thread serves the same log', async (t) => {
  const path = folder(t);
  const failures: Error[] = [];
  const store = await MetadataStore.open(
    RaftClient.startThread(path, (error) => failures.push(error)),
    environment(),
  );
  await run(store, createKeyspace);
  await store.stop();
  assert.deepEqual(failures, []);
  await assert.rejects(run(store, 'DROP KEYSPACE ks'), { message: 'the metadata log is closed' });
  const again = await MetadataStore.open(RaftClient.inProcess(path), environment());
  assert.ok(again.catalogue.schema.keyspaces.has('ks'));
  await again.stop();
});
