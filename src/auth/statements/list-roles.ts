// LIST ROLES and LIST USERS. Source: Cassandra's ListRolesStatement and ListUsersStatement.
import { utf8Bytes } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import { allRoles, type ColumnSpec, type QueryResult, resourceText, roleResource } from '../../query/index.js';
import { type CqlType, packMap } from '../../types/index.js';
import { ensureNotAnonymous, unauthorized } from '../denial.js';
import type { Role } from '../roles.js';
import { type AuthCall, nothing } from './call.js';
import { boolean, rowsResult } from './rows.js';

const text: CqlType = { kind: 'text' };
const options: CqlType = { kind: 'map', key: text, value: text, frozen: false };
const column = (table: string, name: string, type: CqlType): ColumnSpec => ({
  keyspace: 'system_auth',
  table,
  name,
  type,
});

const columnsOf: Readonly<Record<'roles' | 'users', readonly ColumnSpec[]>> = {
  roles: [
    column('roles', 'role', text),
    column('roles', 'super', { kind: 'boolean' }),
    column('roles', 'login', { kind: 'boolean' }),
    column('roles', 'options', options),
    column('roles', 'datacenters', text),
  ],
  users: [
    column('users', 'name', text),
    column('users', 'super', { kind: 'boolean' }),
    column('users', 'datacenters', text),
  ],
};

export async function listRoles(
  call: AuthCall,
  { grantee, recursive }: { readonly grantee: string | null; readonly recursive: boolean },
  what: 'roles' | 'users',
): Promise<QueryResult> {
  const { access, user } = call;
  ensureNotAnonymous(user);
  if (grantee !== null && (await access.roles.find(grantee)) === null)
    throw invalid(`${resourceText(roleResource(grantee))} doesn't exist`);
  const roles = await visibleRoles(call, grantee, recursive);
  if (roles.length === 0) return nothing;
  const rows: (Uint8Array | null)[][] = [];
  for (const role of roles.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (what === 'users' && !role.canLogin) continue;
    const name = utf8Bytes(role.name);
    const datacenters = utf8Bytes(await datacentersText(access, role.name));
    if (what === 'users') rows.push([name, boolean(await access.isSuperuser(role.name)), datacenters]);
    else rows.push([name, boolean(role.isSuperuser), boolean(role.canLogin), packMap(text, []), datacenters]);
  }
  return rowsResult(columnsOf[what], rows);
}

async function datacentersText({ origin }: AuthCall['access'], role: string): Promise<string> {
  const datacenters = origin.options.network ? await origin.datacentersOf(role) : null;
  if (datacenters === null) return 'ALL';
  return datacenters.length === 0 ? 'n/a' : datacenters.toSorted().join(', ');
}

async function visibleRoles({ access, user }: AuthCall, grantee: string | null, recursive: boolean): Promise<Role[]> {
  const { roles } = access;
  if (!access.requiresAuthorization || (await access.has(user, 'DESCRIBE', allRoles))) {
    if (grantee !== null) return roles.withGranted(grantee, recursive);
    const all = await Promise.all((await roles.names()).map((name) => roles.find(name)));
    return all.filter((role) => role !== null);
  }
  if (grantee === null) return roles.withGranted(user, recursive);
  if ((await roles.withGranted(user, true)).some(({ name }) => name === grantee))
    return roles.withGranted(grantee, recursive);
  throw unauthorized(`You are not authorized to view roles granted to ${grantee} `);
}
