// Statistics.db: the four metadata components and their checksums. Source: MetadataSerializer, StatsMetadata, ValidationMetadata,
// CompactionMetadata, SerializationHeader of Cassandra 5.0. Writing is in statistics-write.ts.
import { crc32 } from '../../native/index.js';
import { ComponentReader } from './byte-reader.js';
import { corrupt } from './format.js';

export const MetadataType = { validation: 0, compaction: 1, stats: 2, header: 3 } as const;

/** Counts of values at or below each offset, the last above all. */
export type EstimatedHistogram = { readonly offsets: readonly bigint[]; readonly counts: readonly bigint[] };
export type CommitLogPosition = { readonly segment: bigint; readonly position: number };
export type CommitLogInterval = { readonly start: CommitLogPosition; readonly end: CommitLogPosition };

export type SSTableStats = {
  readonly partitionSizes: EstimatedHistogram;
  readonly cellsPerPartition: EstimatedHistogram;
  readonly commitLogUpperBound: CommitLogPosition;
  readonly minTimestamp: bigint;
  readonly maxTimestamp: bigint;
  /** Seconds, unsigned; 0xffffffff: none. */
  readonly minLocalDeletionTime: number;
  readonly maxLocalDeletionTime: number;
  readonly minTtl: number;
  readonly maxTtl: number;
  /** Compressed by uncompressed bytes; -1 without compression. */
  readonly compressionRatio: number;
  /** Local deletion time and number of tombstones, ascending. */
  readonly tombstoneDropTimes: readonly (readonly [bigint, number])[];
  readonly level: number;
  /** Milliseconds; 0 not repaired. */
  readonly repairedAt: bigint;
  readonly clusteringTypes: readonly string[];
  /** Covered clusterings: the serialized Slice. */
  readonly minClustering: ClusteringBoundValue;
  readonly maxClustering: ClusteringBoundValue;
  readonly hasLegacyCounterShards: boolean;
  readonly totalCells: bigint;
  readonly totalRows: bigint;
  readonly commitLogLowerBound: CommitLogPosition;
  readonly commitLogIntervals: readonly CommitLogInterval[];
  readonly pendingRepair: Uint8Array | null;
  readonly isTransient: boolean;
  readonly originatingHostId: Uint8Array | null;
  readonly hasPartitionDeletions: boolean;
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
  /** NaN when not known. */
  readonly tokenSpaceCoverage: number;
};

export type ClusteringBoundValue = { readonly kind: number; readonly values: readonly (Uint8Array | null)[] };

export type HeaderColumn = { readonly name: Uint8Array; readonly type: string };
/** The HEADER component: how Data.db is encoded. */
export type SerializationHeader = {
  readonly minTimestamp: bigint;
  readonly minLocalDeletionTime: bigint;
  readonly minTtl: number;
  readonly keyType: string;
  readonly clusteringTypes: readonly string[];
  readonly statics: readonly HeaderColumn[];
  readonly regulars: readonly HeaderColumn[];
};

export type Statistics = {
  readonly partitioner: string;
  readonly bloomFilterFpChance: number;
  /** HyperLogLogPlus bytes. */
  readonly cardinality: Uint8Array;
  readonly stats: SSTableStats;
  readonly header: SerializationHeader;
  readonly headerBytes: Uint8Array;
};

/** What "no timestamp", "no deletion time" and "no ttl" are stored as differences from. */
export const timestampEpoch = 1442880000000000n;
export const deletionTimeEpoch = 1442880000n;
const metadataComponents = 4;

/**
 * Reads Statistics.db of version `da`, checking every checksum.
 * @throws FerrosaError CORRUPT
 */
