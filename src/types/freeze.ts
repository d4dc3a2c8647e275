// Frozen and multicell forms of a type.
import type { CqlType } from './model.js';

/** The frozen type and what is in it; a type that cannot be frozen comes back as it is. */
export function freeze(type: CqlType): CqlType {
  switch (type.kind) {
    case 'list':
    case 'set':
      return type.frozen ? type : { ...type, element: freeze(type.element), frozen: true };
    case 'map':
      return type.frozen ? type : { ...type, key: freeze(type.key), value: freeze(type.value), frozen: true };
    case 'udt':
      return type.frozen ? type : { ...type, frozen: true };
    case 'tuple':
      return { ...type, fields: type.fields.map(freeze) };
    default:
      return type;
  }
}

/** The type without its outermost frozen mark. */
export function unfreeze(type: CqlType): CqlType {
  return 'frozen' in type && type.frozen ? { ...type, frozen: false } : type;
}
