// CREATE, ALTER and DROP MATERIALIZED VIEW, with the checks of Cassandra 5.0 in its order, and what views forbid of their base.
import { configError, type FerrosaError, invalid } from '../../common/errors.js';
import { grownHashSize, javaBytesHash, javaHashOrder } from '../../common/java-hash.js';
import type { AnyRelation, DdlStatement, Relation, Selectable, Term } from '../../cql/index.js';
import { termText } from '../../cql/index.js';
import { isMulticell, quoteIfNeeded, referencesDuration, typeToClassName } from '../../types/index.js';
import { alteredTable, buildTable, compareNames } from '../build.js';
import type { ColumnDefinition, KeyspaceDefinition, Schema, TableDefinition } from '../model.js';
import { checkOptionSyntax, tableOptionsFrom } from '../options/table-options.js';
import {
  type Applied,
  alreadyExists,
  checkKeyspaceName,
  checkModifiable,
  type DdlContext,
  keyspaceOf,
} from './context.js';
import { withKeyspace } from './keyspaces.js';

type Create = Extract<DdlStatement, { kind: 'createView' }>;
type Alter = Extract<DdlStatement, { kind: 'alterView' }>;
type Drop = Extract<DdlStatement, { kind: 'dropView' }>;

/** Views of a table, by name, without those that are gone. */
export function viewsOf(keyspace: KeyspaceDefinition, base: TableDefinition): TableDefinition[] {
  return (base.viewNames ?? []).flatMap((name) => {
    const table = keyspace.tables.get(name);
    return table?.view?.baseId === base.id ? table : [];
  });
}

/** As the message shows it; Cassandra shows others than columns, elements and slices as objects of Java. */
function selectorText(of: Selectable): string {
  const bound = (term: Term | null) => (term === null ? '' : termText(term));
  if (of.kind === 'column') return quoteIfNeeded(of.name);
  if (of.kind === 'element') return `${selectorText(of.of)}[${termText(of.index)}]`;
  return of.kind === 'slice' ? `${selectorText(of.of)}[${bound(of.from)}..${bound(of.to)}]` : of.kind;
}

/** Names of the selected columns. */
function selectedColumns({ selectors, view }: Create, base: TableDefinition): Set<string> {
  const selected = new Set<string>();
  if (selectors === null) for (const name of base.columns.keys()) selected.add(name);
  for (const { of, alias } of selectors ?? []) {
    const text = selectorText(of);
    if (alias !== null)
      throw invalid(`Cannot use aliases when defining a materialized view (got ${text} AS ${quoteIfNeeded(alias)})`);
    if (of.kind !== 'column')
      throw invalid(`Can only select columns by name when defining a materialized view (got ${text})`);
    if (!base.columns.has(of.name))
      throw invalid(`Undefined column name ${quoteIfNeeded(of.name)} in table ${base.keyspace}.${base.name}`);
    selected.add(of.name);
  }
  // Which of several is told is the first of Cassandra's set of names.
  const names = javaHashOrder([...selected], grownHashSize(selected.size), javaBytesHash);
  const fixed = names.find((name) => base.columns.get(name)!.kind === 'static');
  if (fixed !== undefined) throw invalid(`Cannot include static column '${fixed}' in materialized view '${view.name}'`);
  return selected;
}

function checkKeyColumn(column: ColumnDefinition): void {
  const { type, name } = column;
  if (isMulticell(type)) {
    const what = type.kind === 'udt' ? 'user-defined' : 'collection';
    throw invalid(`Invalid non-frozen ${what} type '${typeToClassName(type)}' for PRIMARY KEY column '${name}'`);
  }
  if (type.kind === 'counter') throw invalid(`counter type is not supported for PRIMARY KEY column '${name}'`);
  if (referencesDuration(type)) throw invalid(`duration type is not supported for PRIMARY KEY column '${name}'`);
}

