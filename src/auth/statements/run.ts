// Executes statements about roles, permissions and identities. Each first looks whether it is allowed, then whether it makes sense, as
// Cassandra does: the order decides which error a client sees.
import { FerrosaError } from '../../common/errors.js';
import type { AuthStatement } from '../../cql/index.js';
import type { QueryResult } from '../../query/index.js';
import type { AuthCall } from './call.js';
import { addIdentity, dropIdentity } from './identities.js';
import { listPermissions } from './list-permissions.js';
import { listRoles } from './list-roles.js';
import { grantOrRevokePermissions } from './permissions.js';
import { alterRole, createRole, dropRole, grantOrRevokeRole } from './roles.js';

type Run = (call: AuthCall, details: never) => Promise<QueryResult>;

const statements: Readonly<Record<string, Run>> = {
  'CREATE ROLE': createRole,
  'CREATE USER': createRole,
  'ALTER ROLE': alterRole,
  'ALTER USER': alterRole,
  'DROP ROLE': dropRole,
  'DROP USER': dropRole,
  'GRANT ROLE': (call, details) => grantOrRevokeRole(call, details, 'grant'),
  'REVOKE ROLE': (call, details) => grantOrRevokeRole(call, details, 'revoke'),
  GRANT: (call, details) => grantOrRevokePermissions(call, details, 'grant'),
  REVOKE: (call, details) => grantOrRevokePermissions(call, details, 'revoke'),
  'LIST ROLES': (call, details) => listRoles(call, details, 'roles'),
  'LIST USERS': (call) => listRoles(call, { grantee: null, recursive: false }, 'users'),
  'LIST PERMISSIONS': listPermissions,
  'ADD IDENTITY': addIdentity,
  'DROP IDENTITY': dropIdentity,
};

/** @throws FerrosaError UNAUTHORIZED, INVALID, SYNTAX_ERROR */
export async function runAuthStatement({ statement, details }: AuthStatement, call: AuthCall): Promise<QueryResult> {
  const run = statements[statement];
  if (run === undefined) throw new FerrosaError('INVALID', `${statement} is not supported`);
  return run(call, details as never);
}