export function readStatistics(bytes: Uint8Array, path: string): Statistics {
  const parts = splitComponents(bytes, path);
  const part = (type: number): ComponentReader => {
    const found = parts.get(type);
    if (found === undefined) throw corrupt(path, `metadata component ${type} is missing`);
    return new ComponentReader(found.bytes, path, found.offset);
  };
  const validation = part(MetadataType.validation);
  const compaction = part(MetadataType.compaction);
  const headerReader = part(MetadataType.header);
  return {
    partitioner: validation.utf(),
    bloomFilterFpChance: validation.f64(),
    cardinality: compaction.raw(compaction.count(1)),
    stats: readStats(part(MetadataType.stats)),
    header: readHeader(headerReader),
    headerBytes: headerReader.bytes,
  };
}

/** Table of contents with one checksum over its head and one over all of it, then each component with its own. */
function splitComponents(bytes: Uint8Array, path: string): Map<number, { bytes: Uint8Array; offset: number }> {
  const r = new ComponentReader(bytes, path);
  const count = r.i32();
  if (count < 1 || count > metadataComponents) throw corrupt(path, `${count} metadata components`, 0);
  checkSum(r, crc32(bytes.subarray(0, 4)));
  const toc: { type: number; offset: number }[] = [];
  for (let i = 0; i < count; i++) toc.push({ type: r.i32(), offset: r.i32() });
  checkSum(r, crc32(bytes.subarray(8, 8 + 8 * count), crc32(bytes.subarray(0, 4))));
  const parts = new Map<number, { bytes: Uint8Array; offset: number }>();
  toc.forEach(({ type, offset }, i) => {
    const end = (toc[i + 1]?.offset ?? bytes.length) - 4;
    if (offset < r.offset || end < offset || end + 4 > bytes.length)
      throw corrupt(path, `component ${type} outside of the file`, offset);
    const content = bytes.subarray(offset, end);
    checkSum(new ComponentReader(bytes.subarray(end, end + 4), path, end), crc32(content));
    parts.set(type, { bytes: content, offset });
  });
  return parts;
}

function checkSum(r: ComponentReader, expected: number): void {
  const at = r.base + r.offset;
  if (r.u32() !== expected >>> 0) throw corrupt(r.path, 'a checksum that does not match', at);
}

function readHistogram(r: ComponentReader): EstimatedHistogram {
  const n = r.count(16);
  const offsets: bigint[] = [];
  const counts: bigint[] = [];
  for (let i = 0; i < n; i++) {
    const offset = r.i64();
    if (i > 0)
      offsets.push(offset); // the first is written twice: bucket 0 has no offset of its own
    else if (n === 1) offsets.push(offset);
    counts.push(r.i64());
  }
  return { offsets, counts };
}

function readPosition(r: ComponentReader): CommitLogPosition {
  return { segment: r.i64(), position: r.i32() };
}

function readTombstones(r: ComponentReader): (readonly [bigint, number])[] {
  r.i32(); // bins at most
  const n = r.count(12);
  const result: [bigint, number][] = [];
  for (let i = 0; i < n; i++) result.push([r.i64(), r.i32()]);
  return result;
}

function readTypeList(r: ComponentReader): string[] {
  const n = Number(r.unsignedVint());
  if (n > r.left) throw r.fail(`${n} types`);
  return Array.from({ length: n }, () => Buffer.from(r.vintBytes()).toString('utf8'));
}

/** Kind, u16 count, then values behind a header of two bits each (1 empty, 2 null); all of them variable or fixed by their type. */
function readBound(r: ComponentReader, types: readonly string[]): ClusteringBoundValue {
  const kind = r.u8();
  const size = r.u16();
  if (size > types.length) throw r.fail(`a bound of ${size} values`);
  const values: (Uint8Array | null)[] = [];
  let header = 0n;
  for (let i = 0; i < size; i++) {
    if (i % 32 === 0) header = r.unsignedVint();
    const bits = Number((header >> BigInt(2 * (i % 32))) & 3n);
    if (bits === 2) values.push(null);
    else if (bits === 1) values.push(new Uint8Array(0));
    else {
      const fixed = fixedLengthOf(types[i]!);
      values.push(fixed === null ? r.vintBytes() : r.raw(fixed));
    }
  }
  return { kind, values };
}

