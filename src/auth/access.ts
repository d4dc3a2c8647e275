// Who may do what: CassandraAuthorizer and AllowAllAuthorizer, with their caches. Source: Cassandra's ClientState and AuthenticatedUser.
import type { FerrosaError } from '../common/errors.js';
import type { AuthStatement } from '../cql/index.js';
import {
  type AccessControl,
  type ClientState,
  chainOf,
  functionResource,
  functionsResource,
  isKeyspaceLevel,
  keyspaceOf,
  keyspaceResource,
  kindOf,
  type Permission,
  parentOf,
  type QueryProcessor,
  type QueryResult,
  type Requirement,
  type Resource,
  resourceText,
  tableResource,
} from '../query/index.js';
import {
  type Catalogue,
  isLocalSystemKeyspace,
  isReplicatedSystemKeyspace,
  type SchemaChange,
} from '../schema/index.js';
import { AuthCache } from './auth-cache.js';
import type { AccessContext, AccessOptions } from './context.js';
import { anonymous, unauthorized } from './denial.js';
import { OriginAccess } from './origin/origin-access.js';
import { PermissionStore } from './permissions.js';
import { type Role, RoleStore } from './roles.js';
import { grantToCreator } from './statements/call.js';
import { runAuthStatement } from './statements/run.js';

/** Readable by everybody who has logged in: drivers and tools ask for it. */
const readableTables = new Set([
  tableResource('system', 'local'),
  tableResource('system', 'peers'),
  tableResource('system', 'peers_v2'),
  tableResource('system', 'size_estimates'),
  tableResource('system', 'table_estimates'),
  // Or else tracing would need grants.
  tableResource('system_traces', 'events'),
  tableResource('system_traces', 'sessions'),
]);
const readableKeyspaces = new Set(['system_schema', 'system_virtual_schema']);

export const authCacheNames = ['roles', 'permissions', 'credentials', 'network', 'cidr'] as const;
export type AuthCacheName = (typeof authCacheNames)[number];

const permissionKey = (user: string, resource: Resource): string => `${user}\0${resource}`;

export class RoleAccess implements AccessControl, AccessContext {
  readonly roles: RoleStore;
  readonly permissions: PermissionStore;
  readonly options: AccessOptions;
  readonly catalogue: Catalogue;
  /** The role and all that it inherits; empty for one that does not exist. */
  readonly rolesCache: AuthCache<readonly Role[]>;
  readonly permissionsCache: AuthCache<ReadonlySet<Permission>>;
  readonly origin: OriginAccess;
  /** What a password is compared with. */
  readonly credentialsCache: AuthCache<Role | null>;
  /** Called when roles or permissions have changed, before the client is told so. */
  onChanged: () => Promise<void> = async () => {};

