// A CQL server with its parts put together.

import type { ClientLogs } from '../audit/index.js';
import type { Authenticator, HotGroups, RoleAccess } from '../auth/index.js';
import type { NodeAddress } from '../protocol/index.js';
import type { QueryProcessor } from '../query/index.js';
import type { Catalogue } from '../schema/index.js';
import type { HotPath } from '../shard/index.js';
import { CqlServer } from './cql-server.js';
import { EventNotifier } from './events.js';
import { ServerBudget, type ServerLimits } from './limits.js';
import { ServerMetrics } from './metrics.js';
import type { ServerGuardrails, ServerLog, ServerServices, TraceStore } from './services.js';
import type { ShardSockets } from './shard-sockets.js';
import { shardingOptions } from './sharding.js';
import type { TlsCertificates } from './tls.js';

export type CqlServerOptions = {
  readonly processor: QueryProcessor;
  readonly catalogue: Catalogue;
  readonly authenticator: Authenticator;
  /** Null when permissions are not looked at. */
  readonly hotGroups: HotGroups | null;
  readonly limits: ServerLimits;
  readonly hotPath: HotPath | null;
  /** Where connections that belong to a shard go; null when this thread serves them all. */
  readonly shardSockets: ShardSockets | null;
  readonly traces: TraceStore | null;
  readonly guardrails?: ServerGuardrails | null;
  readonly logs?: ClientLogs | null;
  /** Null when the CQL ports have no TLS. */
  readonly tls: TlsCertificates | null;
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
    hotGroups: options.hotGroups,
    budget: new ServerBudget(options.limits),
    events,
    metrics: new ServerMetrics(),
    traces: options.traces,
    hotPath: options.hotPath,
    shardSockets: options.shardSockets,
    guardrails: options.guardrails ?? null,
    logs: options.logs ?? null,
    tls: options.tls,
    log: options.log,
    supported: ({ shard }) =>
      shard === null
        ? new Map()
        : shardingOptions(shard, options.shardSockets?.shardCount ?? 1, server.shardAwarePort, {
            tls: options.tls !== null,
            plain: options.tls?.settings.optional ?? true,
          }),
  };
  const { hotPath } = options;
  if (hotPath !== null)
    services.metrics.hotRequests = () => {
      const { hot, handed } = hotPath.stats();
      return hot + handed + (options.shardSockets?.taken ?? 0);
    };
  const server = new CqlServer(services);
  return { server, services };
}

/** Guardrails as connections see them. */
export function serverGuardrails(
  authenticator: Authenticator,
  access: Pick<RoleAccess, 'isSuperuser'>,
  config: { readonly guardsHotPath: boolean; readonly guardsEverybody: boolean },
): ServerGuardrails {
  return {
    // Where nobody logs in everybody may do everything.
    isOrdinary: async (user) => authenticator.className !== null && !(await access.isSuperuser(user)),
    get guardsEverybody() {
      return config.guardsEverybody;
    },
    get guardsHotPath() {
      return config.guardsHotPath;
    },
  };
}
