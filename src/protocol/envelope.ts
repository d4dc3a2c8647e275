// Envelopes: the 9-byte header and the body. Source: native_protocol_v5.spec section 2.1, v4 section 2.
import { invalid, protocolError } from '../common/errors.js';
import { ByteQueue } from './byte-queue.js';
import {
  EnvelopeFlag,
  envelopeHeaderBytes,
  isResponseOpcode,
  isSupportedVersion,
  opcodeName,
  protocolVersionBeta,
  protocolVersionLegible,
  supportedVersions,
} from './constants.js';
import type { Frame, FrameDecoder, FrameError } from './frame.js';

export type EnvelopeHeader = {
  /** Without the direction bit. */
  readonly version: number;
  readonly isResponse: boolean;
  readonly flags: number;
  readonly stream: number;
  readonly opcode: number;
  readonly bodyBytes: number;
};

/** REQUIRES: 9 bytes at `offset`. */
export function readEnvelopeHeader(bytes: Uint8Array, offset = 0): EnvelopeHeader {
  const at = (place: number): number => bytes[offset + place]!;
  return {
    version: at(0) & 0x7f,
    isResponse: (at(0) & 0x80) !== 0,
    flags: at(1),
    stream: ((at(2) << 24) >> 16) | at(3),
    opcode: at(4),
    bodyBytes: (at(5) << 24) | (at(6) << 16) | (at(7) << 8) | at(8),
  };
}

/**
 * Why a request of this version cannot be served, null when it can. The text is what drivers look for before they try a
 * lower version (Cassandra's ProtocolVersion.decode).
 */
export function versionProblem(version: number, flags: number): string | null {
  if (isSupportedVersion(version)) return null;
  if (version === protocolVersionBeta && (flags & EnvelopeFlag.USE_BETA) === 0)
    return 'Beta version of the protocol used (6/v6-beta), but USE_BETA flag is unset';
  return `Invalid or unsupported protocol version (${version}); supported versions are (${supportedVersions.join(', ')})`;
}

/** Null when the opcode is a request's. */
export function opcodeProblem(opcode: number, isResponse: boolean): string | null {
  const name = opcodeName(opcode);
  if (name === undefined) return `Unknown opcode ${opcode}`;
  const expected = isResponseOpcode(opcode) ? 'RESPONSE' : 'REQUEST';
  const got = isResponse ? 'RESPONSE' : 'REQUEST';
  if (expected === got) {
    return isResponse ? `Unexpected response ${name}` : null;
  }
  return `Wrong protocol direction (expected ${expected}, got ${got}) for opcode ${opcode} (${name})`;
}

export const tooBig = (length: number, bytesMax: number) =>
  invalid(`Request is too big: length ${length} exceeds maximum allowed length ${bytesMax}.`);

/**
 * Decodes bare envelopes: every byte of v3 and v4, and v5 up to STARTUP. An unknown version ends the connection, a body over
 * the limit is skipped, everything else is answered and forgotten.
 */
export class EnvelopeDecoder implements FrameDecoder {
  readonly #queue = new ByteQueue();
  readonly #bytesMax: number;
  #skip = 0;
  #skipError: FrameError | null = null;

  /** @param bytesMax  header and body of one envelope */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bufferedBytes(): number {
    return this.#queue.length;
  }

  push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
  }

  drain(): Uint8Array | null {
    return this.#skip > 0 ? null : this.#queue.take(this.#queue.length);
  }

  next(): Frame | FrameError | null {
    if (this.#skip > 0) {
      this.#skip -= this.#queue.skip(this.#skip);
      if (this.#skip > 0) return null;
      const error = this.#skipError;
      this.#skipError = null;
      return error;
    }
    // Versions 1 and 2 have a shorter header, so the version is judged before the header is whole.
    if (this.#queue.length === 0) return null;
    const version = this.#queue.peek(1)[0]! & 0x7f;
    if (!isSupportedVersion(version)) return this.#unsupported(version);
    if (this.#queue.length < envelopeHeaderBytes) return null;
    const header = readEnvelopeHeader(this.#queue.peek(envelopeHeaderBytes));
    const bodyBytes = header.bodyBytes >>> 0;
    const total = bodyBytes + envelopeHeaderBytes;
    const problem = opcodeProblem(header.opcode, header.isResponse);
    if (problem !== null || total > this.#bytesMax) {
      const error = problem !== null ? protocolError(problem) : tooBig(total, this.#bytesMax);
      this.#skip = total;
      this.#skipError = { kind: 'error', error, stream: header.stream, version, close: 'never' };
      return this.next();
    }
    if (this.#queue.length < total) return null;
    this.#queue.skip(envelopeHeaderBytes);
    const body = this.#queue.take(bodyBytes);
    return { kind: 'frame', version, flags: header.flags, stream: header.stream, opcode: header.opcode, body };
  }

  #unsupported(version: number): FrameError | null {
    const old = version < 3;
    // The stream of v3's header, the flags for the beta text: worth waiting for when they can come.
    if (!old && this.#queue.length < 4) return null;
    const start = this.#queue.peek(Math.min(this.#queue.length, 4));
    const stream = old ? 0 : ((start[2]! << 24) >> 16) | start[3]!;
    const error = protocolError(versionProblem(version, start[1] ?? 0)!);
    this.#queue.skip(this.#queue.length);
    const answerVersion = old && version > 0 ? version : protocolVersionLegible;
    return { kind: 'error', error, stream, version: answerVersion, close: 'after-answer' };
  }
}
