// Bytes of the metadata log: docs/format/metadata-log.md.

import { metadataRecordBytesMax } from '../common/limits.js';
import { crc32 } from '../native/index.js';
import type { LogEntry } from './consensus.js';

export const logMagic = Buffer.from('FERMLOG1');
export const snapshotMagic = Buffer.from('FERMSNP1');
const recordMarker = 0x4d4c5243;
const recordHeaderBytes = 12;
const recordTrailerBytes = 4;

/** One record with these entries. */
export function encodeRecord(entries: readonly LogEntry[]): Buffer {
  const payload = Buffer.from(JSON.stringify(entries));
  const record = Buffer.alloc(recordHeaderBytes + payload.length + recordTrailerBytes);
  record.writeUInt32BE(recordMarker, 0);
  record.writeUInt32BE(payload.length, 4);
  record.writeUInt32BE(crc32(record.subarray(0, 8)), 8);
  payload.copy(record, recordHeaderBytes);
  record.writeUInt32BE(crc32(payload), recordHeaderBytes + payload.length);
  return record;
}

/** The payload of a whole record at `offset` and where the next one starts; null when there is none. */
export function readRecord(file: Buffer, offset: number): { payload: Buffer; next: number } | null {
  if (file.length - offset < recordHeaderBytes + recordTrailerBytes) return null;
  if (file.readUInt32BE(offset) !== recordMarker) return null;
  if (file.readUInt32BE(offset + 8) !== crc32(file.subarray(offset, offset + 8))) return null;
  const length = file.readUInt32BE(offset + 4);
  const next = offset + recordHeaderBytes + length + recordTrailerBytes;
  if (length > metadataRecordBytesMax || next > file.length) return null;
  const payload = file.subarray(offset + recordHeaderBytes, next - recordTrailerBytes);
  return file.readUInt32BE(next - recordTrailerBytes) === crc32(payload) ? { payload, next } : null;
}

/** What a disk writes whole or not at all: pages and blocks are made of these. */
const sectorBytes = 512;

/** Whether a sector's share of [start, end) is all zeros, as where the file grew and its bytes did not reach the disk. */
function hasHole(file: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    if (file.subarray(at, next).every((byte) => byte === 0)) return true;
    at = next;
  }
  return false;
}

/**
 * Whether a crash in the middle of an append can have left what stands at `offset`, where no whole record does: the file ends within the record, or
 * sectors of it are zeros. False: all of it was written once, and has changed since.
 */
export function isTorn(file: Buffer, offset: number): boolean {
  const payload = offset + recordHeaderBytes;
  if (payload > file.length || hasHole(file, offset, payload)) return true;
  const isHeader =
    file.readUInt32BE(offset) === recordMarker &&
    file.readUInt32BE(offset + 8) === crc32(file.subarray(offset, offset + 8));
  if (!isHeader) return false;
  const trailer = payload + file.readUInt32BE(offset + 4);
  const end = trailer + recordTrailerBytes;
  // No JSON ends with a zero byte: zeros from there on are an end that was not written, wherever they begin.
  return end > file.length || hasHole(file, offset, end) || file.subarray(trailer - 1, end).every((byte) => byte === 0);
}

/** Where a whole record starts at or after `offset`, or -1. */
export function findRecord(file: Buffer, offset: number): number {
  const marker = Buffer.alloc(4);
  marker.writeUInt32BE(recordMarker);
  for (let at = file.indexOf(marker, offset); at >= 0; at = file.indexOf(marker, at + 1))
    if (readRecord(file, at) !== null) return at;
  return -1;
}

/** Entries of a record's payload, or null when the bytes are none. */
export function parseEntries(payload: Buffer): LogEntry[] | null {
  try {
    const entries: unknown = JSON.parse(payload.toString('utf8'));
    if (!Array.isArray(entries)) return null;
    const isEntry = (one: Partial<LogEntry> | null): boolean =>
      Number.isSafeInteger(one?.index) && Number.isSafeInteger(one?.term) && typeof one?.command?.kind === 'string';
    return entries.every(isEntry) ? (entries as LogEntry[]) : null;
  } catch {
    return null;
  }
}
