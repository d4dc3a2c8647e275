// Roles and permissions of a node: authenticator, authorizer, and what the hot path is told of them.
import {
  type AuthCacheOptions,
  type Authenticator,
  allowAllAuthenticator,
  anonymous,
  HotGroups,
  MutualTlsAuthenticator,
  MutualTlsWithPasswordFallback,
  PasswordAuthenticator,
  RoleAccess,
} from '../../auth/index.js';
import { type HotPlans, type Processor, tableResource } from '../../query/index.js';
import type { ShardSockets } from '../../server/index.js';
import { type HotPath, hotPathLimits } from '../../shard/index.js';
import type { Log } from '../log.js';
import type { Config } from '../settings.js';
import { nowMs } from './environment.js';
import type { NodeStorage } from './storage.js';

const monotonicMs = (): number => performance.now();

/** Makes the default superuser when passwords are asked and there is no role. */
export async function createAccess(
  config: Config,
  storage: NodeStorage,
  processor: Processor,
  log: Log,
): Promise<{ access: RoleAccess; authenticator: Authenticator }> {
  const authenticates = config.authenticator !== 'AllowAllAuthenticator';
  const cacheOptions = (name: 'roles' | 'permissions' | 'credentials'): AuthCacheOptions => ({
    validityMs: config[`${name}_validity`],
    updateIntervalMs: config[`${name}_update_interval`],
    maxEntries: config[`${name}_cache_max_entries`],
    activeUpdate: config[`${name}_cache_active_update`],
  });
  const access = new RoleAccess(processor, storage.metadata.catalogue, {
    authorizer: config.authorizer,
    authenticates,
    hasPasswords: config.authenticator.includes('Password'),
    hashing: config.password_hashing,
    hashCostMax: {
      bcryptCost: config.password_hash_bcrypt_cost_max,
      argon2MemoryBytes: config.password_hash_argon2_memory_max,
      argon2Passes: config.password_hash_argon2_passes_max,
    },
    passwordUpdateMinIntervalMs: config.role_password_update_min_interval,
    datacenter: storage.record.datacenter,
    rolesCache: cacheOptions('roles'),
    permissionsCache: cacheOptions('permissions'),
    credentialsCache: cacheOptions('credentials'),
    origin: {
      network: config.network_authorizer === 'CassandraNetworkAuthorizer',
      cidr:
        config.cidr_authorizer === 'AllowAllCIDRAuthorizer'
          ? null
          : { mode: config.cidr_authorizer_mode, checksSuperusers: config.cidr_checks_for_superusers },
      addressesMax: config.ip_cache_max_size,
      // As in Cassandra, which has no settings of their own for them.
      networkCache: cacheOptions('permissions'),
      cidrCache: cacheOptions('permissions'),
      datacenter: storage.record.datacenter,
      nowMs: monotonicMs,
      log,
    },
    nowMs: monotonicMs,
    wallClockMs: nowMs,
  });
  processor.access = access;
  if (access.requiresAuthorization)
    processor.maskAccess = {
      has: async (client, permission, table) =>
        client.isInternal === true ||
        access.has(client.user ?? anonymous, permission, tableResource(table.keyspace, table.name)),
    };
  if (!authenticates) return { access, authenticator: allowAllAuthenticator };
  await access.roles.ensureDefaultSuperuser(config.password_hashing);
  await loadCidrGroups(config, access, log);
  const findRole = (name: string) => access.credentialsCache.get(name);
  const byPassword = new PasswordAuthenticator(findRole, monotonicMs, config.password_hashing);
  const byCertificate = new MutualTlsAuthenticator(access.roles);
  if (config.authenticator === 'PasswordAuthenticator') return { access, authenticator: byPassword };
  if (config.authenticator === 'MutualTlsAuthenticator') return { access, authenticator: byCertificate };
  return { access, authenticator: new MutualTlsWithPasswordFallback(byCertificate, byPassword) };
}

/** Before clients can connect, then again and again. */
async function loadCidrGroups(config: Config, { origin }: RoleAccess, log: Log): Promise<void> {
  if (origin.options.cidr === null) return;
  await origin.groups.load();
  const again = () =>
    origin.groups.load().catch((error: Error) => log.error({ error: error.message }, 'CIDR groups cannot be read'));
  setInterval(() => void again(), config.cidr_groups_cache_refresh_interval * 60_000).unref();
}

type Hot = { readonly hotPath: HotPath; readonly shardSockets: ShardSockets; readonly plans: HotPlans };

/** Null when permissions are not looked at: every connection may be hot. */
export function createHotGroups(
  processor: Processor,
  access: RoleAccess,
  { hotPath, shardSockets, plans }: Hot,
): HotGroups | null {
  const { origin } = access;
  if (!access.requiresAuthorization && !origin.isOn) return null;
  const port = {
    allow: (group: number, id: Uint8Array) => plans.allow(group, id),
    async disallowAll() {
      hotPath.disallowAll();
      await shardSockets.disallowAll();
    },
  };
  const caches = [access.rolesCache, access.permissionsCache, origin.networkCache, origin.cidrCache];
  const groups = new HotGroups(port, hotPathLimits.groupsMax, caches, (client) => {
    const user = client.user ?? anonymous;
    // What a role may do depends on where it comes from then.
    return origin.options.cidr === null ? user : `${user}\0${client.address}`;
  });
  processor.onPermitted = (client, id) => groups.allow(client, id);
  access.onChanged = () => groups.disallowAll();
  return groups;
}
