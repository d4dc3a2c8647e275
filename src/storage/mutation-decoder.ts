// Decodes a mutation into plain values, for tests and tools; the engine reads the bytes in native/core/mutation.cc.
import { FerrosaError } from '../common/errors.js';
import { ByteReader } from './byte-writer.js';
import { type ClusteringSlice, readClustering, readSlice } from './clustering.js';
import { itemKinds, mutationFlags, mutationFormat, operationFlags, rowFlags } from './mutation.js';

export type Deletion = { readonly timestamp: bigint; readonly localDeletionTime: number };

export type DecodedOperation = {
  readonly columnId: number;
  readonly kind: 'cell' | 'tombstone' | 'complexDeletion' | 'counterDelta';
  readonly timestamp: bigint;
  /** 0 for none. */
  readonly ttl: number;
  /** Of a tombstone or deletion its time, of an expiring cell its expiry; null for a live cell. */
  readonly localDeletionTime: number | null;
  readonly path: Uint8Array | null;
  readonly value: Uint8Array | null;
};

export type DecodedRow = {
  readonly kind: 'row' | 'static';
  readonly clustering: readonly (Uint8Array | null)[];
  readonly liveness: { readonly timestamp: bigint; readonly ttl: number; readonly expiresAt: number } | null;
  readonly deletion: Deletion | null;
  readonly operations: readonly DecodedOperation[];
};

export type DecodedItem =
  | DecodedRow
  | { readonly kind: 'rangeTombstone'; readonly slice: ClusteringSlice; readonly deletion: Deletion };

export type DecodedMutation = {
  readonly tableId: Uint8Array;
  readonly token: bigint;
  readonly key: Uint8Array;
  readonly partitionDeletion: Deletion | null;
  readonly items: readonly DecodedItem[];
};

/** Decodes; slices point into `bytes`. Throws FerrosaError CORRUPT when the bytes are not a mutation. */
export function decodeMutation(bytes: Uint8Array): DecodedMutation {
  try {
    return decode(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof RangeError) throw new FerrosaError('CORRUPT', `bad mutation: ${error.message}`);
    throw error;
  }
}

/** Before the key: format, flags, table id, token. */
const keyAt = 1 + 1 + 16 + 8;

/** The table id in a mutation's header, without decoding the rest. */
export function mutationTableId(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 18) throw new FerrosaError('CORRUPT', 'bad mutation: too short');
  return bytes.subarray(2, 18);
}

/** The partition key in a mutation's header, without decoding the rest. */
export function mutationKey(bytes: Uint8Array): Uint8Array {
  const input = new ByteReader(bytes);
  input.raw(keyAt);
  return input.raw(input.u16());
}

function decode(input: ByteReader): DecodedMutation {
  const format = input.u8();
  if (format !== mutationFormat) throw new FerrosaError('CORRUPT', `unknown mutation format ${format}`);
  const flags = input.u8();
  const tableId = input.raw(16);
  const token = input.i64();
  const key = input.raw(input.u16());
  const partitionDeletion = flags & mutationFlags.partitionDeletion ? readDeletion(input) : null;
  const items: DecodedItem[] = [];
  while (input.left > 0) items.push(readItem(input));
  return { tableId, token, key, partitionDeletion, items };
}

function readDeletion(input: ByteReader): Deletion {
  return { timestamp: input.i64(), localDeletionTime: input.u32() };
}

function readItem(input: ByteReader): DecodedItem {
  const kind = input.u8();
  if (kind === itemKinds.rangeTombstone) {
    return { kind: 'rangeTombstone', slice: readSlice(input), deletion: readDeletion(input) };
  }
  if (kind !== itemKinds.row && kind !== itemKinds.staticRow) {
    throw new FerrosaError('CORRUPT', `bad mutation: unknown item ${kind}`);
  }
  const clustering = kind === itemKinds.row ? readClustering(input) : [];
  const flags = input.u8();
  let liveness: DecodedRow['liveness'] = null;
  if (flags & rowFlags.liveness) {
    const timestamp = input.i64();
    const expiring = (flags & rowFlags.livenessTtl) !== 0;
    const ttl = expiring ? input.u32() : 0;
    liveness = { timestamp, ttl, expiresAt: expiring ? input.u32() : 0 };
  }
  const deletion = flags & rowFlags.deletion ? readDeletion(input) : null;
  const count = input.var();
  const operations: DecodedOperation[] = [];
  for (let i = 0; i < count; i++) operations.push(readOperation(input));
  return { kind: kind === itemKinds.row ? 'row' : 'static', clustering, liveness, deletion, operations };
}

function readOperation(input: ByteReader): DecodedOperation {
  const columnId = input.u16();
  const flags = input.u8();
  const timestamp = input.i64();
  const ttl = flags & operationFlags.ttl ? input.u32() : 0;
  const timed = operationFlags.ttl | operationFlags.tombstone | operationFlags.complexDeletion;
  const localDeletionTime = flags & timed ? input.u32() : null;
  const path = flags & operationFlags.path ? input.varBytes() : null;
  const valueless = operationFlags.tombstone | operationFlags.complexDeletion;
  const value = flags & valueless ? null : input.varBytes();
  const kind =
    flags & operationFlags.complexDeletion
      ? 'complexDeletion'
      : flags & operationFlags.tombstone
        ? 'tombstone'
        : flags & operationFlags.counterDelta
          ? 'counterDelta'
          : 'cell';
  return { columnId, kind, timestamp, ttl, localDeletionTime, path, value };
}
