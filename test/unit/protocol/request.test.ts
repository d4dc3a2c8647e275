// Requests: what drivers write is read as they meant it, and what they did not mean is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FerrosaError } from '../../../src/common/errors.js';
import { decodeRequest, EnvelopeFlag, Opcode } from '../../../src/protocol/index.js';
import { encode } from '../../support/cql-frames.js';
import { encodeRequestBody } from '../../support/encode-request.js';
import { requestOf, versions } from '../../support/request-arbitraries.js';

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, item) => {
      if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
      if (item instanceof Map) return [...item];
      if (item instanceof Object && 'type' in item && item.type === 'Buffer')
        return Buffer.from(item.data).toString('hex');
      return typeof item === 'bigint' || typeof item === 'symbol' ? String(item) : item;
    }),
  );

const protocolErrorWith = (text: string) => (error: unknown) =>
  error instanceof FerrosaError && error.code === 'PROTOCOL_ERROR' && error.message.includes(text);

for (const version of versions) {
  test(`a request of protocol v${version} is read as it was written`, () => {
    fc.assert(
      fc.property(requestOf(version), (message) => {
        const body = encodeRequestBody(message, version);
        const decoded = decodeRequest(Opcode[message.kind], version, 0, body).message;
        assert.deepEqual(plain(decoded), plain(message));
      }),
    );
  });

  test(`a cut or changed body of protocol v${version} is refused or read, and nothing else`, () => {
    fc.assert(
      fc.property(
        requestOf(version),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        fc.option(fc.nat()),
        fc.nat(31),
        (message, edits, cut, flags) => {
          let body: Uint8Array = encodeRequestBody(message, version);
          if (cut !== null) body = body.subarray(0, cut % (body.length + 1));
          for (const [at, byte] of edits) if (body.length > 0) body[at % body.length] = byte;
          try {
            decodeRequest(Opcode[message.kind], version, flags, body);
          } catch (error) {
            assert.ok(error instanceof FerrosaError, String(error));
            assert.equal(error.code, 'PROTOCOL_ERROR');
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
}

const query = encode.longString('SELECT 1');
const decodeQuery = (version: number, ...parts: Buffer[]) =>
  decodeRequest(Opcode.QUERY, version, 0, Buffer.concat([query, ...parts])).message;

test('a consistency level that does not exist is a protocol error', () => {
  assert.throws(
    () => decodeQuery(4, encode.short(64), Buffer.from([0])),
    protocolErrorWith('Unknown code 64 for a consistency level'),
  );
});

test('a value length below -2 is a protocol error from v4 on and null before', () => {
  const parts = [encode.short(1), Buffer.from([1]), encode.short(1), encode.int(-3)];
  assert.throws(() => decodeQuery(4, ...parts), protocolErrorWith('Invalid ByteBuf length -3'));
  const message = decodeQuery(3, ...parts);
  assert.deepEqual(message.kind === 'QUERY' && message.parameters.values, [null]);
});

test('the smallest timestamp is a protocol error, for it stands for none', () => {
  const parts = [encode.short(1), Buffer.from([0x20]), encode.long(-(2n ** 63n))];
  assert.throws(() => decodeQuery(4, ...parts), protocolErrorWith('Out of bound timestamp'));
});

test('flags are one byte up to v4 and four bytes in v5', () => {
  const v4 = decodeQuery(4, encode.short(1), Buffer.from([0x04]), encode.int(7));
  const v5 = decodeQuery(5, encode.short(1), encode.int(0x104), encode.int(7), encode.int(99));
  assert.equal(v4.kind === 'QUERY' && v4.parameters.pageSize, 7);
  assert.equal(v5.kind === 'QUERY' && v5.parameters.nowInSeconds, 99);
});

test('a custom payload before v4 is a protocol error, later it is read', () => {
  const body = Buffer.concat([encode.short(1), encode.string('k'), encode.value(Buffer.from('v'))]);
  assert.throws(
    () => decodeRequest(Opcode.OPTIONS, 3, EnvelopeFlag.CUSTOM_PAYLOAD, body),
    protocolErrorWith('CUSTOM_PAYLOAD flag for native protocol version < 4'),
  );
  const { customPayload } = decodeRequest(Opcode.OPTIONS, 4, EnvelopeFlag.CUSTOM_PAYLOAD, body);
  assert.deepEqual(Buffer.from(customPayload!.get('k')!), Buffer.from('v'));
});

test('unknown batch kinds, batch types and event types are protocol errors with the words of Cassandra', () => {
  const batch = (type: number, kind: number) =>
    Buffer.concat([
      Buffer.from([type]),
      encode.short(1),
      Buffer.from([kind]),
      query,
      encode.short(0),
      encode.short(1),
      Buffer.from([0]),
    ]);
  const decodeBatch = (body: Buffer) => decodeRequest(Opcode.BATCH, 4, 0, body);
  assert.throws(() => decodeBatch(batch(0, 7)), protocolErrorWith('Must be 0 or 1 but got 7'));
  assert.throws(() => decodeBatch(batch(7, 0)), protocolErrorWith('Invalid BATCH message type 7'));
  const register = Buffer.concat([encode.short(1), encode.string('FOO')]);
  assert.throws(
    () => decodeRequest(Opcode.REGISTER, 4, 0, register),
    protocolErrorWith("Invalid value 'FOO' for Type"),
  );
});
