// Responses: the bytes that drivers of each version read.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type ErrorFields, FerrosaError } from '../../../src/common/errors.js';
import { bodyCompressor, encodeResponse, type ResultBody, readEnvelopeHeader } from '../../../src/protocol/index.js';
import type { CqlType } from '../../../src/types/index.js';

const body = (envelope: Uint8Array): string => Buffer.from(envelope.subarray(9)).toString('hex');
const utf8 = (text: string): string => Buffer.from(text).toString('hex');
const errorBody = (code: FerrosaError['code'], fields: ErrorFields, version: number): string =>
  body(encodeResponse({ kind: 'ERROR', error: new FerrosaError(code, 'm', fields) }, { version, stream: 1 }));
const message = `0001${utf8('m')}`;
const address = Uint8Array.of(127, 0, 0, 1);

test('each error has the fields of its code', () => {
  const acknowledged = { consistency: 4, received: 1, blockFor: 2 };
  const counts = '00040000000100000002';
  assert.equal(
    errorBody('UNAVAILABLE', { consistency: 4, required: 2, alive: 1 }, 4),
    `00001000${message}00040000000200000001`,
  );
  assert.equal(errorBody('READ_TIMEOUT', { ...acknowledged, dataPresent: true }, 4), `00001200${message}${counts}01`);
  assert.equal(
    errorBody('WRITE_TIMEOUT', { ...acknowledged, writeType: 'BATCH_LOG' }, 4),
    `00001100${message}${counts}0009${utf8('BATCH_LOG')}`,
  );
  assert.equal(errorBody('ALREADY_EXISTS', { keyspace: 'k', table: '' }, 4), `00002400${message}0001${utf8('k')}0000`);
  assert.equal(errorBody('UNPREPARED', { preparedId: Uint8Array.of(1, 2) }, 4), `00002500${message}00020102`);
  assert.equal(
    errorBody('FUNCTION_FAILURE', { keyspace: 'k', functionName: 'f', argumentTypes: ['int'] }, 4),
    `00001400${message}0001${utf8('k')}0001${utf8('f')}00010003${utf8('int')}`,
  );
});

test('failures are a number up to v4 and addresses with reasons in v5', () => {
  const fields = { consistency: 1, received: 0, blockFor: 1, failures: 1, failureReasons: [{ address, reason: 2 }] };
  assert.equal(
    errorBody('READ_FAILURE', { ...fields, dataPresent: false }, 4),
    `00001300${message}000100000000000000010000000100`,
  );
  assert.equal(
    errorBody('WRITE_FAILURE', { ...fields, writeType: 'SIMPLE' }, 5),
    `00001500${message}0001000000000000000100000001047f0000010002` + `0006${utf8('SIMPLE')}`,
  );
});

test('a compare-and-set timeout says its contentions in v5 only', () => {
  const fields = { consistency: 8, received: 1, blockFor: 2, writeType: 'CAS', contentions: 3 };
  const common = `00001100${message}000800000001000000020003${utf8('CAS')}`;
  assert.equal(errorBody('WRITE_TIMEOUT', fields, 4), common);
  assert.equal(errorBody('WRITE_TIMEOUT', fields, 5), `${common}0003`);
});

test('codes that a version does not know become those it does', () => {
  const code = (name: FerrosaError['code'], version: number) => errorBody(name, {}, version).slice(0, 8);
  assert.deepEqual(
    [code('READ_FAILURE', 3), code('WRITE_FAILURE', 3), code('FUNCTION_FAILURE', 3), code('CDC_WRITE_FAILURE', 3)],
    ['00001200', '00001100', '00002200', '00002200'],
  );
  assert.deepEqual([code('CAS_WRITE_UNKNOWN', 4), code('CAS_WRITE_UNKNOWN', 5)], ['00001100', '00001700']);
  assert.ok(errorBody('CAS_WRITE_UNKNOWN', {}, 4).endsWith(`0003${utf8('CAS')}`));
});

test('a message too long for a string is cut between characters', () => {
  const error = new FerrosaError('INVALID', 'é'.repeat(40_000));
  const envelope = encodeResponse({ kind: 'ERROR', error }, { version: 4, stream: 0 });
  const length = Buffer.from(envelope).readUInt16BE(13);
  assert.equal(length, 65_534);
  assert.equal(envelope.length, 9 + 4 + 2 + length);
});

const column = (name: string, type: CqlType = { kind: 'int' }, table = 't') => ({ keyspace: 'k', table, name, type });
const rows = (more: Partial<Extract<ResultBody, { kind: 'rows' }>['metadata']>): ResultBody => ({
  kind: 'rows',
  metadata: { columns: [column('c')], pagingState: null, skip: false, changedId: null, ...more },
  rowCount: 0,
  rows: [],
});
const resultBody = (result: ResultBody, version: number): string =>
  body(encodeResponse({ kind: 'RESULT', result }, { version, stream: 1 }));
const table = `0001${utf8('k')}0001${utf8('t')}`;
const int = `0001${utf8('c')}0009`;