function checkKeys(statement: Create, base: TableDefinition, selected: ReadonlySet<string>): Set<string> {
  const { view, partitionKey, clustering, clusteringOrder } = statement;
  if (partitionKey.length === 0)
    throw invalid(`Must provide at least one partition key column for materialized view '${view.name}'`);
  const keys = new Set<string>();
  for (const name of [...partitionKey, ...clustering]) {
    const column = base.columns.get(name);
    if (column === undefined || !selected.has(name))
      throw invalid(`Unknown column '${name}' referenced in PRIMARY KEY for materialized view '${view.name}'`);
    if (keys.has(name))
      throw invalid(`Duplicate column '${name}' in PRIMARY KEY clause for materialized view '${view.name}'`);
    keys.add(name);
    checkKeyColumn(column);
  }
  const ordered = clusteringOrder.map(([name]) => name);
  if (ordered.length > 0 && ordered.join('\0') !== clustering.join('\0'))
    throw invalid('Clustering key columns must exactly match columns in CLUSTERING ORDER BY directive');
  const missing = [...base.partitionKey, ...base.clustering].filter(({ name }) => !keys.has(name));
  if (missing.length > 0)
    throw invalid(
      `Cannot create materialized view '${view.name}' without primary key columns ` +
        `${missing.map(({ name }) => name).join(', ')} from base table '${base.name}'`,
    );
  const inSet = javaHashOrder([...keys], grownHashSize(keys.size), javaBytesHash);
  const others = inSet.filter((name) => base.columns.get(name)!.position < 0);
  if (others.length > 1)
    throw invalid(
      `Cannot include more than one non-primary key column in materialized view primary key (got ${others.join(', ')})`,
    );
  return keys;
}

/** The columns that a relation is on. */
const columnsOf = (relation: Exclude<Relation, AnyRelation>): readonly string[] =>
  relation.kind === 'token' || relation.kind === 'tuple' ? relation.columns : [relation.column];

function checkWhere(
  { where }: Create,
  base: TableDefinition,
  keys: ReadonlySet<string>,
  check: (relations: readonly Relation[]) => void,
): void {
  if (where.some(({ kind }) => kind === 'token'))
    throw invalid('Cannot use token relation when defining a materialized view');
  for (const relation of where)
    if (relation.op === 'IS NOT' && relation.kind === 'column' && !base.columns.has(relation.column))
      throw invalid(`Undefined column name ${quoteIfNeeded(relation.column)} in table ${base.keyspace}.${base.name}`);
  check(where);
  const relations = where.filter((relation) => relation.kind !== 'any');
  const restricted = new Set(relations.flatMap(columnsOf));
  const free = [...keys].filter((name) => !restricted.has(name));
  if (free.length > 0)
    throw invalid(`Primary key columns ${free.join(', ')} must be restricted with 'IS NOT NULL' or otherwise`);
  const illegal = relations
    .filter(({ op }) => op !== 'IS NOT')
    .flatMap(columnsOf)
    .filter((name) => base.columns.get(name)!.position < 0);
  if (illegal.length > 0)
    throw invalid(
      `Non-primary key columns can only be restricted with 'IS NOT NULL' (got: ${illegal.join(',')} restricted illegally)`,
    );
}

/** Columns of the view: their ids are its own. */
function viewColumns(statement: Create, base: TableDefinition, selected: ReadonlySet<string>): ColumnDefinition[] {
  const made: ColumnDefinition[] = [];
  const order = new Map(statement.clusteringOrder);
  const add = (name: string, kind: ColumnDefinition['kind'], position: number) => {
    const { type, reversed, mask } = base.columns.get(name)!;
    const given = order.get(name);
    const isReversed = kind === 'clustering' && (given === undefined ? reversed : given === 'desc');
    const hidden = mask === undefined ? {} : { mask };
    made.push({ name, id: made.length, kind, position, type, reversed: isReversed, ...hidden });
  };
  statement.partitionKey.forEach((name, i) => {
    add(name, 'partition_key', i);
  });
  statement.clustering.forEach((name, i) => {
    add(name, 'clustering', i);
  });
  const keys = new Set([...statement.partitionKey, ...statement.clustering]);
  for (const name of [...selected].sort(compareNames)) if (!keys.has(name)) add(name, 'regular', -1);
  return made;
}

