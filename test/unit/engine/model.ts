// A slow model of a table: it keeps every write and computes a read from all of them, with Cassandra's rules written down plainly.
import type { ClusteringSlice } from '../../../src/storage/index.js';

export type ModelCell = {
  readonly column: number;
  readonly path: string | null;
  readonly timestamp: bigint;
  readonly ttl: number;
  readonly localDeletionTime: number | null;
  /** null for a tombstone. */
  readonly value: string | null;
};
export type ModelWrite =
  | { readonly kind: 'partition'; readonly timestamp: bigint }
  | { readonly kind: 'range'; readonly slice: ClusteringSlice; readonly timestamp: bigint }
  | {
      readonly kind: 'liveness';
      readonly row: string;
      readonly timestamp: bigint;
      readonly ttl: number;
      readonly expires: number;
    }
  | { readonly kind: 'row'; readonly row: string; readonly timestamp: bigint }
  | { readonly kind: 'complex'; readonly row: string; readonly column: number; readonly timestamp: bigint }
  | { readonly kind: 'cell'; readonly row: string; readonly cell: ModelCell };

/** The static row's name among rows. */
export const staticRow = 'static';

export type LiveRow = { readonly exists: boolean; readonly cells: ReadonlyMap<number, ReadonlyMap<string, ModelCell>> };

const lowest = -(2n ** 63n);
const latest = (times: readonly bigint[]): bigint => times.reduce((a, b) => (a > b ? a : b), lowest);

/** Cells.reconcile: the one that stays. */
export function winner(a: ModelCell, b: ModelCell): ModelCell {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp ? a : b;
  const timedA = a.localDeletionTime !== null;
  const timedB = b.localDeletionTime !== null;
  if (timedA !== timedB) return timedA ? a : b;
  if (timedA && timedB) {
    if ((a.ttl === 0) !== (b.ttl === 0)) return a.ttl === 0 ? a : b;
    if (a.localDeletionTime !== b.localDeletionTime) return a.localDeletionTime! > b.localDeletionTime! ? a : b;
  }
  return (a.value ?? '') >= (b.value ?? '') ? a : b;
}

export class ModelPartition {
  readonly writes: ModelWrite[] = [];

  rowNames(): Set<string> {
    const names = new Set<string>();
    for (const write of this.writes) if ('row' in write && write.row !== staticRow) names.add(write.row);
    return names;
  }

  /** What a reader sees of a row. `covers` tells whether a range tombstone's slice has the row. */
  read(row: string, now: number, covers: (slice: ClusteringSlice) => boolean): LiveRow {
    const mine = this.writes.filter((write) => !('row' in write) || write.row === row);
    const deleted = latest(
      mine.flatMap((write) => {
        if (write.kind === 'partition' || write.kind === 'row') return [write.timestamp];
        return write.kind === 'range' && row !== staticRow && covers(write.slice) ? [write.timestamp] : [];
      }),
    );
    let liveness: { timestamp: bigint; ttl: number; expires: number } | null = null;
    for (const write of mine) {
      if (write.kind !== 'liveness' || write.timestamp <= deleted) continue;
      if (liveness === null || livenessWins(write, liveness)) liveness = write;
    }
    const cells = new Map<number, Map<string, ModelCell>>();
    for (const write of mine) {
      if (write.kind !== 'cell') continue;
      const { cell } = write;
      const complex = latest(
        mine.flatMap((other) => (other.kind === 'complex' && other.column === cell.column ? [other.timestamp] : [])),
      );
      if (cell.timestamp <= deleted || cell.timestamp <= complex) continue;
      const column = cells.get(cell.column) ?? new Map<string, ModelCell>();
      const old = column.get(cell.path ?? '');
      column.set(cell.path ?? '', old === undefined ? cell : winner(old, cell));
      cells.set(cell.column, column);
    }
    let exists = liveness !== null && (liveness.ttl === 0 || now < liveness.expires);
    for (const [id, column] of cells) {
      for (const [path, cell] of column) if (!isLive(cell, now)) column.delete(path);
      if (column.size === 0) cells.delete(id);
      else exists = true;
    }
    return { exists, cells };
  }
}

type ModelLiveness = { timestamp: bigint; ttl: number; expires: number };
function livenessWins(a: ModelLiveness, b: ModelLiveness): boolean {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  if ((a.ttl !== 0) !== (b.ttl !== 0)) return a.ttl !== 0;
  return a.ttl !== 0 && a.expires > b.expires;
}

function isLive(cell: ModelCell, now: number): boolean {
  return cell.value !== null && (cell.ttl === 0 || now < cell.localDeletionTime!);
}
