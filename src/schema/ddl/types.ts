// CREATE, ALTER and DROP TYPE.
import { invalid } from '../../common/errors.js';
import type { AlterTypeChange, DdlStatement, TypeNode } from '../../cql/index.js';
import { type CqlType, typeFromSyntax, type UserType } from '../../types/index.js';
import { alteredTable, compareNames } from '../build.js';
import { functionsWithType, functionWithType } from '../functions.js';
import type { KeyspaceDefinition, Schema, SchemaChange, TableDefinition } from '../model.js';
import { type Applied, checkKeyspaceName, checkModifiable, type DdlContext, keyspaceOf } from './context.js';
import { withKeyspace } from './keyspaces.js';
import { referencesUserType, withUserType } from './type-walk.js';

type Create = Extract<DdlStatement, { kind: 'createType' }>;
type Alter = Extract<DdlStatement, { kind: 'alterType' }>;
type Drop = Extract<DdlStatement, { kind: 'dropType' }>;

/** The type that a statement on `keyspace` means. @throws FerrosaError INVALID */
export function resolveType(node: TypeNode, keyspace: KeyspaceDefinition): CqlType {
  return typeFromSyntax(node, {
    keyspace: keyspace.name,
    resolveUserType: (_keyspace, name) => keyspace.types.get(name),
  });
}

function checkField(node: TypeNode): void {
  if (node.kind === 'native' && node.name === 'counter') throw invalid('A user type cannot contain counters');
  if (node.kind === 'user') throw invalid('A user type cannot contain non-frozen UDTs');
}

const change = (kind: SchemaChange['change'], keyspace: string, name: string): SchemaChange => {
  return { change: kind, target: 'TYPE', keyspace, name };
};

/** Null when there is nothing to do. @throws FerrosaError */
export function createType(schema: Schema, statement: Create, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.type, context);
  const { name } = statement.type;
  checkModifiable(keyspaceName, 'CREATE', `<all tables in ${keyspaceName}>`);
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw invalid(`Keyspace '${keyspaceName}' doesn't exist`);
  if (keyspace.types.has(name)) {
    if (statement.ifNotExists) return null;
    throw invalid(`A user type with name '${name}' already exists`);
  }
  const fieldNames = statement.fields.map(([field]) => field);
  const duplicate = fieldNames.find((field, i) => fieldNames.indexOf(field) !== i);
  if (duplicate !== undefined) throw invalid(`Duplicate field name '${duplicate}' in type '${name}'`);
  for (const [, node] of statement.fields) checkField(node);
  const fieldTypes = statement.fields.map(([, node]) => resolveType(node, keyspace));
  const type: UserType = { kind: 'udt', keyspace: keyspaceName, name, fieldNames, fieldTypes, frozen: false };
  const types = new Map(keyspace.types).set(name, type);
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, types }),
    change: change('CREATED', keyspaceName, name),
  };
}

function addField(keyspace: KeyspaceDefinition, type: UserType, added: AlterTypeChange & { kind: 'add' }): UserType {
  const { field, type: node } = added;
  const typeName = `${type.keyspace}.${type.name}`;
  checkField(node);
  if (type.fieldNames.includes(field)) {
    if (added.ifNotExists) return type;
    throw invalid(`Cannot add field ${field} to type ${typeName}: a field with name ${field} already exists`);
  }
  const fieldType = resolveType(node, keyspace);
  const what = `Cannot add new field ${field} of type ${nodeText(node, keyspace.name)} to user type ${typeName}`;
  if (referencesUserType(fieldType, type.name)) throw invalid(`${what} as it would create a circular reference`);
  const inKeys = [...keyspace.tables.values()]
    .filter((table) => table.partitionKey.some((column) => referencesUserType(column.type, type.name)))
    .map((table) => `${table.keyspace}.${table.name}`);
  if (inKeys.length > 0)
    throw invalid(`${what} as the type is being used in partition key by the following tables: ${inKeys.join(', ')}`);
  return { ...type, fieldNames: [...type.fieldNames, field], fieldTypes: [...type.fieldTypes, fieldType] };
}

function renameFields(
  keyspace: KeyspaceDefinition,
  type: UserType,
  renamed: AlterTypeChange & { kind: 'rename' },
): UserType {
  // Cassandra keeps INITCOND as text, in which fields have their names.
  const aggregates = [...keyspace.functions.values()].filter(
    (fn) => fn.kind === 'aggregate' && fn.initialState !== null && referencesUserType(fn.stateType, type.name),
  );
  if (aggregates.length > 0)
    throw invalid(
      `Cannot alter user type ${type.keyspace}.${type.name} as it is still used in INITCOND by aggregates ` +
        aggregates.map((fn) => `${fn.keyspace}.${fn.name}`).join(', '),
    );
  const fieldNames = [...type.fieldNames];
  for (const [from, to] of renamed.renames) {
    const index = type.fieldNames.indexOf(from);
    if (index >= 0) fieldNames[index] = to;
    else if (!renamed.ifExists) throw invalid(`Unkown field ${from} in user type ${type.keyspace}.${type.name}`);
  }
  const duplicate = fieldNames.find((field, i) => fieldNames.indexOf(field) !== i);
  // Cassandra's text names the keyspace where the type is meant; clients match on it.
  if (duplicate !== undefined) throw invalid(`Duplicate field name ${duplicate} in type ${type.keyspace}`);
  return { ...type, fieldNames };
}

