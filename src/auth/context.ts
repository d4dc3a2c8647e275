// What statements about roles and permissions need of the node.
import type { Permission, Resource } from '../query/index.js';
import type { Catalogue } from '../schema/index.js';
import type { AuthCacheOptions } from './auth-cache.js';
import type { OriginAccess, OriginOptions } from './origin/origin-access.js';
import type { HashCostMax, PasswordHashing } from './passwords.js';
import type { PermissionStore } from './permissions.js';
import type { RoleStore } from './roles.js';

export type AccessOptions = {
  readonly authorizer: 'AllowAllAuthorizer' | 'CassandraAuthorizer';
  /** Whether clients have to say who they are. */
  readonly authenticates: boolean;
  /** Whether roles have passwords: PasswordAuthenticator, or one that falls back to it. */
  readonly hasPasswords: boolean;
  readonly hashing: PasswordHashing;
  /** Of hashes that clients give. */
  readonly hashCostMax: HashCostMax;
  /** Milliseconds between two changes of a role's password; 0 for no limit. */
  readonly passwordUpdateMinIntervalMs: number;
  /** Of this node. */
  readonly datacenter: string;
  readonly rolesCache: AuthCacheOptions;
  readonly permissionsCache: AuthCacheOptions;
  readonly credentialsCache: AuthCacheOptions;
  readonly origin: OriginOptions;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClockMs: () => number;
};

export interface AccessContext {
  readonly roles: RoleStore;
  readonly permissions: PermissionStore;
  readonly options: AccessOptions;
  readonly catalogue: Catalogue;
  /** Whether roles need permissions at all. */
  readonly requiresAuthorization: boolean;
  readonly origin: OriginAccess;
  /** @throws FerrosaError UNAUTHORIZED */
  ensure(user: string, permission: Permission, resource: Resource): Promise<void>;
  /** On the resource or what it is part of. */
  has(user: string, permission: Permission, resource: Resource): Promise<boolean>;
  /** By itself or by a role that it has. */
  isSuperuser(user: string): Promise<boolean>;
  /** Whether the user has the other role, or is it. */
  hasRole(user: string, role: string): Promise<boolean>;
  /** To be called after every change of roles. */
  rolesChanged(): Promise<void>;
  permissionsChanged(): Promise<void>;
}
