// The mask_ functions of dynamic data masking.
import { createHash } from 'node:crypto';
import { emptyBytes, utf8Bytes } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import {
  type CqlType,
  dateEpoch,
  decodeInt,
  emptyCollection,
  encodeInt,
  packTuple,
  packVector,
  plainText,
} from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { native, scalar } from './build.js';
import { encodeNumber, isNumeric } from './numeric.js';
import { anyType, type Factory, fixed, optional, sameAs, string } from './parameters.js';
import { minTimeuuid } from './time-values.js';

/** What mask_default shows in place of any value of a type: ****, 0, false, nothing. */
export function maskedValue(type: CqlType): Uint8Array {
  if (isNumeric(type)) return encodeNumber(type.kind, 0n);
  switch (type.kind) {
    case 'text':
    case 'ascii':
      return utf8Bytes('****');
    case 'boolean':
      return Uint8Array.of(0);
    case 'date':
      return encodeInt(Number(dateEpoch) | 0);
    case 'duration':
      return new Uint8Array(3);
    case 'inet':
      return new Uint8Array(4);
    case 'time':
    case 'timestamp':
      return new Uint8Array(8);
    case 'uuid':
      return new Uint8Array(16);
    case 'timeuuid':
      return minTimeuuid(0n);
    case 'list':
    case 'set':
    case 'map':
      return emptyCollection;
    case 'tuple':
      return packTuple(type.fields.map(maskedValue));
    case 'udt':
      return packTuple(type.fieldTypes.map(maskedValue));
    case 'vector':
      return packVector(type, new Array<Uint8Array>(type.dimensions).fill(maskedValue(type.element)));
    default:
      return emptyBytes;
  }
}

const maskDefault: Factory = {
  name: 'mask_default',
  parameters: [anyType(false)],
  make: ([type]) => scalar('mask_default', [type!], type!, () => maskedValue(type!)),
};

const maskNull: Factory = {
  name: 'mask_null',
  parameters: [anyType(false)],
  make: ([type]) => scalar('mask_null', [type!], type!, () => null),
};

const maskReplace: Factory = {
  name: 'mask_replace',
  parameters: [anyType(true), sameAs(0, true, anyType(true))],
  make: ([type]) => scalar('mask_replace', [type!, type!], type!, ([, replacement]) => replacement ?? null),
};

/** Names of Java's digests that Node knows under another one. */
function nodeDigestName(algorithm: string): string {
  const upper = algorithm.toUpperCase();
  if (upper === 'SHA') return 'sha1';
  return upper.replace(/^SHA-(\d+)/, 'sha$1').replace('/', '-');
}

function digest(algorithm: string, bytes: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(createHash(nodeDigestName(algorithm)).update(bytes).digest());
  } catch {
    throw invalid(`Hash algorithm not found: ${algorithm}`);
  }
}

const maskHash: Factory = {
  name: 'mask_hash',
  parameters: [anyType(false), optional(fixed('text'))],
  make: (types) => {
    const args = types.length === 2 ? [types[0]!, native('text')] : [types[0]!];
    return scalar('mask_hash', args, native('blob'), ([value, algorithm]) => {
      const name = algorithm ? plainText(native('text'), algorithm) : 'SHA-256';
      return value ? digest(name, value) : null;
    });
  },
};

/** What is left of a character outside the basic plane of which the other UTF-16 unit is masked: Java writes it as a question mark. */
const halfCharacters = /\p{Surrogate}/gu;

/** Replaces the characters within, or those outside, of what is left after `begin` and before `end` characters. */
function maskPart(value: string, begin: number, end: number, padding: string, inner: boolean): string {
  const last = value.length - 1 - end;
  let masked = '';
  for (let i = 0; i < value.length; i++) {
    const isWithin = i >= begin && i <= last;
    masked += isWithin === inner ? padding : value[i];
  }
  return masked;
}

function partial(name: 'mask_inner' | 'mask_outer'): Factory {
  return {
    name,
    parameters: [string, fixed('int'), fixed('int'), optional(fixed('text'))],
    make: (types): ScalarFunction => {
      const type = types[0]!;
      const padded = types.length === 4;
      const args = [type, native('int'), native('int'), ...(padded ? [native('text')] : [])];
      return scalar(name, args, type, ([value, begin, end, padding]) => {
        const character = padding ? plainText(native('text'), padding) : '*';
        if (character.length !== 1) {
          throw invalid(
            `The padding argument for function system.${name} should be single-character, ` +
              `but '${character}' has ${character.length} characters.`,
          );
        }
        if (!value) return null;
        const bounds = [begin, end].map((bytes) => (bytes && bytes.length > 0 ? decodeInt(bytes) : 0));
        const text = plainText(type, value);
        const masked = maskPart(text, bounds[0]!, bounds[1]!, character, name === 'mask_inner');
        return utf8Bytes(masked.replace(halfCharacters, '?'));
      });
    },
  };
}

export function maskingFactories(): Factory[] {
  return [maskNull, maskReplace, maskDefault, maskHash, partial('mask_inner'), partial('mask_outer')];
}
