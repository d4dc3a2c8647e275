// The clock of what the node derives from clients' writes: rows of views, entries of indexes, entries of the batch log. Each of these replaces or
// removes what the node wrote before, so that its timestamps must grow also where the system's clock is set back while the node is down. The
// timestamps of clients' own writes are the system's, as in Cassandra.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { FerrosaError } from '../../common/errors.js';

/** How far ahead of the clock its bound on disk is: after a crash the clock goes on there. */
const aheadMicros = 600_000_000n;

/** What counts the stamps: one a process, as shards give stamps too. */
export interface Stamps {
  /** Microseconds since the epoch, larger than all before. */
  take(): bigint;
  last(): bigint;
  /** Goes on where an earlier process ended. */
  startAt(micros: bigint): void;
  /** Whoever else takes stamps takes none that reaches it. */
  setBound(micros: bigint): void;
}

/** Stamps that only the clock takes. @param wall  microseconds since the epoch */
function ownStamps(wall: () => bigint): Stamps {
  let last = 0n;
  return {
    take() {
      const now = wall();
      last = now > last ? now : last + 1n;
      return last;
    },
    last: () => last,
    startAt(micros) {
      last = micros;
    },
    setBound() {},
  };
}

export class StampClock {
  readonly #path: string;
  readonly #stamps: Stamps;
  /** No timestamp reaches it before a larger one is on disk. */
  #bound: bigint;
  #timer: NodeJS.Timeout | null = null;

  private constructor(path: string, stamps: Stamps, last: bigint) {
    this.#path = path;
    this.#stamps = stamps;
    this.#bound = last;
    stamps.startAt(last);
  }

  /**
   * Goes on where the clock was when the node ended.
   * @param path  of the file that keeps it: decimal microseconds since the epoch
   * @param wall  microseconds since the epoch
   * @throws FerrosaError CORRUPT naming the file; system errors
   */
  static open(path: string, wall: () => bigint, stamps: Stamps = ownStamps(wall)): StampClock {
    let text = '0';
    try {
      text = readFileSync(path, 'utf8').trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    if (!/^\d{1,18}$/.test(text))
      throw new FerrosaError(
        'CORRUPT',
        `${path} is damaged: remove it, and the clock goes on from the system's (which must not have been set back)`,
      );
    return new StampClock(path, stamps, BigInt(text));
  }

  /** Microseconds since the epoch, larger than all before. @throws system errors when its bound cannot be written */
  readonly now = (): bigint => {
    const next = this.#stamps.take();
    if (next >= this.#bound - aheadMicros / 2n) this.#extend(next);
    return next;
  };

  /** Keeps the bound ahead while only shards take stamps. @param everyMs  milliseconds, well below half of what it is ahead */
  keepAhead(everyMs: number, failed: (error: Error) => void): void {
    const extend = (): void => {
      try {
        this.now();
      } catch (error) {
        failed(error as Error);
      }
    };
    extend();
    this.#timer = setInterval(extend, everyMs);
    this.#timer.unref();
  }

  /** The node ends: it goes on right here. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stamps.setBound(0n);
    const last = this.#stamps.last();
    if (this.#bound > last) this.#keep(last);
  }

  #extend(next: bigint): void {
    try {
      this.#keep(next + aheadMicros);
    } catch (error) {
      // A disk that is full for a while has half of the time to be so.
      if (next >= this.#bound) throw error;
    }
  }

  /** At once and not in the background: once in minutes. */
  #keep(bound: bigint): void {
    const temporary = `${this.#path}.tmp`;
    const file = openSync(temporary, 'w');
    try {
      writeSync(file, `${bound}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.#path);
    const folder = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    this.#bound = bound;
    this.#stamps.setBound(bound);
  }
}
