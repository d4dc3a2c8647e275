// CREATE INDEX and DROP INDEX, with the checks of Cassandra 5.0 in its order (CreateIndexStatement, DropIndexStatement).
import { configError, type FerrosaError, invalid } from '../../common/errors.js';
import type { DdlStatement } from '../../cql/index.js';
import { isCollection, isMulticell, quoteIfNeeded, referencesDuration } from '../../types/index.js';
import { alteredTable } from '../build.js';
import { checkOwnIndex } from '../indexes/kinds.js';
import { indexPredicate, predicateText } from '../indexes/predicate.js';
import { checkOnlySai, checkSaiOptions } from '../indexes/sai-options.js';
import {
  type IndexTarget,
  indexClassOf,
  indexTargets,
  isSai,
  ownKindOf,
  saiClass,
  targetOf,
  targetText,
} from '../indexes/target.js';
import { isOwnVector, vectorIndexesOf, vectorWarning } from '../indexes/vector.js';
import type { IndexDefinition, KeyspaceDefinition, Schema, TableDefinition } from '../model.js';
import { Properties } from '../options/properties.js';
import { type Applied, checkKeyspaceName, checkModifiable, type DdlContext, keyspaceOf } from './context.js';
import { withKeyspace } from './keyspaces.js';

type Create = Extract<DdlStatement, { kind: 'createIndex' }>;
type Drop = Extract<DdlStatement, { kind: 'dropIndex' }>;

/** Cassandra's first kind of index, which is its default (default_secondary_index). */
const legacyName = 'legacy_local_table';
const sasiClass = 'org.apache.cassandra.index.sasi.SASIIndex';
const targetCharactersMax = 48;

type Implementation = {
  readonly custom: boolean;
  /** As the statement writes it; null for the first kind. */
  readonly className: string | null;
  readonly options: Readonly<Record<string, string>>;
};

/** What USING and OPTIONS mean. @throws FerrosaError SYNTAX_ERROR, INVALID */
function implementationOf(statement: Create): Implementation {
  const using = statement.using ?? (statement.where.length > 0 ? 'btree' : legacyName);
  const legacy = !statement.custom && using.toLowerCase() === legacyName;
  const properties = new Properties(statement.options, new Set(['options']));
  if (legacy && Object.keys(statement.options).length > 0)
    throw invalid('Cannot specify options for a non-CUSTOM index');
  const options = properties.has('options') ? properties.map('options') : {};
  for (const name of ['class_name', 'target'])
    if (options[name] !== undefined) throw invalid(`Cannot specify ${name} as a CUSTOM option`);
  if (ownKindOf(using) !== null && options['where'] !== undefined)
    throw invalid('Cannot specify where as an option: an index has a WHERE of its own');
  if (statement.where.length > 0 && ownKindOf(using) === null)
    throw invalid(`An index USING '${using}' cannot have a WHERE, only btree, hash, composite and phonetic ones can`);
  if (!legacy && using === sasiClass) throw invalid('SASI indexes are disabled. Enable in cassandra.yaml to use.');
  return { custom: !legacy, className: legacy ? null : using, options };
}

const indexesOf = (keyspace: KeyspaceDefinition): IndexDefinition[] =>
  [...keyspace.tables.values()].flatMap(({ indexes }) => indexes);

function availableName(keyspace: KeyspaceDefinition, base: string): string {
  const taken = new Set(indexesOf(keyspace).map(({ name }) => name));
  if (!taken.has(base)) return base;
  for (let i = 1; ; i++) if (!taken.has(`${base}_${i}`)) return `${base}_${i}`;
}

function checkDuration({ column }: IndexTarget): void {
  const { type } = column;
  if (!referencesDuration(type)) return;
  const refuse = (what: string): FerrosaError => invalid(`Secondary indexes are not supported on ${what}`);
  if (isCollection(type)) throw refuse('collections containing durations');
  if (type.kind === 'udt') throw refuse('UDTs containing durations');
  if (type.kind === 'tuple') throw refuse('tuples containing durations');
  throw refuse('duration columns');
}

