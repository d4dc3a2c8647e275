// Elements that this server does not have yet: creating one is refused by name; dropping finds none, as in Cassandra.
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { DdlStatement, QualifiedName } from '../../cql/index.js';
import type { Schema } from '../model.js';
import { type DdlContext, keyspaceOf } from './context.js';

export type UnsupportedStatement = Extract<
  DdlStatement,
  {
    kind: 'createTableLike' | 'createIndex' | 'dropIndex' | 'createTrigger' | 'dropTrigger';
  }
>;

const unsupported = (what: string): FerrosaError => invalid(`${what} is not supported yet`);

function checkIndexedTable(schema: Schema, table: QualifiedName, context: DdlContext): void {
  const keyspaceName = keyspaceOf(table, context);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw invalid(`Keyspace '${keyspaceName}' doesn't exist`);
  if (!keyspace.tables.has(table.name)) throw invalid(`Table '${table.name}' doesn't exist`);
}

/** @throws FerrosaError INVALID, unless the statement drops what need not be there */
export function refuseUnsupported(schema: Schema, statement: UnsupportedStatement, context: DdlContext): void {
  const full = (name: QualifiedName): string => `${keyspaceOf(name, context)}.${name.name}`;
  switch (statement.kind) {
    case 'createTableLike':
      throw unsupported('CREATE TABLE ... LIKE');
    case 'createIndex':
      checkIndexedTable(schema, statement.table, context);
      throw unsupported(statement.custom ? 'CREATE CUSTOM INDEX' : 'CREATE INDEX');
    case 'createTrigger':
      throw unsupported('CREATE TRIGGER');
    case 'dropIndex':
      if (statement.ifExists) return;
      throw invalid(`Index '${full(statement.index)}' doesn't exist'`); // Cassandra's stray quote
    case 'dropTrigger':
      if (statement.ifExists) return;
      throw invalid(`Trigger '${statement.name}' on '${full(statement.table)}' doesn't exist`);
  }
}
