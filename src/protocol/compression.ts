// Compression of envelope bodies (v3, v4) and of segment payloads (v5, LZ4 only).
import { createRequire } from 'node:module';
import { compressSync as lz4Compress, uncompressSync as lz4Uncompress } from 'lz4-napi';
import { protocolError } from '../common/errors.js';
import { type CompressionName, EnvelopeFlag, envelopeHeaderBytes } from './constants.js';

type Snappy = { compressSync(bytes: Uint8Array): Buffer; uncompressSync(bytes: Uint8Array): Buffer };
// CommonJS without named exports that Node's loader would find.
const snappy: Snappy = createRequire(import.meta.url)('snappy');

export interface BodyCompressor {
  readonly name: CompressionName;
  compress(body: Uint8Array): Uint8Array;
  /** @throws FerrosaError PROTOCOL_ERROR when the bytes are not what they say or say more than `bytesMax` */
  decompress(body: Uint8Array, bytesMax: number): Uint8Array;
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** An LZ4 block without any length before it. */
export function lz4CompressBlock(bytes: Uint8Array): Uint8Array {
  return lz4Compress(asBuffer(bytes)).subarray(4);
}

/** @throws FerrosaError PROTOCOL_ERROR when the block does not decode to exactly `length` bytes */
export function lz4DecompressBlock(block: Uint8Array, length: number): Uint8Array {
  // The package keeps the length before the block in little-endian order.
  const prefixed = Buffer.allocUnsafe(block.length + 4);
  prefixed.writeUInt32LE(length, 0);
  prefixed.set(block, 4);
  let bytes: Uint8Array;
  try {
    bytes = lz4Uncompress(prefixed);
  } catch {
    throw protocolError('Invalid LZ4 block');
  }
  if (bytes.length !== length) throw protocolError(`LZ4 block of ${bytes.length} bytes, ${length} expected`);
  return bytes;
}

/** v3 and v4: the uncompressed length, big-endian, and the block. */
const lz4Body: BodyCompressor = {
  name: 'lz4',
  compress(body) {
    const compressed = lz4Compress(asBuffer(body));
    compressed.writeUInt32BE(body.length, 0);
    return compressed;
  },
  decompress(body, bytesMax) {
    if (body.length < 4) throw protocolError('Compressed body without its length');
    const length = asBuffer(body).readUInt32BE(0);
    if (length > bytesMax) throw protocolError(`Compressed body of ${length} bytes exceeds maximum of ${bytesMax}`);
    return length === 0 ? new Uint8Array(0) : lz4DecompressBlock(body.subarray(4), length);
  },
};

const snappyBody: BodyCompressor = {
  name: 'snappy',
  compress: (body) => snappy.compressSync(body),
  decompress(body, bytesMax) {
    const length = snappyLength(body);
    if (length === null || length > bytesMax) throw protocolError('Invalid length of a Snappy compressed body');
    try {
      return snappy.uncompressSync(body);
    } catch {
      throw protocolError('Invalid Snappy compressed body');
    }
  },
};

/** The varint that every Snappy block starts with. */
function snappyLength(body: Uint8Array): number | null {
  let length = 0;
  for (let i = 0; i < 5 && i < body.length; i++) {
    length += (body[i]! & 0x7f) * 2 ** (7 * i);
    if ((body[i]! & 0x80) === 0) return length;
  }
  return null;
}

export const bodyCompressor = (name: CompressionName): BodyCompressor => (name === 'lz4' ? lz4Body : snappyBody);

/** Bodies below this are sent plain: they would not shrink. */
export const compressBytesMin = 64;

/** A whole envelope of v3 or v4 with its body compressed. */
export function compressEnvelope(envelope: Uint8Array, compressor: BodyCompressor): Uint8Array {
  const body = compressor.compress(envelope.subarray(envelopeHeaderBytes));
  const result = Buffer.allocUnsafe(envelopeHeaderBytes + body.length);
  result.set(envelope.subarray(0, envelopeHeaderBytes));
  result[1]! |= EnvelopeFlag.COMPRESSED;
  result.writeInt32BE(body.length, 5);
  result.set(body, envelopeHeaderBytes);
  return result;
}