/** Null when there is nothing to do. @throws FerrosaError */
export function createView(schema: Schema, statement: Create, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.view, context);
  const { name } = statement.view;
  if (statement.base.keyspace !== null && statement.base.keyspace !== keyspaceName)
    throw invalid('Cannot create a materialized view on a table in a different keyspace');
  checkModifiable(keyspaceName, 'CREATE', `<all tables in ${keyspaceName}>`);
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw invalid(`Keyspace '${keyspaceName}' doesn't exist`);
  const base = keyspace.tables.get(statement.base.name);
  // As Cassandra has it, a view is no table.
  if (base === undefined || base.view !== undefined) throw invalid(`Base table '${statement.base.name}' doesn't exist`);
  const same = keyspace.tables.get(name);
  if (same !== undefined && same.view === undefined)
    throw invalid(`Cannot create materialized view '${name}' - a table with the same name already exists`);
  if (same !== undefined) {
    if (statement.ifNotExists) return null;
    throw alreadyExists(keyspaceName, name);
  }
  const view = makeView(schema, statement, base, context);
  const tables = new Map(keyspace.tables).set(name, view);
  tables.set(base.name, alteredTable(base, { viewNames: [...(base.viewNames ?? []), name].sort(compareNames) }));
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, tables }),
    change: { change: 'CREATED', target: 'TABLE', keyspace: keyspaceName, name },
  };
}

function makeView(schema: Schema, statement: Create, base: TableDefinition, context: DdlContext): TableDefinition {
  const { name } = statement.view;
  if (base.isCounter) throw invalid('Materialized views are not supported on counter tables');
  if (base.options.gc_grace_seconds === 0)
    throw invalid(
      `Cannot create materialized view '${name}' for base table '${base.name}' with gc_grace_seconds of 0, since this ` +
        'value is used to TTL undelivered updates. Setting gc_grace_seconds too low might cause undelivered updates ' +
        'to expire before being replayed.',
    );
  const selected = selectedColumns(statement, base);
  const keys = checkKeys(statement, base, selected);
  checkWhere(statement, base, keys, (relations) => context.checkViewWhere?.(schema, base, relations));
  checkOptionSyntax(statement.options);
  const { options, id } = tableOptionsFrom(statement.options, null);
  if ('default_time_to_live' in statement.options)
    throw invalid(
      'Cannot set default_time_to_live for a materialized view. Data in a materialized view always expire at the same ' +
        'time than the corresponding data in the parent table.',
    );
  if (!/^\w+$/.test(name))
    throw configError(
      `${base.keyspace}.${name}: Table name must not be empty or not contain non-alphanumeric-underscore characters ` +
        `(got "${name}")`,
    );
  const columns = viewColumns(statement, base, selected);
  return buildTable({
    keyspace: base.keyspace,
    name,
    id: id ?? context.newTableId(),
    version: 1,
    isCounter: false,
    flags: ['compound'],
    columns,
    dropped: [],
    nextColumnId: columns.length,
    options,
    indexes: [],
    virtual: false,
    view: {
      baseId: base.id,
      baseName: base.name,
      includeAllColumns: statement.selectors === null,
      relations: statement.where,
    },
  });
}

const missing = (keyspace: string, name: string): FerrosaError =>
  invalid(`Materialized view '${keyspace}.${name}' doesn't exist`);

