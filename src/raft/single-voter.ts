// Consensus with one voter: durable is committed.
import type { Command, LogEntry, Restored } from './consensus.js';
import type { MetadataLog } from './log.js';

/** A group of one has one leader for ever. */
const onlyTerm = 1;

export class SingleVoter {
  readonly #log: MetadataLog;

  constructor(log: MetadataLog) {
    this.#log = log;
  }

  get logBytes(): number {
    return this.#log.length;
  }

  open(): Restored {
    return this.#log.open();
  }

  /** The entry, committed. @throws FerrosaError SERVER_ERROR */
  propose(command: Command): LogEntry {
    const entry: LogEntry = { index: this.#log.lastIndex + 1, term: onlyTerm, command };
    this.#log.append([entry]);
    return entry;
  }

  snapshot(state: unknown, index: number): void {
    this.#log.snapshot(state, index, onlyTerm);
  }

  close(): void {
    this.#log.close();
  }
}
