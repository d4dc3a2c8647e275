// LIST permissions. Source: Cassandra's ListPermissionsStatement and CassandraAuthorizer.list.
import { utf8Bytes } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import {
  allRoles,
  type ColumnSpec,
  chainOf,
  permissions as inOrder,
  type QueryResult,
  resourceText,
  roleResource,
} from '../../query/index.js';
import { ensureNotAnonymous, unauthorized } from '../denial.js';
import type { Grant } from '../permissions.js';
import { type AuthCall, nothing } from './call.js';
import { namedPermissions } from './permissions.js';
import { type ResourceNode, resourceExists, resourceOf } from './resources.js';
import { rowsResult } from './rows.js';

const columns: readonly ColumnSpec[] = ['role', 'username', 'resource', 'permission'].map((name) => ({
  keyspace: 'system_auth',
  table: 'permissions',
  name,
  type: { kind: 'text' },
}));

type ListDetails = {
  readonly permissions: readonly string[];
  readonly resource: ResourceNode | null;
  readonly grantee: string | null;
  readonly recursive: boolean;
};

export async function listPermissions(call: AuthCall, details: ListDetails): Promise<QueryResult> {
  const { access, user } = call;
  const { grantee } = details;
  ensureNotAnonymous(user);
  const resource = details.resource === null ? null : resourceOf(details.resource, call);
  if (resource !== null && !(await resourceExists(resource, access)))
    throw invalid(`${resourceText(resource)} doesn't exist`);
  if (grantee !== null && (await access.roles.find(grantee)) === null)
    throw invalid(`${resourceText(roleResource(grantee))} doesn't exist`);
  if (!access.requiresAuthorization) throw invalid('LIST PERMISSIONS operation is not supported by AllowAllAuthorizer');
  if (!(await mayList(call, grantee)))
    throw unauthorized(`You are not authorized to view ${grantee ?? 'everyone'}'s permissions`);
  const wanted = namedPermissions(details.permissions);
  const roles = grantee === null ? [null] : (await access.roles.withGranted(grantee, true)).map(({ name }) => name);
  const resources = resource === null || !details.recursive ? [resource] : chainOf(resource);
  const grants: Grant[] = [];
  for (const one of resources) for (const role of roles) grants.push(...(await access.permissions.list(role, one)));
  const listed = grants.filter(({ permission }) => wanted.includes(permission)).sort(compareGrants);
  if (listed.length === 0) return nothing;
  const rows = listed.map((grant) =>
    [grant.role, grant.role, resourceText(grant.resource), grant.permission].map(utf8Bytes),
  );
  return rowsResult(columns, rows);
}

async function mayList({ access, user }: AuthCall, grantee: string | null): Promise<boolean> {
  if (await access.isSuperuser(user)) return true;
  if (grantee !== null && (await access.hasRole(user, grantee))) return true;
  return access.has(user, 'DESCRIBE', grantee === null ? allRoles : roleResource(grantee));
}

function compareGrants(a: Grant, b: Grant): number {
  if (a.role !== b.role) return a.role < b.role ? -1 : 1;
  if (a.resource !== b.resource) return a.resource < b.resource ? -1 : 1;
  return inOrder.indexOf(a.permission) - inOrder.indexOf(b.permission);
}