  constructor(processor: QueryProcessor, catalogue: Catalogue, options: AccessOptions) {
    this.roles = new RoleStore(processor);
    this.permissions = new PermissionStore(processor);
    this.catalogue = catalogue;
    this.options = options;
    this.rolesCache = new AuthCache((name) => this.roles.withGranted(name, true), options.rolesCache, options.nowMs);
    this.credentialsCache = new AuthCache((name) => this.roles.find(name), options.credentialsCache, options.nowMs);
    this.permissionsCache = new AuthCache((key) => this.#load(key), options.permissionsCache, options.nowMs);
    this.origin = new OriginAccess(processor, (name) => this.rolesCache.get(name), options.origin);
  }

  get requiresAuthorization(): boolean {
    return this.options.authorizer === 'CassandraAuthorizer';
  }

  check(client: ClientState, required: readonly Requirement[]): undefined | Promise<void> {
    if (client.isInternal) return undefined;
    const user = client.user ?? anonymous;
    const asked = this.origin.isOn ? this.origin.check(client, user) : undefined;
    if (asked !== undefined) return asked.then(() => this.#checkRest(user, required));
    for (let i = 0; i < required.length; i++) {
      const known = this.#peek(user, required[i]!);
      if (known === undefined) return this.#checkRest(user, required.slice(i));
      if (!known) throw denied(user, required[i]!);
    }
    return undefined;
  }

  /** @throws FerrosaError UNAUTHORIZED */
  async ensure(user: string, permission: Permission, resource: Resource): Promise<void> {
    if (this.requiresAuthorization && !(await this.has(user, permission, resource)))
      throw denied(user, { kind: 'permission', permission, resource });
  }

  async has(user: string, permission: Permission, resource: Resource): Promise<boolean> {
    if (await this.isSuperuser(user)) return true;
    for (const one of chainFor(resource)) {
      if ((await this.permissionsCache.get(permissionKey(user, one))).has(permission)) return true;
    }
    return false;
  }

  async isSuperuser(user: string): Promise<boolean> {
    return user !== anonymous && (await this.rolesCache.get(user)).some((role) => role.isSuperuser);
  }

  async rulesOthers(user: string | null): Promise<boolean> {
    return !this.options.authenticates || (await this.isSuperuser(user ?? anonymous));
  }

  async hasRole(user: string, role: string): Promise<boolean> {
    return (await this.rolesCache.get(user)).some(({ name }) => name === role);
  }

  async run(statement: AuthStatement, user: string | null, keyspace: string | null): Promise<QueryResult> {
    return runAuthStatement(statement, { access: this, user: user ?? anonymous, keyspace });
  }

  async schemaChanged(client: ClientState, statement: { readonly kind: string }, change: SchemaChange): Promise<void> {
    const { keyspace, name } = change;
    if (change.change === 'DROPPED') await this.#revokeOn(change);
    else if (statement.kind === 'createKeyspace')
      await grantToCreator(this, client, [keyspaceResource(keyspace), functionsResource(keyspace)]);
    else if (change.change === 'CREATED' && change.target === 'TABLE')
      await grantToCreator(this, client, [tableResource(keyspace, name!)]);
    else if (change.change === 'CREATED' && change.argumentTypes !== undefined)
      for (const fn of this.catalogue.schema.keyspaces.get(keyspace)?.functions.values() ?? []) {
        const resource = functionResource(keyspace, fn.name, fn.argTypes);
        if (resourceText(resource) === functionText(change)) await grantToCreator(this, client, [resource]);
      }
  }

  async #revokeOn(change: SchemaChange): Promise<void> {
    const { target, keyspace, name } = change;
    if (!this.requiresAuthorization) return;
    const whole: Resource[] = [keyspaceResource(keyspace), functionsResource(keyspace)];
    const isGone = (resource: Resource): boolean => {
      if (target === 'KEYSPACE') return whole.some((one) => resource === one || resource.startsWith(`${one}/`));
      if (target === 'TABLE') return resource === tableResource(keyspace, name!);
      return change.argumentTypes !== undefined && resourceText(resource) === functionText(change);
    };
    if (target === 'TYPE') return;
    await this.permissions.revokeAllOn(isGone);
    await this.permissionsChanged();
  }

  /** Which permissions are remembered. */
  cachedPermissions(): { role: string; resource: string }[] {
    return this.permissionsCache.keys().map((key) => {
      const [role, resource] = key.split('\0') as [string, Resource];
      return { role, resource: resourceText(resource) };
    });
  }

  /** Forgets what is known of roles, of one (`roles`, `credentials`) or of one role on one resource. */
  async invalidate(cache: AuthCacheName, role?: string, resource?: string): Promise<boolean> {
    const known = role === undefined || this.#cache(cache).keys().includes(role);
    if (cache === 'network' || cache === 'cidr') this.origin[`${cache}Cache`].invalidate(role);
    else if (cache !== 'permissions') this[`${cache}Cache`].invalidate(role);
    else
      for (const key of this.permissionsCache.keys()) {
        const [of, on] = key.split('\0');
        if ((role === undefined || of === role) && (resource === undefined || on === resource))
          this.permissionsCache.invalidate(key);
      }
    await this.onChanged();
    return known;
  }

  #cache(name: AuthCacheName): { keys(): string[] } {
    return name === 'network' || name === 'cidr' ? this.origin[`${name}Cache`] : this[`${name}Cache`];
  }

  /** Fills the caches, as far as they go: auth_cache_warming_enabled. What cannot be read is told `onError` and left to be read when it is asked for. */
  async warm(onError: (message: string) => void): Promise<void> {
    const { rolesCache, permissionsCache, credentialsCache, origin, options } = this;
    try {
      const names = (await this.roles.names()).slice(0, options.rolesCache.maxEntries);
      for (const name of names) {
        await rolesCache.get(name);
        if (options.hasPasswords) await credentialsCache.get(name);
        if (origin.options.network) await origin.networkCache.get(name);
        if (origin.options.cidr !== null) await origin.cidrCache.get(name);
      }
      if (!this.requiresAuthorization) return;
      const granted = (await this.permissions.all()).slice(0, options.permissionsCache.maxEntries);
      for (const { role, resource } of granted) await permissionsCache.get(permissionKey(role, resource));
    } catch (error) {
      onError((error as Error).message);
    }
  }

