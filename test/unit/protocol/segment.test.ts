// Segments of v5: vectors checked against other implementations, damage, and envelopes that share or span segments.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FerrosaError } from '../../../src/common/errors.js';
import {
  EnvelopeDecoder,
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
  assert.equal(hex(encodeSegments([options], false)), '090002a4c8c10500000005000000001086284d');
  assert.equal(hex(encodeSegments([options], true)), '0900000004c2b8950500000005000000001086284d');
  const large = encodeEnvelope(5, 7, 0, Buffer.alloc(131_062));
  assert.equal(hex(encodeSegments([large], false).subarray(0, 6)), 'ffff03254047');
});

test('segments that other implementations write are read', () => {
  const decoder = new SegmentDecoder(false);
  decoder.push(Buffer.from('05000219999a68656c6c6f74800eb6', 'hex'));
  decoder.push(Buffer.from('05000004482368656c6c6f74800eb6', 'hex'));
  for (const selfContained of [true, false])
    assert.deepEqual(decoder.next(), { payload: Buffer.from('hello'), selfContained });
  assert.equal(decoder.next(), null);
});

for (const lz4 of [false, true]) {
  test(`envelopes come out of segments as they went in, however the bytes are cut (LZ4: ${lz4})`, () => {
    const noise = fc.uint8Array({ maxLength: 3000 });
    const bodies = fc.array(
      fc.oneof(
        noise,
        fc.nat(300_000).map((n) => new Uint8Array(n).fill(n)),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 5000 }), (list, cut) => {
        const envelopes = list.map((body, i) => encodeEnvelope(5, 7, i, Buffer.from(body)));
        const bytes = envelopes.length === 0 ? Buffer.alloc(0) : encodeSegments(envelopes, lz4);
        const decoder = new FramedDecoder(5, lz4, 2 ** 24);
        const frames: (Frame | FrameError)[] = [];
        for (let at = 0; at < bytes.length; at += cut) {
          decoder.push(bytes.subarray(at, at + cut));
          frames.push(...readAll(decoder));
        }
        assert.equal(frames.length, list.length);
        frames.forEach((frame, i) => {
          assert.ok(frame.kind === 'frame' && frame.stream === i && Buffer.from(list[i]!).equals(frame.body));
        });
        assert.equal(decoder.drain()?.length, 0);
      }),
      { numRuns: 40 },
    );
  });

  test(`any changed bit of a segment is noticed (LZ4: ${lz4})`, () => {
    const segment = Buffer.from(encodeSegments([encodeEnvelope(5, 7, 0, Buffer.alloc(200, 'ab'))], lz4));
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
    decoder.push(encodeSegments(envelopes, lz4));
    const frames = readAll(decoder);
    assert.deepEqual(
      frames.map((frame) => frame.kind === 'frame' && [frame.stream, frame.body.length, frame.body.at(-1)]),
      sizes.map((size, i) => [i, size, size > 0 ? i : undefined]),
    );
  });
}

test('small envelopes share a segment', () => {
  const envelopes = Array.from({ length: 100 }, (_, i) => encodeEnvelope(5, 5, i, Buffer.alloc(0)));
  assert.equal(encodeSegments(envelopes, false).length, 6 + 900 + 4);
});

test('damage ends the stream: one error that closes, then nothing', () => {
  const decoder = new FramedDecoder(5, false, 2 ** 24);
  const damaged = Buffer.from(encodeSegments([options], false));
  damaged[8]! ^= 1;
  decoder.push(damaged);
  decoder.push(encodeSegments([options], false));
  const items = readAll(decoder);
  assert.equal(items.length, 1);
  assert.equal(items[0]!.kind === 'error' && items[0]!.close, 'after-answer');
});

test('a request over the limit is answered on its stream and the next one is read', () => {
  const large = encodeEnvelope(5, 7, 3, Buffer.alloc(300_000));
  const framed = new FramedDecoder(5, false, 250_000);
  framed.push(encodeSegments([large, options], false));
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