/** Type syntax as Cassandra prints it in errors: user types with their keyspace. */
function nodeText(node: TypeNode, keyspace: string): string {
  switch (node.kind) {
    case 'native':
      return node.name;
    case 'list':
    case 'set':
      return `${node.kind}<${nodeText(node.element, keyspace)}>`;
    case 'map':
      return `map<${nodeText(node.key, keyspace)}, ${nodeText(node.value, keyspace)}>`;
    case 'tuple':
      return `tuple<${node.fields.map((field) => nodeText(field, keyspace)).join(', ')}>`;
    case 'vector':
      return `vector<${nodeText(node.element, keyspace)}, ${node.dimensions}>`;
    case 'frozen':
      return `frozen<${nodeText(node.inner, keyspace)}>`;
    case 'user':
      return `${node.keyspace ?? keyspace}.${node.name}`;
    case 'custom':
      return `'${node.className}'`;
  }
}

function tableWithType(table: TableDefinition, type: UserType): TableDefinition {
  const columns = [...table.columns.values()];
  if (!columns.some((column) => referencesUserType(column.type, type.name))) return table;
  return alteredTable(table, {
    columns: columns.map((column) => ({ ...column, type: withUserType(column.type, type) })),
  });
}

/** The keyspace after `type` took the place of the one of its name, wherever that is used. */
function keyspaceWithType(keyspace: KeyspaceDefinition, type: UserType): KeyspaceDefinition {
  const types = [...keyspace.types].map(([name, old]): [string, UserType] => {
    return [name, name === type.name ? type : (withUserType(old, type) as UserType)];
  });
  const tables = [...keyspace.tables].map(([name, table]): [string, TableDefinition] => {
    return [name, tableWithType(table, type)];
  });
  const functions = [...keyspace.functions].map(([key, fn]) => [key, functionWithType(fn, type)] as const);
  return { ...keyspace, types: new Map(types), tables: new Map(tables), functions: new Map(functions) };
}

/** Null when there is nothing to do. @throws FerrosaError */
export function alterType(schema: Schema, statement: Alter, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.type, context);
  const { name } = statement.type;
  checkModifiable(keyspaceName, 'ALTER', `<all tables in ${keyspaceName}>`);
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  const type = keyspace?.types.get(name);
  if (keyspace === undefined || type === undefined) {
    if (statement.ifExists) return null;
    throw invalid(`Type ${keyspaceName}.${name} doesn't exist`);
  }
  const altered = statement.change;
  if (altered.kind === 'alter') throw invalid('Altering field types is no longer supported');
  const after = altered.kind === 'add' ? addField(keyspace, type, altered) : renameFields(keyspace, type, altered);
  return {
    schema: withKeyspace(schema, keyspaceName, keyspaceWithType(keyspace, after)),
    change: change('UPDATED', keyspaceName, name),
  };
}

/** Null when there is nothing to do. @throws FerrosaError */
export function dropType(schema: Schema, statement: Drop, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.type, context);
  const { name } = statement.type;
  checkModifiable(keyspaceName, 'DROP', `<all tables in ${keyspaceName}>`);
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined || !keyspace.types.has(name)) {
    if (statement.ifExists) return null;
    throw invalid(`Type '${keyspaceName}.${name}' doesn't exist`);
  }
  const inUse = `Cannot drop user type '${keyspaceName}.${name}' as it is still used by`;
  const functions = functionsWithType(keyspace, name).map((fn) => `${fn.keyspace}.${fn.name}`);
  if (functions.length > 0) throw invalid(`${inUse} functions ${functions.join(', ')}`);
  const types = [...keyspace.types.values()].filter((type) => type.name !== name && referencesUserType(type, name));
  if (types.length > 0) throw invalid(`${inUse} user types ${names(types)}`);
  // Views are not told: they have the type from their base.
  const tables = [...keyspace.tables.values()].filter(
    (table) =>
      table.view === undefined && [...table.columns.values()].some((column) => referencesUserType(column.type, name)),
  );
  if (tables.length > 0) throw invalid(`${inUse} tables ${names(tables)}`);
  const rest = new Map(keyspace.types);
  rest.delete(name);
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, types: rest }),
    change: change('DROPPED', keyspaceName, name),
  };
}

function names(elements: readonly { readonly name: string }[]): string {
  return elements
    .map((element) => element.name)
    .sort(compareNames)
    .join(', ');
}
