// What drivers send before an application's first statement, to a real node: the statements of Python, Java, Go, Node.js, C#, Rust and Spark
// word for word. GATE_PORT=9042 runs the same against a server that is there, such as Cassandra.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, CqlError, type CqlResult, type Value } from '../support/cql-client.js';
import { encode, Opcode } from '../support/cql-frames.js';
import { Ferrosa } from '../support/ferrosa.js';
import { RawClient, readError } from '../support/raw-client.js';

let ferrosa: Ferrosa | null = null;
let port = Number(process.env['GATE_PORT'] ?? 0);
before(async () => {
  if (port === 0) {
    ferrosa = await Ferrosa.start({ shards: '2' });
    port = ferrosa.port;
  }
  const client = await CqlClient.connect({ port });
  await client.query('DROP KEYSPACE IF EXISTS gate');
  await client.query("CREATE KEYSPACE gate WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TYPE gate.u (a int, b text)');
  await client.query('CREATE TABLE gate.t (k int PRIMARY KEY, v text, w frozen<u>)');
  await client.close();
});
after(async () => {
  await ferrosa?.remove();
});

const versions = [4, 5] as const;
const text = (value: string): Buffer => Buffer.from(value);
const textList = (...values: string[]): Buffer =>
  Buffer.concat([encode.int(values.length), ...values.map((value) => encode.value(text(value)))]);

const schemaTables = [
  'keyspaces',
  'tables',
  'columns',
  'types',
  'functions',
  'aggregates',
  'triggers',
  'indexes',
  'views',
];

/** Statement, bound values, and what the answer must be: exactly one row, or any number. */
type Asked = readonly [statement: string, values: readonly Value[], rows: 'one' | 'any'];

const asked: readonly Asked[] = [
  ["SELECT * FROM system.local WHERE key='local'", [], 'one'],
  ['SELECT * FROM system.local', [], 'one'],
  ['SELECT cluster_name FROM system.local', [], 'one'],
  ["select cluster_name from system.local where key = 'local'", [], 'one'],
  ['SELECT schema_version FROM system.local', [], 'one'],
  ["SELECT schema_version FROM system.local WHERE key='local'", [], 'one'],
  ["SELECT schema_version, host_id FROM system.local WHERE key='local'", [], 'one'],
  ['SELECT partitioner FROM system.local', [], 'one'],
  ['SELECT key from system.local', [], 'one'],
  ["SELECT rpc_address FROM system.local WHERE key='local'", [], 'one'],
  ['SELECT cluster_name, release_version FROM system.local', [], 'one'],
  [
    "SELECT host_id, cluster_name, data_center, rack, partitioner, release_version, schema_version FROM system.local WHERE key='local'",
    [],
    'one',
  ],
  [
    "SELECT host_id, rpc_address, data_center, rack, tokens, cluster_name FROM system.local WHERE key='local'",
    [],
    'one',
  ],
  ['SELECT * FROM system.peers_v2', [], 'any'],
  ['SELECT * FROM system.peers', [], 'any'],
  [
    'SELECT host_id, peer, data_center, rack, rpc_address, release_version, schema_version FROM system.peers',
    [],
    'any',
  ],
  ['SELECT host_id, peer, peer_port, native_address, native_port, schema_version FROM system.peers_v2', [], 'any'],
  ['SELECT host_id, rpc_address, data_center, rack, tokens FROM system.peers', [], 'any'],
  ['SELECT rpc_address, peer FROM system.peers', [], 'any'],
  ['SELECT schema_version FROM system.peers', [], 'any'],
  ['SELECT keyspace_name, replication, durable_writes FROM system_schema.keyspaces', [], 'any'],
  ['SELECT keyspace_name, type_name, field_names, field_types FROM system_schema.types', [], 'any'],
  ['SELECT keyspace_name, table_name FROM system_schema.tables', [], 'any'],
  ['SELECT keyspace_name, view_name, base_table_name FROM system_schema.views', [], 'any'],
  ['SELECT keyspace_name, table_name, column_name, kind, position, type FROM system_schema.columns', [], 'any'],
  ['SELECT durable_writes, replication FROM system_schema.keyspaces WHERE keyspace_name = ?', [text('gate')], 'one'],
  ['SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?', [text('gate')], 'any'],
  [
    'SELECT table_name, column_name, clustering_order, type, kind, position FROM system_schema.columns WHERE keyspace_name = ?',
    [text('gate')],
    'any',
  ],
  [
    'SELECT keyspace_name, table_name, column_name, kind, position, type FROM system_schema.columns where keyspace_name in ?',
    [textList('gate', 'system')],
    'any',
  ],
  ["SELECT * FROM system_schema.tables WHERE keyspace_name IN ('gate','system')", [], 'any'],
  ["SELECT * FROM system_schema.tables WHERE keyspace_name = 'gate' AND table_name = 't'", [], 'one'],
  ["SELECT * FROM system_schema.columns WHERE keyspace_name='gate' AND table_name='t'", [], 'any'],
  ["SELECT * FROM system_schema.types WHERE keyspace_name = 'gate' AND type_name = 'u'", [], 'one'],
  [
    "SELECT * FROM system_schema.functions WHERE keyspace_name = 'gate' AND function_name = 'f' AND argument_types = ['int']",
    [],
    'any',
  ],
  ['SELECT * from system_virtual_schema.keyspaces', [], 'any'],
  ['SELECT * from system_virtual_schema.tables', [], 'any'],
  ['SELECT * from system_virtual_schema.columns', [], 'any'],
  ["SELECT * from system_virtual_schema.columns WHERE keyspace_name = 'system_views'", [], 'any'],
  [
    'SELECT range_start, range_end, partitions_count, mean_partition_size FROM system.size_estimates WHERE keyspace_name = ? AND table_name = ?',
    [text('gate'), text('t')],
    'any',
  ],
  ['SELECT * FROM system_traces.sessions WHERE session_id = 5d0ad3a0-7a8c-11ef-8f3b-0242ac120002', [], 'any'],
  ['SELECT * FROM system_traces.events WHERE session_id = 5d0ad3a0-7a8c-11ef-8f3b-0242ac120002', [], 'any'],
  ...schemaTables.flatMap((table): Asked[] => [
    [`SELECT * FROM system_schema.${table}`, [], 'any'],
    [`SELECT * FROM system_schema.${table} WHERE keyspace_name = 'gate'`, [], 'any'],
    [`SELECT * FROM system_schema.${table} WHERE keyspace_name IN ('gate')`, [], 'any'],
  ]),
];

const plainRows = (result: CqlResult): string[] =>
  result.rows.map((row) => row.map((cell) => cell?.toString('hex') ?? 'null').join(','));

async function inPages(read: (state: Buffer | null) => Promise<CqlResult>): Promise<string[]> {
  const rows: string[] = [];
  let state: Buffer | null = null;
  do {
    const page: CqlResult = await read(state);
    assert.ok(page.rows.length <= 2, 'a page has more rows than asked for');
    rows.push(...plainRows(page));
    state = page.pagingState;
  } while (state !== null);
  return rows;
}

for (const version of versions) {
  test(`v${version}: every statement of the drivers is answered as QUERY and, page by page, as EXECUTE`, async () => {
    const client = await CqlClient.connect({ port, version });
    for (const [statement, values, rows] of asked) {
      const whole = await client.query(statement, values).catch((error: Error) => {
        throw new Error(`${statement}: ${error.message}`);
      });
      if (rows === 'one') assert.equal(whole.rows.length, 1, statement);
      const prepared = await client.prepare(statement);
      assert.deepEqual(
        prepared.resultColumns.map((column) => column.name),
        whole.columns.map((column) => column.name),
        `${statement}: PREPARE tells other columns than the rows have`,
      );
      const paged = await inPages((pagingState) =>
        client.execute(prepared, values, { pageSize: 2, pagingState, skipMetadata: true }),
      );
      assert.deepEqual(paged, plainRows(whole), `${statement}: pages differ from the whole`);
    }
    await client.close();
  });

  test(`v${version}: the node describes itself completely`, async () => {
    const client = await CqlClient.connect({ port, version });
    const [local] = (await client.query("SELECT * FROM system.local WHERE key='local'")).objects();
    const needed = ['host_id', 'data_center', 'rack', 'tokens', 'partitioner', 'release_version', 'cql_version'];
    needed.push('cluster_name', 'schema_version', 'rpc_address', 'broadcast_address', 'native_protocol_version');
    for (const column of needed) assert.notEqual(local![column] ?? null, null, column);
    assert.match(String(local!['release_version']), /^5\.0\.\d+$/);
    assert.equal(local!['partitioner'], 'org.apache.cassandra.dht.Murmur3Partitioner');
    assert.equal(local!['cql_version'], '3.4.7');
    const [table] = (await client.query("SELECT flags, id FROM system_schema.tables WHERE keyspace_name = 'gate'"))
      .rows;
    assert.ok(table![0]!.includes('compound') && table![1]!.length === 16);
    await client.close();
  });

  test(`v${version}: a node refresh binds by name`, async () => {
    const client = await RawClient.start(port, version);
    const flags = version === 5 ? encode.int(0x41) : Buffer.from([0x41]);
    const values = [encode.string('port'), encode.value(encode.int(7000)), encode.string('address')];
    values.push(encode.value(Buffer.from([10, 0, 0, 9])));
    const statement = 'SELECT * FROM system.peers_v2 WHERE peer = :address and peer_port = :port';
    const body = [encode.longString(statement), encode.short(1), flags, encode.short(2), ...values];
    client.sendEnvelope(version, Opcode.QUERY, 1, Buffer.concat(body));
    const answer = await client.answer();
    assert.equal(answer.opcode, Opcode.RESULT, answer.body.toString('latin1'));
    client.destroy();
  });

  test(`v${version}: what does not exist is Invalid, prepared or not`, async () => {
    const client = await CqlClient.connect({ port, version });
    for (const table of [
      'system.nope',
      'system_schema.scylla_tables',
      'system_schema.scylla_keyspaces',
      'nope.nope',
      'system_virtual_schema.nope',
    ]) {
      for (const attempt of [client.query(`SELECT * FROM ${table}`), client.prepare(`SELECT * FROM ${table}`)])
        await assert.rejects(attempt, (error) => error instanceof CqlError && error.code === 0x2200, table);
    }
    await assert.rejects(client.query('USE nope'), { code: 0x2200, message: "Keyspace 'nope' does not exist" });
    await assert.rejects(client.query('SELEC'), (error) => error instanceof CqlError && error.code === 0x2000);
    await client.close();
  });

  test(`v${version}: after ALTER a prepared SELECT * gives the new columns with their metadata, or has to be prepared again`, async () => {
    const client = await CqlClient.connect({ port, version });
    await client.query('DROP TABLE IF EXISTS gate.altered');
    await client.query('CREATE TABLE gate.altered (k int PRIMARY KEY, a int)');
    await client.query('INSERT INTO gate.altered (k, a) VALUES (1, 2)');
    const prepared = await client.prepare('SELECT * FROM gate.altered');
    await client.execute(prepared, [], { skipMetadata: true });
    await client.query('ALTER TABLE gate.altered ADD b text');
    const result = await client.execute(prepared, [], { skipMetadata: true }).catch(async (error: CqlError) => {
      assert.equal(error.code, 0x2500);
      const again = await client.prepare('SELECT * FROM gate.altered');
      assert.deepEqual(again.id, prepared.id);
      return client.execute(again, [], { skipMetadata: true });
    });
    assert.deepEqual(
      result.columns.map((column) => column.name),
      ['k', 'a', 'b'],
    );
    assert.equal(result.rows[0]!.length, 3);
    await client.close();
  });

  test(`v${version}: a schema change is a result, an event on other connections, and a new schema version`, async () => {
    const client = await CqlClient.connect({ port, version });
    const listener = await CqlClient.connect({ port, version });
    await listener.register('TOPOLOGY_CHANGE', 'STATUS_CHANGE', 'SCHEMA_CHANGE');
    const schemaVersion = async () => (await client.query('SELECT schema_version FROM system.local')).rows[0]![0]!;
    const before = await schemaVersion();
    await client.query('DROP TABLE IF EXISTS gate.made');
    listener.events.length = 0;
    const made = await client.query('CREATE TABLE gate.made (k int PRIMARY KEY)');
    assert.deepEqual([made.kind, ...made.details], ['schemaChange', 'CREATED', 'TABLE', 'gate', 'made']);
    assert.notDeepEqual(await schemaVersion(), before);
    assert.equal((await client.query('CREATE TABLE IF NOT EXISTS gate.made (k int PRIMARY KEY)')).kind, 'void');
    while (listener.events.length === 0) await listener.query('SELECT key FROM system.local');
    const words = listener.events.map((event) => event.toString('latin1'));
    assert.ok(
      words.some((event) => /SCHEMA_CHANGE.*CREATED.*TABLE.*gate.*made/s.test(event)),
      words.join(),
    );
    await client.close();
    await listener.close();
  });

  test(`v${version}: the same text has the same id on every connection, and USE counts into it`, async () => {
    const [one, other] = [await CqlClient.connect({ port, version }), await CqlClient.connect({ port, version })];
    const id = async (client: CqlClient, statement: string) => (await client.prepare(statement)).id.toString('hex');
    assert.equal(
      await id(one, 'SELECT * FROM gate.t WHERE k = ?'),
      await id(other, 'SELECT * FROM gate.t WHERE k = ?'),
    );
    await one.query('USE gate');
    assert.equal(
      await id(one, 'SELECT * FROM gate.t WHERE k = ?'),
      await id(other, 'SELECT * FROM gate.t WHERE k = ?'),
    );
    assert.equal((await one.query('SELECT * FROM t')).kind, 'rows');
    await assert.rejects(other.query('SELECT * FROM t'), { code: 0x2200 });
    assert.deepEqual((await one.prepare('SELECT v FROM t WHERE k = ?')).partitionKeyIndexes, [0]);
    await one.close();
    await other.close();
  });

  test(`v${version}: a traced statement has a session with a duration and its events`, async () => {
    const client = await CqlClient.connect({ port, version });
    const { tracingId } = await client.query('SELECT * FROM gate.t WHERE k = 1', [], { tracing: true });
    assert.equal(tracingId?.length, 16);
    const find = async (table: string) =>
      (await client.query(`SELECT * FROM system_traces.${table} WHERE session_id = ?`, [tracingId])).objects();
    let sessions = await find('sessions');
    while ((sessions[0]?.['duration'] ?? null) === null) sessions = await find('sessions');
    assert.equal(sessions[0]!['request'], 'Execute CQL3 query');
    assert.ok((await find('events')).length > 0);
    await client.close();
  });

  test(`v${version}: a 200 KiB statement is taken and a row of 1 MiB comes back whole`, async () => {
    const client = await CqlClient.connect({ port, version });
    await client.query(`INSERT INTO gate.t (k, v) VALUES (7, '${'x'.repeat(20_000)}') /* ${'y'.repeat(200 * 1024)} */`);
    const value = Buffer.alloc(1024 * 1024, 'z');
    await client.query('CREATE TABLE IF NOT EXISTS gate.large (k int PRIMARY KEY, v blob)');
    await client.query('INSERT INTO gate.large (k, v) VALUES (?, ?)', [encode.int(1), value]);
    const { rows } = await client.query('SELECT v FROM gate.large WHERE k = 1');
    assert.ok(value.equals(rows[0]![0]!));
    await client.close();
  });
}

test('a version that nobody speaks is told which there are', async () => {
  const client = await RawClient.connect(port);
  client.sendEnvelope(66, Opcode.OPTIONS, 0);
  const { code, message } = readError(await client.answer());
  assert.equal(code, 0x0a);
  assert.match(message, /^Invalid or unsupported protocol version \(66\)/);
  client.destroy();
});
