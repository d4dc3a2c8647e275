// Values as blobs and back, and uuid().
import { toHex } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import { type CqlType, nativeTypeNames, validateValue } from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { native, scalar } from './build.js';

function blobFunctions(typeName: string, type: CqlType): ScalarFunction[] {
  const toBlob = [`${typeName}_as_blob`, `${typeName}asblob`].map((name) =>
    scalar(name, [type], native('blob'), ([bytes]) => bytes ?? null),
  );
  const fromBlob = [`blob_as_${typeName}`, `blobas${typeName}`].map((name) =>
    scalar(name, [native('blob')], type, ([bytes]) => {
      if (!bytes) return null;
      try {
        validateValue(type, bytes);
      } catch {
        throw invalid(
          `In call to function system.${name}, value 0x${toHex(bytes)} is not a valid binary representation ` +
            `for type ${typeName}`,
        );
      }
      return bytes;
    }),
  );
  return [...toBlob, ...fromBlob];
}

const uuid = scalar(
  'uuid',
  [],
  native('uuid'),
  (_args, context) => {
    const bytes = context.randomBytes(16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes;
  },
  { pure: false },
);

export function conversionFunctions(): ScalarFunction[] {
  return [
    ...nativeTypeNames.filter((name) => name !== 'blob').flatMap((name) => blobFunctions(name, native(name))),
    ...blobFunctions('varchar', native('text')),
    ...blobFunctions('empty', { kind: 'empty' }),
    uuid,
  ];
}
