// The disk as it is on a bad day: full, read-only, failing. Skipped where file systems cannot be mounted or calls cannot be traced.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { NodeProcess } from '../support/node-process.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ferrosa-disk-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file system of its own in memory; null where this user may not mount. */
function mountSmall(size: string): string | null {
  const path = folder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'ferrosa-test', path]).status !== 0) return null;
  cleanups.push(() => void spawnSync('umount', ['-l', path]));
  return path;
}

const small = {
  shards: '1',
  commitlog_sync: 'batch',
  commitlog_segment_size: '1MiB',
  max_mutation_size: '256KiB',
  memtable_offheap_space: '64MiB',
  commitlog_total_space: '1GiB',
};

async function start(path: string, settings: Record<string, string> = small): Promise<NodeProcess> {
  const node = await NodeProcess.start(path, settings);
  cleanups.push(() => node.kill());
  return node;
}
/** Takes what is left on a disk. */
function fillDisk(path: string): void {
  const fd = openSync(path, 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(65_536));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(fd);
  }
}
async function connect(node: NodeProcess): Promise<CqlClient> {
  const client = await CqlClient.connect({ port: node.port });
  cleanups.push(() => client.close());
  return client;
}

async function createTable(client: CqlClient): Promise<(k: number) => Promise<unknown>> {
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE ks.t (k int PRIMARY KEY, v text)');
  const insert = await client.prepare('INSERT INTO ks.t (k, v) VALUES (?, ?)');
  const pad = 'x'.repeat(16_000);
  return (k) => client.execute(insert, [value.int(k), value.text(pad)]);
}

async function keys(client: CqlClient): Promise<Set<number>> {
  const rows = (await client.query('SELECT k FROM ks.t')).objects() as { k: number }[];
  return new Set(rows.map(({ k }) => k));
}

test('a full disk: writes fail and say so, reads go on, and room is all that is needed to go on', async (t) => {
  const mount = mountSmall('24M');
  if (mount === null) return t.skip('mounting a tmpfs is not permitted here');
  const ballast = join(mount, 'ballast');
  const node = await start(join(mount, 'data'));
  const client = await connect(node);
  const insert = await createTable(client);
  for (let k = 0; k < 20; k++) await insert(k);
  fillDisk(ballast);
  let acknowledged = 20;
  let refused: Error | null = null;
  while (refused === null && acknowledged < 2_000)
    await insert(acknowledged).then(
      () => acknowledged++,
      (error: Error) => {
        refused = error;
      },
    );
  assert.match(refused!.message, /No space left on device/);
  assert.ok((await keys(client)).size >= acknowledged, 'reads go on');
  await assert.rejects(insert(5_000), /No space left on device/);

  rmSync(ballast);
  const until = Date.now() + 30_000;
  for (;;) {
    const done = await insert(6_000).then(
      () => true,
      () => false,
    );
    if (done || Date.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (let k = 0; k < acknowledged; k++) await insert(10_000 + k);
  await node.action('flush', { keyspace: 'ks' });
  await node.kill();
  const found = await keys(await connect(await start(join(mount, 'data'))));
  for (let k = 0; k < acknowledged; k++) assert.ok(found.has(k) && found.has(10_000 + k), `key ${k}`);
  assert.ok(found.has(6_000));
});

test('a full disk under flush: what cannot be written stays, and is written when there is room', async (t) => {
  const mount = mountSmall('32M');
  if (mount === null) return t.skip('mounting a tmpfs is not permitted here');
  const node = await start(join(mount, 'data'));
  const client = await connect(node);
  const insert = await createTable(client);
  for (let k = 0; k < 100; k++) await insert(k);
  const ballast = join(mount, 'ballast');
  fillDisk(ballast);
  await assert.rejects(node.action('flush', { keyspace: 'ks' }), /ENOSPC|No space left/);
  assert.equal((await keys(client)).size, 100);
  rmSync(ballast);
  await node.action('flush', { keyspace: 'ks' });
  await node.kill();
  assert.equal((await keys(await connect(await start(join(mount, 'data'))))).size, 100);
});

test('a start on a full disk says what to do', async (t) => {
  const mount = mountSmall('1M');
  if (mount === null) return t.skip('mounting a tmpfs is not permitted here');
  const node = NodeProcess.spawn(join(mount, 'data'), small);
  assert.equal((await node.ended).code, 1);
  assert.match(node.output, /No space left on device|The disk of the data folder .* is full/);
  assert.ok(node.output.includes(mount), node.output);
});

test('a read-only data folder says what to do', async (t) => {
  const mount = mountSmall('4M');
  if (mount === null) return t.skip('mounting a tmpfs is not permitted here');
  mkdirSync(join(mount, 'data'));
  execFileSync('mount', ['-o', 'remount,ro', mount]);
  const node = NodeProcess.spawn(join(mount, 'data'), small);
  assert.equal((await node.ended).code, 1);
  assert.match(node.output, /is on a read-only file system.*--data-dir/);
});

for (const mode of ['batch', 'group', 'periodic'])
  test(`a sync of the commit log that fails ends the node, and is not acknowledged (${mode})`, async (t) => {
    if (spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status !== 0)
      return t.skip('strace is not there, or tracing is not permitted');
    const path = folder();
    const settings = { ...small, commitlog_sync: mode, commitlog_sync_period: '100ms' };
    const node = await start(path, settings);
    const client = await connect(node);
    const insert = await createTable(client);
    for (let k = 0; k < 50; k++) await insert(k);
    // From here on every fdatasync is an I/O error. The kernel reports one once: a second attempt would succeed and mean nothing.
    const { strace, attached } = traceInto(node.pid, path);
    await attached;
    let acknowledged = 50;
    try {
      for (; acknowledged < 100_000; acknowledged++) await insert(acknowledged);
    } catch {
      // the node has ended
    }
    const end = await node.ended;
    strace.kill('SIGKILL');
    assert.equal(end.code, 1, node.output);
    assert.match(node.output, /commit log in .*cannot be synced.*segment-\d+\.log: Input\/output error/);
    const found = await keys(await connect(await start(path, settings)));
    if (mode !== 'periodic') assert.equal(acknowledged, 50, 'nothing is acknowledged after the failure');
    for (let k = 0; k < 50; k++) assert.ok(found.has(k), `key ${k}`);
  });

function traceInto(pid: number, path: string): { strace: ReturnType<typeof spawn>; attached: Promise<void> } {
  const options = ['-f', '-o', join(path, 'strace.out'), '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO'];
  const strace = spawn('strace', [...options, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  cleanups.push(() => void strace.kill('SIGKILL'));
  const attached = new Promise<void>((resolve, reject) => {
    let output = '';
    strace.stderr!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('attached')) resolve();
    });
    strace.once('close', () => reject(new Error(output)));
  });
  return { strace, attached };
}
