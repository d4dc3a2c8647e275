// Numbers and names of the native protocol. Source: native_protocol_v{3,4,5}.spec.

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

const opcodeNames = new Map<number, string>(Object.entries(Opcode).map(([name, code]) => [code, name]));
const responseOpcodes: ReadonlySet<number> = new Set([
  Opcode.ERROR,
  Opcode.READY,
  Opcode.AUTHENTICATE,
  Opcode.SUPPORTED,
  Opcode.RESULT,
  Opcode.EVENT,
  Opcode.AUTH_CHALLENGE,
  Opcode.AUTH_SUCCESS,
]);

/** The message's name in the specification, undefined for a number that is none. */
export const opcodeName = (opcode: number): string | undefined => opcodeNames.get(opcode);
export const isResponseOpcode = (opcode: number): boolean => responseOpcodes.has(opcode);

/** Flags of an envelope header. */
export const EnvelopeFlag = { COMPRESSED: 0x01, TRACING: 0x02, CUSTOM_PAYLOAD: 0x04, WARNING: 0x08, USE_BETA: 0x10 };

/** Flags of result metadata. */
export const MetadataFlag = {
  GLOBAL_TABLES_SPEC: 0x01,
  HAS_MORE_PAGES: 0x02,
  NO_METADATA: 0x04,
  METADATA_CHANGED: 0x08,
};

export const envelopeHeaderBytes = 9;
export const protocolVersionMin = 3;
export const protocolVersionMax = 5;
/** The version that a driver of any age can read: error envelopes for unknown versions carry it. */
export const protocolVersionLegible = 4;
/** A version that drivers know as not released: without the beta flag they are told so. */
export const protocolVersionBeta = 6;

export const supportedVersions: readonly string[] = ['3/v3', '4/v4', '5/v5'];
export const isSupportedVersion = (version: number): boolean =>
  version >= protocolVersionMin && version <= protocolVersionMax;

/** Largest payload of one v5 segment. */
export const segmentPayloadBytesMax = 131_071;
/** native_transport_max_frame_size of Cassandra 5.0. */
export const envelopeBytesMaxDefault = 16 * 1024 * 1024;

/** Compression algorithms by the names of STARTUP's COMPRESSION. */
export type CompressionName = 'lz4' | 'snappy';
