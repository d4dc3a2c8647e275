// Segments of v5: vectors checked against other implementations, damage, and envelopes that share or span segments.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FerrosaError } from '../../../src/common/errors.js';
import {
  EnvelopeDecoder,
  encodeSegment,
  encodeSegments,
  type Frame,
  type FrameDecoder,
  FramedDecoder,
  type FrameError,
  SegmentDecoder,
} from '../../../src/protocol/index.js';
import { encodeEnvelope } from '../../support/cql-frames.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const options = Buffer.from('050000000500000000', 'hex');

function readAll(decoder: FrameDecoder): (Frame | FrameError)[] {
  const items: (Frame | FrameError)[] = [];
  for (let item = decoder.next(); item !== null; item = decoder.next()) items.push(item);
  return items;
}

test('segments have the bytes that other implementations write', () => {
  assert.equal(hex(encodeSegment(options, true, false)), '090002a4c8c10500000005000000001086284d');
  assert.equal(hex(encodeSegment(options, true, true)), '0900000004c2b8950500000005000000001086284d');
  assert.equal(hex(encodeSegment(Buffer.from('hello'), true, false)), '05000219999a68656c6c6f74800eb6');
  assert.equal(hex(encodeSegment(Buffer.from('hello'), false, false).subarray(0, 6)), '050000044823');
  assert.equal(hex(encodeSegment(Buffer.alloc(131_071), true, false).subarray(0, 6)), 'ffff03254047');
});

for (const lz4 of [false, true]) {
  test(`a payload comes out of its segment as it went in, however the bytes are cut (LZ4: ${lz4})`, () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat(131_071).map((n) => new Uint8Array(n).fill(n)),
    );
    fc.assert(
      fc.property(payload, fc.boolean(), fc.integer({ min: 1, max: 5000 }), (bytes, selfContained, cut) => {
        const decoder = new SegmentDecoder(lz4);
        const segment = encodeSegment(bytes, selfContained, lz4);
        let result = null;
        for (let at = 0; at < segment.length; at += cut) {
          assert.equal(decoder.next(), null);
          decoder.push(segment.subarray(at, at + cut));
        }
        result = decoder.next();
        assert.equal(result?.selfContained, selfContained);
        assert.ok(Buffer.from(bytes).equals(result!.payload));
        assert.equal(decoder.bufferedBytes, 0);
      }),
      { numRuns: 60 },
    );
  });

  test(`any changed bit of a segment is noticed (LZ4: ${lz4})`, () => {
    const segment = Buffer.from(encodeSegment(Buffer.alloc(200, 'ab'), true, lz4));
    for (let bit = 0; bit < segment.length * 8; bit++) {
      const damaged = Buffer.from(segment);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const decoder = new SegmentDecoder(lz4);
      decoder.push(damaged);
      assert.throws(
        () => decoder.next(),
        (error) => error instanceof FerrosaError && error.code === 'PROTOCOL_ERROR',
      );
    }
  });

  test(`envelopes small and large arrive whole and in order (LZ4: ${lz4})`, () => {
    const sizes = [0, 10, 131_062, 131_063, 400_000, 5, 131_071 * 2, 1];
    const envelopes = sizes.map((size, i) => encodeEnvelope(5, 7, i, Buffer.alloc(size, i)));
    const decoder = new FramedDecoder(5, lz4, 2 ** 24);
    for (const segment of encodeSegments(envelopes, lz4)) decoder.push(segment);
    const frames = readAll(decoder);
    assert.deepEqual(
      frames.map((frame) => frame.kind === 'frame' && [frame.stream, frame.body.length, frame.body.at(-1)]),
      sizes.map((size, i) => [i, size, size > 0 ? i : undefined]),
    );
  });
}

test('small envelopes share a segment', () => {
  const envelopes = Array.from({ length: 100 }, (_, i) => encodeEnvelope(5, 5, i, Buffer.alloc(0)));
  assert.equal(encodeSegments(envelopes, false).length, 1);
});

test('damage ends the stream: one error that closes, then nothing', () => {
  const decoder = new FramedDecoder(5, false, 2 ** 24);
  const damaged = Buffer.from(encodeSegment(options, true, false));
  damaged[8]! ^= 1;
  decoder.push(damaged);
  decoder.push(encodeSegment(options, true, false));
  const items = readAll(decoder);
  assert.equal(items.length, 1);
  assert.equal(items[0]!.kind === 'error' && items[0]!.close, 'after-answer');
});

test('a request over the limit is answered on its stream and the next one is read', () => {
  const large = encodeEnvelope(5, 7, 3, Buffer.alloc(300_000));
  const framed = new FramedDecoder(5, false, 250_000);
  for (const segment of encodeSegments([large, options], false)) framed.push(segment);
  const bare = new EnvelopeDecoder(250_000);
  const v4 = Buffer.concat([encodeEnvelope(4, 7, 3, Buffer.alloc(300_000)), encodeEnvelope(4, 5, 9, Buffer.alloc(0))]);
  for (let at = 0; at < v4.length; at += 65_536) bare.push(v4.subarray(at, at + 65_536));
  for (const decoder of [framed, bare]) {
    const [first, second] = readAll(decoder);
    assert.ok(first?.kind === 'error' && second?.kind === 'frame');
    assert.equal(first.stream, 3);
    assert.equal(first.error.code, 'INVALID');
    assert.equal(first.error.message, 'Request is too big: length 300009 exceeds maximum allowed length 250000.');
  }
});
