// A segment whose header is zeros, or that is empty: whether anything was ever in it. Layout: docs/format/commitlog.md.
import { commitLogLanes, crc32, LogFound, LogReader, logHeaderBytes } from '../../native/index.js';

/** Kept equal to kLogMagic and kLogVersion of native/core/commit_log.h. */
const [magic, version] = [0x474f4c46, 1];

export const hasNoHeader = (file: Buffer): boolean => file.subarray(0, logHeaderBytes).every((byte) => byte === 0);

/** A reader of the good records that stand behind a header of zeros, and the bytes that it reads; null when there are none. */
export function recordsBehindZeros(zeroed: Buffer, id: number): { file: Buffer; reader: LogReader } | null {
  if (zeroed.length < logHeaderBytes) return null;
  const file = Buffer.from(zeroed);
  file.writeUInt32LE(magic, 0);
  file.writeUInt16LE(version, 4);
  file.writeBigUInt64LE(BigInt(id), 8);
  file.writeUInt32LE(id % commitLogLanes, 16);
  file.writeUInt32LE(file.length, 24);
  file.writeUInt32LE(crc32(file.subarray(0, 60)), 60);
  // The first item is a record, or damage with a record behind it; a tail without any is torn, or the clean end.
  const [found] = new LogReader(file).next(1);
  return found === LogFound.record || found === LogFound.damage ? { file, reader: new LogReader(file) } : null;
}
