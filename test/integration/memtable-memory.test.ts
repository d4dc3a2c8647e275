// What memtables may take, with what they leave behind for the next ones, is memtable_offheap_space and not a memtable for each flush.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

const MiB = 1024 * 1024;
const budgetMiB = 128;
/** Garbage, buffers of flushes, and pages of the commit log that are still mapped. */
const slackMiB = 400;
const rowBytes = 100_000;
const writtenMiB = 1_000;
const writesAtOnce = 64;

let node: Ferrosa;
let client: CqlClient;
before(async () => {
  node = await Ferrosa.start({ memtable_offheap_space: `${budgetMiB}MiB`, shards: '2' });
  client = await CqlClient.connect({ port: node.port });
});
after(async () => {
  await client.close();
  await node.remove();
});

/** Without pages of files. */
function anonymousMiB(): number {
  const status = readFileSync(`/proc/${node.pid}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+)/.exec(status)![1]) / 1024;
}

test('memory stays within the budget of memtables while many of them are flushed', async () => {
  await client.query("CREATE KEYSPACE m WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query("CREATE TABLE m.t (k int PRIMARY KEY, v blob) WITH compression = {'enabled': 'false'}");
  const insert = await client.prepare('INSERT INTO m.t (k, v) VALUES (?, ?)');
  const blob = Buffer.alloc(rowBytes, 1);
  const before = anonymousMiB();
  let most = 0;
  for (let k = 0; k * rowBytes < writtenMiB * MiB; k += writesAtOnce) {
    const some = Array.from({ length: writesAtOnce }, (_, i) => client.execute(insert, [value.int(k + i), blob]));
    await Promise.all(some);
    most = Math.max(most, anonymousMiB());
  }
  assert.ok(most - before < budgetMiB + slackMiB, `${Math.round(most - before)} MiB more`);
});
