// CREATE, ALTER, DROP, GRANT and REVOKE of roles and users. Source: Cassandra's CreateRoleStatement and its siblings, and RoleOptions.
import { FerrosaError, invalid } from '../../common/errors.js';
import { javaHashOrder } from '../../common/java-hash.js';
import type { OptionValue } from '../../cql/index.js';
import { allRoles, type Permission, type QueryResult, type Resource, roleResource } from '../../query/index.js';
import type { AccessContext } from '../context.js';
import { ensureNotAnonymous, unauthorized } from '../denial.js';
import { hashPassword, isPasswordHash, tooCostly } from '../passwords.js';
import type { RoleChange } from '../roles.js';
import { type AuthCall, grantToCreator, nothing } from './call.js';

export type RoleDetails = {
  readonly role: string;
  /** IF EXISTS, IF NOT EXISTS. */
  readonly conditional: boolean;
  readonly options: {
    readonly login?: boolean;
    readonly superuser?: boolean;
    readonly password?: string;
    readonly 'hashed password'?: string;
    readonly 'generated password'?: boolean;
    readonly options?: OptionValue;
    /** Empty for all. */
    readonly datacenters?: readonly string[];
    readonly cidrs?: readonly string[];
  };
};
type Options = RoleDetails['options'];

/** As errors name them. */
const optionNames: Readonly<Partial<Record<keyof Options, string>>> = {
  login: 'LOGIN',
  superuser: 'SUPERUSER',
  password: 'PASSWORD',
  'hashed password': 'HASHED_PASSWORD',
  options: 'OPTIONS',
};

const roleOptions = (options: Options): (keyof Options)[] =>
  (Object.keys(options) as (keyof Options)[]).filter((name) => optionNames[name] !== undefined);

function isSupported(access: AccessContext, option: keyof Options): boolean {
  if (option === 'login' || option === 'superuser') return true;
  return access.options.hasPasswords && isPassword(option);
}
const isPassword = (option: keyof Options): boolean => option === 'password' || option === 'hashed password';

/** @throws FerrosaError UNAUTHORIZED with a text that says less than the general one */
export async function ensureOnRole(
  { access, user }: AuthCall,
  permission: Permission,
  resource: Resource,
): Promise<void> {
  if (!access.requiresAuthorization || (await access.has(user, permission, resource))) return;
  throw unauthorized(`User ${user} does not have sufficient privileges to perform the requested operation`);
}

function checkOptions(access: AccessContext, options: Options): void {
  for (const name of roleOptions(options))
    if (!isSupported(access, name))
      throw invalid(`org.apache.cassandra.auth.CassandraRoleManager doesn't support ${optionNames[name]}`);
  const hashed = options['hashed password'];
  if (hashed !== undefined && !isPasswordHash(hashed))
    throw invalid('Invalid hashed password value. Please use jBcrypt.');
  const costs = hashed === undefined ? null : tooCostly(hashed, access.options.hashCostMax);
  if (costs !== null) throw invalid(`The hashed password would cost every login too much: ${costs}`);
}

/** As texts of Cassandra list the names of a set, which has room for twelve from the start. */
const inHashOrder = (names: readonly string[]): string => javaHashOrder(names, Math.max(11, names.length)).join(', ');

/** What is allowed to a role by where it comes from needs an authorizer that looks at it. */
async function checkAccess(access: AccessContext, { datacenters, cidrs }: Options, isCreate: boolean): Promise<void> {
  if (datacenters?.some((name) => name !== access.options.datacenter))
    throw invalid(
      `Invalid value(s) for DATACENTERS '[${datacenters.join(', ')}]',All values must be valid datacenters`,
    );
  const { options, groups } = access.origin;
  if (cidrs !== undefined && cidrs.length > 0) {
    const known = [...(await groups.all()).keys()];
    const unknown = cidrs.filter((name) => !known.includes(name));
    if (unknown.length > 0)
      throw invalid(
        `Invalid CIDR group(s): [${inHashOrder(unknown)}]. Available CIDR Groups are: [${inHashOrder(known)}]`,
      );
    if (options.cidr === null) throw invalid('ACCESS FROM CIDRS operations not supported by AllowAllCIDRAuthorizer');
  }
  // With CREATE ROLE Cassandra passes over it.
  if (!options.network && datacenters !== undefined && !isCreate)
    throw invalid('ACCESS TO DATACENTERS operations not supported by AllowAllNetworkAuthorizer');
}

/** Hashing costs time, so it is not done for one role again and again. */
async function limitPasswordChanges(access: AccessContext, role: string): Promise<void> {
  const { passwordUpdateMinIntervalMs: minMs, wallClockMs } = access.options;
  if (minMs === 0) return;
  const at = await access.roles.passwordTime(role);
  if (at === null || wallClockMs() - Number(at / 1000n) > minMs) return;
  throw new FerrosaError('OVERLOADED', `Password for role ${role} can only be changed every ${minMs}ms.`);
}

