export { type BodyCompressor, bodyCompressor, compressBytesMin, compressEnvelope } from './compression.js';
export {
  type CompressionName,
  EnvelopeFlag,
  envelopeBytesMaxDefault,
  envelopeHeaderBytes,
  MetadataFlag,
  Opcode,
  opcodeName,
  protocolVersionMax,
  supportedVersions,
} from './constants.js';
export { EnvelopeDecoder, readEnvelopeHeader } from './envelope.js';
export type { Frame, FrameDecoder, FrameError } from './frame.js';
export { FramedDecoder } from './framed-decoder.js';
export { type Column, writeRowsMetadata } from './metadata.js';
export * from './request.js';
export * from './response.js';
export { encodeSegments, SegmentDecoder } from './segment.js';