test('rows carry their columns, their count alone, or changed columns with the new id', () => {
  assert.equal(resultBody(rows({}), 4), `000000020000000100000001${table}${int}00000000`);
  assert.equal(resultBody(rows({ skip: true }), 4), '00000002000000050000000100000000');
  assert.equal(
    resultBody(rows({ skip: true, pagingState: Uint8Array.of(7) }), 4),
    '000000020000000700000001000000010700000000',
  );
  const changed = rows({ skip: true, changedId: Uint8Array.of(9, 9) });
  assert.equal(resultBody(changed, 5), `00000002000000090000000100020909${table}${int}00000000`);
});

test('columns of two tables have their table each', () => {
  const result = rows({ columns: [column('c'), column('c', { kind: 'int' }, 'u')] });
  const other = `0001${utf8('k')}0001${utf8('u')}`;
  assert.equal(resultBody(result, 4), `000000020000000000000002${table}${int}${other}${int}00000000`);
});

test('a prepared statement has key indexes from v4 on and a metadata id in v5', () => {
  const prepared: ResultBody = {
    kind: 'prepared',
    id: Uint8Array.of(1),
    resultMetadataId: Uint8Array.of(2),
    bindColumns: [column('c')],
    partitionKeyIndexes: [0],
    resultColumns: null,
  };
  const none = '0000000400000000';
  assert.equal(resultBody(prepared, 3), `000000040001010000000100000001${table}${int}${none}`);
  assert.equal(resultBody(prepared, 4), `000000040001010000000100000001000000010000${table}${int}${none}`);
  assert.equal(resultBody(prepared, 5), `000000040001010001020000000100000001000000010000${table}${int}${none}`);
});

test('a prepared statement has no key indexes beside markers of two tables', () => {
  const prepared: ResultBody = {
    kind: 'prepared',
    id: Uint8Array.of(1),
    resultMetadataId: Uint8Array.of(2),
    bindColumns: [{ ...column('t'), keyspace: '[batch]', table: '[batch]' }, column('c')],
    partitionKeyIndexes: [1],
    resultColumns: null,
  };
  assert.match(resultBody(prepared, 4), /^0000000400010100000000000000020000000000/);
});

test('duration has its own code in v5 and its class name before', () => {
  const result = rows({ columns: [column('c', { kind: 'duration' })] });
  const name = 'org.apache.cassandra.db.marshal.DurationType';
  assert.ok(resultBody(result, 5).includes(`0001${utf8('c')}0015`));
  assert.ok(
    resultBody(result, 4).includes(`0001${utf8('c')}0000${name.length.toString(16).padStart(4, '0')}${utf8(name)}`),
  );
});

test('tracing id, warnings and payload stand before the body in this order, warnings from v4 on', () => {
  const tracingId = new Uint8Array(16).fill(5);
  const header = { stream: 1, tracingId, warnings: ['w'], customPayload: new Map([['k', null]]) };
  const v4 = encodeResponse({ kind: 'RESULT', result: { kind: 'void' } }, { version: 4, ...header });
  assert.equal(v4[1], 0x0e);
  assert.equal(body(v4), `${'05'.repeat(16)}00010001${utf8('w')}00010001${utf8('k')}ffffffff00000001`);
  const v3 = encodeResponse({ kind: 'RESULT', result: { kind: 'void' } }, { version: 3, ...header });
  assert.equal(v3[1], 0x02);
  assert.equal(body(v3), `${'05'.repeat(16)}00000001`);
});

test('a schema change of a function is its keyspace updated for v3', () => {
  const change = { change: 'CREATED', target: 'FUNCTION', keyspace: 'k', name: 'f', argumentTypes: ['int'] } as const;
  const result: ResultBody = { kind: 'schemaChange', change };
  assert.equal(resultBody(result, 3), `000000050007${utf8('UPDATED')}0008${utf8('KEYSPACE')}0001${utf8('k')}`);
  assert.equal(
    resultBody(result, 4),
    `000000050007${utf8('CREATED')}0008${utf8('FUNCTION')}0001${utf8('k')}0001${utf8('f')}00010003${utf8('int')}`,
  );
});

test('events go out on stream -1 with address and port', () => {
  const node = { address, port: 9042 };
  const envelope = encodeResponse(
    { kind: 'EVENT', event: { type: 'STATUS_CHANGE', change: 'UP', node } },
    { version: 4, stream: -1 },
  );
  assert.equal(readEnvelopeHeader(envelope).stream, -1);
  assert.equal(body(envelope), `000d${utf8('STATUS_CHANGE')}0002${utf8('UP')}047f00000100002352`);
});

test('a compressed body comes back, and a length it does not have is refused', () => {
  const plain = Buffer.alloc(5000, 'abc');
  for (const name of ['lz4', 'snappy'] as const) {
    const compressor = bodyCompressor(name);
    const compressed = compressor.compress(plain);
    assert.ok(compressed.length < 1000);
    assert.ok(plain.equals(compressor.decompress(compressed, 5000)));
    assert.throws(() => compressor.decompress(compressed, 4999), FerrosaError);
    assert.throws(() => compressor.decompress(compressed.subarray(0, 20), 5000), FerrosaError);
  }
});
