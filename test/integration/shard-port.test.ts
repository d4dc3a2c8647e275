// Connections that live on the thread of a shard: which shard, every kind of statement, compression, limits, and how they end.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { bodyCompressor, encodeSegments, SegmentDecoder } from '../../src/protocol/index.js';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { BodyReader, encode, encodeEnvelope, Opcode } from '../support/cql-frames.js';
import { Ferrosa } from '../support/ferrosa.js';

const shards = 2;
let ferrosa: Ferrosa;
before(async () => {
  ferrosa = await Ferrosa.start({ shards: String(shards) });
  const client = await CqlClient.connect({ port: ferrosa.port });
  await client.query("CREATE KEYSPACE sp WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE sp.t (k int PRIMARY KEY, v blob)');
  await client.close();
});
after(() => ferrosa.remove());

const run = promisify(execFile);
const ctl = (...args: string[]) =>
  run(process.execPath, ['bin/ferrosa-ctl.js', '-p', String(ferrosa.webPort), ...args]);

// Below the range that the system gives out by itself, each used once.
let nextPort = 20_000 + ((process.pid * 97) % 10_000);

/** A free source port of a shard. */
async function portOf(shard: number): Promise<number> {
  for (;;) {
    const candidate = nextPort++;
    if (candidate % shards === shard && (await isFree(candidate))) return candidate;
  }
}

function isFree(candidate: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(candidate, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}

async function clientOf(shard: number, version: 4 | 5, startup: Record<string, string> = {}): Promise<CqlClient> {
  return CqlClient.connect({ port: ferrosa.shardAwarePort, localPort: await portOf(shard), version, startup });
}

/** The values of a metric by shard. */
async function byShard(name: string): Promise<number[]> {
  const text = await (await fetch(`http://127.0.0.1:${ferrosa.webPort}/metrics`)).text();
  return Array.from({ length: shards }, (_, shard) => {
    const line = text.split('\n').find((each) => each.startsWith(`${name}{shard="${shard}"} `));
    return Number(line?.split(' ')[1]);
  });
}

const local = () => byShard('ferrosa_shard_local_requests_total');
const forwarded = () => byShard('ferrosa_shard_forwarded_requests_total');

async function supported(port: number, localPort?: number): Promise<Map<string, string[]>> {
  const client = await RawClient.open(port, 4, localPort);
  const { body } = await client.ask(Opcode.OPTIONS, Buffer.alloc(0));
  client.socket.destroy();
  const reader = new BodyReader(body);
  return new Map(Array.from({ length: reader.short() }, () => [reader.string(), reader.stringList()]));
}

type Answer = { readonly opcode: number; readonly body: Buffer };

/** A client that compresses; written with the server's own LZ4. */
class RawClient {
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #buffer = Buffer.alloc(0);
  #segments: SegmentDecoder | null = null;
  readonly #compressor = bodyCompressor('lz4');
  compresses = false;

  private constructor(
    readonly socket: Socket,
    readonly version: number,
  ) {
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#onData(chunk));
  }

  static async open(port: number, version: number, localPort?: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', ...(localPort === undefined ? {} : { localPort }) });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket, version);
  }

  async startup(): Promise<void> {
    const body = encode.stringMap({ CQL_VERSION: '3.0.0', COMPRESSION: 'lz4' });
    assert.equal((await this.ask(Opcode.STARTUP, body)).opcode, Opcode.READY);
    if (this.version === 5) this.#segments = new SegmentDecoder(true);
    this.compresses = true;
  }

  ask(opcode: number, body: Buffer): Promise<Answer> {
    const isCompressed = this.compresses && this.version < 5;
    const sent = isCompressed ? Buffer.from(this.#compressor.compress(body)) : body;
    const envelope = encodeEnvelope(this.version, opcode, this.#waiting.length, sent, isCompressed ? 1 : 0);
    this.socket.write(this.#segments === null ? envelope : encodeSegments([envelope], true));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #onData(chunk: Buffer): void {
    const parts: Uint8Array[] = [this.#buffer];
    if (this.#segments === null) parts.push(chunk);
    else {
      this.#segments.push(chunk);
      for (let one = this.#segments.next(); one !== null; one = this.#segments.next()) parts.push(one.payload);
    }
    this.#buffer = Buffer.concat(parts);
    while (this.#buffer.length >= 9 && this.#buffer.length >= 9 + this.#buffer.readInt32BE(5)) {
      const end = 9 + this.#buffer.readInt32BE(5);
      const raw = this.#buffer.subarray(9, end);
      const isCompressed = (this.#buffer[1]! & 1) !== 0 && this.version < 5;
      const body = Buffer.from(isCompressed ? this.#compressor.decompress(raw, 1 << 28) : raw);
      this.#waiting[this.#buffer.readInt16BE(2)]!({ opcode: this.#buffer[4]!, body });
      this.#buffer = this.#buffer.subarray(end);
    }
  }
}

test('SUPPORTED tells the shard of the connection and how keys are shared out, on both ports', async () => {
  const seen = new Set<string>();
  for (const shard of [0, 1]) {
    const aware = await supported(ferrosa.shardAwarePort, await portOf(shard));
    assert.deepEqual(aware.get('SCYLLA_SHARD'), [String(shard)]);
    const plain = await supported(ferrosa.port);
    seen.add(plain.get('SCYLLA_SHARD')![0]!);
    for (const options of [aware, plain]) {
      assert.deepEqual(options.get('SCYLLA_NR_SHARDS'), ['2']);
      assert.deepEqual(options.get('SCYLLA_SHARDING_ALGORITHM'), ['biased-token-round-robin']);
      assert.deepEqual(options.get('SCYLLA_SHARDING_IGNORE_MSB'), ['12']);
      assert.deepEqual(options.get('SCYLLA_PARTITIONER'), ['org.apache.cassandra.dht.Murmur3Partitioner']);
      assert.deepEqual(options.get('SCYLLA_SHARD_AWARE_PORT'), [String(ferrosa.shardAwarePort)]);
    }
  }
  assert.deepEqual(seen, new Set(['0', '1']));
});

test('drivers that take the node for ScyllaDB get what they ask: USING TIMEOUT, and no scylla_tables', async () => {
  const client = await clientOf(0, 4);
  assert.equal((await client.query('SELECT key FROM system.local USING TIMEOUT 2000ms')).rows.length, 1);
  const named = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'sp' USING TIMEOUT 30s";
  assert.equal((await client.query(named)).rows.length, 1);
  await assert.rejects(
    client.query("SELECT * FROM system_schema.scylla_tables WHERE keyspace_name = 'sp'"),
    (error: CqlError) => error.code === 0x2200,
  );
  await client.close();
});

for (const version of [4, 5] as const)
  for (const shard of [0, 1])
    test(`v${version}, shard ${shard}: hot and other statements side by side on one connection`, async () => {
      const client = await clientOf(shard, version);
      const insert = await client.prepare('INSERT INTO sp.t (k, v) VALUES (?, ?)');
      const select = await client.prepare('SELECT v FROM sp.t WHERE k = ?');
      const before = [await local(), await forwarded()] as const;
      const keys = Array.from({ length: 500 }, (_, key) => key);
      const value = (key: number) => Buffer.alloc(key * 10, version + shard);
      await Promise.all(
        keys.map(async (key) => {
          await client.execute(insert, [encode.int(key), value(key)]);
          const [hot, text] = await Promise.all([
            client.execute(select, [encode.int(key)]),
            client.query(`SELECT v FROM sp.t WHERE k IN (${key}, -2)`),
          ]);
          assert.deepEqual(hot.rows[0]![0], value(key));
          assert.deepEqual(text.rows[0]![0], value(key));
        }),
      );
      const [own, others] = [await local(), await forwarded()];
      const taken = own[shard]! - before[0][shard]! + (others[shard]! - before[1][shard]!);
      assert.equal(taken, 1000);
      assert.ok(own[shard]! > before[0][shard]! && others[shard]! > before[1][shard]!);
      // What only main can do.
      await client.query('USE sp');
      await client.register('SCHEMA_CHANGE');
      await client.query('CREATE TABLE IF NOT EXISTS sp.made (k int PRIMARY KEY)');
      await client.query('DROP TABLE sp.made');
      assert.ok(client.events.length >= 2);
      await client.batch(1, [{ query: insert, values: [encode.int(1), Buffer.from('b')] }]);
      assert.deepEqual((await client.query('SELECT v FROM t WHERE k = 1')).rows[0]![0], Buffer.from('b'));
      const large = Buffer.alloc(3_000_000, 7);
      await client.execute(insert, [encode.int(-1), large]);
      assert.deepEqual((await client.execute(select, [encode.int(-1)])).rows[0]![0], large);
      await assert.rejects(client.query('SELECT nothing FROM t'), (error: CqlError) => error.code === 0x2200);
      await client.close();
    });

for (const version of [4, 5])
  test(`v${version}: compressed with LZ4`, async () => {
    const plain = await clientOf(1, 4);
    const insert = await plain.prepare('INSERT INTO sp.t (k, v) VALUES (?, ?)');
    const before = [await local(), await forwarded()].flat().reduce((sum, one) => sum + one);
    const client = await RawClient.open(ferrosa.shardAwarePort, version, await portOf(1));
    await client.startup();
    const value = Buffer.alloc(5000, version);
    const flags = (bits: number) => (version === 5 ? encode.int(bits) : Buffer.from([bits]));
    const rest = (key: number) => [
      encode.short(1),
      flags(1),
      encode.short(2),
      encode.value(encode.int(key)),
      encode.value(value),
    ];
    const id = [encode.shortBytes(insert.id), ...(version === 5 ? [encode.shortBytes(Buffer.alloc(16))] : [])];
    const text = (query: string) => Buffer.concat([encode.longString(query), encode.short(1), flags(0)]);
    const keys = Array.from({ length: 100 }, (_, key) => key);
    await Promise.all(
      keys.map(async (key) => {
        assert.equal((await client.ask(Opcode.EXECUTE, Buffer.concat([...id, ...rest(key)]))).opcode, Opcode.RESULT);
        const { body } = await client.ask(Opcode.QUERY, text(`SELECT v FROM sp.t WHERE k IN (${key}, -2)`));
        assert.ok(body.includes(value));
      }),
    );
    const afterwards = [await local(), await forwarded()].flat().reduce((sum, one) => sum + one);
    assert.equal(afterwards - before, 100);
    client.socket.destroy();
    await plain.close();
  });

test('a client that does not read makes only itself wait', async () => {
  const client = await clientOf(0, 5);
  const other = await clientOf(0, 5);
  const insert = await client.prepare('INSERT INTO sp.t (k, v) VALUES (?, ?)');
  const select = await client.prepare('SELECT v FROM sp.t WHERE k = ?');
  const value = Buffer.alloc(200_000, 1);
  await client.execute(insert, [encode.int(5), value]);
  client.setReading(false);
  const hot = Array.from({ length: 300 }, () => client.execute(select, [encode.int(5)]));
  const others = Array.from({ length: 300 }, () => client.query('SELECT v FROM sp.t WHERE k IN (5, -2)'));
  for (let i = 0; i < 100; i++) await other.execute(select, [encode.int(5)]);
  client.setReading(true);
  for (const answer of await Promise.all([...hot, ...others])) assert.deepEqual(answer.rows[0]![0], value);
  await client.close();
  await other.close();
});

const openConnections = async (): Promise<number> =>
  (await byShard('ferrosa_shard_connections')).reduce((a, b) => a + b);

async function untilOpen(count: number): Promise<void> {
  while ((await openConnections()) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('200 connections come and go, half of them in the middle of their requests; nothing is left of them', async () => {
  await untilOpen(0);
  const watcher = await clientOf(0, 4);
  for (let round = 0; round < 4; round++) {
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        CqlClient.connect({ port: ferrosa.shardAwarePort, version: i % 4 < 2 ? 4 : 5 }),
      ),
    );
    assert.equal(await openConnections(), 51);
    assert.equal((await watcher.query('SELECT port FROM system_views.clients')).rows.length, 51);
    await Promise.all(
      clients.map(async (client, i) => {
        const insert = await client.prepare('INSERT INTO sp.t (k, v) VALUES (?, ?)');
        const work = Array.from({ length: 50 }, (_, key) => [
          client.execute(insert, [encode.int(key), Buffer.alloc(1000)]),
          client.query('SELECT * FROM sp.t LIMIT 10'),
        ]).flat();
        if (i % 2 === 0) await Promise.all(work);
        await client.close();
        await Promise.allSettled(work);
      }),
    );
    await untilOpen(1);
  }
  assert.equal((await watcher.query('SELECT port FROM system_views.clients')).rows.length, 1);
  await watcher.close();
});

test('disablebinary answers what is in flight, then ends every connection', async () => {
  const clients = await Promise.all([0, 1, 0, 1].map((shard, i) => clientOf(shard, i < 2 ? 4 : 5)));
  let answered = 0;
  const ends = clients.map(async (client) => {
    const insert = await client.prepare('INSERT INTO sp.t (k, v) VALUES (?, ?)');
    for (let key = 0; ; key++) {
      try {
        await Promise.all([
          client.execute(insert, [encode.int(key % 100), Buffer.alloc(10)]),
          client.query('SELECT key FROM system.local'),
        ]);
        answered++;
      } catch (error) {
        return (error as Error).message;
      }
    }
  });
  while (answered < 50) await new Promise((resolve) => setTimeout(resolve, 5));
  await ctl('disablebinary');
  for (const message of await Promise.all(ends)) assert.match(message, /closed|ECONNRESET|EPIPE/);
  assert.equal(await openConnections(), 0);
  await ctl('enablebinary');
  const client = await clientOf(1, 5);
  assert.equal((await client.query('SELECT key FROM system.local')).rows.length, 1);
  await client.close();
});

test('idle connections are ended, busy ones are not; the node stops with connections open', async () => {
  const short = await Ferrosa.start({ shards: '2', native_transport_idle_timeout: '400ms' });
  const [idle, busy] = await Promise.all([0, 1].map(() => CqlClient.connect({ port: short.shardAwarePort })));
  let ended = false;
  while (!ended) {
    await busy!.query('SELECT key FROM system.local');
    await new Promise((resolve) => setTimeout(resolve, 50));
    ended = (await busy!.query('SELECT port FROM system_views.clients')).rows.length === 1;
  }
  await assert.rejects(idle!.query('SELECT key FROM system.local'));
  assert.equal(await short.down('SIGTERM'), 0);
  await short.remove();
});

test('a node of one shard tells nothing of shards', async () => {
  const one = await Ferrosa.start({ shards: '1' });
  for (const port of [one.port, one.shardAwarePort]) {
    const options = await supported(port);
    assert.deepEqual(
      [...options.keys()].filter((key) => key.startsWith('SCYLLA')),
      [],
    );
    const client = await CqlClient.connect({ port });
    assert.equal((await client.query('SELECT key FROM system.local')).rows.length, 1);
    await client.close();
  }
  await one.remove();
});
