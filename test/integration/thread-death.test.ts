// A node whose thread has died must not go on: it says which one, and ends with an error. What was acknowledged is there afterwards.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';

const preload = pathToFileURL(join(import.meta.dirname, '..', 'support', 'end-thread.js')).href;

for (const [thread, said] of [
  ['shard', /shard \d+ has ended with 1/],
  ['raft', /the metadata thread failed: the raft thread has ended with 1/],
] as const)
  test(`the end of the ${thread} thread ends the node with a message, and nothing is lost`, async () => {
    const data = temporaryDataDir();
    try {
      const node = NodeProcess.spawn(data.path, {}, { nodeArgs: ['--import', preload], env: { END_THREAD: thread } });
      await node.ready();
      const client = await CqlClient.connect({ port: node.port });
      await client.query("CREATE KEYSPACE d WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
      await client.query('CREATE TABLE d.t (k int PRIMARY KEY)');
      const insert = await client.prepare('INSERT INTO d.t (k) VALUES (?)');
      for (let k = 0; k < 20; k++) await client.execute(insert, [value.int(k)]);
      process.kill(node.pid, 'SIGUSR2');
      const end = await node.ended;
      assert.equal(end.code, 1, node.output);
      assert.match(node.output, said);
      await client.close();
      const again = await NodeProcess.start(data.path);
      const reader = await CqlClient.connect({ port: again.port });
      assert.equal((await reader.query('SELECT k FROM d.t')).rows.length, 20);
      await reader.close();
      await again.stop();
    } finally {
      data.remove();
    }
  });
