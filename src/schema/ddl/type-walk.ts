// Walks through types: which user types they hold, how they look after one changed, what may replace what.
import { type CqlType, freeze, hasPart, isMulticell, partsOf, sameType, type UserType } from '../../types/index.js';

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

/** Values of these have one length; the same bytes never mean a type of another length. */
const fixedLengths: Readonly<Record<string, number>> = {
  bigint: 8,
  boolean: 1,
  counter: 8,
  date: 4,
  double: 8,
  float: 4,
  int: 4,
  time: 8,
  timestamp: 8,
  timeuuid: 16,
  uuid: 16,
};

function isFixedLength(type: CqlType): boolean {
  return type.kind === 'vector' ? isFixedLength(type.element) : fixedLengths[type.kind] !== undefined;
}

const readableAs: Readonly<Record<string, readonly string[]>> = {
  text: ['ascii'],
  bigint: ['timestamp'],
  timestamp: ['bigint'],
  uuid: ['timeuuid'],
  date: ['int'],
};

/** True when bytes of `previous` may be read as `type` (Cassandra's AbstractType.isSerializationCompatibleWith). */
export function canReadAs(type: CqlType, previous: CqlType): boolean {
  if (sameType(type, previous)) return true;
  if (isMulticell(type) !== isMulticell(previous)) return false;
  if (type.kind === 'blob')
    return partsOf(previous).length === 0 ? !isFixedLength(previous) : previous.kind === 'tuple';
  if (type.kind === 'tuple' || type.kind === 'udt') {
    // Dropped columns keep no user types, but tuples of their fields: those are no user types again.
    if (previous.kind !== type.kind) return false;
    const [parts, old] = [partsOf(type), partsOf(previous)];
    return parts.length >= old.length && old.every((part, i) => canReadAs(parts[i]!, part));
  }
  if (type.kind === 'list' || type.kind === 'set' || type.kind === 'map') {
    const [parts, old] = [partsOf(type), partsOf(previous)];
    return type.kind === previous.kind && old.every((part, i) => canReadAs(parts[i]!, part));
  }
  return readableAs[type.kind]?.includes(previous.kind) === true;
}
