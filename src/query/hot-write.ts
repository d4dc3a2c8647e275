// Which writes the addon can run by itself, and what it does for them.
import { isCompact } from '../schema/index.js';
import { type CqlType, isMulticell } from '../types/index.js';
import { addConditions } from './hot-conditions.js';
import { hotIndexes } from './hot-indexes.js';
import {
  addKeys,
  type HotLayout,
  type HotOperation,
  HotTerms,
  hotFlags,
  hotKinds,
  hotTargets,
  noRead,
} from './hot-terms.js';
import { hotViews } from './hot-views.js';
import { ConstantTerm, MarkerTerm, type Term } from './terms/term.js';
import { readInt32, readInt64 } from './values.js';
import { ttlMax } from './write/attributes.js';
import {
  AddElements,
  AddToCounter,
  DeleteColumn,
  DeleteElement,
  DeleteField,
  DiscardKeys,
  fieldPath,
  type Operation,
  SetColumn,
  SetElement,
  SetField,
} from './write/operations.js';
import type { WritePlan } from './write/write-plan.js';

const operationKinds = {
  element: 1,
  add: 2,
  discard: 3,
  replace: 4,
  clear: 5,
  increment: 6,
  decrement: 7,
} as const;

/** Null for a write that is JavaScript's. */
export function writeLayout(plan: WritePlan, markers: number): HotLayout | null {
  const { table, restrictions, type } = plan;
  const cold = plan.timeoutMs !== null || table.virtual || plan.requiresRead;
  const indexes = hotIndexes(table);
  const views = hotViews(plan);
  if (cold || indexes === null || views === null || isCompact(table)) return null;
  const written = [...plan.regular, ...plan.statics];
  if (table.isCounter && indexes.length > 0) return null;
  if (table.isCounter && !written.some((operation) => operation instanceof AddToCounter)) return null;
  const terms = new HotTerms(markers);
  if (!addKeys(terms, restrictions.partitionKey, table.partitionKey, hotTargets.partitionKey)) return null;
  const wholeDelete = type === 'DELETE' && written.length === 0;
  const hasRow = restrictions.hasClustering || table.clustering.length === 0;
  // Without a row there is only the static one, or the partition to be deleted.
  if (!hasRow && plan.regular.length > 0) return null;
  if (restrictions.hasClustering && !addKeys(terms, restrictions.clustering, table.clustering, hotTargets.clustering))
    return null;
  const operations: HotOperation[] = [];
  if (!written.every((operation) => addOperation(terms, operations, operation))) return null;
  if (new Set(terms.written).size !== terms.written.length) return null;
  const { timestamp, ttl } = plan.attributes;
  if (!inRange(timestamp, 8, (value) => readInt64(value) !== -(2n ** 63n))) return null;
  if (!inRange(ttl, 4, (value) => readInt32(value) >= 0 && readInt32(value) <= ttlMax)) return null;
  if (timestamp !== null && !terms.add(timestamp, hotTargets.timestamp, 0, { kind: 'bigint' })) return null;
  if (ttl !== null && !terms.add(ttl, hotTargets.ttl, 0, { kind: 'int' })) return null;
  const conditions = addConditions(terms, plan);
  if (views.length > 0 && operations.length > 0) return null;
  if ((conditions === null && plan.conditions !== null) || !terms.complete) return null;
  const flags =
    (type === 'INSERT' ? hotFlags.insert : 0) |
    (plan.durable ? 0 : hotFlags.notDurable) |
    (wholeDelete && restrictions.hasClustering ? hotFlags.deletesRow : 0) |
    (wholeDelete && !restrictions.hasClustering ? hotFlags.deletesPartition : 0) |
    (table.isCounter ? hotFlags.counter : 0);
  const columns = conditions === null ? [] : [...conditions.shown, ...conditions.times];
  return { ...noRead, kind: hotKinds.write, flags, terms, operations, conditions, indexes, views, columns };
}

/** False for a constant that JavaScript refuses or takes for something else; the addon looks at bound values only. */
function inRange(term: Term | null, bytes: number, accepts: (value: Uint8Array) => boolean): boolean {
  if (!(term instanceof ConstantTerm)) return true;
  return term.value instanceof Uint8Array && term.value.length === bytes && accepts(term.value);
}

const nullTerm = new ConstantTerm(null);

/** False for what the addon does not do. */
function addOperation(terms: HotTerms, operations: HotOperation[], operation: Operation): boolean {
  const { column } = operation;
  const { type } = column;
  if (!isMulticell(type) && type.kind !== 'counter') {
    if (operation instanceof DeleteColumn) return terms.addValue(nullTerm, column);
    return operation instanceof SetColumn && terms.addValue(operation.term, column);
  }
  const add = (kind: number, key: [Term, CqlType] | null, value: [Term, CqlType] | null): boolean => {
    const which = operations.length;
    operations.push({ kind, column });
    if (key !== null && !addKey(terms, key[0], which, key[1])) return false;
    return value === null || terms.add(value[0], hotTargets.operationValue, which, value[1]);
  };
  if (operation instanceof AddToCounter) {
    const { term, negated } = operation;
    // As text it is written as a whole number.
    const isDelta = inRange(term, 8, (delta) => !negated || readInt64(delta) !== -(2n ** 63n));
    return (
      isDelta && add(negated ? operationKinds.decrement : operationKinds.increment, null, [term, { kind: 'bigint' }])
    );
  }
  if (operation instanceof DeleteColumn) return type.kind !== 'counter' && add(operationKinds.clear, null, null);
  if (type.kind === 'udt') {
    if (operation instanceof DeleteField || operation instanceof SetField) {
      const path = new ConstantTerm(fieldPath(operation.index));
      const value: Term = operation instanceof SetField ? operation.term : nullTerm;
      return add(operationKinds.element, [path, { kind: 'blob' }], [value, type.fieldTypes[operation.index]!]);
    }
    return false;
  }
  if (type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map') return false;
  if (operation instanceof SetColumn) return add(operationKinds.replace, null, [operation.term, type]);
  if (operation instanceof AddElements) return add(operationKinds.add, null, [operation.term, type]);
  if (type.kind === 'list') return false;
  const keyType = type.kind === 'set' ? type.element : type.key;
  if (operation instanceof DiscardKeys)
    return add(operationKinds.discard, null, [operation.term, { kind: 'set', element: keyType, frozen: true }]);
  if (operation instanceof DeleteElement)
    return add(operationKinds.element, [operation.key, keyType], [nullTerm, { kind: 'blob' }]);
  if (operation instanceof SetElement && type.kind === 'map')
    return add(operationKinds.element, [operation.key, keyType], [operation.term, type.value]);
  return false;
}

const pathBytesMax = 0xffff;

/** A key that is no value is JavaScript's to refuse. */
function addKey(terms: HotTerms, key: Term, which: number, type: CqlType): boolean {
  if (key instanceof ConstantTerm && !(key.value instanceof Uint8Array && key.value.length <= pathBytesMax))
    return false;
  return (
    (key instanceof ConstantTerm || key instanceof MarkerTerm) && terms.add(key, hotTargets.operationKey, which, type)
  );
}
