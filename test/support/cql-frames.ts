// Envelopes and v5 segments of the native protocol, for the test client. Written from the protocol's specification and apart from
// src/protocol, so that a mistake there cannot hide in the tests.
import { crc32 } from 'node:zlib';

export type Envelope = {
  readonly flags: number;
  readonly stream: number;
  readonly opcode: number;
  readonly body: Buffer;
};

export const Opcode = {
  ERROR: 0x00,
  STARTUP: 0x01,
  READY: 0x02,
  AUTHENTICATE: 0x03,
  OPTIONS: 0x05,
  SUPPORTED: 0x06,
  QUERY: 0x07,
  RESULT: 0x08,
  PREPARE: 0x09,
  EXECUTE: 0x0a,
  REGISTER: 0x0b,
  EVENT: 0x0c,
  BATCH: 0x0d,
  AUTH_CHALLENGE: 0x0e,
  AUTH_RESPONSE: 0x0f,
  AUTH_SUCCESS: 0x10,
} as const;

export function encodeEnvelope(version: number, opcode: number, stream: number, body: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(9);
  header[0] = version;
  header[1] = flags;
  header.writeInt16BE(stream, 2);
  header[4] = opcode;
  header.writeInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}

function crc24(bytes: Uint8Array): number {
  let crc = 0x875060;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if (crc & 0x1000000) crc ^= 0x1974f0b;
    }
  }
  return crc & 0xffffff;
}

const crc32Start = crc32(Buffer.from([0xfa, 0x2d, 0x55, 0xca]));
const segmentPayloadMax = 128 * 1024 - 1;

/** Envelopes as uncompressed segments; an envelope that is too long is split over several. */
export function encodeSegments(envelope: Buffer): Buffer {
  const parts: Buffer[] = [];
  const selfContained = envelope.length <= segmentPayloadMax;
  for (let at = 0; at < envelope.length; at += segmentPayloadMax) {
    const payload = envelope.subarray(at, at + segmentPayloadMax);
    const header = Buffer.alloc(6);
    header.writeUIntLE(payload.length | (selfContained ? 1 << 17 : 0), 0, 3);
    header.writeUIntLE(crc24(header.subarray(0, 3)), 3, 3);
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32LE(crc32(payload, crc32Start));
    parts.push(header, payload, trailer);
  }
  return Buffer.concat(parts);
}

/** Cuts a byte stream into envelopes; `framed` says that segments are around them. */
export class EnvelopeReader {
  framed = false;
  #raw: Buffer = Buffer.alloc(0);
  #plain: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#raw = this.#raw.length === 0 ? chunk : Buffer.concat([this.#raw, chunk]);
  }

  /** The next whole envelope, null when it has not arrived. @throws Error when a checksum is wrong */
  next(): Envelope | null {
    if (this.framed) this.#unwrap();
    else if (this.#raw.length > 0) {
      this.#plain = this.#plain.length === 0 ? this.#raw : Buffer.concat([this.#plain, this.#raw]);
      this.#raw = Buffer.alloc(0);
    }
    const bytes = this.#plain;
    if (bytes.length < 9) return null;
    const length = bytes.readInt32BE(5);
    if (bytes.length < 9 + length) return null;
    this.#plain = bytes.subarray(9 + length);
    return {
      flags: bytes[1]!,
      stream: bytes.readInt16BE(2),
      opcode: bytes[4]!,
      body: bytes.subarray(9, 9 + length),
    };
  }

  /** Bytes that arrived before `framed` was set and belong to segments. */
  startFraming(): void {
    this.framed = true;
    this.#raw = Buffer.concat([this.#plain, this.#raw]);
    this.#plain = Buffer.alloc(0);
  }

  #unwrap(): void {
    const parts: Buffer[] = [this.#plain];
    let at = 0;
    while (this.#raw.length - at >= 6) {
      const header = this.#raw.subarray(at, at + 6);
      if (crc24(header.subarray(0, 3)) !== header.readUIntLE(3, 3)) throw new Error('segment header checksum is wrong');
      const length = header.readUIntLE(0, 3) & 0x1ffff;
      if (this.#raw.length - at < 6 + length + 4) break;
      const payload = this.#raw.subarray(at + 6, at + 6 + length);
      if (crc32(payload, crc32Start) !== this.#raw.readUInt32LE(at + 6 + length))
        throw new Error('segment payload checksum is wrong');
      parts.push(payload);
      at += 6 + length + 4;
    }
    this.#raw = this.#raw.subarray(at);
    if (parts.length > 1) this.#plain = Buffer.concat(parts);
  }
}

/** Reads the notations of section 3 of the specification. */
export class BodyReader {
  at = 0;
  constructor(readonly bytes: Buffer) {}
  byte(): number {
    return this.bytes[this.at++]!;
  }
  short(): number {
    this.at += 2;
    return this.bytes.readUInt16BE(this.at - 2);
  }
  int(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }
  raw(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new RangeError('the body is too short');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  string(): string {
    return this.raw(this.short()).toString('utf8');
  }
  stringList(): string[] {
    return Array.from({ length: this.short() }, () => this.string());
  }
  shortBytes(): Buffer {
    return this.raw(this.short());
  }
  bytesOrNull(): Buffer | null {
    const length = this.int();
    return length < 0 ? null : this.raw(length);
  }
}

export const encode = {
  short(value: number): Buffer {
    const out = Buffer.alloc(2);
    out.writeUInt16BE(value);
    return out;
  },
  int(value: number): Buffer {
    const out = Buffer.alloc(4);
    out.writeInt32BE(value);
    return out;
  },
  long(value: bigint): Buffer {
    const out = Buffer.alloc(8);
    out.writeBigInt64BE(value);
    return out;
  },
  string(value: string): Buffer {
    const bytes = Buffer.from(value);
    return Buffer.concat([encode.short(bytes.length), bytes]);
  },
  longString(value: string): Buffer {
    const bytes = Buffer.from(value);
    return Buffer.concat([encode.int(bytes.length), bytes]);
  },
  shortBytes: (value: Uint8Array): Buffer => Buffer.concat([encode.short(value.length), value]),
  /** undefined: not set. */
  value(value: Uint8Array | null | undefined): Buffer {
    if (value === undefined) return encode.int(-2);
    return value === null ? encode.int(-1) : Buffer.concat([encode.int(value.length), value]);
  },
  stringMap(map: Readonly<Record<string, string>>): Buffer {
    const entries = Object.entries(map);
    return Buffer.concat([
      encode.short(entries.length),
      ...entries.flatMap(([k, v]) => [encode.string(k), encode.string(v)]),
    ]);
  },
};
