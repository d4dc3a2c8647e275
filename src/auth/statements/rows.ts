// Results with rows.
import { type ColumnSpec, packCells, type QueryResult } from '../../query/index.js';

export const boolean = (value: boolean): Uint8Array => new Uint8Array([value ? 1 : 0]);

export function rowsResult(
  columns: readonly ColumnSpec[],
  rows: readonly (readonly (Uint8Array | null)[])[],
): QueryResult {
  return { kind: 'rows', columns, rowCount: rows.length, rows: rows.map(packCells), pagingState: null };
}
