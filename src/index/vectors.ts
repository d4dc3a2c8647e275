// What of a mutation a vector index cannot take: the shards put vectors into their graphs themselves, and must find them good.
import { invalid } from '../common/errors.js';
import { keyComponents, type SimilarityName, type TableDefinition } from '../schema/index.js';
import type { DecodedMutation } from '../storage/index.js';
import type { IndexTable } from './index-table.js';

/** The numbers of a serialized vector. */
export function floatsOf(value: Uint8Array): Float32Array {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const floats = new Float32Array(value.length >>> 2);
  for (let i = 0; i < floats.length; i++) floats[i] = view.getFloat32(i * 4);
  return floats;
}

const infinity = 0x7f80_0000;

/**
 * @param value  a serialized vector
 * @throws FerrosaError INVALID for a vector that has no similarity to others
 */
export function checkComparable(value: Uint8Array, similarity: SimilarityName): void {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  let isZero = true;
  // By the bits of the numbers (IEEE 754): the sign is of no importance, and an exponent of all ones is that of infinity and NaN.
  for (let at = 0; at + 4 <= value.length; at += 4) {
    const magnitude = view.getUint32(at) & 0x7fff_ffff;
    if (magnitude > infinity) throw invalid('Vectors with NaN elements cannot be indexed or queried');
    if (magnitude === infinity) throw invalid('Vectors with infinite elements cannot be indexed or queried');
    if (magnitude !== 0) isZero = false;
  }
  if (isZero && similarity === 'COSINE')
    throw invalid('Zero vectors cannot be indexed or queried with cosine similarity');
}

/** @throws FerrosaError INVALID for a vector of the mutation that the index cannot take */
export function checkVectors(table: TableDefinition, index: IndexTable, mutation: DecodedMutation): void {
  const { column } = index.target;
  const { similarity } = index.vector!;
  for (const item of mutation.items) {
    if (item.kind === 'rangeTombstone') continue;
    if (column.kind === 'clustering') {
      const value = item.kind === 'static' ? null : item.clustering[column.position];
      if (value != null) checkComparable(value, similarity);
    }
    for (const operation of item.operations)
      if (operation.kind === 'cell' && operation.columnId === column.id && operation.value !== null)
        checkComparable(operation.value, similarity);
  }
  if (column.kind === 'partition_key' && mutation.items.some(({ kind }) => kind !== 'rangeTombstone'))
    checkComparable(keyComponents(table, mutation.key)[column.position]!, similarity);
}
