// What connections share: one a server.
import type { ClientLogs } from '../audit/index.js';
import type { Authenticator, HotGroups } from '../auth/index.js';
import type { QueryProcessor, Tracer } from '../query/index.js';
import type { HotPath } from '../shard/index.js';
import type { EventNotifier } from './events.js';
import type { ServerBudget } from './limits.js';
import type { ServerMetrics } from './metrics.js';
import type { ShardSockets } from './shard-sockets.js';
import type { TlsCertificates } from './tls.js';

/** A traced request: what it was, for system_traces.sessions. */
export type TraceRequest = {
  readonly command: 'QUERY';
  readonly request: string;
  readonly client: string;
  readonly parameters: ReadonlyMap<string, string>;
};

export interface TraceSession extends Tracer {
  /** Called when the answer is ready. */
  finish(): void;
}

/** Makes the sessions of traced requests. */
export interface TraceStore {
  begin(request: TraceRequest): TraceSession;
  /** Whether `sample` can be true. */
  readonly isSampling: boolean;
  /** Whether a request that did not ask is traced (nodetool settraceprobability). */
  sample(): boolean;
}

export interface ServerLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What connections ask of the guardrails. */
export interface ServerGuardrails {
  /** Whether guardrails are for this user: no superuser. */
  isOrdinary(user: string): Promise<boolean>;
  /** Whether one of them is about what the hot path runs: then ordinary users do without it. */
  readonly guardsHotPath: boolean;
  /** Whether something is about what the hot path runs that is for everybody: then nobody has it. */
  readonly guardsEverybody: boolean;
}

export type ServerServices = {
  readonly processor: QueryProcessor;
  readonly authenticator: Authenticator;
  /** Which roles run which hot plans; null when permissions are not looked at. */
  readonly hotGroups: HotGroups | null;
  readonly budget: ServerBudget;
  readonly events: EventNotifier;
  readonly metrics: ServerMetrics;
  readonly traces: TraceStore | null;
  /** Runs simple prepared statements in the addon; null when it is off. */
  readonly hotPath: HotPath | null;
  /** Where connections that belong to a shard go; null when none do. */
  readonly shardSockets: ShardSockets | null;
  readonly guardrails: ServerGuardrails | null;
  /** Is told what clients do; null without such logs. */
  readonly logs: ClientLogs | null;
  /** Null when the CQL ports have no TLS. */
  readonly tls: TlsCertificates | null;
  readonly log: ServerLog;
  /** Options of SUPPORTED beside the protocol's own, such as the sharding of the connection. */
  readonly supported: (connection: { readonly shard: number | null }) => ReadonlyMap<string, readonly string[]>;
};
