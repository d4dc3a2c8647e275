// A log whose files are begun anew every roll_cycle, written behind a bounded queue. Whoever appends waits when the queue is full, or the
// record is dropped and counted.
import { mkdirSync, unlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileHeader, frameRecord, type RecordKind } from './record-file.js';
import { ArchivingRetention, DeletingRetention, logFiles, type Retention, type RetentionLog } from './retention.js';
import { cycleStamp, rollCycleMs } from './roll-cycle.js';

/** Settings that both logs have, with the names of cassandra.yaml. */
export type RolledLogSettings = {
  readonly archiveCommand: string;
  /** One of rollCycleNames. */
  readonly rollCycle: string;
  /** Wait when the queue is full; else drop. */
  readonly block: boolean;
  /** Bytes that may wait to be written. */
  readonly maxQueueWeight: number;
  /** Bytes of complete files. */
  readonly maxLogSize: number;
  readonly maxArchiveRetries: number;
};

export type RolledLogOptions = RolledLogSettings & {
  readonly folder: string;
  /** Of the names of its files: `audit` or `query`. */
  readonly prefix: string;
  /** Records with checksums, or null for lines of text. */
  readonly kind: RecordKind | null;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly log: RetentionLog;
};

/** What has happened to records, over all logs that count here. */
export type RecordCounts = { written: number; dropped: number };

/** Weight of a record beside its bytes: what the queue itself holds of it. */
const recordOverheadBytes = 64;
/** Between two attempts to write where a first has failed. */
const retryMs = 1_000;
const reportMs = 60_000;

export const isLogFile = (prefix: string, name: string): boolean =>
  name.startsWith(`${prefix}-`) && /^-\d{8}T\d{4}Z-\d{4}\.(bin|log)$/.test(name.slice(prefix.length));

type Current = { readonly handle: FileHandle; readonly path: string; readonly cycle: number };
type Waiting = { readonly record: Uint8Array; readonly admitted: () => void };

export class RolledLog {
  readonly #options: RolledLogOptions;
  readonly #counts: RecordCounts;
  readonly #retention: Retention;
  readonly #cycleMs: number;
  #queue: Uint8Array[] = [];
  /** Of the queue and of what is being written. */
  #weight = 0;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #current: Current | null = null;
  #stopping = false;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  /** Called once the log is closing, so that it does not sleep. */
  #wake: () => void = () => {};

  /**
   * Makes the folder; files of before stay, and count for max_log_size.
   * @throws Error when the folder cannot be had or the cycle is none
   */
  constructor(options: RolledLogOptions, counts: RecordCounts) {
    const cycleMs = rollCycleMs(options.rollCycle);
    if (cycleMs === null) throw new Error(`Unknown roll_cycle ${options.rollCycle}`);
    this.#options = options;
    this.#counts = counts;
    this.#cycleMs = cycleMs;
    const { folder, archiveCommand, maxArchiveRetries, maxLogSize, log } = options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const before = this.#files();
    this.#retention =
      archiveCommand === ''
        ? new DeletingRetention(() => this.#files(), maxLogSize, log)
        : new ArchivingRetention(archiveCommand, maxArchiveRetries, log);
    for (const path of archiveCommand === '' ? before.slice(-1) : before) this.#retention.rolled(path, null);
  }

  /** Undefined when the record is in the queue, or dropped; else resolves when it is in the queue. */
  append(record: Uint8Array): undefined | Promise<void> {
    const weight = record.length + recordOverheadBytes;
    const isFull = this.#weight > 0 && this.#weight + weight > this.#options.maxQueueWeight;
    if (this.#stopping || (isFull && !this.#options.block)) {
      this.#counts.dropped++;
      return undefined;
    }
    if (isFull) return new Promise((admitted) => this.#waiting.push({ record, admitted }));
    this.#push(record);
    return undefined;
  }

  /** Writes what waits and closes the file; what cannot be written at once is dropped then. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#writing;
    await this.#close();
    this.#retention.stop();
  }

  #push(record: Uint8Array): void {
    this.#weight += record.length + recordOverheadBytes;
    this.#queue.push(record);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // What else is appended in this turn goes with the first record.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      if (await this.#write(batch)) this.#counts.written += batch.length;
      else this.#counts.dropped += batch.length;
      this.#weight -= batch.reduce((sum, { length }) => sum + length + recordOverheadBytes, 0);
      this.#admit();
    }
    this.#writing = null;
  }

  /** Those that wait come in as far as there is room. */
  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const weight = next.record.length + recordOverheadBytes;
      if (this.#weight > 0 && this.#weight + weight > this.#options.maxQueueWeight) return;
      this.#waiting.shift();
      this.#weight += weight;
      this.#queue.push(next.record);
      next.admitted();
    }
  }

  /** False when the records are lost: a log that blocks gives them up only when it is stopped. */
  async #write(batch: readonly Uint8Array[]): Promise<boolean> {
    const { kind, block } = this.#options;
    const bytes = Buffer.concat(kind === null ? batch : batch.map(frameRecord));
    for (;;) {
      try {
        const { handle } = await this.#file();
        await handle.appendFile(bytes);
        return true;
      } catch (error) {
        this.#report(error as Error);
        // A part may be written: what follows goes into another file.
        const torn = this.#current;
        await this.#close().catch(() => {});
        if (torn !== null) this.#retention.rolled(torn.path, null);
        if (!block || this.#stopping) return false;
        await this.#sleep();
      }
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, retryMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #report(error: Error): void {
    const { nowMs, log, folder, block } = this.#options;
    if (nowMs() - this.#reportedAtMs < reportMs) return;
    this.#reportedAtMs = nowMs();
    const then = block ? 'statements wait until they can' : 'they are dropped';
    log.error({ folder, error: error.message }, `Records of a log cannot be written; ${then}`);
  }

  /** The file of this cycle. */
  async #file(): Promise<Current> {
    const cycle = Math.floor(this.#options.nowMs() / this.#cycleMs);
    if (this.#current?.cycle === cycle) return this.#current;
    const full = this.#current;
    await this.#close();
    const { folder, prefix, kind } = this.#options;
    const stamp = cycleStamp(cycle * this.#cycleMs);
    for (let number = 0; ; number++) {
      const end = `${String(number).padStart(4, '0')}.${kind === null ? 'log' : 'bin'}`;
      const path = join(folder, `${prefix}-${stamp}-${end}`);
      try {
        // Never one that is there: its end may be torn.
        const handle = await open(path, 'ax', 0o600);
        if (kind !== null) await handle.appendFile(fileHeader(kind));
        this.#current = { handle, path, cycle };
        if (full !== null) this.#retention.rolled(full.path, path);
        return this.#current;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === 9999) throw error;
      }
    }
  }

  async #close(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    if (current === null) return;
    try {
      await current.handle.datasync();
    } finally {
      await current.handle.close();
    }
  }

  #files(): string[] {
    const { folder, prefix } = this.#options;
    return logFiles(folder, (name) => isLogFile(prefix, name));
  }
}

/** Deletes the files of a log that is not open. */
export function deleteLogFiles(folder: string, prefix: string): void {
  for (const path of logFiles(folder, (name) => isLogFile(prefix, name))) unlinkSync(path);
}
