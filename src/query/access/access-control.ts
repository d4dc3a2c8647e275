// Who may do what: what the processor asks, and src/auth answers.
import type { AuthStatement } from '../../cql/index.js';
import type { SchemaChange } from '../../schema/index.js';
import type { ClientState, QueryResult } from '../api.js';
import type { Permission } from './permission.js';
import type { Resource } from './resource.js';

/** What a statement needs of the role that runs it. */
export type Requirement =
  | { readonly kind: 'permission'; readonly permission: Permission; readonly resource: Resource }
  | { readonly kind: 'superuser'; readonly message: string };

export const needs = (permission: Permission, resource: Resource): Requirement => ({
  kind: 'permission',
  permission,
  resource,
});

export interface AccessControl {
  /**
   * Whether the client's role has all that is required. Undefined when that is known without a read: only then may a hot plan be
   * opened to the role.
   * @throws FerrosaError UNAUTHORIZED, also in the promise
   */
  check(client: ClientState, required: readonly Requirement[]): undefined | Promise<void>;
  /** Whether a user may see and end what others run: superusers, and everybody where nobody logs in. */
  rulesOthers(user: string | null): Promise<boolean>;
  /**
   * Executes CREATE ROLE and the like.
   * @param keyspace  of the session
   * @throws FerrosaError UNAUTHORIZED, INVALID
   */
  run(statement: AuthStatement, user: string | null, keyspace: string | null): Promise<QueryResult>;
  /** After DDL: the creator gets all permissions on what is new, nobody keeps any on what is gone. */
  schemaChanged(client: ClientState, statement: { readonly kind: string }, change: SchemaChange): Promise<void>;
}
