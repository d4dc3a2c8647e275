// Prepared statements in system.prepared_statements: written as they come and go, prepared again at start.

import { utf8Bytes, utf8Text } from '../../common/bytes.js';
import { FerrosaError } from '../../common/errors.js';
import { cellsOf } from '../../storage/index.js';
import type { ClientState } from '../api.js';
import { internalClient } from '../internal-query.js';
import { internalOptions, type Processor } from '../processor.js';
import type { PreparedTable } from './prepared-store.js';

const ownClient: ClientState = { ...internalClient(), keyspace: 'system' };
const pageRows = 1_000;

/** Writes behind: a statement whose row is lost is prepared again by its client. */
export class PreparedStatementsTable implements PreparedTable {
  #processor: Processor | null = null;

  /**
   * Begins to write through `processor`.
   * REQUIRES: system.prepared_statements is known to the shards
   */
  attach(processor: Processor): void {
    this.#processor = processor;
  }

  put(id: Uint8Array, keyspace: string | null, query: string): void {
    this.#run('INSERT INTO system.prepared_statements (prepared_id, logged_keyspace, query_string) VALUES (?, ?, ?)', [
      id,
      keyspace === null ? null : utf8Bytes(keyspace),
      utf8Bytes(query),
    ]);
  }

  remove(id: Uint8Array): void {
    this.#run('DELETE FROM system.prepared_statements WHERE prepared_id = ?', [id]);
  }

  #run(cql: string, values: readonly (Uint8Array | null)[]): void {
    const processor = this.#processor;
    if (processor === null) return;
    processor.query(cql, ownClient, internalOptions(values)).catch((error: unknown) => {
      processor.services.warn(`system.prepared_statements: ${(error as Error).message}`);
    });
  }

  /**
   * Prepares again what was prepared when the process ended; what no longer can be is removed. Also attaches.
   * @returns how many statements there are
   */
  async load(processor: Processor): Promise<number> {
    this.attach(processor);
    let count = 0;
    let pagingState: Uint8Array | null = null;
    do {
      const result = await processor.query(
        'SELECT prepared_id, logged_keyspace, query_string FROM system.prepared_statements',
        ownClient,
        { ...internalOptions([], pageRows), pagingState },
      );
      if (result.kind !== 'rows') return count;
      const cells = cellsOf(Buffer.concat(result.rows), 3 * result.rowCount);
      for (let row = 0; row < result.rowCount; row++) {
        const [id, keyspace, query] = cells.slice(3 * row, 3 * row + 3);
        if (query && this.#prepare(processor, query, keyspace ?? null)) count++;
        else this.remove(id!);
      }
      pagingState = result.pagingState;
    } while (pagingState !== null);
    return count;
  }

  #prepare(processor: Processor, query: Uint8Array, keyspace: Uint8Array | null): boolean {
    try {
      processor.prepareIn(utf8Text(query), keyspace === null ? null : utf8Text(keyspace), false);
      return true;
    } catch (error) {
      if (!(error instanceof FerrosaError)) throw error;
      processor.services.warn(`a prepared statement is no longer valid: ${error.message}`);
      return false;
    }
  }
}
