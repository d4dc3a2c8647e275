// CREATE TABLE new LIKE old [WITH INDEXES AND option = value ...], as Cassandra has it after 5.0 (CEP-43, CopyTableStatement).
import { configError, invalid } from '../../common/errors.js';
import type { DdlStatement } from '../../cql/index.js';
import { type CqlType, partsOf, sameType, type UserType } from '../../types/index.js';
import { buildTable, compareNames } from '../build.js';
import { indexTargets } from '../indexes/target.js';
import type { ColumnDefinition, IndexDefinition, KeyspaceDefinition, Schema, TableDefinition } from '../model.js';
import { compactionWarnings } from '../options/compaction-notice.js';
import { checkOptionSyntax, tableOptionsFrom } from '../options/table-options.js';
import {
  type Applied,
  alreadyExists,
  checkKeyspaceName,
  checkModifiable,
  type DdlContext,
  keyspaceOf,
} from './context.js';
import { checkTableName, tableText } from './create-table.js';
import { withKeyspace } from './keyspaces.js';
import { withUserType } from './type-walk.js';

type Copy = Extract<DdlStatement, { kind: 'createTableLike' }>;

/** The user types in a type by name, those within others too. */
function userTypesIn(type: CqlType, into: Map<string, UserType>): void {
  if (type.kind === 'udt') into.set(type.name, type);
  for (const part of partsOf(type)) userTypesIn(part, into);
}

const inKeyspace = (type: CqlType, types: readonly UserType[]): CqlType =>
  types.reduce<CqlType>((changed, one) => withUserType(changed, one), type);

/** The types of the target keyspace that take the place of those of the source. @throws FerrosaError INVALID */
function typesOf(source: TableDefinition, target: KeyspaceDefinition): UserType[] {
  const used = new Map<string, UserType>();
  for (const { type } of source.columns.values()) userTypesIn(type, used);
  const missing: string[] = [];
  const found: UserType[] = [];
  for (const [name, type] of used) {
    const own = target.types.get(name);
    if (own === undefined) missing.push(name);
    else found.push(own);
    if (own === undefined) continue;
    const same =
      own.fieldNames.join('\0') === type.fieldNames.join('\0') &&
      own.fieldTypes.every((field, i) => sameType(field, inKeyspace(type.fieldTypes[i]!, [...target.types.values()])));
    if (!same)
      throw invalid(
        `Target keyspace '${target.name}' has same UDT name '${name}' as source keyspace '${source.keyspace}' ` +
          'but with different structure.',
      );
  }
  if (missing.length > 0)
    throw invalid(`UDTs ${missing.sort().join(', ')} do not exist in target keyspace '${target.name}'.`);
  return found;
}

/** Names that the target keyspace has, and those that this statement gives. */
function availableName(taken: Set<string>, base: string): string {
  let name = base;
  for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
  taken.add(name);
  return name;
}

/** A name that Cassandra gave follows the new table's; one that somebody chose stays as far as it is free. */
function copyIndexes(
  source: TableDefinition,
  name: string,
  target: KeyspaceDefinition,
  context: DdlContext,
): IndexDefinition[] {
  const taken = new Set([...target.tables.values()].flatMap(({ indexes }) => indexes.map((index) => index.name)));
  return source.indexes.map((index) => {
    const targets = indexTargets(source, index);
    const column = targets.length === 1 ? `_${targets[0]!.column.name}` : '';
    const isDefault = index.name.startsWith(`${source.name}${column}_idx`.replace(/\W/g, ''));
    const base = isDefault ? `${name}${column}_idx`.replace(/\W/g, '') : index.name;
    return { ...index, name: availableName(taken, base), id: context.newTableId() };
  });
}

/** Null when there is nothing to do. @throws FerrosaError */
export function copyTable(schema: Schema, statement: Copy, context: DdlContext): Applied | null {
  const sourceKeyspace = keyspaceOf(statement.like, context);
  const targetKeyspace = keyspaceOf(statement.table, context);
  const { name } = statement.table;
  checkModifiable(targetKeyspace, 'CREATE', `<all tables in ${targetKeyspace}>`);
  checkOptionSyntax(statement.options);
  checkKeyspaceName(targetKeyspace);
  const from = schema.keyspaces.get(sourceKeyspace);
  if (from === undefined) throw invalid(`Source Keyspace '${sourceKeyspace}' doesn't exist`);
  const source = from.tables.get(statement.like.name);
  const sourceText = `${sourceKeyspace}.${statement.like.name}`;
  if (source === undefined || source.virtual) throw invalid(`Souce Table '${sourceText}' doesn't exist`); // Cassandra's spelling
  if (source.view !== undefined) throw invalid(`Cannot use CREATE TABLE LIKE on a materialized view '${sourceText}'.`);
  const target = schema.keyspaces.get(targetKeyspace);
  if (target === undefined) throw invalid(`Target Keyspace '${targetKeyspace}' doesn't exist`);
  if (target.tables.has(name)) {
    if (statement.ifNotExists) return null;
    throw alreadyExists(targetKeyspace, name);
  }
  checkTableName(targetKeyspace, name);
  const types = sourceKeyspace === targetKeyspace ? [] : typesOf(source, target);
  const { options, id } = tableOptionsFrom(statement.options, source.options);
  if (id !== null) throw configError('Cannot alter table id.');
  if (source.isCounter && options.default_time_to_live > 0)
    throw invalid('Cannot set default_time_to_live on a table with counters');
  const others = [...source.statics, ...source.regulars].sort((a, b) => compareNames(a.name, b.name));
  const columns = [...source.partitionKey, ...source.clustering, ...others].map(
    (column, i): ColumnDefinition => ({ ...column, id: i, type: inKeyspace(column.type, types) }),
  );
  const table = buildTable({
    keyspace: targetKeyspace,
    name,
    id: context.newTableId(),
    version: 1,
    isCounter: source.isCounter,
    flags: source.flags,
    columns,
    dropped: [],
    nextColumnId: columns.length,
    options,
    indexes: statement.withIndexes ? copyIndexes(source, name, target, context) : [],
    virtual: false,
  });
  const tables = new Map(target.tables).set(name, table);
  return {
    schema: withKeyspace(schema, targetKeyspace, { ...target, tables }),
    change: { change: 'CREATED', target: 'TABLE', keyspace: targetKeyspace, name },
    warnings: compactionWarnings(options.compaction, tableText(targetKeyspace, name)),
  };
}
