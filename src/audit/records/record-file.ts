// A file of records of the audit log or the full query log: docs/format/record-log.md.
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** What the records of a file are. */
export const RecordKind = { audit: 1, fullQuery: 2 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

const magic = Buffer.from('FERRORLG', 'latin1');
export const recordFileVersion = 1;
export const fileHeaderBytes = 12;
export const recordHeaderBytes = 8;
/** No request is as large; more is damage. */
const recordBytesMax = 1 << 30;

/** The first bytes of a file: magic, version, kind. */
export function fileHeader(kind: RecordKind): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes);
  magic.copy(bytes);
  bytes.writeUInt16BE(recordFileVersion, 8);
  bytes.writeUInt16BE(kind, 10);
  return bytes;
}

/** A record with its length and checksum before it. */
export function frameRecord(record: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(recordHeaderBytes + record.length);
  bytes.writeUInt32BE(record.length, 0);
  bytes.writeUInt32BE(crc32(record), 4);
  bytes.set(record, recordHeaderBytes);
  return bytes;
}

/** Where the reading of a file ended, and why: null for its end. */
export type ReadEnd = { readonly offset: number; readonly problem: string | null };

/**
 * Hands out the records of a file in order, from `offset` on (0: the first record).
 * @returns the offset behind the last whole record; `problem` names a torn or damaged tail, behind which nothing is read
 * @throws Error for a file that is none of these, or of another kind or version
 */
export function readRecords(path: string, kind: RecordKind, onRecord: (record: Buffer) => void, offset = 0): ReadEnd {
  const file = openSync(path, 'r');
  try {
    const header = readAt(file, 0, fileHeaderBytes);
    const begin = header.subarray(0, magic.length);
    if (!magic.subarray(0, begin.length).equals(begin)) throw new Error(`${path} is no log of records`);
    if (header.length < fileHeaderBytes) return { offset: 0, problem: 'it ends within its header' };
    checkHeader(path, header, kind);
    let at = Math.max(offset, fileHeaderBytes);
    for (;;) {
      const head = readAt(file, at, recordHeaderBytes);
      if (head.length === 0) return { offset: at, problem: null };
      if (head.length < recordHeaderBytes) return { offset: at, problem: `it ends within a record at offset ${at}` };
      const length = head.readUInt32BE(0);
      if (length > recordBytesMax) return { offset: at, problem: `it is damaged at offset ${at}` };
      const record = readAt(file, at + recordHeaderBytes, length);
      if (record.length < length) return { offset: at, problem: `it ends within a record at offset ${at}` };
      if (crc32(record) !== head.readUInt32BE(4)) return { offset: at, problem: `it is damaged at offset ${at}` };
      onRecord(record);
      at += recordHeaderBytes + length;
    }
  } finally {
    closeSync(file);
  }
}

function checkHeader(path: string, header: Buffer, kind: RecordKind): void {
  const version = header.readUInt16BE(8);
  if (version !== recordFileVersion) throw new Error(`${path} has version ${version}, not ${recordFileVersion}`);
  const found = header.readUInt16BE(10);
  if (found === kind) return;
  const names = Object.entries(RecordKind);
  const name = (number: number) => names.find(([, one]) => one === number)?.[0] ?? `kind ${number}`;
  throw new Error(`${path} has records of ${name(found)}, not of ${name(kind)}`);
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
