// A CQL server with its parts put together.
import type { NodeAddress } from '../protocol/index.js';
import type { QueryProcessor } from '../query/index.js';
import type { Catalogue } from '../schema/index.js';
import type { HotPath } from '../shard/index.js';
import { type Authenticator, allowAllAuthenticator, PasswordAuthenticator } from './authenticator.js';
import { CqlServer } from './cql-server.js';
import { EventNotifier } from './events.js';
import { ServerBudget, type ServerLimits } from './limits.js';
import { ServerMetrics } from './metrics.js';
import { ensureDefaultSuperuser, findRole, findRoleWith } from './roles.js';
import type { ServerGuardrails, ServerLog, ServerServices, TraceStore } from './services.js';
import type { ShardSockets } from './shard-sockets.js';
import { shardingOptions } from './sharding.js';

export type CqlServerOptions = {
  readonly processor: QueryProcessor;
  readonly catalogue: Catalogue;
  readonly authenticator: Authenticator;
  readonly limits: ServerLimits;
  readonly hotPath: HotPath | null;
  /** Where connections that belong to a shard go; null when this thread serves them all. */
  readonly shardSockets: ShardSockets | null;
  readonly traces: TraceStore | null;
  readonly guardrails?: ServerGuardrails | null;
  readonly log: ServerLog;
  /** Client address of this node. */
  readonly own: () => NodeAddress | null;
};

/** A server that does not listen yet, and what it shares with the web side. Schema events come from the catalogue. */
export function createCqlServer(options: CqlServerOptions): { server: CqlServer; services: ServerServices } {
  const events = new EventNotifier(options.own);
  options.catalogue.onChange(({ events: changes }) => {
    for (const change of changes) events.schemaChanged(change);
  });
  const services: ServerServices = {
    processor: options.processor,
    authenticator: options.authenticator,
    budget: new ServerBudget(options.limits),
    events,
    metrics: new ServerMetrics(),
    traces: options.traces,
    hotPath: options.hotPath,
    shardSockets: options.shardSockets,
    guardrails: options.guardrails ?? null,
    log: options.log,
    supported: ({ shard }) =>
      shard === null ? new Map() : shardingOptions(shard, options.shardSockets?.shardCount ?? 1, server.shardAwarePort),
  };
  const { hotPath } = options;
  if (hotPath !== null) services.metrics.hotRequests = () => hotPath.stats().hot + (options.shardSockets?.taken ?? 0);
  const server = new CqlServer(services);
  return { server, services };
}

/** Guardrails as connections see them; null where everybody may do everything. */
export function serverGuardrails(
  authenticator: Authenticator,
  processor: QueryProcessor,
  config: { readonly guardsHotPath: boolean },
): ServerGuardrails | null {
  if (authenticator.className === null) return null;
  return {
    isOrdinary: async (user) => (await findRole(processor, user))?.isSuperuser !== true,
    get guardsHotPath() {
      return config.guardsHotPath;
    },
  };
}

/**
 * The authenticator of a setting's name; makes the default superuser when passwords are asked and there is no role.
 * @param nowMs  monotonic milliseconds
 */
export async function createAuthenticator(
  name: 'AllowAllAuthenticator' | 'PasswordAuthenticator',
  processor: QueryProcessor,
  nowMs: () => number,
): Promise<Authenticator> {
  if (name === 'AllowAllAuthenticator') return allowAllAuthenticator;
  await ensureDefaultSuperuser(processor);
  return new PasswordAuthenticator(findRoleWith(processor), nowMs);
}
