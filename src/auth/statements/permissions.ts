// GRANT and REVOKE of permissions. Source: Cassandra's GrantPermissionsStatement and RevokePermissionsStatement.
import { FerrosaError, invalid, syntaxError } from '../../common/errors.js';
import {
  permissions as allPermissions,
  applicablePermissions,
  keyspaceOf,
  kindOf,
  type Permission,
  type QueryResult,
  type Resource,
  type ResourceKind,
  resourceText,
} from '../../query/index.js';
import { isLocalSystemKeyspace, isReplicatedSystemKeyspace } from '../../schema/index.js';
import { ensureNotAnonymous, unauthorized } from '../denial.js';
import { type AuthCall, nothing } from './call.js';
import { type ResourceNode, resourceExists, resourceOf } from './resources.js';

export type PermissionDetails = {
  /** 'ALL' alone for all of them. */
  readonly permissions: readonly string[];
  readonly resource: ResourceNode;
  readonly grantee: string;
};

const classNames: Readonly<Record<ResourceKind, string>> = {
  data: 'DataResource',
  roles: 'RoleResource',
  functions: 'FunctionResource',
  mbean: 'JMXResource',
};

export function namedPermissions(names: readonly string[]): readonly Permission[] {
  return names[0] === 'ALL' ? allPermissions : allPermissions.filter((permission) => names.includes(permission));
}

/** What is granted on system keyspaces lets nobody change what they hold. */
const onSystemKeyspaces: readonly Permission[] = ['SELECT', 'DESCRIBE', 'ALTER'];
const isKeptBack = (keyspace: string): boolean =>
  !keyspace.startsWith('system_v') && (isLocalSystemKeyspace(keyspace) || isReplicatedSystemKeyspace(keyspace));

export async function grantOrRevokePermissions(
  call: AuthCall,
  details: PermissionDetails,
  what: 'grant' | 'revoke',
): Promise<QueryResult> {
  const { access, user } = call;
  const { grantee } = details;
  const resource = resourceOf(details.resource, call);
  const applicable = applicablePermissions(resource);
  const permissions = namedPermissions(details.permissions).filter((permission) => applicable.includes(permission));
  if (permissions.length === 0)
    throw syntaxError(
      `Resource type ${classNames[kindOf(resource)]} does not support any of the requested permissions`,
    );
  for (const permission of ['AUTHORIZE', ...permissions] as const) await access.ensure(user, permission, resource);
  ensureNotAnonymous(user);
  if ((await access.roles.find(grantee)) === null) throw invalid(`Role ${grantee} doesn't exist`);
  if (!(await resourceExists(resource, access))) throw invalid(`Resource ${resourceText(resource)} doesn't exist`);
  if (what === 'grant') refuseOnSystem(resource, permissions);
  if (!access.requiresAuthorization) throw unsupported(what);
  const changed = await access.permissions[what](grantee, resource, permissions);
  await access.permissionsChanged();
  if (changed.length === permissions.length) return nothing;
  const rest = permissions.filter((permission) => !changed.includes(permission)).join(', ');
  const words = what === 'grant' ? 'already granted' : 'not granted';
  return { ...nothing, warnings: [`Role '${grantee}' was ${words} ${rest} on ${resourceText(resource)}`] };
}

function refuseOnSystem(resource: Resource, permissions: readonly Permission[]): void {
  const keyspace = kindOf(resource) === 'data' ? keyspaceOf(resource) : null;
  if (keyspace === null || !isKeptBack(keyspace)) return;
  if (permissions.some((permission) => !onSystemKeyspaces.includes(permission)))
    throw unauthorized('Granting permissions on system keyspaces is strictly limited, this operation is not permitted');
}

function unsupported(what: 'grant' | 'revoke'): FerrosaError {
  const text = `${what.toUpperCase()} operation is not supported by AllowAllAuthorizer`;
  return new FerrosaError('SERVER_ERROR', `java.lang.UnsupportedOperationException: ${text}`);
}
