// Bind values for the fuzzers: mostly what the type wants, else every way to get it wrong.

import type { Value } from '../support/cql-client.js';
import { encode } from '../support/cql-frames.js';
import type { WireType } from '../support/cql-values.js';
import type { Prng } from '../support/prng.js';

const fixedBytes: Readonly<Record<number, number>> = {
  2: 8,
  4: 1,
  5: 8,
  7: 8,
  8: 4,
  9: 4,
  11: 8,
  12: 16,
  15: 16,
  16: 4,
  17: 4,
  18: 8,
  19: 2,
  20: 1,
};
const words = [
  '',
  'a',
  'x',
  'text',
  '1',
  'null',
  '{"k": 1, "c": 2}',
  '{"k": 1, "c": 2, "l": [1, null]}',
  'zażółć',
  '\0',
];

const asciiWords = words.filter((word) => /^[\0-\x7f]*$/.test(word));

export function randomBytes(prng: Prng, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const small = prng.below(2) === 0;
  for (let i = 0; i < length; i++) bytes[i] = small ? (i === length - 1 ? prng.below(4) : 0) : prng.below(256);
  return bytes;
}

/** A value that the type takes, or nearly. */
function proper(prng: Prng, type: WireType, depth: number, wild: boolean): Buffer {
  const fixed = fixedBytes[type.id];
  if (fixed !== undefined) return wild ? randomBytes(prng, fixed) : validBytes(prng, type.id, fixed);
  const element = (t: WireType) => encode.value(depth < 4 ? randomValue(prng, t, depth + 1, wild) : null);
  const count = prng.below(4);
  switch (type.id) {
    case 0x01:
      return Buffer.from(prng.pick(wild ? words : asciiWords), 'utf8');
    case 0x0d:
    case 0x0a:
      return Buffer.from(prng.pick(words), 'utf8');
    case 0x06:
      return Buffer.concat([
        encode.int(prng.pick([0, 1, -1, 2, 300, 2 ** 31 - 1, -(2 ** 31)])),
        randomBytes(prng, 1 + prng.below(9)),
      ]);
    case 0x10:
      return randomBytes(prng, prng.below(2) ? 4 : 16);
    case 0x15:
      return Buffer.from([2, 4, wild ? prng.below(256) : 2 * prng.below(64)]);
    case 0x20:
    case 0x22:
      return Buffer.concat([encode.int(count), ...Array.from({ length: count }, () => element(type.params[0]!))]);
    case 0x21: {
      const entries = Array.from({ length: count }, () => [element(type.params[0]!), element(type.params[1]!)]);
      return Buffer.concat([encode.int(count), ...entries.flat()]);
    }
    case 0x30:
    case 0x31:
      return Buffer.concat(type.params.slice(0, prng.below(type.params.length + 1)).map(element));
    case 0x0e:
      return randomBytes(prng, 1 + prng.below(19));
    case 0x00:
      // A vector of two floats is the only custom type of the tables.
      return randomBytes(prng, wild ? prng.below(20) : 8);
    default:
      return randomBytes(prng, prng.below(20));
  }
}

/** Fixed-length bytes with what the type asks for beside the length. */
function validBytes(prng: Prng, id: number, length: number): Buffer {
  const bytes = randomBytes(prng, length);
  if (id === 0x0f) bytes[6] = 0x10 | (bytes[6]! & 0x0f);
  // Nanoseconds of a day.
  if (id === 0x12) bytes.writeUIntBE(0, 0, 3);
  return bytes;
}

function damaged(prng: Prng, bytes: Buffer): Buffer {
  const at = prng.below(bytes.length + 1);
  switch (prng.below(5)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes, randomBytes(prng, 1 + prng.below(9))]);
    case 2: {
      const changed = Buffer.from(bytes);
      if (changed.length > 0) changed[at % changed.length] = prng.pick([0, 0x7f, 0x80, 0xff]);
      return changed;
    }
    case 3: {
      // A count or a length that lies.
      const changed = Buffer.from(bytes);
      if (changed.length >= 4)
        changed.writeInt32BE(
          prng.pick([-1, -2, 0x7fffffff, -0x80000000, 0x10000, 1]),
          (at % Math.ceil((changed.length - 3) / 4)) * 4,
        );
      return changed;
    }
    default:
      return randomBytes(prng, prng.below(40));
  }
}

/**
 * Bytes, null or unset for a marker of the type. @param wild  now and then null, unset, empty or damaged: of many values hardly ever all
 * would be taken
 */
export function randomValue(prng: Prng, type: WireType, depth = 0, wild = true): Value {
  if (!wild) return proper(prng, type, depth, false);
  const kind = prng.below(32);
  if (kind === 0) return null;
  if (kind === 1) return depth === 0 ? undefined : null;
  if (kind === 2) return Buffer.alloc(0);
  if (kind === 3 && depth === 0 && prng.below(200) === 0)
    return randomBytes(prng, prng.pick([65535, 65536, 300_000, 1_100_000]));
  const bytes = proper(prng, type, depth, true);
  return kind < 8 ? damaged(prng, bytes) : bytes;
}
