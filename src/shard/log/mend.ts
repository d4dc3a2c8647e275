// What a start has accepted as lost is made readable. A segment may be read again by a later start, and by then its lane has markers of this
// process: they cover everything before them, and would make damage of what no process has ever acknowledged.
import { open } from 'node:fs/promises';
import { crc32, LogRecord, logRecordHeaderBytes } from '../../native/index.js';

/** Bytes of a segment that are no record. */
export type LostPlace = {
  readonly path: string;
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
  /** No record follows. */
  readonly torn: boolean;
};

/** Makes a clean end of a torn tail, and one filler record of what records follow. */
export async function mend({ path, segment, offset, bytes, torn }: LostPlace): Promise<void> {
  // Where no record has ever stood there is no room for one either.
  if (!torn && bytes < logRecordHeaderBytes) return;
  const whole = torn ? new Uint8Array(bytes) : filler(segment, bytes);
  const file = await open(path, 'r+');
  try {
    await file.write(whole, 0, whole.length, offset);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** A record of so many bytes with nothing in it (docs/format/commitlog.md). */
function filler(segment: number, bytes: number): Buffer {
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(BigInt(segment));
  const salt = crc32(id);
  const record = Buffer.alloc(bytes);
  record.writeUInt32LE(bytes - logRecordHeaderBytes, 0);
  record[12] = LogRecord.filler;
  record.writeUInt32LE(crc32(Buffer.from([...record.subarray(0, 4), LogRecord.filler]), salt) >>> 0, 4);
  record.writeUInt32LE(crc32(record.subarray(logRecordHeaderBytes), salt) >>> 0, 8);
  return record;
}
