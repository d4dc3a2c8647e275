// Encodes a mutation (docs/format/mutation.md): a write to one partition of one table.
import { ByteWriter } from './byte-writer.js';
import { type ClusteringPrefix, type ClusteringSlice, writeClustering, writeSlice } from './clustering.js';

export const mutationFormat = 1;

/** Flags of the mutation's header, of rows, and of operations. */
export const mutationFlags = { partitionDeletion: 1 } as const;
export const itemKinds = { row: 1, staticRow: 2, rangeTombstone: 3 } as const;
export const rowFlags = { liveness: 1, livenessTtl: 2, deletion: 4 } as const;
export const operationFlags = { tombstone: 1, ttl: 2, path: 4, complexDeletion: 8, counterDelta: 16 } as const;

const headerBytesBeforeKey = 1 + 1 + 16 + 8 + 2;

/**
 * Builds the bytes of one mutation at a time and can be reset for the next. Timestamps are microseconds, local deletion
 * times and expiries seconds since the epoch, ttls seconds. Operations go to the row opened last.
 */
export class MutationBuilder {
  private readonly out = new ByteWriter(256);
  private itemsAt = 0;
  private deleted = false;
  /** Offset of the open row's operation count; 0 when no row is open. One byte is kept for it. */
  private countAt = 0;
  private count = 0;

  /** @param tableId 16 bytes. @param key serialized partition key, at most 65535 bytes (RangeError when longer). */
  constructor(tableId?: Uint8Array, token?: bigint, key?: Uint8Array) {
    if (tableId !== undefined && token !== undefined && key !== undefined) this.reset(tableId, token, key);
  }

  /** Starts a new mutation; what was built before is gone. */
  reset(tableId: Uint8Array, token: bigint, key: Uint8Array): this {
    if (tableId.length !== 16) throw new RangeError('a table id has 16 bytes');
    if (key.length > 0xffff) throw new RangeError('a partition key has at most 65535 bytes');
    const out = this.out;
    out.clear();
    out.u8(mutationFormat);
    out.u8(0);
    out.raw(tableId);
    out.i64(token);
    out.u16(key.length);
    out.raw(key);
    this.itemsAt = headerBytesBeforeKey + key.length;
    this.deleted = false;
    this.countAt = 0;
    this.count = 0;
    return this;
  }

  /** Deletes the whole partition; once a mutation, before or after its rows. */
  partitionDeletion(timestamp: bigint, localDeletionTime: number): this {
    if (this.deleted) throw new Error('the mutation has a partition deletion already');
    const out = this.out;
    out.insertGap(this.itemsAt, 12);
    out.bytes[1] = mutationFlags.partitionDeletion;
    out.view.setBigInt64(this.itemsAt, timestamp, true);
    out.view.setUint32(this.itemsAt + 8, localDeletionTime, true);
    this.itemsAt += 12;
    if (this.countAt !== 0) this.countAt += 12;
    this.deleted = true;
    return this;
  }

  /** Opens the row of `clustering` (all clustering columns; empty in a table without). */
  row(clustering: ClusteringPrefix): this {
    this.closeRow();
    this.out.u8(itemKinds.row);
    writeClustering(this.out, clustering);
    this.out.u8(0);
    this.openRow();
    return this;
  }

  /** Opens a row that INSERT writes: with primary key liveness; ttl 0 for none. */
  insertRow(clustering: ClusteringPrefix, timestamp: bigint, ttl = 0, expiresAt = 0): this {
    this.closeRow();
    this.out.u8(itemKinds.row);
    writeClustering(this.out, clustering);
    this.out.u8(ttl === 0 ? rowFlags.liveness : rowFlags.liveness | rowFlags.livenessTtl);
    this.out.i64(timestamp);
    if (ttl !== 0) {
      this.out.u32(ttl);
      this.out.u32(expiresAt);
    }
    this.openRow();
    return this;
  }

  /** Opens a row that is deleted as a whole; newer cells may follow. */
  deleteRow(clustering: ClusteringPrefix, timestamp: bigint, localDeletionTime: number): this {
    this.closeRow();
    this.out.u8(itemKinds.row);
    writeClustering(this.out, clustering);
    this.out.u8(rowFlags.deletion);
    this.out.i64(timestamp);
    this.out.u32(localDeletionTime);
    this.openRow();
    return this;
  }

