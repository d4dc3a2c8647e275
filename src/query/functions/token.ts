// token(k1, k2): the Murmur3 token of a partition key.
import { BufferWriter } from '../../common/bytes.js';
import { murmurToken } from '../../native/index.js';
import { type CqlType, encodeLong } from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { native, scalar } from './build.js';

/** Token of a partition with an empty key: the smallest, which no other key has. */
const minToken = -(2n ** 63n);

/** Bytes of a partition key: those of its one component, or each with u16 length and a zero byte. */
function partitionKeyBytes(components: readonly Uint8Array[]): Uint8Array {
  if (components.length === 1) return components[0]!;
  const writer = new BufferWriter();
  for (const component of components) {
    writer.shortBytes(component);
    writer.u8(0);
  }
  return writer.finish();
}

/** The token function of a table; null when a component is. */
export function tokenFunction(partitionKey: readonly { readonly type: CqlType }[]): ScalarFunction {
  const types = partitionKey.map((column) => column.type);
  return scalar('token', types, native('bigint'), (args) => {
    const components = args.filter((value) => value !== null);
    if (components.length < args.length) return null;
    const key = partitionKeyBytes(components);
    return encodeLong(key.length === 0 ? minToken : murmurToken(key));
  });
}
