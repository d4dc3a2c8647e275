// What a start has accepted as lost is made readable. A segment may be read again by a later start, and by then its lane has markers of this
// process: they cover everything before them, and would make damage of what no process has ever acknowledged.
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fillerRecord, logRecordHeaderBytes } from '../../native/index.js';
import { removeFile, syncFolder } from '../files/durable.js';

/** A place of a segment that could not be read. `torn`: the tail that the end of the process cut off; else records follow. */
export type LogDamage = {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
  readonly torn: boolean;
};

/** Makes a clean end of a torn tail, and one filler record of what records follow. @param segment  its id */
export async function mend({ path, offset, bytes, torn }: LogDamage, segment: number): Promise<void> {
  // Where no record has ever stood there is no room for one either.
  if (!torn && bytes < logRecordHeaderBytes) return;
  const whole = torn ? new Uint8Array(bytes) : fillerRecord(segment, bytes);
  const file = await open(path, 'r+');
  try {
    await file.write(whole, 0, whole.length, offset);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Removes a segment that was never written, for the same reason, before this process writes a marker that covers it. */
export async function removeEmpty(path: string): Promise<void> {
  await removeFile(path);
  await syncFolder(dirname(path));
}
