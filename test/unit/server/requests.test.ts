// Requests on a connection that is ready: one answer each, whatever happens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, CqlError } from '../../support/cql-client.js';
import { encode, encodeEnvelope, encodeSegments, Opcode } from '../../support/cql-frames.js';
import { RawClient, readError } from '../../support/raw-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer({ limits: { frameBytesMax: 2 * 1024 * 1024 } });
});
after(() => server.stop());

const noParameters = (version: number): Buffer =>
  version >= 5 ? Buffer.from([0, 1, 0, 0, 0, 0]) : Buffer.from([0, 1, 0]);
const queryBody = (text: string, version: number): Buffer =>
  Buffer.concat([encode.longString(text), noParameters(version)]);

for (const version of [4, 5] as const) {
  test(`v${version}: a 200 KiB query and a 1 MiB row pass`, async () => {
    const client = await CqlClient.connect({ port: server.port, version });
    const result = await client.query(`SELECT ${1024 * 1024} ${'x'.repeat(200 * 1024)}`);
    assert.equal(result.rows[0]![0]!.length, 1024 * 1024);
    await client.close();
  });

  test(`v${version}: every error is answered on its stream, also what no one expected`, async () => {
    const client = await CqlClient.connect({ port: server.port, version });
    const codeOf = (text: string) =>
      client.query(text).then(
        () => null,
        (error: CqlError) => [error.code, error.message],
      );
    const [bug, invalid, ok] = await Promise.all([codeOf('FAIL'), codeOf('NONSENSE'), codeOf('VOID')]);
    assert.deepEqual(bug, [0x0000, 'TypeError: a bug']);
    assert.deepEqual(invalid, [0x2200, 'no such statement: NONSENSE']);
    assert.equal(ok, null);
    await client.close();
  });

  test(`v${version}: answers come when they are ready, not in the order of the requests`, async () => {
    const client = await CqlClient.connect({ port: server.port, version });
    const slow = client.query('WAIT');
    await client.query('SELECT 1');
    server.processor.release();
    assert.equal((await slow).kind, 'void');
    await client.close();
  });

  test(`v${version}: an unknown prepared id is UNPREPARED with that id`, async () => {
    const client = await CqlClient.connect({ port: server.port, version });
    const id = Buffer.alloc(16, 'a');
    const gone = { id, resultMetadataId: id, bindColumns: [], partitionKeyIndexes: [], resultColumns: [] };
    for (const attempt of [client.execute(gone), client.batch(0, [{ query: gone }])]) {
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof CqlError);
        assert.equal(error.code, 0x2500);
        assert.deepEqual(error.body.subarray(-18), Buffer.concat([encode.short(16), id]));
        return error.message.startsWith('Prepared query with ID 61616161616161616161616161616161 not found');
      });
    }
    await client.close();
  });

  test(`v${version}: a page size of 0 is a protocol error and the connection stays`, async () => {
    const client = await CqlClient.connect({ port: server.port, version });
    await assert.rejects(client.query('SELECT 1', [], { pageSize: 0 }), {
      code: 0x0a,
      message: 'The page size cannot be 0',
    });
    assert.equal((await client.query('SELECT 1')).rows.length, 1);
    await client.close();
  });

  test(`v${version}: warnings reach the client`, async () => {
    const client = await CqlClient.connect({ port: server.port, version });
    assert.deepEqual((await client.query('WARN')).warnings, ['be careful']);
    await client.close();
  });

  test(`v${version}: a request over the frame limit is invalid and the connection stays`, async () => {
    const client = await CqlClient.connect({ port: server.port, version });
    await assert.rejects(client.query(`VOID ${'x'.repeat(2 * 1024 * 1024)}`), (error) => {
      assert.ok(error instanceof CqlError);
      return (
        error.code === 0x2200 &&
        /^Request is too big: length \d+ exceeds maximum allowed length 2097152\.$/.test(error.message)
      );
    });
    assert.equal((await client.query('SELECT 1')).rows.length, 1);
    await client.close();
  });

  test(`v${version}: an unknown opcode, a response and a cut body are errors on their streams`, async () => {
    const client = await RawClient.start(server.port, version);
    const expectations: [number, Buffer, string][] = [
      [0x44, Buffer.alloc(0), 'Unknown opcode 68'],
      [Opcode.QUERY, Buffer.alloc(2), 'Not enough bytes: 4 wanted, 2 left'],
      [
        Opcode.RESULT,
        Buffer.alloc(0),
        'Wrong protocol direction (expected RESPONSE, got REQUEST) for opcode 8 (RESULT)',
      ],
    ];
    let stream = 10;
    for (const [opcode, body, message] of expectations) {
      client.sendEnvelope(version, opcode, ++stream, body);
      const answer = await client.answer();
      assert.equal(answer.stream, stream);
      assert.deepEqual(readError(answer), { code: 0x0a, message });
      client.sendEnvelope(version, Opcode.OPTIONS, 1);
      assert.equal((await client.answer()).opcode, Opcode.SUPPORTED);
    }
    client.destroy();
  });

  test(`v${version}: an envelope of another version is an error and the connection stays`, async () => {
    const client = await RawClient.start(server.port, version);
    const other = version === 4 ? 3 : 4;
    client.sendEnvelope(other, Opcode.OPTIONS, 1);
    assert.equal(
      readError(await client.answer()).message,
      `Invalid message version. Got ${other}/v${other} but previous messages on this connection had version ${version}/v${version}`,
    );
    client.sendEnvelope(version, Opcode.OPTIONS, 1);
    assert.equal((await client.answer()).opcode, Opcode.SUPPORTED);
    client.destroy();
  });
}

