// From where roles may do anything: CassandraNetworkAuthorizer looks at the datacenter, CassandraCIDRAuthorizer at the address of the client.
// Looked at with every statement, superusers' too, as in Cassandra (ClientState.validateLogin).
import { utf8Bytes } from '../../common/bytes.js';
import { type ClientState, Consistency, internalQuery, type QueryProcessor, roleResource } from '../../query/index.js';
import { AuthCache, type AuthCacheOptions } from '../auth-cache.js';
import { unauthorized } from '../denial.js';
import { type Role, textsOf } from '../roles.js';
import { CidrGroups } from './cidr-groups.js';
import { CidrMetrics } from './cidr-metrics.js';

export type CidrMode = 'MONITOR' | 'ENFORCE';

export type OriginOptions = {
  /** CassandraNetworkAuthorizer */
  readonly network: boolean;
  /** CassandraCIDRAuthorizer; null for AllowAllCIDRAuthorizer. */
  readonly cidr: { readonly mode: CidrMode; readonly checksSuperusers: boolean } | null;
  /** ip_cache_max_size */
  readonly addressesMax: number;
  readonly networkCache: AuthCacheOptions;
  readonly cidrCache: AuthCacheOptions;
  /** Of this node. */
  readonly datacenter: string;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly log: { warn(fields: object, message: string): void };
};

/** Names that a role is restricted to; null for all, empty for none. */
export type Allowed = readonly string[] | null;

/** Between two warnings of the same kind. */
const warnMs = 60_000;
const warningsMax = 1_000;

export class OriginAccess {
  readonly options: OriginOptions;
  readonly metrics: CidrMetrics;
  readonly groups: CidrGroups;
  readonly networkCache: AuthCache<Allowed>;
  readonly cidrCache: AuthCache<Allowed>;
  readonly #processor: QueryProcessor;
  readonly #roles: (name: string) => Promise<readonly Role[]>;
  readonly #warned = new Map<string, number>();

  /** @param roles  a role and those that it has, empty for one that does not exist */
  constructor(processor: QueryProcessor, roles: (name: string) => Promise<readonly Role[]>, options: OriginOptions) {
    this.#processor = processor;
    this.#roles = roles;
    this.options = options;
    this.metrics = new CidrMetrics(options.nowMs);
    this.groups = new CidrGroups(processor, this.metrics, options.addressesMax);
    this.networkCache = new AuthCache((role) => this.datacentersOf(role), options.networkCache, options.nowMs);
    this.cidrCache = new AuthCache((role) => this.cidrGroupsOf(role), options.cidrCache, options.nowMs);
  }

  /** Whether anything is looked at. */
  get isOn(): boolean {
    return this.options.network || this.options.cidr !== null;
  }

  /** Undefined when the client may go on, as far as is known without a read. @throws FerrosaError UNAUTHORIZED, also in the promise */
  check(client: ClientState, user: string): undefined | Promise<void> {
    const { network, cidr } = this.options;
    const datacenters = network ? this.networkCache.peek(user) : null;
    const groups = cidr === null ? null : this.cidrCache.peek(user);
    if (datacenters === undefined || groups === undefined) return this.#checkRead(client, user);
    this.#decide(client, user, datacenters, groups);
    return undefined;
  }

