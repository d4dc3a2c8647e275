// The content of one SSTable, decoded: docs/format/sstable-scan.md. For tools and tests; reads of queries do not come this way.
import { NativeSSTableScanner } from '../../native/index.js';
import { ByteReader } from '../byte-writer.js';
import type { ChunkStore } from './chunk-store.js';
import type { SSTableReader } from './reader.js';

/** Microseconds and seconds; null when live. */
export type ScanDeletion = { readonly timestamp: bigint; readonly localDeletionTime: number } | null;
export type ScanCell = {
  /** Index among the descriptor's columns. */
  readonly column: number;
  readonly tombstone: boolean;
  readonly timestamp: bigint;
  readonly ttl: number;
  readonly localDeletionTime: number;
  readonly path: Uint8Array | null;
  readonly value: Uint8Array | null;
};
export type ScanRow = {
  readonly kind: 'row' | 'static';
  readonly clustering: (Uint8Array | null)[];
  readonly liveness: { readonly timestamp: bigint; readonly ttl: number; readonly expiresAt: number } | null;
  readonly deletion: ScanDeletion;
  readonly complexDeletions: { readonly column: number; readonly deletion: ScanDeletion }[];
  readonly cells: ScanCell[];
};
export type ScanMarker = {
  readonly kind: 'marker';
  readonly bound: number;
  readonly prefix: (Uint8Array | null)[];
  readonly close: ScanDeletion;
  readonly open: ScanDeletion;
};
export type ScanPartition = {
  readonly token: bigint;
  readonly key: Uint8Array;
  readonly deletion: ScanDeletion;
  readonly items: (ScanRow | ScanMarker)[];
};

const noTimestamp = -(2n ** 63n);
const batchBytes = 1 << 16;

/** All partitions in the order of the file. */
export async function* scanSSTable(
  reader: SSTableReader,
  store: ChunkStore,
  reversed = false,
): AsyncGenerator<ScanPartition> {
  const scanner = new NativeSSTableScanner(reader.native, reversed);
  for (;;) {
    const result = scanner.next(batchBytes);
    if (result === null) return;
    if (result instanceof Uint32Array) await store.load(result);
    else yield* decodeScan(result);
  }
}

/** One partition, from a bound on when there is one; null when it is not there. */
export async function scanPartition(
  reader: SSTableReader,
  store: ChunkStore,
  key: Uint8Array,
  options: { reversed?: boolean; from?: { kind: number; prefix: (Uint8Array | null)[] } } = {},
): Promise<ScanPartition | null> {
  const scanner = new NativeSSTableScanner(reader.native, options.reversed ?? false);
  for (;;) {
    const result = scanner.read(key, options.from?.kind ?? -1, options.from?.prefix ?? []);
    if (result === null) return null;
    if (!(result instanceof Uint32Array)) return decodeScan(result)[0]!;
    await store.load(result);
  }
}

function decodeScan(bytes: Uint8Array): ScanPartition[] {
  const r = new ByteReader(bytes);
  const partitions: ScanPartition[] = [];
  while (r.left > 0) {
    const kind = r.u8();
    if (kind === 1) partitions.push({ token: r.i64(), key: r.raw(r.u16()), deletion: readDeletion(r), items: [] });
    else partitions.at(-1)!.items.push(kind === 4 ? readMarker(r) : readRow(r, kind === 3 ? 'static' : 'row'));
  }
  return partitions;
}

function readValue(r: ByteReader): Uint8Array | null {
  const length = r.var();
  return length === 0 ? null : r.raw(length - 1);
}

function readValues(r: ByteReader): (Uint8Array | null)[] {
  return Array.from({ length: r.var() }, () => readValue(r));
}

function readDeletion(r: ByteReader): ScanDeletion {
  const timestamp = r.i64();
  const localDeletionTime = r.u32();
  return timestamp === noTimestamp ? null : { timestamp, localDeletionTime };
}

function readRow(r: ByteReader, kind: 'row' | 'static'): ScanRow {
  const clustering = readValues(r);
  const liveness = { timestamp: r.i64(), ttl: r.u32(), expiresAt: r.u32() };
  const deletion = readDeletion(r);
  const complexDeletions = Array.from({ length: r.var() }, () => ({ column: r.u16(), deletion: readDeletion(r) }));
  const cells = Array.from({ length: r.var() }, () => ({
    column: r.u16(),
    tombstone: r.u8() !== 0,
    timestamp: r.i64(),
    ttl: r.u32(),
    localDeletionTime: r.u32(),
    path: readValue(r),
    value: readValue(r),
  }));
  return {
    kind,
    clustering,
    liveness: liveness.timestamp === noTimestamp ? null : liveness,
    deletion,
    complexDeletions,
    cells,
  };
}

function readMarker(r: ByteReader): ScanMarker {
  return { kind: 'marker', bound: r.u8(), prefix: readValues(r), close: readDeletion(r), open: readDeletion(r) };
}
