// What a planned statement is to the audit log: its type, keyspace and scope. Source: the getAuditLogContext of Cassandra's statements.
import { type ResourceNode, resourceOf } from '../auth/index.js';
import type { AuthStatement, QualifiedName } from '../cql/index.js';
import { type Plan, parentOf } from '../query/index.js';
import type { Catalogue } from '../schema/index.js';
import type { EntryType } from './entry-types.js';

export type AuditContext = {
  readonly type: EntryType;
  readonly keyspace: string | null;
  readonly scope: string | null;
};

type SchemaStatement = Extract<Plan, { kind: 'schema' }>['statement'];

/** @param session  keyspace of the session, for names without one */
export function auditContext(plan: Plan, session: string | null, catalogue: Catalogue): AuditContext {
  switch (plan.kind) {
    case 'select':
      return { type: 'SELECT', keyspace: plan.table.keyspace, scope: plan.table.name };
    case 'write': {
      const type = plan.type === 'DELETE' ? 'DELETE' : 'UPDATE';
      return { type, keyspace: plan.table.keyspace, scope: plan.table.name };
    }
    case 'batch':
      return { type: 'BATCH', keyspace: null, scope: null };
    case 'truncate':
      return { type: 'TRUNCATE', keyspace: plan.table.keyspace, scope: plan.table.name };
    case 'use':
      return { type: 'USE_KEYSPACE', keyspace: plan.keyspace, scope: null };
    case 'describe':
      return { type: 'DESCRIBE', keyspace: null, scope: null };
    case 'listQueries':
      return { type: 'LIST_QUERIES', keyspace: null, scope: null };
    case 'killQuery':
      return { type: 'KILL_QUERY', keyspace: null, scope: null };
    case 'explain':
      return auditContext(plan.of, session, catalogue);
    case 'schema':
      return schemaContext(plan.statement, session);
    case 'auth':
      return authContext(plan.statement, session, catalogue);
  }
}

/** DDL by its kind; where the name of what it makes stands in the statement. */
const schemaTypes = {
  createKeyspace: ['CREATE_KEYSPACE', 'name'],
  alterKeyspace: ['ALTER_KEYSPACE', 'name'],
  dropKeyspace: ['DROP_KEYSPACE', 'name'],
  createTable: ['CREATE_TABLE', 'table'],
  createTableLike: ['CREATE_TABLE', 'table'],
  alterTable: ['ALTER_TABLE', 'table'],
  dropTable: ['DROP_TABLE', 'table'],
  createType: ['CREATE_TYPE', 'type'],
  alterType: ['ALTER_TYPE', 'type'],
  dropType: ['DROP_TYPE', 'type'],
  createIndex: ['CREATE_INDEX', 'table'],
  dropIndex: ['DROP_INDEX', 'index'],
  createView: ['CREATE_VIEW', 'view'],
  alterView: ['ALTER_VIEW', 'view'],
  dropView: ['DROP_VIEW', 'view'],
  createFunction: ['CREATE_FUNCTION', 'function'],
  createAggregate: ['CREATE_AGGREGATE', 'aggregate'],
  dropFunction: ['DROP_FUNCTION', 'function'],
  dropAggregate: ['DROP_AGGREGATE', 'function'],
  createTrigger: ['CREATE_TRIGGER', 'table'],
  dropTrigger: ['DROP_TRIGGER', 'table'],
} as const satisfies Record<SchemaStatement['kind'], readonly [EntryType, string]>;

function schemaContext(statement: SchemaStatement, session: string | null): AuditContext {
  const [type, field] = schemaTypes[statement.kind];
  const named = (statement as unknown as Readonly<Record<string, QualifiedName | string>>)[field]!;
  if (typeof named === 'string') return { type, keyspace: named, scope: null };
  const keyspace = named.keyspace ?? session;
  switch (statement.kind) {
    case 'createIndex':
    case 'createTrigger':
    case 'dropTrigger':
      return { type, keyspace, scope: statement.name };
    default:
      return { type, keyspace, scope: named.name };
  }
}

const authTypes: Readonly<Record<string, EntryType>> = {
  'CREATE ROLE': 'CREATE_ROLE',
  'CREATE USER': 'CREATE_ROLE',
  'ALTER ROLE': 'ALTER_ROLE',
  'ALTER USER': 'ALTER_ROLE',
  'DROP ROLE': 'DROP_ROLE',
  'DROP USER': 'DROP_ROLE',
  'GRANT ROLE': 'GRANT',
  'REVOKE ROLE': 'REVOKE',
  GRANT: 'GRANT',
  REVOKE: 'REVOKE',
  'LIST ROLES': 'LIST_ROLES',
  'LIST USERS': 'LIST_ROLES',
  'LIST PERMISSIONS': 'LIST_PERMISSIONS',
  'ADD IDENTITY': 'CREATE_IDENTITY',
  'DROP IDENTITY': 'DROP_IDENTITY',
};

function authContext(
  { statement, details }: AuthStatement,
  session: string | null,
  catalogue: Catalogue,
): AuditContext {
  const type = authTypes[statement] ?? 'ALTER_ROLE';
  if (statement !== 'GRANT' && statement !== 'REVOKE') return { type, keyspace: null, scope: null };
  try {
    const resource = resourceOf(details['resource'] as ResourceNode, { access: { catalogue }, keyspace: session });
    // As Cassandra has it: the name of what the resource is part of.
    return { type, keyspace: parentOf(resource) ?? resource, scope: resource };
  } catch {
    // The statement names what there is not, and fails.
    return { type, keyspace: null, scope: null };
  }
}
