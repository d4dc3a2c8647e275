// ADD IDENTITY and DROP IDENTITY: which role a client with a certificate is. Source: Cassandra's AddIdentityStatement, DropIdentityStatement.
import { invalid } from '../../common/errors.js';
import { allRoles, type QueryResult, roleResource } from '../../query/index.js';
import { ensureNotAnonymous, unauthorized } from '../denial.js';
import { type AuthCall, nothing } from './call.js';
import { ensureOnRole } from './roles.js';

export async function addIdentity(
  call: AuthCall,
  { identity, role, conditional }: { readonly identity: string; readonly role: string; readonly conditional: boolean },
): Promise<QueryResult> {
  const { access, user } = call;
  await ensureOnRole(call, 'CREATE', allRoles);
  const found = await access.roles.find(role);
  if (!(await access.isSuperuser(user)) && found?.isSuperuser)
    throw unauthorized('Only superusers can bind identities to a role with superuser status');
  ensureNotAnonymous(user);
  if (found === null) throw invalid(`Can not add identity for non-existent role '${role}'`);
  if ((await access.roles.roleOfIdentity(identity)) !== null) {
    if (conditional) return nothing;
    throw invalid(`${identity} already exists`);
  }
  await access.roles.addIdentity(identity, role);
  return nothing;
}

export async function dropIdentity(
  call: AuthCall,
  { identity, conditional }: { readonly identity: string; readonly conditional: boolean },
): Promise<QueryResult> {
  const { access, user } = call;
  const role = await access.roles.roleOfIdentity(identity);
  await ensureOnRole(call, 'DROP', role === null ? allRoles : roleResource(role));
  if (role !== null && (await access.isSuperuser(role)) && !(await access.isSuperuser(user)))
    throw unauthorized('Only superusers can remove identity bindings from a role with superuser status');
  ensureNotAnonymous(user);
  if (role === null) {
    if (conditional) return nothing;
    throw invalid(`identity '${identity}' doesn't exist`);
  }
  await access.roles.dropIdentity(identity);
  return nothing;
}