/** Cassandra does not see the collection behind a descending order. */
const kindText = ({ column, kind }: IndexTarget): string => (column.reversed && kind === 'values' ? '' : kind);

function checkTarget(table: TableDefinition, custom: boolean, target: IndexTarget): void {
  const { column, kind } = target;
  const { name, type } = column;
  if (custom) {
    if (!/^\w+$/.test(name)) throw invalid(`Column '${name}' contains non-alphanumeric-underscore characters`);
    if (name.length > targetCharactersMax)
      throw invalid(`Column '${name}' is longer than the permissible name length of ${targetCharactersMax} characters`);
  }
  checkDuration(target);
  if (!table.flags.includes('compound') || table.flags.includes('dense')) {
    if (column.position >= 0)
      throw invalid('Secondary indexes are not supported on PRIMARY KEY columns in COMPACT STORAGE tables');
    if (table.flags.includes('dense'))
      throw invalid('Secondary indexes are not supported on compact value column of COMPACT STORAGE tables');
  }
  if (column.kind === 'partition_key' && table.partitionKey.length === 1)
    throw invalid(`Cannot create secondary index on the only partition key column ${name}`);
  const frozenCollection = isCollection(type) && !isMulticell(type);
  if (frozenCollection && kind !== 'full')
    throw invalid(
      `Cannot create ${kindText(target)}() index on frozen column ${name}. Frozen collections are immutable and must be fully ` +
        `indexed by using the 'full(${quoteIfNeeded(name)})' modifier`,
    );
  if (!frozenCollection && kind === 'full') throw invalid('full() indexes can only be created on frozen collections');
  if (!isCollection(type) && kind !== 'simple')
    throw invalid(`Cannot create ${kind}() index on ${name}. Non-collection columns only support simple indexes`);
  if (!(type.kind === 'map' && isMulticell(type)) && (kind === 'keys' || kind === 'entries'))
    throw invalid(`Cannot create index on ${kind} of column ${name} with non-map type`);
  if (type.kind === 'udt' && isMulticell(type)) throw invalid(`Cannot create index on non-frozen UDT column ${name}`);
}

function checkTargets(statement: Create, table: TableDefinition, custom: boolean): IndexTarget[] {
  const targets = statement.targets.map(({ column, kind }) => targetOf(table, column, kind));
  if (targets.length === 0 && !custom)
    throw invalid('Only CUSTOM indexes can be created without specifying a target column');
  if (targets.length > 1) {
    if (!custom) throw invalid('Only CUSTOM indexes support multiple columns');
    targets.forEach(({ column }, i) => {
      if (targets.findIndex((other) => other.column === column) !== i)
        throw invalid(`Duplicate column '${column.name}' in index target list`);
    });
  }
  for (const target of targets) checkTarget(table, custom, target);
  return targets;
}

function sameOptions(a: IndexDefinition, b: IndexDefinition): boolean {
  const names = Object.keys(a.options);
  return (
    a.kind === b.kind &&
    names.length === Object.keys(b.options).length &&
    names.every((name) => a.options[name] === b.options[name])
  );
}

/** What Cassandra checks of the whole table with its new index. */
function checkIndex(table: TableDefinition, index: IndexDefinition, targets: readonly IndexTarget[]): void {
  // Cassandra looks at the older index first, and finds that there are two.
  if (isSai(index) && targets.length === 1) checkOnlySai(table, targets[0]!);
  if (!/^\w+$/.test(index.name)) throw configError(`Illegal index name ${index.name}`);
  if (index.kind !== 'CUSTOM') return;
  if (ownKindOf(index.options['class_name']!) !== null) {
    checkOwnIndex(table, index, targets);
    indexPredicate(table, index);
    return;
  }
  const className = indexClassOf(index.options['class_name']!);
  if (className !== saiClass) throw configError(`Unable to find custom indexer class '${className}'`);
  if (targets.length === 0) throw invalid('Failed to retrieve target column for: ');
  if (targets.length > 1)
    throw invalid(`A storage-attached index cannot be created over multiple columns: ${index.options['target']}`);
  checkSaiOptions(index, targets[0]!);
}

