// Reads that scan many tombstones: a warning to the client, then an error (tombstone_warn_threshold and its like).
import type { TableDefinition } from '../../schema/index.js';
import type { RowStream } from '../../storage/index.js';
import { type ReadNode, readFailure } from './read-failure.js';

/** Counts what one statement scans. */
export class TombstoneWatch {
  #tombstones = 0;
  #live = 0;

  /** @param fail  more tombstones than this end the read; @param warn  more are told the client */
  constructor(
    private readonly warn: number,
    private readonly fail: number,
    private readonly consistency: number,
    private readonly node: ReadNode | null,
  ) {}

  /** @throws FerrosaError READ_FAILURE above the failure threshold */
  note(stream: RowStream): void {
    this.#tombstones += stream.tombstones;
    this.#live += stream.liveRows;
    if (this.#tombstones <= this.fail) return;
    throw readFailure('received 0 responses and 1 failures', 'READ_TOO_MANY_TOMBSTONES', this.consistency, this.node);
  }

  /** The warning, or null. */
  warning(table: TableDefinition): string | null {
    if (this.#tombstones <= this.warn) return null;
    return (
      `Read ${this.#live} live rows and ${this.#tombstones} tombstone cells for query on ` +
      `${table.keyspace}.${table.name} (see tombstone_warn_threshold)`
    );
  }
}
