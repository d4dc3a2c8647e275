// Statistics.db of version `da`, written. Layout and sources: statistics.ts.

import { BufferWriter, utf8Bytes } from '../../common/bytes.js';
import { crc32, type NativeFinishedFile } from '../../native/index.js';
import { MetadataType } from './statistics.js';

/** What is known beside the content. */
export type SSTableMetadata = {
  readonly bloomFilterFpChance: number;
  /** Compressed by uncompressed bytes; -1 without compression. */
  readonly compressionRatio: number;
  /** Of leveled compaction. */
  readonly level: number;
  /** Milliseconds; 0 not repaired. */
  readonly repairedAt: bigint;
  /** 16 bytes of the node that wrote it. */
  readonly hostId: Uint8Array | null;
};

const partitioner = 'org.apache.cassandra.dht.Murmur3Partitioner';
const noSegment = -1n;

function utf(w: BufferWriter, text: string): void {
  const bytes = utf8Bytes(text);
  w.u16(bytes.length);
  w.bytes(bytes);
}

function vint(w: BufferWriter, value: number): void {
  if (value < 0x80) w.u8(value);
  else if (value < 0x4000) w.u16(0x8000 | value);
  else {
    w.u8(0xc0 | (value >> 16));
    w.u16(value & 0xffff);
  }
}

function validation(meta: SSTableMetadata): Uint8Array {
  const w = new BufferWriter();
  utf(w, partitioner);
  w.f64(meta.bloomFilterFpChance);
  return w.finish();
}

function compaction(file: NativeFinishedFile): Uint8Array {
  const w = new BufferWriter();
  w.i32(file.cardinality.length);
  w.bytes(file.cardinality);
  return w.finish();
}

function stats(file: NativeFinishedFile, meta: SSTableMetadata): Uint8Array {
  const w = new BufferWriter(8192);
  w.bytes(file.partitionSizes);
  w.bytes(file.cellsPerPartition);
  w.i64(noSegment); // our log's positions are not Cassandra's: nothing to replay from
  w.i32(0);
  w.i64(file.minTimestamp);
  w.i64(file.maxTimestamp);
  w.u32(file.minLocalDeletionTime);
  w.u32(file.maxLocalDeletionTime);
  w.i32(file.minTtl);
  w.i32(file.maxTtl);
  w.f64(meta.compressionRatio);
  w.bytes(file.tombstones);
  w.i32(meta.level);
  w.i64(meta.repairedAt);
  w.bytes(file.coveredClusterings);
  w.u8(file.hasLegacyCounterShards ? 1 : 0);
  w.i64(BigInt(file.cells));
  w.i64(BigInt(file.rows));
  w.i64(noSegment);
  w.i32(0);
  w.i32(0); // intervals
  w.u8(0); // pending repair
  w.u8(0); // transient
  w.u8(meta.hostId === null ? 0 : 1);
  if (meta.hostId !== null) w.bytes(meta.hostId);
  w.u8(file.hasPartitionDeletions ? 1 : 0);
  for (const key of [file.firstKey, file.lastKey]) {
    vint(w, key.length);
    w.bytes(key);
  }
  w.f64(Number.NaN); // token space coverage: not known
  return w.finish();
}

/** The bytes of Statistics.db. */
export function writeStatistics(file: NativeFinishedFile, meta: SSTableMetadata): Uint8Array {
  const parts: [number, Uint8Array][] = [
    [MetadataType.validation, validation(meta)],
    [MetadataType.compaction, compaction(file)],
    [MetadataType.stats, stats(file, meta)],
    [MetadataType.header, file.header],
  ];
  const w = new BufferWriter(8192);
  w.i32(parts.length);
  w.u32(crc32(w.peek()));
  const toc = new BufferWriter();
  let offset = 8 + 8 * parts.length + 4;
  for (const [type, bytes] of parts) {
    toc.i32(type);
    toc.i32(offset);
    offset += bytes.length + 4;
  }
  w.bytes(toc.peek());
  w.u32(crc32(toc.peek(), crc32(w.peek().subarray(0, 4))));
  for (const [, bytes] of parts) {
    w.bytes(bytes);
    w.u32(crc32(bytes));
  }
  return w.finish();
}
