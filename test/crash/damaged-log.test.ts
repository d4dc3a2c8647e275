// A damaged commit log, as an operator meets it at the start.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';

const settings = { shards: '1', commitlog_sync: 'batch' };

/** A node that was killed with 100 rows in its log; the path of the segment. */
async function killedNode(path: string): Promise<string> {
  const node = await NodeProcess.start(path, settings);
  const client = await CqlClient.connect({ port: node.port });
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE ks.t (k int PRIMARY KEY, v text)');
  for (let i = 0; i < 100; i++) await client.query(`INSERT INTO ks.t (k, v) VALUES (${i}, 'needle ${i} needle')`);
  await client.close();
  await node.kill();
  const folder = join(path, 'commitlog', '0');
  return join(folder, readdirSync(folder)[0]!);
}

function flip(segment: string, text: string): number {
  const bytes = readFileSync(segment);
  const at = bytes.indexOf(text);
  assert.ok(at > 0);
  bytes[at]! ^= 0x20;
  writeFileSync(segment, bytes);
  return at;
}

async function rowCount(path: string, more: Record<string, string> = {}): Promise<{ rows: number; output: string }> {
  const node = await NodeProcess.start(path, { ...settings, ...more });
  const client = await CqlClient.connect({ port: node.port });
  const { rows } = await client.query('SELECT k FROM ks.t');
  await client.close();
  await node.stop();
  return { rows: rows.length, output: node.output };
}

test('a flipped byte in the middle stops the start with file and offset, and a setting goes on without that record', async () => {
  const folder = temporaryDataDir();
  try {
    const segment = await killedNode(folder.path);
    const at = flip(segment, 'needle 50 needle');
    const refused = NodeProcess.spawn(folder.path, settings);
    assert.equal((await refused.ended).code, 1);
    assert.ok(refused.output.includes(segment), refused.output);
    const offset = Number(/at offset (\d+)/.exec(refused.output)?.[1]);
    assert.ok(offset < at && at - offset < 200, `offset ${offset} is that of the record around byte ${at}`);
    assert.match(refused.output, /FERROSA_COMMITLOG_IGNORE_REPLAY_ERRORS/);
    const { rows, output } = await rowCount(folder.path, { commitlog_ignore_replay_errors: 'true' });
    assert.equal(rows, 99);
    assert.ok(output.includes(`"offset":${offset}`), output);
  } finally {
    folder.remove();
  }
});

test('a torn tail is reported with file, offset and bytes, and costs the torn write alone', async () => {
  const folder = temporaryDataDir();
  try {
    const segment = await killedNode(folder.path);
    const bytes = readFileSync(segment);
    const at = bytes.indexOf('needle 99 needle');
    // As if the machine had stopped while the last write was on its way, before the marker behind it.
    bytes.fill(0, at + 3);
    writeFileSync(segment, bytes);
    const { rows, output } = await rowCount(folder.path);
    assert.equal(rows, 99);
    assert.match(output, /torn write/);
    assert.ok(output.includes(segment), output);
  } finally {
    folder.remove();
  }
});
