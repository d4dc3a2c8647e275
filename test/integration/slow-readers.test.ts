// Clients that ask for much and read nothing: what they cost, and that every answer is there when they read at last.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CqlClient, type Prepared } from '../support/cql-client.js';
import { encode, encodeEnvelope, Opcode } from '../support/cql-frames.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

const MiB = 1024 * 1024;
const unreadMaxMiB = 4;
/** What garbage that is not collected yet may add to what is allowed. */
const slackMiB = 250;

let node: Ferrosa;
let client: CqlClient;
before(async () => {
  node = await Ferrosa.start({ native_transport_max_answer_data_per_connection: `${unreadMaxMiB}MiB`, shards: '2' });
  client = await CqlClient.connect({ port: node.port });
  await client.query("CREATE KEYSPACE sr WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE sr.t (k int, c int, v blob, PRIMARY KEY (k, c))');
  const insert = await client.prepare('INSERT INTO sr.t (k, c, v) VALUES (?, ?, ?)');
  const put = (k: number, c: number, bytes: number) =>
    client.execute(insert, [value.int(k), value.int(c), Buffer.alloc(bytes, 1)]);
  await put(1, 0, MiB - 100_000);
  for (let c = 0; c < 8; c++) await put(2, c, MiB);
});
after(async () => {
  await client.close();
  await node.remove();
});

const residentMiB = (): number => (Number(readFileSync(`/proc/${node.pid}/statm`, 'utf8').split(' ')[1]) * 4096) / MiB;

/** When it has stopped growing. */
async function settledMiB(): Promise<number> {
  let last = residentMiB();
  for (let still = 0; still < 10; ) {
    await sleep(100);
    const now = residentMiB();
    still = now > last + 1 ? 0 : still + 1;
    last = now;
  }
  return last;
}

/** A connection that counts what comes, and is ready for statements. */
async function open(port: number, driver: string): Promise<{ socket: Socket; answers: () => number }> {
  const socket = connect({ host: '127.0.0.1', port });
  let answers = 0;
  let header = Buffer.alloc(0);
  let left = 0;
  socket.on('data', (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + (left > 0 ? left : 9 - header.length));
      at += part.length;
      if (left > 0) {
        left -= part.length;
      } else {
        header = Buffer.concat([header, part]);
        if (header.length < 9) continue;
        assert.notEqual(header[4], Opcode.ERROR);
        left = header.readInt32BE(5);
        header = Buffer.alloc(0);
      }
      if (left === 0) answers++;
    }
  });
  socket.write(encodeEnvelope(4, Opcode.STARTUP, 0, encode.stringMap({ CQL_VERSION: '3.0.0', DRIVER_NAME: driver })));
  while (answers === 0) await sleep(10);
  return { socket, answers: () => answers - 1 };
}

function execute(prepared: Prepared, key: number, stream: number): Buffer {
  const parameters = Buffer.concat([
    encode.short(1),
    Buffer.from([0x01]),
    encode.short(1),
    encode.value(value.int(key)),
  ]);
  return encodeEnvelope(4, Opcode.EXECUTE, stream, Buffer.concat([encode.shortBytes(prepared.id), parameters]));
}

// Goal: memory is bounded by what a connection may leave unread, for answers of the hot path and for those that are read in steps,
// on main and on the thread of a shard.
for (const [where, key, count, driver] of [
  ['main, by the hot path', 1, 600, 'any'],
  ['main, in steps', 2, 200, 'any'],
  ['a shard, by the hot path', 1, 600, 'scylla'],
  ['a shard, in steps', 2, 200, 'scylla'],
] as const) {
  test(`${where}: ${count} unread answers of ${key === 1 ? 1 : 8} MB cost what is allowed, and all come in the end`, async () => {
    const read = await client.prepare('SELECT v FROM sr.t WHERE k = ?');
    const { socket, answers } = await open(driver === 'any' ? node.port : node.shardAwarePort, driver);
    const before = await settledMiB();
    socket.pause();
    socket.write(Buffer.concat(Array.from({ length: count }, (_, i) => execute(read, key, i))));
    const grown = (await settledMiB()) - before;
    assert.ok(grown < unreadMaxMiB * 2 + slackMiB, `${Math.round(grown)} MiB more`);
    // Others are served meanwhile.
    assert.equal((await client.execute(read, [value.int(1)])).rows.length, 1);
    socket.resume();
    while (answers() < count) await sleep(20);
    socket.destroy();
  });
}
