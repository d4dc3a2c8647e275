// Serialized values of the literals in DDL: INITCOND of aggregates, arguments of masks.
import { invalid } from '../../common/errors.js';
import { type Term, termText } from '../../cql/index.js';
import {
  type CqlType,
  encodeConstant,
  packList,
  packMap,
  packSet,
  packTuple,
  packVector,
  typeToCql,
} from '../../types/index.js';

// Constants that depend on the time, such as the timestamp 'now', have no place in a schema that is replayed.
const noClock = { nowMs: (): number => 0 };

/**
 * The value that a literal stands for.
 * @param name  of what it is for, in messages
 * @throws FerrosaError INVALID when it is no literal of the type
 */
export function termBytes(term: Term, type: CqlType, name: string): Uint8Array | null {
  const parts = (terms: readonly Term[], of: CqlType): Uint8Array[] =>
    terms.map((part) => termBytes(part, of, name) ?? fail(term, type));
  switch (term.kind) {
    case 'null':
      return null;
    case 'literal':
      return encodeConstant(term.literal, term.text, type, name, noClock);
    case 'list':
      if (type.kind === 'list') return packList(parts(term.elements, type.element));
      if (type.kind === 'vector' && term.elements.length === type.dimensions)
        return packVector(type, parts(term.elements, type.element));
      return fail(term, type);
    case 'set':
      if (type.kind === 'map' && term.elements.length === 0) return packMap(type.key, []);
      return type.kind === 'set' ? packSet(type.element, parts(term.elements, type.element)) : fail(term, type);
    case 'map': {
      if (type.kind !== 'map') return fail(term, type);
      const keys = parts(
        term.entries.map(([key]) => key),
        type.key,
      );
      const values = parts(
        term.entries.map(([, value]) => value),
        type.value,
      );
      return packMap(
        type.key,
        keys.map((key, i) => [key, values[i]!]),
      );
    }
    case 'tuple':
      if (type.kind !== 'tuple')
        return term.elements.length === 1 ? termBytes(term.elements[0]!, type, name) : fail(term, type);
      if (term.elements.length > type.fields.length) return fail(term, type);
      return packTuple(term.elements.map((part, i) => termBytes(part, type.fields[i]!, name)));
    case 'udt': {
      if (type.kind !== 'udt' || term.fields.some(([field]) => !type.fieldNames.includes(field)))
        return fail(term, type);
      const given = new Map(term.fields);
      return packTuple(
        type.fieldNames.map((field, i) => {
          const value = given.get(field);
          return value === undefined ? null : termBytes(value, type.fieldTypes[i]!, name);
        }),
      );
    }
    case 'hint':
      return termBytes(term.term, type, name);
    default:
      return fail(term, type);
  }
}

function fail(term: Term, type: CqlType): never {
  throw invalid(`${termText(term)} is not a literal of type ${typeToCql(type)}`);
}
