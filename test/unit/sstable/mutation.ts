// Partitions of an SSTable as the mutations that would have made them.
import { ByteWriter } from '../../../src/storage/byte-writer.js';
import type { ScanDeletion, ScanPartition } from '../../../src/storage/sstable/scan.js';

const tableId = new Uint8Array(16);

function deletion(w: ByteWriter, d: NonNullable<ScanDeletion>): void {
  w.i64(d.timestamp);
  w.u32(d.localDeletionTime);
}

function clustering(w: ByteWriter, values: (Uint8Array | null)[]): void {
  w.var(values.length);
  for (const value of values) {
    w.var(value === null ? 0 : value.length + 1);
    if (value !== null) w.raw(value);
  }
}

/** A partition as the mutation that would have made it (docs/format/mutation.md). */
export function mutationOf(partition: ScanPartition): Uint8Array {
  const w = new ByteWriter();
  w.u8(1);
  w.u8(partition.deletion === null ? 0 : 1);
  w.raw(tableId);
  w.i64(partition.token);
  w.u16(partition.key.length);
  w.raw(partition.key);
  if (partition.deletion !== null) deletion(w, partition.deletion);
  let open: { kind: number; prefix: (Uint8Array | null)[]; deletion: NonNullable<ScanDeletion> } | null = null;
  for (const item of partition.items) {
    if (item.kind === 'marker') {
      // Boundaries (2, 5) end one range and start the next: their end and start kinds are 0 and 1, 6 and 7.
      if (open !== null) {
        w.u8(3);
        w.u8(open.kind);
        clustering(w, open.prefix);
        w.u8(item.bound === 2 ? 0 : item.bound === 5 ? 6 : item.bound);
        clustering(w, item.prefix);
        deletion(w, open.deletion);
      }
      open =
        item.open === null
          ? null
          : {
              kind: item.bound === 2 ? 1 : item.bound === 5 ? 7 : item.bound,
              prefix: item.prefix,
              deletion: item.open,
            };
      continue;
    }
    w.u8(item.kind === 'static' ? 2 : 1);
    if (item.kind === 'row') clustering(w, item.clustering);
    w.u8((item.liveness === null ? 0 : 1) | ((item.liveness?.ttl ?? 0) > 0 ? 2 : 0) | (item.deletion === null ? 0 : 4));
    if (item.liveness !== null) {
      w.i64(item.liveness.timestamp);
      if (item.liveness.ttl > 0) {
        w.u32(item.liveness.ttl);
        w.u32(item.liveness.expiresAt);
      }
    }
    if (item.deletion !== null) deletion(w, item.deletion);
    w.var(item.cells.length + item.complexDeletions.length);
    for (const complex of item.complexDeletions) {
      w.u16(complex.column + 1);
      w.u8(8);
      deletion(w, complex.deletion!);
    }
    for (const cell of item.cells) {
      w.u16(cell.column + 1);
      w.u8((cell.tombstone ? 1 : 0) | (cell.ttl > 0 ? 2 : 0) | (cell.path === null ? 0 : 4));
      w.i64(cell.timestamp);
      if (cell.ttl > 0) w.u32(cell.ttl);
      if (cell.tombstone || cell.ttl > 0) w.u32(cell.localDeletionTime);
      if (cell.path !== null) w.varBytes(cell.path);
      if (!cell.tombstone) w.varBytes(cell.value!);
    }
  }
  return w.finish();
}