  /** To be called after every change of roles. */
  async rolesChanged(): Promise<void> {
    this.rolesCache.invalidate();
    this.credentialsCache.invalidate();
    this.origin.invalidate();
    await this.permissionsChanged();
  }

  async permissionsChanged(): Promise<void> {
    this.permissionsCache.invalidate();
    await this.onChanged();
  }

  /** Whether it is allowed, undefined when that has to be read. @throws FerrosaError UNAUTHORIZED for what nobody may do */
  #peek(user: string, required: Requirement): boolean | undefined {
    if (required.kind === 'superuser') {
      if (!this.options.authenticates) return true;
      return this.rolesCache.peek(user)?.some((role) => role.isSuperuser);
    }
    const { permission, resource } = required;
    protectSystem(permission, resource);
    if (!this.requiresAuthorization || isFree(permission, resource)) return true;
    const roles = this.rolesCache.peek(user);
    if (roles === undefined) return undefined;
    if (roles.some((role) => role.isSuperuser)) return true;
    for (const one of chainFor(resource)) {
      const permissions = this.permissionsCache.peek(permissionKey(user, one));
      if (permissions === undefined) return undefined;
      if (permissions.has(permission)) return true;
    }
    return false;
  }

  async #checkRest(user: string, required: readonly Requirement[]): Promise<void> {
    for (const one of required) {
      const allowed = this.#peek(user, one) ?? (await this.#isAllowed(user, one));
      if (!allowed) throw denied(user, one);
    }
  }

  async #isAllowed(user: string, required: Requirement): Promise<boolean> {
    try {
      if (required.kind === 'superuser') return await this.isSuperuser(user);
      return await this.has(user, required.permission, required.resource);
    } catch (error) {
      throw unauthorized(`Unable to perform authorization of permissions: ${(error as Error).message}`);
    }
  }

  async #load(key: string): Promise<ReadonlySet<Permission>> {
    const [user, resource] = key.split('\0') as [string, Resource];
    const found = new Set<Permission>();
    for (const { name } of await this.rolesCache.get(user))
      for (const permission of await this.permissions.of(name, resource)) found.add(permission);
    return found;
  }
}

/** As `resourceText` shows the function that a change names. */
const functionText = ({ keyspace, name, argumentTypes = [] }: SchemaChange): string =>
  `<function ${keyspace}.${name}(${argumentTypes.join(', ')})>`;

/** On system keyspaces ordinary roles have only what was granted there, not what was granted on all keyspaces. */
function chainFor(resource: Resource): Resource[] {
  const chain = chainOf(resource);
  const keyspace = kindOf(resource) === 'data' ? keyspaceOf(resource) : null;
  if (keyspace === null) return chain;
  const isSystem = isLocalSystemKeyspace(keyspace) || isReplicatedSystemKeyspace(keyspace);
  return isSystem ? chain.filter((one) => parentOf(one) !== null) : chain;
}

function isFree(permission: Permission, resource: Resource): boolean {
  const keyspace = keyspaceOf(resource);
  if (kindOf(resource) === 'functions') return keyspace === 'system';
  if (permission !== 'SELECT' || keyspace === null) return false;
  return readableTables.has(resource) || readableKeyspaces.has(keyspace);
}

/** The schema of system keyspaces is nobody's to change, but for the replication of those that are replicated. */
function protectSystem(permission: Permission, resource: Resource): void {
  if (permission !== 'ALTER' && permission !== 'DROP' && permission !== 'CREATE') return;
  const keyspace = kindOf(resource) === 'data' ? keyspaceOf(resource) : null;
  if (keyspace === null) return;
  if (isLocalSystemKeyspace(keyspace)) throw unauthorized(`${keyspace} keyspace is not user-modifiable.`);
  if (!isReplicatedSystemKeyspace(keyspace) || (permission === 'ALTER' && isKeyspaceLevel(resource))) return;
  throw unauthorized(`Cannot ${permission} ${resourceText(resource)}`);
}

function denied(user: string, required: Requirement): FerrosaError {
  if (required.kind === 'superuser') return unauthorized(required.message);
  const where = resourceText(required.resource);
  return unauthorized(`User ${user} has no ${required.permission} permission on ${where} or any of its parents`);
}
