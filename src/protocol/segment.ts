// Segments of protocol v5: a checked header and a checked payload around envelopes. Source: native_protocol_v5.spec section 2.2, 2.3;
// where it and Cassandra's code differ (which LZ4 length is zero for an uncompressed payload), the code holds. The addon writes them.
import { protocolError } from '../common/errors.js';
import { crc32, sealSegment, sealV5 } from '../native/index.js';
import { ByteQueue } from './byte-queue.js';
import { lz4CompressBlock, lz4DecompressBlock } from './compression.js';
import { segmentPayloadBytesMax } from './constants.js';

const crc24Initial = 0x875060;
const crc24Polynomial = 0x1974f0b;
const crc24Table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? (crc << 1) ^ crc24Polynomial : crc << 1;
  return crc & 0xffffff;
});

/** CRC-24 of a segment header. */
function crc24(bytes: Uint8Array): number {
  let crc = crc24Initial;
  for (const byte of bytes) crc = ((crc << 8) ^ crc24Table[((crc >>> 16) ^ byte) & 0xff]!) & 0xffffff;
  return crc;
}

const crc32Start = crc32(Uint8Array.of(0xfa, 0x2d, 0x55, 0xca));
/** CRC-32 of a segment payload: zlib's, after four fixed bytes. */
const payloadCrc = (payload: Uint8Array): number => crc32(payload, crc32Start) >>> 0;

const crcBytes = 4;
const headerBytesOf = (lz4: boolean): number => (lz4 ? 8 : 6);

/** Envelopes in segments: they share one until it is full; an envelope over the payload limit has segments of its own. */
export function encodeSegments(envelopes: readonly Uint8Array[], lz4: boolean): Uint8Array {
  if (!lz4) return sealV5(join(envelopes), false);
  const segments: Uint8Array[] = [];
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const flush = () => {
    if (pendingBytes > 0) segments.push(compressedSegment(join(pending), true));
    pending = [];
    pendingBytes = 0;
  };
  for (const envelope of envelopes) {
    if (pendingBytes + envelope.length > segmentPayloadBytesMax) flush();
    if (envelope.length <= segmentPayloadBytesMax) {
      pending.push(envelope);
      pendingBytes += envelope.length;
      continue;
    }
    for (let offset = 0; offset < envelope.length; offset += segmentPayloadBytesMax)
      segments.push(compressedSegment(envelope.subarray(offset, offset + segmentPayloadBytesMax), false));
  }
  flush();
  return join(segments);
}

/** A payload that does not shrink goes as it is, marked by an uncompressed length of 0. */
function compressedSegment(payload: Uint8Array, selfContained: boolean): Uint8Array {
  const compressed = lz4CompressBlock(payload);
  if (compressed.length >= payload.length) return sealSegment(payload, 0, selfContained);
  return sealSegment(compressed, payload.length, selfContained);
}

const join = (parts: readonly Uint8Array[]): Uint8Array => (parts.length === 1 ? parts[0]! : Buffer.concat(parts));

export type Segment = { readonly payload: Uint8Array; readonly selfContained: boolean };

/** Cuts a byte stream into segments. Damage throws, and the stream cannot be read on after it. */
export class SegmentDecoder {
  readonly #queue = new ByteQueue();
  readonly #lz4: boolean;
  #payloadBytes = -1;
  #uncompressedBytes = 0;
  #selfContained = false;

  constructor(lz4: boolean) {
    this.#lz4 = lz4;
  }

  get bufferedBytes(): number {
    return this.#queue.length;
  }

  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  drain(): Uint8Array | null {
    return this.#payloadBytes >= 0 ? null : this.#queue.take(this.#queue.length);
  }

  /** @throws FerrosaError PROTOCOL_ERROR when a checksum does not match or LZ4 does not decode */
  next(): Segment | null {
    if (this.#payloadBytes < 0 && !this.#readHeader()) return null;
    if (this.#queue.length < this.#payloadBytes + crcBytes) return null;
    const bytes = this.#queue.take(this.#payloadBytes + crcBytes);
    const payload = bytes.subarray(0, this.#payloadBytes);
    const read = Buffer.from(bytes.buffer, bytes.byteOffset + this.#payloadBytes, crcBytes).readUInt32LE(0) >>> 0;
    const computed = payloadCrc(payload);
    if (read !== computed) throw crcMismatch('body', read, computed);
    this.#payloadBytes = -1;
    const plain = this.#uncompressedBytes > 0 ? lz4DecompressBlock(payload, this.#uncompressedBytes) : payload;
    return { payload: plain, selfContained: this.#selfContained };
  }

  #readHeader(): boolean {
    const headerBytes = headerBytesOf(this.#lz4);
    if (this.#queue.length < headerBytes) return false;
    const fieldBytes = headerBytes - 3;
    const peeked = this.#queue.peek(headerBytes);
    const header = Buffer.from(peeked.buffer, peeked.byteOffset, headerBytes);
    const read = header.readUIntLE(fieldBytes, 3);
    const computed = crc24(header.subarray(0, fieldBytes));
    if (read !== computed) throw crcMismatch('header', read, computed);
    const low = header.readUIntLE(0, 3);
    this.#payloadBytes = low & 0x1ffff;
    if (this.#lz4) {
      const fields = header.readUIntLE(0, 5);
      this.#uncompressedBytes = Math.floor(fields / 2 ** 17) & 0x1ffff;
      this.#selfContained = (Math.floor(fields / 2 ** 34) & 1) === 1;
    } else {
      this.#selfContained = (low & (1 << 17)) !== 0;
    }
    this.#queue.skip(headerBytes);
    return true;
  }
}

const crcMismatch = (where: 'header' | 'body', read: number, computed: number) =>
  protocolError(`invalid, unrecoverable CRC mismatch detected in frame ${where}. Read ${read}, Computed ${computed}`);
