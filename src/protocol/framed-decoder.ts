// Envelopes out of v5 segments: several in one self-contained segment, or one over several segments.
import { FerrosaError, protocolError } from '../common/errors.js';
import { envelopeHeaderBytes } from './constants.js';
import { opcodeProblem, readEnvelopeHeader, tooBig, versionProblem } from './envelope.js';
import type { Frame, FrameDecoder, FrameError } from './frame.js';
import { SegmentDecoder } from './segment.js';

const ended = (error: FerrosaError, version: number): FrameError => ({
  kind: 'error',
  error,
  stream: 0,
  version,
  close: 'after-answer',
});

type Large = {
  readonly total: number;
  received: number;
  readonly parts: Uint8Array[];
  readonly problem: FrameError | null;
};

export class FramedDecoder implements FrameDecoder {
  readonly #segments: SegmentDecoder;
  readonly #version: number;
  readonly #bytesMax: number;
  #payload: Uint8Array | null = null;
  #offset = 0;
  #large: Large | null = null;
  #dead = false;

  constructor(version: number, lz4: boolean, bytesMax: number) {
    this.#segments = new SegmentDecoder(lz4);
    this.#version = version;
    this.#bytesMax = bytesMax;
  }

  get bufferedBytes(): number {
    return this.#segments.bufferedBytes + (this.#payload?.length ?? 0) + (this.#large?.received ?? 0);
  }

  push(chunk: Uint8Array): void {
    if (!this.#dead) this.#segments.push(chunk);
  }

  drain(): Uint8Array | null {
    const isBetween = this.#large === null && (this.#payload === null || this.#offset === this.#payload.length);
    return isBetween && !this.#dead ? this.#segments.drain() : null;
  }

  next(): Frame | FrameError | null {
    while (!this.#dead) {
      if (this.#payload !== null) {
        if (this.#offset < this.#payload.length) return this.#nextContained(this.#payload);
        this.#payload = null;
      }
      let segment: ReturnType<SegmentDecoder['next']>;
      try {
        segment = this.#segments.next();
      } catch (error) {
        if (!(error instanceof FerrosaError)) throw error;
        return this.#end(error);
      }
      if (segment === null) return null;
      if (segment.selfContained) {
        if (this.#large !== null) return this.#end(protocolError('Self-contained frame within a large message'));
        this.#payload = segment.payload;
        this.#offset = 0;
        continue;
      }
      const result = this.#addToLarge(segment.payload);
      if (result !== null) return result;
    }
    return null;
  }

  #nextContained(payload: Uint8Array): Frame | FrameError {
    if (payload.length - this.#offset < envelopeHeaderBytes)
      return this.#end(protocolError(`Undersized envelope: ${payload.length - this.#offset} bytes`));
    const header = readEnvelopeHeader(payload, this.#offset);
    if (header.bodyBytes < 0) return this.#negative(header.bodyBytes, header.stream);
    const total = envelopeHeaderBytes + header.bodyBytes;
    if (this.#offset + total > payload.length)
      return this.#end(protocolError(`Envelope of ${total} bytes passes the end of its frame`));
    const start = this.#offset;
    this.#offset += total;
    return this.#problem(payload, start) ?? frameOf(payload, start);
  }

  #addToLarge(payload: Uint8Array): Frame | FrameError | null {
    if (this.#large === null) {
      if (payload.length < envelopeHeaderBytes) return this.#end(protocolError('Undersized first frame of a message'));
      const header = readEnvelopeHeader(payload);
      if (header.bodyBytes < 0) return this.#negative(header.bodyBytes, header.stream);
      const total = header.bodyBytes + envelopeHeaderBytes;
      this.#large = { total, received: 0, parts: [], problem: this.#problem(payload, 0) };
    }
    const large = this.#large;
    if (large.received + payload.length > large.total)
      return this.#end(protocolError('Frames of a large message hold more than the message'));
    large.received += payload.length;
    // The answer to a request that is refused goes out when its last byte is in: what follows is a request again.
    if (large.problem === null) large.parts.push(payload);
    if (large.received < large.total) return null;
    this.#large = null;
    return large.problem ?? frameOf(Buffer.concat(large.parts, large.total), 0);
  }

  #problem(bytes: Uint8Array, offset: number): FrameError | null {
    const header = readEnvelopeHeader(bytes, offset);
    const total = header.bodyBytes + envelopeHeaderBytes;
    const error = (problem: FerrosaError, close: FrameError['close']): FrameError => ({
      kind: 'error',
      error: problem,
      stream: header.stream,
      version: this.#version,
      close,
    });
    if (total > this.#bytesMax) return error(tooBig(total, this.#bytesMax), 'never');
    const text = versionProblem(header.version, header.flags) ?? opcodeProblem(header.opcode, header.isResponse);
    return text === null ? null : error(protocolError(text), 'counted');
  }

  #negative(length: number, stream: number): FrameError {
    const error = protocolError(`Invalid value for envelope header body length field: ${length}`);
    return { ...this.#end(error), stream };
  }

  #end(error: FerrosaError): FrameError {
    this.#dead = true;
    this.#payload = null;
    this.#large = null;
    return ended(error, this.#version);
  }
}

function frameOf(bytes: Uint8Array, offset: number): Frame {
  const header = readEnvelopeHeader(bytes, offset);
  const start = offset + envelopeHeaderBytes;
  const { version, flags, stream, opcode } = header;
  return { kind: 'frame', version, flags, stream, opcode, body: bytes.subarray(start, start + header.bodyBytes) };
}
