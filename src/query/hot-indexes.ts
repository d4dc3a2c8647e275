// Which indexes the addon can keep by itself: those whose entries follow from what is written, without a read.
import { entryColumns, type IndexTable, indexTablesOf } from '../index/index.js';
import { type TableDefinition, termTypes } from '../schema/index.js';
import { hasOneForm, isMulticell } from '../types/index.js';
import type { HotIndex } from './hot-terms.js';

const sources = { value: 0, path: 1, pathAndValue: 2, clustering: 3, partitionKey: 4 } as const;
const flagBits = { ofRows: 1, hashed: 2 } as const;

/** Null when one of the table's indexes is JavaScript's. */
export function hotIndexes(table: TableDefinition): HotIndex[] | null {
  const indexes: HotIndex[] = [];
  for (const index of indexTablesOf(table)) {
    const source = sourceOf(index);
    const makesTerms = index.analyzer !== null || index.fulltext !== null || index.kind === 'phonetic';
    if (index.needsRow || index.vector !== null || makesTerms) return null;
    const hashed = index.kind === 'hash';
    // The addon hashes bytes as they are.
    if (hashed && (source === sources.pathAndValue || !termTypes(index.target).every(hasOneForm))) return null;
    const { column } = index.target;
    indexes.push({
      tableId: index.tableId,
      permanent: index.table.columns.get(entryColumns.permanent)!.id,
      expiring: index.table.columns.get(entryColumns.expiring)!.id,
      source,
      which: column.position >= 0 ? column.position : column.id,
      flags: (index.ofRows ? flagBits.ofRows : 0) | (hashed ? flagBits.hashed : 0),
    });
  }
  return indexes;
}

function sourceOf({ target: { column, kind } }: IndexTable): number {
  if (column.kind === 'partition_key') return sources.partitionKey;
  if (column.kind === 'clustering') return sources.clustering;
  if (!isMulticell(column.type)) return sources.value;
  if (column.type.kind === 'set') return sources.path;
  if (column.type.kind !== 'map') return sources.value;
  return kind === 'keys' ? sources.path : kind === 'entries' ? sources.pathAndValue : sources.value;
}
