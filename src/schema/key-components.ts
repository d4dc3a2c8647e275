// The parts of a serialized partition key.
import type { TableDefinition } from './model.js';

/** The components of a serialized partition key. */
export function keyComponents(table: TableDefinition, key: Uint8Array): Uint8Array[] {
  if (table.partitionKey.length === 1) return [key];
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 2 <= key.length; ) {
    const length = (key[at]! << 8) | key[at + 1]!;
    parts.push(key.subarray(at + 2, at + 2 + length));
    at += 3 + length;
  }
  return parts;
}
