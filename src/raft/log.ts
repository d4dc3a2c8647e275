// The metadata log on disk: append, snapshot, recovery. Blocks its thread on the disk, so it lives on the raft thread.
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { FerrosaError } from '../common/errors.js';
import { metadataRecordBytesMax } from '../common/limits.js';
import { crc32 } from '../native/index.js';
import type { LogEntry, Restored, Snapshot } from './consensus.js';
import { encodeRecord, findRecord, isTorn, logMagic, parseEntries, readRecord, snapshotMagic } from './log-record.js';

const snapshotHeaderBytes = 32;

const damaged = (file: string, offset: number, what: string): FerrosaError =>
  new FerrosaError('CORRUPT', `${file} is damaged at offset ${offset}: ${what}`);

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
}

/** Makes the folder's names durable. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a whole file under another name, makes it durable, and only then gives it its name. */
function replaceFile(folder: string, name: string, bytes: Buffer): void {
  const temporary = join(folder, `${name}.new`);
  const descriptor = openSync(temporary, 'w');
  try {
    writeAll(descriptor, bytes, 0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, join(folder, name));
  syncFolder(folder);
}

export class MetadataLog {
  readonly #folder: string;
  #descriptor = -1;
  #length = 0;
  /** The last entry that is durable; 0 before the first. */
  #lastIndex = 0;
  /** Set when a write failed: what is on the disk is unknown until the next start. */
  #failed: string | null = null;

  /** @param folder  `<data>/metadata`; made when it is not there */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** Bytes of the log file. */
  get length(): number {
    return this.#length;
  }

  /** @throws FerrosaError CORRUPT with file and offset */
  open(): Restored {
    mkdirSync(this.#folder, { recursive: true });
    for (const name of ['metadata.log.new', 'metadata.snapshot.new']) rmSync(join(this.#folder, name), { force: true });
    const snapshot = this.#readSnapshot();
    if (!existsSync(this.#path('metadata.log'))) replaceFile(this.#folder, 'metadata.log', logMagic);
    const reports: string[] = [];
    const entries = this.#readLog(snapshot?.index ?? 0, reports);
    this.#lastIndex = entries.at(-1)?.index ?? snapshot?.index ?? 0;
    return { snapshot, entries, reports };
  }

  /**
   * Makes the entries durable in one record.
   * REQUIRES: their indexes follow lastIndex.
   * @throws FerrosaError SERVER_ERROR
   */
  append(entries: readonly LogEntry[]): void {
    if (this.#failed !== null) throw new FerrosaError('SERVER_ERROR', `metadata log: ${this.#failed}`);
    const record = encodeRecord(entries);
    if (record.length > metadataRecordBytesMax)
      throw new FerrosaError('SERVER_ERROR', `metadata log: a record of ${record.length} bytes is too large`);
    try {
      writeAll(this.#descriptor, record, this.#length);
      fsyncSync(this.#descriptor);
    } catch (error) {
      this.#undoAppend(error as Error);
    }
    this.#length += record.length;
    this.#lastIndex = entries.at(-1)!.index;
  }

  /** Puts `state` in the place of the entries up to `index`. */
  snapshot(state: unknown, index: number, term: number): void {
    const text = Buffer.from(JSON.stringify(state));
    const header = Buffer.alloc(snapshotHeaderBytes);
    snapshotMagic.copy(header);
    header.writeBigUInt64BE(BigInt(index), 8);
    header.writeBigUInt64BE(BigInt(term), 16);
    header.writeUInt32BE(text.length, 24);
    header.writeUInt32BE(crc32(text, crc32(header.subarray(8, 28))), 28);
    const rest = this.#readLog(index, []);
    replaceFile(this.#folder, 'metadata.snapshot', Buffer.concat([header, text]));
    const log = Buffer.concat([logMagic, ...rest.map((entry) => encodeRecord([entry]))]);
    replaceFile(this.#folder, 'metadata.log', log);
    this.#reopen(log.length);
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #reopen(length: number): void {
    this.close();
    this.#descriptor = openSync(this.#path('metadata.log'), 'r+');
    this.#length = length;
  }

  /** Takes a half-written record off again, so that the next append does not leave a hole. */
  #undoAppend(cause: Error): never {
    try {
      ftruncateSync(this.#descriptor, this.#length);
      fsyncSync(this.#descriptor);
    } catch {
      this.#failed = `${cause.message}; restart the node`;
    }
    throw new FerrosaError('SERVER_ERROR', `metadata log: ${cause.message}`);
  }

  #readSnapshot(): Snapshot | null {
    const path = this.#path('metadata.snapshot');
    if (!existsSync(path)) return null;
    const file = readFileSync(path);
    if (file.length < snapshotHeaderBytes || !file.subarray(0, 8).equals(snapshotMagic))
      throw damaged(path, 0, 'this is no metadata snapshot of version 1');
    const text = file.subarray(snapshotHeaderBytes);
    const sum = crc32(text, crc32(file.subarray(8, 28)));
    if (text.length !== file.readUInt32BE(24) || sum !== file.readUInt32BE(28))
      throw damaged(path, snapshotHeaderBytes, 'length or checksum do not fit');
    const [index, term] = [Number(file.readBigUInt64BE(8)), Number(file.readBigUInt64BE(16))];
    return { index, term, state: JSON.parse(text.toString('utf8')) as unknown };
  }

  /** Entries after `after`; cuts off a torn tail. */
  #readLog(after: number, reports: string[]): LogEntry[] {
    const path = this.#path('metadata.log');
    const file = readFileSync(path);
    if (!file.subarray(0, 8).equals(logMagic)) throw damaged(path, 0, 'this is no metadata log of version 1');
    const entries: LogEntry[] = [];
    let offset = logMagic.length;
    let expected: number | null = null;
    while (offset < file.length) {
      const record = readRecord(file, offset);
      if (record === null) break;
      const found = parseEntries(record.payload);
      if (found === null) throw damaged(path, offset, 'the record holds no entries');
      for (const entry of found) {
        if (expected !== null ? entry.index !== expected : entry.index > after + 1)
          throw damaged(path, offset, `entry ${expected ?? after + 1} is missing`);
        expected = entry.index + 1;
        if (entry.index > after) entries.push(entry);
      }
      offset = record.next;
    }
    this.#reopen(offset);
    if (offset < file.length) this.#cutTail(path, file, offset, reports);
    return entries;
  }

  #cutTail(path: string, file: Buffer, offset: number, reports: string[]): void {
    const next = findRecord(file, offset + 1);
    if (next >= 0) throw damaged(path, offset, `a record cannot be read, and whole ones follow at offset ${next}`);
    if (!isTorn(file, offset))
      throw damaged(
        path,
        offset,
        'the last record was whole and is not any more; to go on without it, cut the file there',
      );
    ftruncateSync(this.#descriptor, offset);
    fsyncSync(this.#descriptor);
    const bytes = file.length - offset;
    reports.push(`${path}: cut ${bytes} bytes of an unfinished record at offset ${offset}; it was never acknowledged`);
  }
}