const fixedLengths: Readonly<Record<string, number>> = {
  BooleanType: 1,
  FloatType: 4,
  Int32Type: 4,
  LongType: 8,
  DoubleType: 8,
  DateType: 8,
  TimestampType: 8,
  UUIDType: 16,
  TimeUUIDType: 16,
  LexicalUUIDType: 16,
  EmptyType: 0,
};

/** Bytes of every value of a marshal class, null when they vary (smallint, tinyint, date and time count as varying in Cassandra). */
export function fixedLengthOf(className: string): number | null {
  const wrapped = /(?:ReversedType|FrozenType)\((.*)\)$/.exec(className);
  if (wrapped !== null && /^[\w.]*(?:ReversedType|FrozenType)\(/.test(className)) return fixedLengthOf(wrapped[1]!);
  const vector = /^[\w.]*VectorType\((.*),\s*([0-9]+)\s*\)$/.exec(className);
  if (vector !== null) {
    const element = fixedLengthOf(vector[1]!.trim());
    return element === null ? null : element * Number(vector[2]);
  }
  return fixedLengths[className.slice(className.lastIndexOf('.') + 1)] ?? null;
}

function readStats(r: ComponentReader): SSTableStats {
  const partitionSizes = readHistogram(r);
  const cellsPerPartition = readHistogram(r);
  const commitLogUpperBound = readPosition(r);
  const minTimestamp = r.i64();
  const maxTimestamp = r.i64();
  const minLocalDeletionTime = r.u32();
  const maxLocalDeletionTime = r.u32();
  const minTtl = r.i32();
  const maxTtl = r.i32();
  const compressionRatio = r.f64();
  const tombstoneDropTimes = readTombstones(r);
  const level = r.i32();
  const repairedAt = r.i64();
  const clusteringTypes = readTypeList(r);
  const minClustering = readBound(r, clusteringTypes);
  const maxClustering = readBound(r, clusteringTypes);
  const hasLegacyCounterShards = r.u8() !== 0;
  const totalCells = r.i64();
  const totalRows = r.i64();
  const commitLogLowerBound = readPosition(r);
  const intervals = r.count(24);
  const commitLogIntervals = Array.from({ length: intervals }, () => ({
    start: readPosition(r),
    end: readPosition(r),
  }));
  const pendingRepair = r.u8() !== 0 ? r.raw(16) : null;
  const isTransient = r.u8() !== 0;
  const originatingHostId = r.u8() !== 0 ? r.raw(16) : null;
  return {
    partitionSizes,
    cellsPerPartition,
    commitLogUpperBound,
    minTimestamp,
    maxTimestamp,
    minLocalDeletionTime,
    maxLocalDeletionTime,
    minTtl,
    maxTtl,
    compressionRatio,
    tombstoneDropTimes,
    level,
    repairedAt,
    clusteringTypes,
    minClustering,
    maxClustering,
    hasLegacyCounterShards,
    totalCells,
    totalRows,
    commitLogLowerBound,
    commitLogIntervals,
    pendingRepair,
    isTransient,
    originatingHostId,
    hasPartitionDeletions: r.u8() !== 0,
    firstKey: r.vintBytes(),
    lastKey: r.vintBytes(),
    tokenSpaceCoverage: r.f64(),
  };
}

function readHeader(r: ComponentReader): SerializationHeader {
  const text = (): string => Buffer.from(r.vintBytes()).toString('utf8');
  const columns = (): HeaderColumn[] => {
    const n = Number(r.unsignedVint());
    if (n > r.left) throw r.fail(`${n} columns`);
    return Array.from({ length: n }, () => ({ name: r.vintBytes(), type: text() }));
  };
  return {
    minTimestamp: r.unsignedVint() + timestampEpoch,
    minLocalDeletionTime: r.unsignedVint() + deletionTimeEpoch,
    minTtl: Number(r.unsignedVint()),
    keyType: text(),
    clusteringTypes: readTypeList(r),
    statics: columns(),
    regulars: columns(),
  };
}