  /** Opens the partition's static row. */
  staticRow(): this {
    this.closeRow();
    this.out.u8(itemKinds.staticRow);
    this.out.u8(0);
    this.openRow();
    return this;
  }

  /** Sets a simple column. With a ttl (seconds, not 0) it expires at `expiresAt`. */
  cell(columnId: number, timestamp: bigint, value: Uint8Array, ttl = 0, expiresAt = 0): this {
    const flags = ttl === 0 ? 0 : operationFlags.ttl;
    this.operation(columnId, flags, timestamp);
    if (ttl !== 0) {
      this.out.u32(ttl);
      this.out.u32(expiresAt);
    }
    this.out.varBytes(value);
    return this;
  }

  /** Deletes a simple column. */
  cellTombstone(columnId: number, timestamp: bigint, localDeletionTime: number): this {
    this.operation(columnId, operationFlags.tombstone, timestamp);
    this.out.u32(localDeletionTime);
    return this;
  }

  /** Sets one element of a multicell column. */
  pathCell(columnId: number, timestamp: bigint, path: Uint8Array, value: Uint8Array, ttl = 0, expiresAt = 0): this {
    const flags = ttl === 0 ? operationFlags.path : operationFlags.path | operationFlags.ttl;
    this.operation(columnId, flags, timestamp);
    if (ttl !== 0) {
      this.out.u32(ttl);
      this.out.u32(expiresAt);
    }
    this.out.varBytes(path);
    this.out.varBytes(value);
    return this;
  }

  /** Deletes one element of a multicell column. */
  pathTombstone(columnId: number, timestamp: bigint, path: Uint8Array, localDeletionTime: number): this {
    this.operation(columnId, operationFlags.path | operationFlags.tombstone, timestamp);
    this.out.u32(localDeletionTime);
    this.out.varBytes(path);
    return this;
  }

  /** Deletes all elements of a multicell column up to `timestamp` (setting it anew deletes up to timestamp - 1 first). */
  complexDeletion(columnId: number, timestamp: bigint, localDeletionTime: number): this {
    this.operation(columnId, operationFlags.complexDeletion, timestamp);
    this.out.u32(localDeletionTime);
    return this;
  }

  /** Adds to a counter; the shard that applies it turns the delta into a context. */
  counterDelta(columnId: number, timestamp: bigint, delta: bigint): this {
    this.operation(columnId, operationFlags.counterDelta, timestamp);
    this.out.var(8);
    const at = this.out.take(8);
    this.out.view.setBigInt64(at, delta, false);
    return this;
  }

  /** Deletes a range of clusterings. */
  rangeTombstone(slice: ClusteringSlice, timestamp: bigint, localDeletionTime: number): this {
    this.closeRow();
    this.out.u8(itemKinds.rangeTombstone);
    writeSlice(this.out, slice);
    this.out.i64(timestamp);
    this.out.u32(localDeletionTime);
    return this;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.out.length;
  }

  /** A copy of the mutation; the builder may go on or be reset. */
  finish(): Uint8Array {
    this.closeRow();
    return this.out.finish();
  }

  /** The mutation without a copy: valid until the next call on this builder. */
  finishBorrowed(): Uint8Array {
    this.closeRow();
    return this.out.bytes.subarray(0, this.out.length);
  }

  private openRow(): void {
    this.countAt = this.out.take(1);
    this.count = 0;
  }

  private closeRow(): void {
    if (this.countAt === 0) return;
    const out = this.out;
    let rest = this.count;
    let at = this.countAt;
    if (rest >= 0x80) out.insertGap(at + 1, rest < 0x4000 ? 1 : rest < 0x200000 ? 2 : 3);
    while (rest >= 0x80) {
      out.bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    out.bytes[at] = rest;
    this.countAt = 0;
  }

  private operation(columnId: number, flags: number, timestamp: bigint): void {
    if (this.countAt === 0) throw new Error('no row is open');
    this.count++;
    const out = this.out;
    const at = out.take(11);
    out.view.setUint16(at, columnId, true);
    out.bytes[at + 2] = flags;
    out.view.setBigInt64(at + 3, timestamp, true);
  }
}
