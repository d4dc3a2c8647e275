// Which values of one type are values of another, as Cassandra's AbstractType decides it for literals and functions.
import { type CqlType, freeze, isMulticell, sameType } from '../../types/index.js';
import type { Assignability } from '../function-api.js';

/** True when every serialized value of `other` is one of `type` (AbstractType.isValueCompatibleWith). */
export function isValueCompatible(type: CqlType, other: CqlType): boolean {
  if (sameType(type, other)) return true;
  switch (type.kind) {
    case 'blob':
      return true;
    case 'text':
      return other.kind === 'ascii';
    case 'varint':
      return other.kind === 'int' || other.kind === 'bigint' || other.kind === 'timestamp';
    case 'bigint':
    case 'time':
      return type.kind === 'time' ? other.kind === 'bigint' : other.kind === 'timestamp';
    case 'timestamp':
      return other.kind === 'bigint';
    case 'date':
      return other.kind === 'int';
    case 'uuid':
      return other.kind === 'timeuuid';
    default:
      return areElementsCompatible(type, other);
  }
}

function areElementsCompatible(type: CqlType, other: CqlType): boolean {
  if ((type.kind === 'list' || type.kind === 'set') && other.kind === type.kind)
    return isMulticell(type) === isMulticell(other) && isValueCompatible(type.element, other.element);
  if (type.kind === 'map' && other.kind === 'map')
    return (
      isMulticell(type) === isMulticell(other) &&
      isValueCompatible(type.key, other.key) &&
      isValueCompatible(type.value, other.value)
    );
  if (type.kind === 'tuple' && other.kind === 'tuple')
    return (
      type.fields.length >= other.fields.length &&
      other.fields.every((field, i) => isValueCompatible(type.fields[i]!, field))
    );
  return false;
}

/** How a value of `type` fits a receiver: frozen and multicell do not differ here. */
export function assignType(type: CqlType, receiver: CqlType): Assignability {
  const given = freeze(type);
  const wanted = freeze(receiver);
  if (sameType(given, wanted)) return 'exact';
  return isValueCompatible(wanted, given) ? 'weak' : 'no';
}

/** How a value that is cast fits a receiver: here frozen and multicell differ (TypeCast.testAssignment). */
export function assignCast(type: CqlType, receiver: CqlType): Assignability {
  if (sameType(type, receiver)) return 'exact';
  return isValueCompatible(receiver, type) ? 'weak' : 'no';
}

/** How what is selected fits (AbstractType.testAssignment): a frozen value fits where cells are expected, cells not where a frozen one is. */
export function assignSelected(type: CqlType, receiver: CqlType): Assignability {
  return isMulticell(type) ? assignCast(type, receiver) : assignType(type, receiver);
}

/** How the result of a function fits: no frozen value becomes cells (AbstractFunction.testAssignment). */
export function assignResult(type: CqlType, receiver: CqlType): Assignability {
  return isMulticell(receiver) ? assignCast(type, receiver) : assignType(type, receiver);
}

/** The worst of several; exact when there are none. */
export function worst(results: Iterable<Assignability>): Assignability {
  let worstYet: Assignability = 'exact';
  for (const result of results) {
    if (result === 'no') return 'no';
    if (result === 'weak') worstYet = 'weak';
  }
  return worstYet;
}

/** The first type that all the others fit, null when there is none. */
export function commonType(types: readonly (CqlType | null)[]): CqlType | null {
  const known = types.filter((type) => type !== null);
  return known.find((type) => known.every((other) => assignType(other, type) !== 'no')) ?? null;
}
