// Envelopes as the hot path takes and gives them: whole, in one piece of bytes.
import {
  type BodyCompressor,
  compressBytesMin,
  compressEnvelope,
  EnvelopeFlag,
  envelopeHeaderBytes,
  type Frame,
  Opcode,
  readEnvelopeHeader,
} from '../protocol/index.js';

/** Whether the hot path may take requests of a kind. */
export const isHotOpcode = (opcode: number): boolean =>
  opcode === Opcode.EXECUTE || opcode === Opcode.QUERY || opcode === Opcode.BATCH;

/** A whole request envelope as a frame. */
export function envelopeFrame(envelope: Uint8Array): Frame {
  const { version, flags, stream, opcode, bodyBytes } = readEnvelopeHeader(envelope);
  const body = envelope.subarray(envelopeHeaderBytes, envelopeHeaderBytes + bodyBytes);
  return { kind: 'frame', version, flags, stream, opcode, body };
}

/** The request of `frame` with a body that is not compressed any more, unless `flags` say so. */
export function requestEnvelope(
  frame: Frame,
  body: Uint8Array,
  flags: number = frame.flags & ~EnvelopeFlag.COMPRESSED,
): Uint8Array {
  const envelope = Buffer.allocUnsafe(envelopeHeaderBytes + body.length);
  envelope[0] = frame.version;
  envelope[1] = flags;
  envelope.writeInt16BE(frame.stream, 2);
  envelope[4] = frame.opcode;
  envelope.writeInt32BE(body.length, 5);
  envelope.set(body, envelopeHeaderBytes);
  return envelope;
}

/** Whole envelopes end to end, one by one, with compressed bodies where the connection has a compressor (v3, v4). */
export function* isolateAnswers(bytes: Uint8Array, compressor: BodyCompressor | null): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const { bodyBytes } = readEnvelopeHeader(bytes, start);
    const end = start + envelopeHeaderBytes + bodyBytes;
    const envelope = bytes.subarray(start, end);
    yield compressor === null || bodyBytes < compressBytesMin ? envelope : compressEnvelope(envelope, compressor);
    start = end;
  }
}
