// The first messages of a connection, as drivers of all kinds send them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encode, encodeEnvelope, Opcode } from '../../support/cql-frames.js';
import { RawClient, readError } from '../../support/raw-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.stop());

const startup = encode.stringMap({ CQL_VERSION: '3.0.0' });

for (const [name, opcode] of [
  ['OPTIONS', Opcode.OPTIONS],
  ['STARTUP', Opcode.STARTUP],
] as const) {
  for (const version of [66, 65, 7]) {
    test(`${name} of version ${version} is told the versions in an envelope of version 4, then the connection ends`, async () => {
      const client = await RawClient.connect(server.port);
      client.sendEnvelope(version, opcode, 7, startup);
      const answer = await client.answer();
      await client.closed();
      assert.equal(client.bytes[0], 0x84);
      assert.equal(answer.stream, 7);
      assert.deepEqual(readError(answer), {
        code: 0x0a,
        message: `Invalid or unsupported protocol version (${version}); supported versions are (3/v3, 4/v4, 5/v5)`,
      });
    });
  }

  test(`${name} of version 6 without the beta flag is told about the flag`, async () => {
    const client = await RawClient.connect(server.port);
    client.sendEnvelope(6, opcode, 0, startup);
    const { code, message } = readError(await client.answer());
    assert.equal(code, 0x0a);
    assert.equal(message, 'Beta version of the protocol used (6/v6-beta), but USE_BETA flag is unset');
    await client.closed();
  });

  for (const version of [1, 2]) {
    test(`${name} of version ${version} is refused in the 8-byte header of that version`, async () => {
      const client = await RawClient.connect(server.port);
      client.send(Buffer.from([version, 0, 0, opcode, 0, 0, 0, 0]));
      await client.closed();
      assert.deepEqual([...client.bytes.subarray(0, 4)], [0x80 | version, 0, 0, Opcode.ERROR]);
      assert.equal(client.bytes.readInt32BE(4), client.bytes.length - 8);
      assert.ok(client.bytes.toString('utf8').includes(`Invalid or unsupported protocol version (${version})`));
    });
  }
}

for (const version of [3, 4, 5]) {
  test(`v${version}: OPTIONS is answered before STARTUP, after it, and as often as it is asked`, async () => {
    const client = await RawClient.connect(server.port);
    client.sendEnvelope(version, Opcode.OPTIONS, 3);
    const supported = await client.answer();
    assert.equal(supported.opcode, Opcode.SUPPORTED);
    const text = supported.body.toString('latin1');
    for (const key of ['CQL_VERSION', 'COMPRESSION', 'PROTOCOL_VERSIONS', '3.4.7', 'lz4', 'snappy'])
      assert.ok(text.includes(key));
    client.destroy();
    const started = await RawClient.start(server.port, version);
    for (const stream of [1, 2]) {
      started.sendEnvelope(version, Opcode.OPTIONS, stream);
      const answer = await started.answer();
      assert.deepEqual([answer.opcode, answer.stream], [Opcode.SUPPORTED, stream]);
    }
    started.destroy();
  });

  test(`v${version}: STARTUP with options that nobody knows is accepted`, async () => {
    const client = await RawClient.connect(server.port);
    client.sendEnvelope(
      version,
      Opcode.STARTUP,
      1,
      encode.stringMap({ CQL_VERSION: '4.0.0', JUNK: '1', NO_COMPACT: 'true' }),
    );
    assert.equal((await client.answer()).opcode, Opcode.READY);
    client.destroy();
  });

  test(`v${version}: a STARTUP that is refused can be tried again`, async () => {
    const client = await RawClient.connect(server.port);
    const attempts: [Record<string, string>, string][] = [
      [{}, 'Missing value CQL_VERSION in STARTUP message'],
      [
        { CQL_VERSION: '2.0.0' },
        'CQL version 2.0.0 is not supported by the binary protocol (supported version are >= 3.0.0)',
      ],
      [{ CQL_VERSION: 'junk' }, 'Invalid version value: junk'],
      [{ CQL_VERSION: '3.0.0', COMPRESSION: 'zz' }, 'Unknown compression algorithm: zz'],
    ];
    for (const [options, message] of attempts) {
      client.sendEnvelope(version, Opcode.STARTUP, 1, encode.stringMap(options));
      assert.deepEqual(readError(await client.answer()), { code: 0x0a, message });
    }
    client.sendEnvelope(version, Opcode.STARTUP, 1, startup);
    assert.equal((await client.answer()).opcode, Opcode.READY);
    client.destroy();
  });

  test(`v${version}: a second STARTUP is an error and the connection stays`, async () => {
    const client = await RawClient.start(server.port, version);
    client.sendEnvelope(version, Opcode.STARTUP, 1, startup);
    assert.equal(
      readError(await client.answer()).message,
      'Unexpected message STARTUP, the connection is already initialized',
    );
    client.sendEnvelope(version, Opcode.OPTIONS, 2);
    assert.equal((await client.answer()).opcode, Opcode.SUPPORTED);
    client.destroy();
  });

  test(`v${version}: a query before STARTUP is an error that closes`, async () => {
    const client = await RawClient.connect(server.port);
    client.sendEnvelope(version, Opcode.QUERY, 5, encode.longString('SELECT 1'));
    const answer = await client.answer();
    assert.equal(answer.stream, 5);
    assert.equal(readError(answer).message, 'Unexpected message QUERY, expecting STARTUP or OPTIONS');
    await client.closed();
  });
}

test('snappy is refused on v5', async () => {
  const client = await RawClient.connect(server.port);
  client.sendEnvelope(5, Opcode.STARTUP, 1, encode.stringMap({ CQL_VERSION: '3.0.0', COMPRESSION: 'snappy' }));
  assert.equal(readError(await client.answer()).message, 'Snappy compression is not supported in protocol V5');
  client.destroy();
});

test('bytes sent right behind STARTUP of v5 are read as segments', async () => {
  const client = await RawClient.connect(server.port);
  const options = Buffer.from('090002a4c8c10500000005000000001086284d', 'hex');
  client.send(encodeEnvelope(5, Opcode.STARTUP, 0, startup), options);
  const bytes = await client.received(9 + 6 + 9);
  assert.equal(bytes[4], Opcode.READY);
  assert.equal(bytes[9 + 6 + 4], Opcode.SUPPORTED);
  client.destroy();
});