/** Null when there is nothing to do. @throws FerrosaError */
export function alterView(schema: Schema, statement: Alter, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.view, context);
  const { name } = statement.view;
  checkModifiable(keyspaceName, 'ALTER', `<table ${keyspaceName}.${name}>`);
  checkOptionSyntax(statement.options);
  const keyspace = schema.keyspaces.get(keyspaceName);
  const view = keyspace?.tables.get(name);
  if (keyspace === undefined || view?.view === undefined) {
    if (statement.ifExists) return null;
    throw missing(keyspaceName, name);
  }
  const { options, id } = tableOptionsFrom(statement.options, view.options);
  if (id !== null) throw configError('Cannot alter table id.');
  if (options.gc_grace_seconds === 0)
    throw invalid(
      'Cannot alter gc_grace_seconds of a materialized view to 0, since this value is used to TTL undelivered updates. ' +
        'Setting gc_grace_seconds too low might cause undelivered updates to expire before being replayed.',
    );
  if (options.default_time_to_live > 0)
    throw invalid(
      'Forbidden default_time_to_live detected for a materialized view. Data in a materialized view always expire at ' +
        'the same time than the corresponding data in the parent table. default_time_to_live must be set to zero, see ' +
        'CASSANDRA-12868 for more information',
    );
  const tables = new Map(keyspace.tables).set(name, alteredTable(view, { options }));
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, tables }),
    change: { change: 'UPDATED', target: 'TABLE', keyspace: keyspaceName, name },
  };
}

/** Null when there is nothing to do. @throws FerrosaError */
export function dropView(schema: Schema, statement: Drop, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.view, context);
  const { name } = statement.view;
  checkModifiable(keyspaceName, 'DROP', `<table ${keyspaceName}.${name}>`);
  const keyspace = schema.keyspaces.get(keyspaceName);
  const view = keyspace?.tables.get(name);
  if (keyspace === undefined || view?.view === undefined) {
    if (statement.ifExists) return null;
    throw missing(keyspaceName, name);
  }
  const tables = new Map(keyspace.tables);
  tables.delete(name);
  const base = tables.get(view.view.baseName)!;
  tables.set(base.name, alteredTable(base, { viewNames: (base.viewNames ?? []).filter((other) => other !== name) }));
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, tables }),
    change: { change: 'DROPPED', target: 'TABLE', keyspace: keyspaceName, name },
  };
}

/** The views of an altered base table, with the columns that it has got, renamed, masked or shown again. */
export function alteredViews(
  keyspace: KeyspaceDefinition,
  before: TableDefinition,
  after: TableDefinition,
): TableDefinition[] {
  return viewsOf(keyspace, before).map((view) => {
    const definition = view.view!;
    const renamed = new Map<string, string>();
    for (const column of after.columns.values()) {
      const old = [...before.columns.values()].find(({ id }) => id === column.id);
      if (old !== undefined && old.name !== column.name) renamed.set(old.name, column.name);
    }
    const added = definition.includeAllColumns
      ? [...after.columns.values()].filter(({ name, kind, id }) => {
          const isNew = ![...before.columns.values()].some((old) => old.id === id);
          return isNew && kind === 'regular' && !view.columns.has(name);
        })
      : [];
    const maskDiffers = ({ name, mask }: ColumnDefinition) =>
      JSON.stringify(after.columns.get(renamed.get(name) ?? name)?.mask) !== JSON.stringify(mask);
    if (renamed.size === 0 && added.length === 0 && ![...view.columns.values()].some(maskDiffers)) return view;
    const columns = [...view.columns.values()].map(({ mask: _old, ...column }): ColumnDefinition => {
      const name = renamed.get(column.name) ?? column.name;
      const mask = after.columns.get(name)?.mask;
      return { ...column, name, ...(mask === undefined ? {} : { mask }) };
    });
    added.forEach((column, i) => {
      columns.push({ ...column, id: view.nextColumnId + i });
    });
    const nameOf = (name: string): string => renamed.get(name) ?? name;
    const relations = definition.relations.map((relation): Relation => {
      if (relation.kind === 'column') return { ...relation, column: nameOf(relation.column) };
      return relation.kind === 'tuple' ? { ...relation, columns: relation.columns.map(nameOf) } : relation;
    });
    const nextColumnId = view.nextColumnId + added.length;
    return alteredTable(view, { columns, nextColumnId, view: { ...definition, relations } });
  });
}

/** @throws FerrosaError INVALID when views depend on the table */
export function checkNoViews(table: TableDefinition): void {
  // Cassandra names the keyspace and not the views.
  if ((table.viewNames ?? []).length > 0)
    throw invalid(`Cannot drop a table when materialized views still depend on it (${table.keyspace})`);
}