  async #checkRead(client: ClientState, user: string): Promise<void> {
    const { network, cidr } = this.options;
    const datacenters = network ? await this.networkCache.get(user) : null;
    const groups = cidr === null ? null : await this.cidrCache.get(user);
    this.#decide(client, user, datacenters, groups);
  }

  #decide({ address }: ClientState, user: string, datacenters: Allowed, groups: Allowed): void {
    const { cidr, datacenter } = this.options;
    if (datacenters !== null && !datacenters.includes(datacenter))
      throw unauthorized(`You do not have access to this datacenter (${datacenter})`);
    if (cidr === null) return;
    const start = this.metrics.now();
    const isAllowed = this.#mayComeFrom(address, user, groups, cidr.mode);
    this.metrics.checkLatency.add(this.metrics.now() - start);
    if (!isAllowed) throw unauthorized(`You do not have access from this IP ${address}`);
  }

  #mayComeFrom(address: string, user: string, allowed: Allowed, mode: CidrMode): boolean {
    // A role without restrictions may come from where no group is.
    if (allowed === null && mode === 'ENFORCE') return true;
    const found = this.groups.groupsOf(address);
    const isAllowed = allowed === null || found.some((group) => allowed.includes(group));
    if (!isAllowed && mode === 'MONITOR') this.#warn(user, address, found);
    const counts = isAllowed || mode === 'MONITOR';
    this.metrics.count(counts ? 'accepted' : 'rejected', found);
    return counts;
  }

  #warn(user: string, address: string, groups: readonly string[]): void {
    const key = `${user}\0${address}`;
    const now = this.options.nowMs();
    if (now - (this.#warned.get(key) ?? Number.NEGATIVE_INFINITY) < warnMs) return;
    if (this.#warned.size >= warningsMax) this.#warned.clear();
    this.#warned.set(key, now);
    const message = `Role ${user} accessed from unauthorized IP ${address}, CIDR group [${groups.join(', ')}]`;
    this.options.log.warn({}, message);
  }

  /** Datacenters of a role as the table has them. Superusers may go everywhere, who cannot log in nowhere. */
  async datacentersOf(role: string): Promise<Allowed> {
    const roles = await this.#roles(role);
    if (!roles.some(({ name, canLogin }) => name === role && canLogin)) return [];
    if (roles.some(({ isSuperuser }) => isSuperuser)) return null;
    return this.#names('network_permissions', 'dcs', roleResource(role));
  }

  /** Groups of addresses of a role as the table has them. */
  async cidrGroupsOf(role: string): Promise<Allowed> {
    const roles = await this.#roles(role);
    if (!roles.some(({ name, canLogin }) => name === role && canLogin)) return [];
    if (this.options.cidr?.checksSuperusers === false && roles.some(({ isSuperuser }) => isSuperuser)) return null;
    return this.#names('cidr_permissions', 'cidr_groups', role);
  }

  /** What CREATE and ALTER ROLE say; undefined for what they do not. Empty lists allow all. */
  async set(role: string, datacenters: readonly string[] | undefined, groups: readonly string[] | undefined) {
    const { network, cidr } = this.options;
    if (network && datacenters !== undefined)
      await this.#set('network_permissions', 'dcs', roleResource(role), datacenters);
    if (cidr !== null && groups !== undefined) await this.#set('cidr_permissions', 'cidr_groups', role, groups);
  }

  async drop(role: string): Promise<void> {
    const { network, cidr } = this.options;
    if (network) await this.#run('DELETE FROM system_auth.network_permissions WHERE role = ?', roleResource(role));
    if (cidr !== null) await this.#run('DELETE FROM system_auth.cidr_permissions WHERE role = ?', role);
  }

  /** Forgets what is known of all roles. */
  invalidate(): void {
    this.networkCache.invalidate();
    this.cidrCache.invalidate();
  }

  async #names(table: string, column: string, key: string): Promise<Allowed> {
    const [row] = await this.#run(`SELECT ${column} FROM system_auth.${table} WHERE role = ?`, key);
    const names = row === undefined ? [] : textsOf(row, column);
    return names.length === 0 ? null : names;
  }

  async #set(table: string, column: string, key: string, names: readonly string[]): Promise<void> {
    const literals = names.map((name) => `'${name.replaceAll("'", "''")}'`).join(', ');
    await this.#run(`UPDATE system_auth.${table} SET ${column} = {${literals}} WHERE role = ?`, key);
  }

  #run(text: string, key: string) {
    return internalQuery(this.#processor, text, [utf8Bytes(key)], Consistency.LOCAL_ONE);
  }
}
