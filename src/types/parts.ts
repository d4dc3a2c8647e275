// The types within a type.
import type { CqlType } from './model.js';

/** The parts that a type holds directly. */
export function partsOf(type: CqlType): readonly CqlType[] {
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'vector':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'tuple':
      return type.fields;
    case 'udt':
      return type.fieldTypes;
    default:
      return [];
  }
}

/** True when the type, or one within it, is what `test` asks for. */
export function hasPart(type: CqlType, test: (part: CqlType) => boolean): boolean {
  return test(type) || partsOf(type).some((part) => hasPart(part, test));
}

/** True when a duration is somewhere in the type. */
export const referencesDuration = (type: CqlType): boolean => hasPart(type, ({ kind }) => kind === 'duration');