/** Told with each index that a table with storage-attached indexes of vectors gets. */
const warningsOf = (table: TableDefinition): string[] =>
  vectorIndexesOf(table).flatMap(({ index }) => (isOwnVector(index) ? [] : [vectorWarning]));

/** Null when there is nothing to do. @throws FerrosaError */
export function createIndex(schema: Schema, statement: Create, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.table, context);
  const tableName = statement.table.name;
  checkModifiable(keyspaceName, 'ALTER', `<table ${keyspaceName}.${tableName}>`);
  checkKeyspaceName(keyspaceName);
  const { custom, className, options } = implementationOf(statement);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw invalid(`Keyspace '${keyspaceName}' doesn't exist`);
  const table = keyspace.tables.get(tableName);
  if (table === undefined) throw invalid(`Table '${tableName}' doesn't exist`);
  if (statement.name !== null && indexesOf(keyspace).some(({ name }) => name === statement.name)) {
    if (statement.ifNotExists) return null;
    throw invalid(`Index '${statement.name}' already exists`);
  }
  if (table.isCounter) throw invalid("Secondary indexes on counter tables aren't supported");
  if (table.view !== undefined) throw invalid("Secondary indexes on materialized views aren't supported");
  const targets = checkTargets(statement, table, custom);
  const root = targets.length === 1 ? `${tableName}_${targets[0]!.column.name}_idx` : `${tableName}_idx`;
  const index: IndexDefinition = {
    name: statement.name ?? availableName(keyspace, root.replace(/\W/g, '')),
    id: context.newTableId(),
    kind: custom ? 'CUSTOM' : 'COMPOSITES',
    options: {
      ...options,
      ...(className === null ? {} : { class_name: className }),
      target: targets.map(targetText).join(', '),
      ...(statement.where.length === 0 ? {} : { where: predicateText(statement.where) }),
    },
  };
  const equal = table.indexes.find((other) => sameOptions(other, index));
  if (equal !== undefined) {
    if (statement.ifNotExists) return null;
    throw invalid(`Index ${index.name} is a duplicate of existing index ${equal.name}`);
  }
  const changed = alteredTable(table, { indexes: [...table.indexes, index] });
  checkIndex(changed, index, targets);
  const created = withTable(schema, keyspace, changed);
  return index.kind === 'CUSTOM' ? { ...created, warnings: warningsOf(changed) } : created;
}

function withTable(schema: Schema, keyspace: KeyspaceDefinition, table: TableDefinition): Applied {
  const tables = new Map(keyspace.tables).set(table.name, table);
  return {
    schema: withKeyspace(schema, keyspace.name, { ...keyspace, tables }),
    change: { change: 'UPDATED', target: 'TABLE', keyspace: keyspace.name, name: table.name },
  };
}

/** Null when there is nothing to do. @throws FerrosaError */
export function dropIndex(schema: Schema, statement: Drop, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.index, context);
  const { name } = statement.index;
  const keyspace = schema.keyspaces.get(keyspaceName);
  const indexed = [...(keyspace?.tables.values() ?? [])].find(({ indexes }) =>
    indexes.some((one) => one.name === name),
  );
  if (keyspace === undefined || indexed === undefined) {
    if (statement.ifExists) return null;
    throw invalid(`Index '${keyspaceName}.${name}' doesn't exist'`); // Cassandra's stray quote
  }
  return withTable(
    schema,
    keyspace,
    alteredTable(indexed, { indexes: indexed.indexes.filter((one) => one.name !== name) }),
  );
}

/** The names of the indexes on a column: it can be neither dropped nor renamed. */
export function dependentIndexes(table: TableDefinition, column: string): string[] {
  return table.indexes.filter((index) => columnsOf(table, index).includes(column)).map(({ name }) => name);
}

/** Names of the columns that an index is on or asks about. */
const columnsOf = (table: TableDefinition, index: IndexDefinition): string[] => [
  ...indexTargets(table, index).map(({ column }) => column.name),
  ...(indexPredicate(table, index) ?? []).map(({ column }) => column.name),
];
