// Walks through types: which user types they hold, how they look after one changed, what may replace what.
import {
  type CqlType,
  fixedLengthOf,
  freeze,
  hasPart,
  isCollection,
  isMulticell,
  partsOf,
  sameType,
  type UserType,
} from '../../types/index.js';

/** The type with every part made by `map`, from the inside out. */
function mapParts(type: CqlType, map: (part: CqlType) => CqlType): CqlType {
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'vector':
      return map({ ...type, element: mapParts(type.element, map) });
    case 'map':
      return map({ ...type, key: mapParts(type.key, map), value: mapParts(type.value, map) });
    case 'tuple':
      return map({ ...type, fields: type.fields.map((field) => mapParts(field, map)) });
    case 'udt':
      return map({ ...type, fieldTypes: type.fieldTypes.map((field) => mapParts(field, map)) });
    default:
      return map(type);
  }
}

/** True when `type` is the user type `name` or holds it. */
export const referencesUserType = (type: CqlType, name: string): boolean =>
  hasPart(type, (part) => part.kind === 'udt' && part.name === name);

/** The type after `changed` took the place of the user type of its name. */
export function withUserType(type: CqlType, changed: UserType): CqlType {
  if (!referencesUserType(type, changed.name)) return type;
  return mapParts(type, (part) =>
    part.kind === 'udt' && part.name === changed.name ? { ...changed, frozen: part.frozen } : part,
  );
}

/** User types as tuples: a dropped column keeps its type also after DROP TYPE. */
export function expandUserTypes(type: CqlType): CqlType {
  return mapParts(type, (part) =>
    part.kind === 'udt' ? { kind: 'tuple', fields: part.fieldTypes.map(freeze) } : part,
  );
}

/** What else the values of a type may have been, and be in the same order. */
const orderedAs: Readonly<Record<string, readonly string[]>> = { text: ['ascii'], blob: ['ascii', 'text'] };

/** What else the values of a type may have been, written with the same lengths. */
const writtenAs: Readonly<Record<string, readonly string[]>> = {
  text: ['ascii'],
  bigint: ['timestamp'],
  timestamp: ['bigint'],
  uuid: ['timeuuid'],
};

type Reading = (type: CqlType, previous: CqlType) => boolean;

/** One type of parts read as another one of its kind; the elements of sets and the keys of maps keep their order. */
function readsParts(type: CqlType, previous: CqlType, readsPart: Reading): boolean {
  // Dropped columns keep no user types, but tuples of their fields: those are no user types again.
  if (previous.kind !== type.kind || type.kind === 'vector') return false;
  const [parts, old] = [partsOf(type), partsOf(previous)];
  const isKey = (i: number): boolean => i === 0 && (type.kind === 'set' || type.kind === 'map');
  return (
    old.length > 0 &&
    parts.length >= old.length &&
    old.every((part, i) => (isKey(i) ? hasOrderOf : readsPart)(parts[i]!, part))
  );
}

/** Cassandra's AbstractType.isCompatibleWith. */
const hasOrderOf: Reading = (type, previous) =>
  sameType(type, previous) ||
  orderedAs[type.kind]?.includes(previous.kind) === true ||
  readsParts(type, previous, hasOrderOf);

/** Cassandra's AbstractType.isValueCompatibleWith: what counts for a value that stands with its length. */
const hasValuesOf: Reading = (type, previous) =>
  sameType(type, previous) ||
  type.kind === 'blob' ||
  (type.kind === 'date' && previous.kind === 'int') ||
  writtenAs[type.kind]?.includes(previous.kind) === true ||
  readsParts(type, previous, hasValuesOf);

/** True when bytes of `previous` may be read as `type` (Cassandra's AbstractType.isSerializationCompatibleWith). */
export function canReadAs(type: CqlType, previous: CqlType): boolean {
  if (sameType(type, previous)) return true;
  if (isMulticell(type) !== isMulticell(previous)) return false;
  if (type.kind === 'blob') return !isCollection(previous) && fixedLengthOf(previous) === null;
  return (
    writtenAs[type.kind]?.includes(previous.kind) === true ||
    readsParts(type, previous, isCollection(type) ? canReadAs : hasValuesOf)
  );
}