test('v5: the columns come along when the client knows others, and stay away when it asks and knows them', async () => {
  const client = await CqlClient.connect({ port: server.port, version: 5 });
  server.processor.columnName = 'before';
  const prepared = await client.prepare('SELECT altered');
  const same = await client.execute(prepared, [], { skipMetadata: true });
  assert.equal(same.newMetadataId, null);
  server.processor.columnName = 'after';
  await client.prepare('SELECT altered');
  const changed = await client.execute(prepared, [], { skipMetadata: true });
  assert.equal(changed.columns[0]!.name, 'after');
  const known = { ...prepared, resultMetadataId: changed.newMetadataId };
  assert.equal((await client.execute(known, [], { skipMetadata: true })).newMetadataId, null);
  server.processor.columnName = 'key';
  await client.close();
});

test('v4: the columns stay away only while they are those of PREPARE', async () => {
  const client = await RawClient.start(server.port, 4);
  client.sendEnvelope(4, Opcode.PREPARE, 1, encode.longString('SELECT v4'));
  const id = (await client.answer()).body.subarray(4, 22);
  const execute = async (): Promise<number> => {
    client.sendEnvelope(4, Opcode.EXECUTE, 1, Buffer.concat([id, Buffer.from([0, 1, 2])]));
    return (await client.answer()).body.readInt32BE(4);
  };
  assert.equal((await execute()) & 4, 4);
  server.processor.columnName = 'other';
  assert.equal((await execute()) & 4, 0);
  server.processor.columnName = 'key';
  client.destroy();
});

test('a conditional statement always carries its columns and never says they changed', async () => {
  const client = await CqlClient.connect({ port: server.port, version: 5 });
  const prepared = await client.prepare('SELECT a IF b');
  const result = await client.execute({ ...prepared, resultMetadataId: Buffer.alloc(16) }, [], { skipMetadata: true });
  assert.equal(result.newMetadataId, null);
  assert.equal(result.columns.length, 1);
  await client.close();
});

test('named values, serial consistency, timestamp and paging state reach the query layer', async () => {
  const client = await RawClient.start(server.port, 4);
  const body = [
    encode.longString('SELECT 1'),
    encode.short(6),
    Buffer.from([0x7d]),
    encode.short(1),
    encode.string('k'),
  ];
  body.push(
    encode.value(Buffer.from('v')),
    encode.int(50),
    encode.value(Buffer.from('state')),
    encode.short(9),
    encode.long(7n),
  );
  client.sendEnvelope(4, Opcode.QUERY, 1, Buffer.concat(body));
  await client.answer();
  const { tracer, values, pagingState, ...options } = server.processor.lastOptions!;
  assert.equal(tracer, null);
  assert.deepEqual(Buffer.from(values[0] as Uint8Array), Buffer.from('v'));
  assert.deepEqual(Buffer.from(pagingState!), Buffer.from('state'));
  assert.deepEqual(options, {
    consistency: 6,
    serialConsistency: 9,
    names: ['k'],
    pageSize: 50,
    timestamp: 7n,
    keyspace: null,
    nowInSeconds: null,
    watch: null,
  });
  client.destroy();
});

test('v5: a damaged segment ends the connection', async () => {
  const client = await RawClient.start(server.port, 5);
  const damaged = encodeSegments(encodeEnvelope(5, Opcode.OPTIONS, 1, Buffer.alloc(0)));
  damaged[10]! ^= 1;
  client.send(damaged);
  assert.match(readError(await client.answer()).message, /CRC mismatch detected in frame body/);
  await client.closed();
});

test('v5: two unreadable envelopes in a row end the connection, one does not', async () => {
  const client = await RawClient.start(server.port, 5);
  for (const stream of [1, 2]) {
    client.sendEnvelope(5, 0x44, stream);
    assert.equal(readError(await client.answer()).message, 'Unknown opcode 68');
    if (stream === 1) assert.equal(client.isClosed, false);
  }
  await client.closed();
});

for (const compression of ['lz4', 'snappy']) {
  test(`v4: bodies compressed with ${compression} go both ways`, async () => {
    const client = await RawClient.start(server.port, 4, { COMPRESSION: compression });
    const { bodyCompressor } = await import('../../../src/protocol/index.js');
    const compressor = bodyCompressor(compression as 'lz4' | 'snappy');
    const body = Buffer.from(compressor.compress(queryBody('SELECT 5000', 4)));
    client.sendEnvelope(4, Opcode.QUERY, 1, body, 1);
    const answer = await client.answer();
    assert.equal(answer.flags, 1);
    assert.ok(answer.body.length < 1000);
    assert.ok(compressor.decompress(answer.body, 2 ** 20).length > 5000);
    client.sendEnvelope(4, Opcode.QUERY, 2, body.subarray(0, 9), 1);
    assert.equal(readError(await client.answer()).code, 0x0a);
    client.destroy();
  });
}