async function changeOf(access: AccessContext, options: Options): Promise<RoleChange> {
  const { login, superuser, password } = options;
  const saltedHash =
    password === undefined ? options['hashed password'] : await hashPassword(password, access.options.hashing);
  return {
    ...(login === undefined ? {} : { login }),
    ...(superuser === undefined ? {} : { superuser }),
    ...(saltedHash === undefined ? {} : { saltedHash }),
  };
}

export async function createRole(call: AuthCall, { role, conditional, options }: RoleDetails): Promise<QueryResult> {
  const { access, user } = call;
  await ensureOnRole(call, 'CREATE', allRoles);
  if (options.superuser === true && !(await access.isSuperuser(user)))
    throw unauthorized('Only superusers can create a role with superuser status');
  checkOptions(access, options);
  if (role === '') throw invalid("Role name can't be an empty string");
  await checkAccess(access, options, true);
  ensureNotAnonymous(user);
  if ((await access.roles.find(role)) !== null) {
    if (conditional) return nothing;
    throw invalid(`${role} already exists`);
  }
  await access.roles.create(role, await changeOf(access, options));
  await access.origin.set(role, options.datacenters ?? [], options.cidrs ?? []);
  await grantToCreator(access, { user }, [roleResource(role)]);
  await access.rolesChanged();
  return nothing;
}

export async function alterRole(call: AuthCall, { role, conditional, options }: RoleDetails): Promise<QueryResult> {
  const { access, user } = call;
  await authorizeAlter(call, role, options);
  checkOptions(access, options);
  if (Object.keys(options).length === 0) throw invalid("ALTER [ROLE|USER] can't be empty");
  await checkAccess(access, options, false);
  ensureNotAnonymous(user);
  if ((await access.roles.find(role)) === null) {
    if (conditional) return nothing;
    throw invalid(`Role ${role} doesn't exist`);
  }
  if (options.password !== undefined) await limitPasswordChanges(access, role);
  await access.roles.alter(role, await changeOf(access, options));
  await access.origin.set(role, options.datacenters, options.cidrs);
  await access.rolesChanged();
  return nothing;
}

async function authorizeAlter(call: AuthCall, role: string, options: Options): Promise<void> {
  const { access, user } = call;
  const isSuperuser = await access.isSuperuser(user);
  if (options.superuser !== undefined && (await access.hasRole(user, role)))
    throw unauthorized("You aren't allowed to alter your own superuser status or that of a role granted to you");
  if (options.superuser !== undefined && !isSuperuser)
    throw unauthorized('Only superusers are allowed to alter superuser status');
  if (options.datacenters !== undefined && !isSuperuser)
    throw unauthorized('Only superusers are allowed to alter access to datacenters.');
  if (options.cidrs !== undefined && !isSuperuser)
    throw unauthorized('Only superusers are allowed to alter access from CIDR groups.');
  if (isSuperuser) return;
  if (user !== role) return ensureOnRole(call, 'ALTER', roleResource(role));
  // Of itself a role may change no more than its password.
  for (const name of roleOptions(options))
    if (!access.options.hasPasswords || !isPassword(name))
      throw unauthorized(`You aren't allowed to alter ${optionNames[name]}`);
}

export async function dropRole(call: AuthCall, { role, conditional }: RoleDetails): Promise<QueryResult> {
  const { access, user } = call;
  await ensureOnRole(call, 'DROP', roleResource(role));
  const exists = (await access.roles.find(role)) !== null;
  if (exists && (await access.isSuperuser(role)) && !(await access.isSuperuser(user)))
    throw unauthorized('Only superusers can drop a role with superuser status');
  ensureNotAnonymous(user);
  if (!exists && !conditional) throw invalid(`${role} doesn't exist`);
  if (user === role) throw invalid('Cannot DROP primary role for current login');
  if (!exists) return nothing;
  await access.roles.drop(role);
  await access.origin.drop(role);
  if (access.requiresAuthorization) {
    await access.permissions.revokeAllFrom(role);
    await access.permissions.revokeAllOn((resource) => resource === roleResource(role));
  }
  await access.rolesChanged();
  return nothing;
}

export async function grantOrRevokeRole(
  call: AuthCall,
  { role, grantee }: { readonly role: string; readonly grantee: string },
  what: 'grant' | 'revoke',
): Promise<QueryResult> {
  const { access, user } = call;
  await ensureOnRole(call, 'AUTHORIZE', roleResource(role));
  ensureNotAnonymous(user);
  for (const name of [role, grantee])
    if ((await access.roles.find(name)) === null) throw invalid(`${name} doesn't exist`);
  await access.roles[what](role, grantee);
  await access.rolesChanged();
  return nothing;
}
