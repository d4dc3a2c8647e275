// What no input may do, over real sockets: each bad request gets Cassandra's error, the connection lives or ends as Cassandra's does, the
// node stays alive and its memory bounded. With a port in FERROSA_TEST_PORT the same questions go to another server, such as a Cassandra.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { CqlClient, CqlError, type Value } from '../support/cql-client.js';
import { encode, encodeEnvelope, encodeSegments, Opcode } from '../support/cql-frames.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';
import { RawClient, readError } from '../support/raw-client.js';

// A port here runs the same questions against another server, such as a Cassandra.
const otherPort = Number(process.env['FERROSA_TEST_PORT'] ?? 0);
let node: Ferrosa | null = null;
let port = otherPort;
let client: CqlClient;
let residentBefore = 0;

const residentMiB = (): number =>
  node === null ? 0 : (Number(readFileSync(`/proc/${node.pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 2 ** 20;

before(async () => {
  if (otherPort === 0) {
    // A statement of 65,535 markers takes 17 MB as it is counted.
    node = await Ferrosa.start({ prepared_statements_cache_size: '64MiB' });
    port = node.port;
  }
  client = await CqlClient.connect({ port });
  await client.query(
    "CREATE KEYSPACE IF NOT EXISTS bad WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  );
  await client.query('CREATE TABLE IF NOT EXISTS bad.t (k int PRIMARY KEY, v text, l list<int>, m map<int, text>)');
  await client.query('CREATE TABLE IF NOT EXISTS bad.b (k blob PRIMARY KEY, v int)');
  await client.query('CREATE TABLE IF NOT EXISTS bad.c (k text, c text, v int, PRIMARY KEY (k, c))');
  await client.query('CREATE TABLE IF NOT EXISTS bad.n (k int PRIMARY KEY, n counter)');
  residentBefore = residentMiB();
});

after(async () => {
  await client.close();
  await node?.remove();
});

/** Code and message of the error that the promise ends with. */
async function errorOf(promise: Promise<unknown>): Promise<{ code: number; message: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CqlError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: -1, message: 'no error' };
}

async function assertAlive(connection: CqlClient = client): Promise<void> {
  assert.equal((await connection.query("SELECT key FROM system.local WHERE key = 'local'")).rows.length, 1);
}

const protocolError = 0x0a;
const syntaxError = 0x2000;
const invalid = 0x2200;

/** Sends bytes on a connection that is through STARTUP: the error that comes back, and whether the connection still answers. */
async function fateOf(
  version: number,
  ...parts: Uint8Array[]
): Promise<{ code: number; message: string; open: boolean }> {
  const raw = await RawClient.start(port, version);
  raw.send(...parts);
  let error = { code: -1, message: 'closed without a word' };
  let open = false;
  try {
    error = readError(await raw.answer());
    raw.sendEnvelope(version, Opcode.OPTIONS, 9);
    open = (await raw.answer()).opcode === Opcode.SUPPORTED;
  } catch (failure) {
    if (!/closed/.test((failure as Error).message)) throw failure;
  }
  raw.destroy();
  return { ...error, open };
}

const request = (version: number, opcode: number, body: Buffer, flags = 0): Buffer => {
  const envelope = encodeEnvelope(version, opcode, 5, body, flags);
  return version === 5 ? encodeSegments(envelope) : envelope;
};
const query = (text: string | Buffer, tail = Buffer.from([0, 1, 0])): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([encode.int(bytes.length), bytes, tail]);
};

test('an unknown opcode, and one that only servers send, is a protocol error and the connection lives', async () => {
  for (const opcode of [0x04, 0x7f, 0xff]) {
    const fate = await fateOf(4, request(4, opcode, Buffer.alloc(0)));
    assert.equal(fate.code, protocolError);
    assert.match(fate.message, /Unknown opcode|Unsupported message/);
  }
  for (const opcode of [Opcode.RESULT, Opcode.READY]) {
    const fate = await fateOf(4, request(4, opcode, Buffer.alloc(0)));
    assert.equal(fate.code, protocolError);
  }
  await assertAlive();
});

test('a body that ends early or whose length lies is a protocol error and the connection lives', async () => {
  const whole = query('SELECT * FROM system.local');
  for (const version of [4, 5])
    for (const body of [
      Buffer.alloc(0),
      whole.subarray(0, 3),
      whole.subarray(0, 10),
      Buffer.concat([encode.int(-1), whole.subarray(4)]),
      Buffer.concat([encode.int(2 ** 31 - 1), whole.subarray(4)]),
      Buffer.concat([encode.short(16), Buffer.alloc(3)]),
    ]) {
      const fate = await fateOf(version, request(version, Opcode.QUERY, body));
      assert.ok(fate.code === protocolError || fate.code === 0, `${fate.code} ${fate.message}`);
      assert.equal(fate.open, true, `v${version} ${body.toString('hex').slice(0, 40)} ${fate.message}`);
    }
  await assertAlive();
});

test('a frame over native_transport_max_frame_size is refused without reading it into memory', async () => {
  const header = encodeEnvelope(4, Opcode.QUERY, 5, Buffer.alloc(0));
  header.writeInt32BE(17 * 2 ** 20, 5);
  const fate = await fateOf(4, header, Buffer.alloc(17 * 2 ** 20));
  assert.ok([protocolError, invalid, -1].includes(fate.code), `${fate.code} ${fate.message}`);
  // The same with a length that no int holds: nothing that long comes, so there is nothing to answer yet.
  header.writeInt32BE(-1, 5);
  const raw = await RawClient.start(port, 4);
  raw.send(header, Buffer.alloc(100));
  await assertAlive();
  raw.destroy();
  await assertAlive();
});

test('bytes that are no CQL and connections cut in the middle of a frame leave nothing behind', async () => {
  for (const bytes of [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.alloc(300, 0xff), Buffer.alloc(300)]) {
    const raw = await RawClient.connect(port);
    raw.send(bytes);
    raw.end();
    await raw.closed();
  }
  for (let cut = 1; cut < 40; cut += 3) {
    const raw = await RawClient.start(port, 5);
    raw.send(request(5, Opcode.QUERY, query('SELECT * FROM system.local')).subarray(0, cut));
    raw.end();
    await raw.closed();
  }
  await assertAlive();
});

test('a segment with a wrong checksum ends the connection', async () => {
  for (const at of [1, 4, 20]) {
    const bytes = Buffer.from(request(5, Opcode.QUERY, query('SELECT * FROM system.local')));
    bytes[at]! ^= 1;
    assert.equal((await fateOf(5, bytes)).open, false);
  }
  await assertAlive();
});

test('the flag for compression means nothing without it, and bytes that do not decompress are an error', async () => {
  // Without compression the flag has no meaning: the body is taken as it is.
  const plain = await RawClient.start(port, 4);
  plain.sendEnvelope(4, Opcode.QUERY, 5, query('SELECT * FROM system.local'), 0x01);
  assert.equal((await plain.answer()).opcode, Opcode.RESULT);
  plain.destroy();
  const raw = await RawClient.start(port, 4, { COMPRESSION: 'lz4' });
  raw.sendEnvelope(4, Opcode.QUERY, 5, Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]), 0x01);
  // The error itself comes compressed: that it is one is all that is looked at.
  assert.equal((await raw.answer()).opcode, Opcode.ERROR);
  raw.destroy();
  await assertAlive();
});

test('invalid UTF-8 in a statement is an error and in a value is refused', async () => {
  const fate = await fateOf(4, request(4, Opcode.QUERY, query(Buffer.from([0x53, 0xff, 0xfe, 0xc0]))));
  assert.ok([protocolError, syntaxError].includes(fate.code), `${fate.code} ${fate.message}`);
  assert.equal(fate.open, true);
  const insert = await client.prepare('INSERT INTO bad.t (k, v) VALUES (?, ?)');
  const error = await errorOf(client.execute(insert, [value.int(1), Buffer.from([0xc3, 0x28])]));
  assert.equal(error.code, invalid);
  assert.equal(error.message, "String didn't validate.");
});

test('values of a wrong length, null and unset where they may not be, are refused with the words of Cassandra', async () => {
  const insert = await client.prepare('INSERT INTO bad.t (k, v) VALUES (?, ?)');
  const select = await client.prepare('SELECT * FROM bad.t WHERE k = ?');
  const add = await client.prepare('UPDATE bad.n SET n = n + ? WHERE k = ?');
  const cases: [typeof insert, Value[], string][] = [
    [insert, [Buffer.alloc(3), null], 'Expected 4 or 0 byte int (3)'],
    [insert, [Buffer.alloc(5), undefined], 'Expected 4 or 0 byte int (5)'],
    [insert, [null, value.text('x')], 'Invalid null value in condition for column k'],
    [insert, [undefined, value.text('x')], 'Invalid unset value for column k'],
    [insert, [Buffer.alloc(0), value.text('x')], 'Key may not be empty'],
    [insert, [value.int(1)], 'there were 2 markers(?) in CQL but 1 bound variables'],
    [select, [null], 'Invalid null value in condition for column k'],
    [select, [undefined], 'Invalid unset value for column k'],
    [select, [Buffer.alloc(0)], 'Key may not be empty'],
    [add, [null, value.int(1)], 'Invalid null value for counter increment'],
    [add, [Buffer.alloc(4), value.int(1)], 'Expected 8 or 0 byte long (4)'],
  ];
  for (const [prepared, values, message] of cases)
    assert.deepEqual(await errorOf(client.execute(prepared, values)), { code: invalid, message });
  // An increment of no bytes: Cassandra fails in its own code; here it is the client's error.
  const empty = await errorOf(client.execute(add, [Buffer.alloc(0), value.int(1)]));
  if (otherPort === 0) assert.equal(empty.code, invalid);
  await assertAlive();
});

test('collections whose counts or lengths lie are refused', async () => {
  const insert = await client.prepare('INSERT INTO bad.t (k, l, m) VALUES (1, ?, ?)');
  const lists = [
    Buffer.concat([encode.int(2 ** 31 - 1)]),
    Buffer.concat([encode.int(3), encode.value(value.int(1))]),
    Buffer.concat([encode.int(1), encode.int(2 ** 31 - 1), Buffer.alloc(4)]),
    Buffer.concat([encode.int(1), encode.int(3), Buffer.alloc(3)]),
    Buffer.concat([encode.int(1), encode.value(value.int(1)), Buffer.from([7])]),
    Buffer.alloc(3),
  ];
  for (const list of lists)
    assert.equal((await errorOf(client.execute(insert, [list, null]))).code, invalid, list.toString('hex'));
  const map = Buffer.concat([encode.int(1), encode.value(value.int(1))]);
  assert.equal((await errorOf(client.execute(insert, [null, map]))).code, invalid);
});

test('partition keys: 65,535 bytes are stored, 65,536 are refused, empty ones are refused', async () => {
  const insert = await client.prepare('INSERT INTO bad.b (k, v) VALUES (?, 1)');
  const select = await client.prepare('SELECT v FROM bad.b WHERE k = ?');
  await client.execute(insert, [Buffer.alloc(65_535, 7)]);
  assert.equal((await client.execute(select, [Buffer.alloc(65_535, 7)])).rows.length, 1);
  for (const length of [65_536, 300_000]) {
    const message = `Key length of ${length} is longer than maximum of 65535`;
    assert.deepEqual(await errorOf(client.execute(insert, [Buffer.alloc(length)])), { code: invalid, message });
    assert.deepEqual(await errorOf(client.execute(select, [Buffer.alloc(length)])), { code: invalid, message });
  }
  assert.equal((await errorOf(client.execute(insert, [Buffer.alloc(0)]))).message, 'Key may not be empty');
  const clustering = await client.prepare("INSERT INTO bad.c (k, c, v) VALUES ('k', ?, 1)");
  const long = await errorOf(client.execute(clustering, [Buffer.alloc(65_536, 97)]));
  assert.deepEqual(long, { code: invalid, message: 'Key length of 65536 is longer than maximum of 65535' });
});

test('a statement of 1 MB runs', async () => {
  await client.query(`INSERT INTO bad.t (k, v) VALUES (2, '${'x'.repeat(2 ** 20)}')`);
  assert.equal((await client.query('SELECT v FROM bad.t WHERE k = 2')).rows[0]![0]!.length, 2 ** 20);
  await client.query('DELETE FROM bad.t WHERE k = 2');
});

test('ten thousand brackets of any kind end with an error and not with the stack', async () => {
  const depth = 10_000;
  const texts = [
    `SELECT ${'('.repeat(depth)}1${')'.repeat(depth)} FROM bad.t`,
    `SELECT * FROM bad.t WHERE ${'('.repeat(depth)}k = 1`,
    `INSERT INTO bad.t (k, l) VALUES (1, ${'['.repeat(depth)}1${']'.repeat(depth)})`,
    `INSERT INTO bad.t (k, m) VALUES (1, ${'{1:'.repeat(depth)}1${'}'.repeat(depth)})`,
    `SELECT ${'abs('.repeat(depth)}k${')'.repeat(depth)} FROM bad.t`,
    `SELECT ${'-'.repeat(depth)}k FROM bad.t`,
    `SELECT ${'- '.repeat(depth)}k FROM bad.t`,
    `SELECT ${'(int)'.repeat(depth)}k FROM bad.t`,
    `SELECT k${' + 1'.repeat(depth)} FROM bad.t`,
    `CREATE TABLE bad.deep (k int PRIMARY KEY, v ${'frozen<list<'.repeat(depth)}int${'>>'.repeat(depth)})`,
    `INSERT INTO bad.t JSON '${'['.repeat(depth)}'`,
    `/*${'/*'.repeat(depth)}`,
  ];
  for (const text of texts) {
    const { code } = await errorOf(client.query(text));
    assert.ok(code === syntaxError || code === invalid, `${code} ${text.slice(0, 60)}`);
  }
  await assertAlive();
});

test('65,535 bind markers are taken, one more is refused', async () => {
  const statement = (n: number) => `SELECT * FROM bad.t WHERE k IN (${'?,'.repeat(n - 1)}?)`;
  const prepared = await client.prepare(statement(65_535));
  assert.equal(prepared.bindColumns.length, 65_535);
  assert.deepEqual(await errorOf(client.prepare(statement(65_536))), {
    code: invalid,
    message: 'Too many markers(?). 65536 markers exceed the allowed maximum of 65535',
  });
});

test('names of keyspaces: 48 characters are taken, 49 are refused; those of tables may be longer', async () => {
  const replication = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
  const name = 'n'.repeat(49);
  const error = await errorOf(client.query(`CREATE KEYSPACE ${name} ${replication}`));
  assert.equal(error.code, invalid, error.message);
  assert.match(
    error.message,
    /^Keyspace name must not be more than 48 characters long \(got 49 characters for "n+"\)$/,
  );
  await client.query(`CREATE KEYSPACE ${name.slice(1)} ${replication}`);
  await client.query(`DROP KEYSPACE ${name.slice(1)}`);
  await client.query(`CREATE TABLE bad.${name} (k int PRIMARY KEY)`);
  await client.query(`DROP TABLE bad.${name}`);
  const long = await errorOf(client.query(`CREATE TABLE bad.${'n'.repeat(300)} (k int PRIMARY KEY)`));
  assert.equal(long.code, 0x2300, long.message);
});

test('a table of 10,000 columns is made, written and read', async () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
  await client.query(`CREATE TABLE bad.wide (k int PRIMARY KEY, ${names.map((n) => `${n} int`).join(', ')})`);
  await client.query(`INSERT INTO bad.wide (k, ${names.join(', ')}) VALUES (1, ${names.map((_, i) => i).join(', ')})`);
  const { rows, columns } = await client.query('SELECT * FROM bad.wide WHERE k = 1');
  assert.equal(columns.length, 10_001);
  assert.deepEqual(
    rows[0]!.filter((cell) => cell === null),
    [],
  );
  await client.query('DROP TABLE bad.wide');
});

test('a batch of 65,535 statements is refused for its size and one of that many deletions runs', async () => {
  const insert = await client.prepare('INSERT INTO bad.t (k, v) VALUES (?, ?)');
  const entries = Array.from({ length: 65_535 }, (_, i) => ({
    query: insert,
    values: [value.int(i), value.text('v')],
  }));
  const { code, message } = await errorOf(client.batch(1, entries));
  assert.deepEqual({ code, message }, { code: invalid, message: 'Batch too large' });
  await assertAlive();
});

test('a damaged paging state is a client error', async () => {
  for (let i = 0; i < 20; i++) await client.query(`INSERT INTO bad.c (k, c, v) VALUES ('p', '${i}', ${i})`);
  const page = await client.query("SELECT * FROM bad.c WHERE k = 'p'", [], { pageSize: 3 });
  const state = page.pagingState!;
  for (const bad of [state.subarray(1), Buffer.concat([state, state]), Buffer.alloc(40, 0xff), Buffer.alloc(1)]) {
    const { code } = await errorOf(
      client.query("SELECT * FROM bad.c WHERE k = 'p'", [], { pageSize: 3, pagingState: bad }),
    );
    assert.ok(code === protocolError || code === invalid, `${code}`);
  }
});

test('requests without an end: a million pipelined ones on one connection that reads nothing are bounded', async () => {
  const raw = await RawClient.start(port, 4);
  raw.pause();
  const one = request(4, Opcode.QUERY, query('SELECT * FROM system_schema.columns'));
  const many = Buffer.concat(Array.from({ length: 2_000 }, () => one));
  raw.send(many);
  await assertAlive();
  raw.destroy();
  await assertAlive();
});

test('an option with a name that every object knows is refused as another unknown one is', async () => {
  const table = 'CREATE TABLE bad.opts (k int PRIMARY KEY) WITH';
  for (const name of ['__proto__', 'constructor', 'foo'])
    for (const cql of [
      `${table} compression = {'class': 'LZ4Compressor', '${name}': 'x'}`,
      `${table} compaction = {'class': 'SizeTieredCompactionStrategy', '${name}': 'x'}`,
      `${table} caching = {'${name}': 'x'}`,
      `${table} "${name}" = 'x'`,
      `CREATE KEYSPACE bad_opts WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1, '${name}': 'x'}`,
    ])
      await assert.rejects(
        client.query(cql),
        (error) => error instanceof CqlError && error.message.includes(name),
        cql,
      );
});

/** What caches, code and pools may keep of all these tests, in MiB. */
const keptMiBMax = 80;

// Goal: memory is back where it was once clients are silent. Method: the tests before, and 400 MB of requests; then nothing is asked any more.
test('400 MB of bad requests leave nothing behind', { timeout: 1_200_000 }, async (t) => {
  if (node === null) return;
  const statement = `SELECT * FROM bad.${'x'.repeat(1_000_000)}`;
  for (let i = 0; i < 400; i += 8) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => errorOf(client.query(statement))));
    assert.ok(answers.every(({ code }) => code === invalid));
  }
  await assertAlive();
  const peak = residentMiB();
  while (residentMiB() > residentBefore + keptMiBMax) await new Promise((resolve) => setTimeout(resolve, 200));
  const figures = [residentBefore, peak, residentMiB()].map((mebi) => mebi.toFixed(0));
  t.diagnostic(
    `resident: ${figures[0]} MiB before, ${figures[1]} MiB after the last answer, ${figures[2]} MiB when idle`,
  );
  assert.doesNotMatch(node.output, /"level":[56]0/, 'no unexpected error was logged');
});
