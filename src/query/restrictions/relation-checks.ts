// What may be asked of which column: the checks that Cassandra makes on single relations, and relations as text.
import { invalid } from '../../common/errors.js';
import type { Relation } from '../../cql/index.js';
import { termText, tupleText } from '../../cql/index.js';
import { type ColumnDefinition, isHiddenColumn, type TableDefinition } from '../../schema/index.js';
import {
  type CqlType,
  isCollection,
  isMulticell,
  quoteIfNeeded,
  referencesDuration,
  typeToCql,
} from '../../types/index.js';
import { derivedReceiver, type Receiver } from '../binds.js';

/** The column. @throws FerrosaError INVALID when the table has none of the name */
export function existingColumn(table: TableDefinition, name: string): ColumnDefinition {
  const column = table.columns.get(name);
  if (column === undefined || isHiddenColumn(table, column))
    throw invalid(`Undefined column name ${quoteIfNeeded(name)} in table ${table.keyspace}.${table.name}`);
  return column;
}

/** A relation as messages show it. */
export function relationText(relation: Relation): string {
  if (relation.kind === 'any')
    return relation.branches.map((branch) => branch.map(relationText).join(' AND ')).join(' OR ');
  const value = () => {
    if (relation.op !== 'IN' && relation.op !== 'NOT IN')
      return relation.values.map((term) => termText(term)).join(' AND ');
    if ('inMarker' in relation && relation.inMarker) return '?';
    return tupleText(relation.values.map((term) => termText(term)));
  };
  switch (relation.kind) {
    case 'column':
      if (relation.op === 'MATCHES') return `${quoteIfNeeded(relation.column)} = fts_match(${value()})`;
      return `${quoteIfNeeded(relation.column)} ${relation.op} ${value()}`;
    case 'element':
      return `${quoteIfNeeded(relation.column)}[${termText(relation.key)}] ${relation.op} ${value()}`;
    case 'token':
      return `token${tupleText(relation.columns.map(quoteIfNeeded))} ${relation.op} ${value()}`;
    case 'tuple':
      return `${tupleText(relation.columns.map(quoteIfNeeded))} ${relation.op} ${value()}`;
  }
}

export function unsupported(relation: Relation): never {
  throw invalid(`Unsupported "!=" relation: ${relationText(relation)}`);
}

export function checkNoDuration(type: CqlType): void {
  if (!referencesDuration(type)) return;
  if (isCollection(type)) throw invalid('Slice restrictions are not supported on collections containing durations');
  if (type.kind === 'tuple') throw invalid('Slice restrictions are not supported on tuples containing durations');
  if (type.kind === 'udt') throw invalid('Slice restrictions are not supported on UDTs containing durations');
  throw invalid('Slice restrictions are not supported on duration columns');
}

/** Checks that the operator may be used on a column of this type. */
export function checkRestrictable(
  column: ColumnDefinition,
  relation: Extract<Relation, { kind: 'column' | 'element' }>,
): void {
  const { type, name } = column;
  const collection = isCollection(type);
  if (relation.op === 'CONTAINS KEY' && type.kind !== 'map')
    throw invalid(`Cannot use CONTAINS KEY on non-map column ${name}`);
  if (relation.op === 'CONTAINS' && !collection) throw invalid(`Cannot use CONTAINS on non-collection column ${name}`);
  if (relation.kind === 'element') checkMapEntry(column, relation);
  if (type.kind === 'udt' && isMulticell(type))
    throw invalid(`Non-frozen UDT column '${name}' (${typeToCql(type)}) cannot be restricted by any relation`);
  const legal = relation.op === 'CONTAINS' || relation.op === 'CONTAINS KEY' || relation.kind === 'element';
  if (collection && isMulticell(type) && !legal)
    throw invalid(
      `Collection column '${name}' (${typeToCql(type)}) cannot be restricted by a '${relation.op}' relation`,
    );
}

function checkMapEntry({ type, name }: ColumnDefinition, relation: Relation): void {
  if (type.kind === 'list')
    throw invalid(`Indexes on list entries (${name}[index] = value) are not currently supported.`);
  if (type.kind !== 'map') throw invalid(`Column ${name} cannot be used as a map`);
  if (!isMulticell(type)) throw invalid(`Map-entry equality predicates on frozen map column ${name} are not supported`);
  if (relation.op !== '=') throw invalid('Only EQ relations are supported on map entries');
}

/** What one key or value of a collection column is called. */
export function collectionReceiver(receiver: Receiver, key: boolean): Receiver {
  const { type, name } = receiver;
  if (type.kind === 'map')
    return derivedReceiver(receiver, `${key ? 'key' : 'value'}(${name})`, key ? type.key : type.value);
  if (type.kind === 'list' || type.kind === 'set') return derivedReceiver(receiver, `value(${name})`, type.element);
  throw invalid(`Cannot use CONTAINS on non-collection column ${name}`);
}
