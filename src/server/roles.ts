// Roles as system_auth.roles has them.
import { hash } from 'bcryptjs';
import { utf8Bytes, utf8Text } from '../common/bytes.js';
import { Consistency, type QueryProcessor } from '../query/index.js';
import { bcryptCost, type FindRole, type RoleCredentials } from './authenticator.js';
import { internalQuery } from './internal-query.js';

export const defaultSuperuser = 'cassandra';
const select = 'SELECT can_login, is_superuser, salted_hash FROM system_auth.roles WHERE role = ?';

export type Role = RoleCredentials & { readonly isSuperuser: boolean };

/** null when there is no such role. The default superuser is read at QUORUM, others at LOCAL_ONE, as Cassandra does. */
export async function findRole(processor: QueryProcessor, name: string): Promise<Role | null> {
  const consistency = name === defaultSuperuser ? Consistency.QUORUM : Consistency.LOCAL_ONE;
  const [row] = await internalQuery(processor, select, [utf8Bytes(name)], consistency);
  if (row === undefined) return null;
  const saltedHash = row.get('salted_hash') ?? null;
  return {
    canLogin: row.get('can_login')?.[0] === 1,
    isSuperuser: row.get('is_superuser')?.[0] === 1,
    saltedHash: saltedHash === null ? null : utf8Text(saltedHash),
  };
}

export const findRoleWith =
  (processor: QueryProcessor): FindRole =>
  (name) =>
    findRole(processor, name);

/** bcrypt in the form that Cassandra's library reads: its `2a` names the same function as `2b`. */
export async function hashPassword(password: string): Promise<string> {
  return (await hash(password, bcryptCost)).replace(/^\$2[by]\$/, '$2a$');
}

/** Makes the role cassandra with the password cassandra when there is no role at all; true when it did. */
export async function ensureDefaultSuperuser(processor: QueryProcessor): Promise<boolean> {
  const roles = await internalQuery(processor, 'SELECT role FROM system_auth.roles LIMIT 1');
  if (roles.length > 0) return false;
  const saltedHash = await hashPassword(defaultSuperuser);
  // Older than anything that a person writes: a node that makes it again cannot bring an old password back.
  const insert =
    'INSERT INTO system_auth.roles (role, is_superuser, can_login, salted_hash) VALUES (?, true, true, ?) USING TIMESTAMP 0';
  await internalQuery(processor, insert, [utf8Bytes(defaultSuperuser), utf8Bytes(saltedHash)]);
  return true;
}
