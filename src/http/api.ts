// The JSON API behind ferrosa-ctl: paths, what they take, what they do.
import { authCacheNames } from '../auth/index.js';
import { invalid } from '../common/errors.js';
import type { ServerMetrics } from '../server/index.js';
import type { LogControl, NodeControl } from './node-control.js';

/** A client connection as /api/connections shows it. */
export type ConnectionInfo = {
  readonly address: string;
  readonly port: number;
  readonly stage: string;
  readonly user: string | null;
  readonly keyspace: string | null;
  readonly protocolVersion: number;
  readonly driverName: string | null;
  readonly driverVersion: string | null;
  readonly requests: number;
  readonly inFlight: number;
};

export type ApiSources = {
  readonly control: NodeControl;
  readonly server: ServerMetrics;
  readonly connections: () => readonly ConnectionInfo[];
};

type Input = { readonly query: URLSearchParams; readonly body: Readonly<Record<string, unknown>> };
type Handler = (sources: ApiSources, input: Input) => unknown;

const tablesOf = ({ body }: Input): [string | null, string[]] => {
  const keyspace = body['keyspace'] ?? null;
  const tables = body['tables'] ?? [];
  if (keyspace !== null && typeof keyspace !== 'string') throw invalid('"keyspace" has to be a string');
  if (!Array.isArray(tables) || !tables.every((table) => typeof table === 'string'))
    throw invalid('"tables" has to be a list of strings');
  if (keyspace === null && tables.length > 0) throw invalid('tables without their keyspace');
  return [keyspace, tables];
};

const keyspacesOf = ({ body }: Input): string[] => {
  const keyspaces = body['keyspaces'] ?? [];
  if (!Array.isArray(keyspaces) || !keyspaces.every((one) => typeof one === 'string'))
    throw invalid('"keyspaces" has to be a list of strings');
  return keyspaces;
};

const needed = (query: URLSearchParams, name: string): string => {
  const value = query.get(name);
  if (value === null) throw invalid(`"${name}" is missing`);
  return value;
};

/** Reads: GET /api/v1/<name>. */
export const reads: Readonly<Record<string, Handler>> = {
  identity: ({ control }) => ({
    ...control.identity(),
    uptimeSeconds: control.uptimeSeconds(),
    nativeTransport: control.isNativeTransportOn(),
    memory: process.memoryUsage(),
  }),
  nodes: ({ control }) => control.nodes(),
  keyspaces: ({ control }) => control.keyspaces(),
  tablestats: ({ control }) => control.tableStats(),
  tablehistograms: ({ control }) => control.tableHistograms(),
  proxyhistograms: ({ control }) => control.proxyHistograms(),
  threadpools: ({ control }) => control.threadPools(),
  compactionstats: ({ control }) => control.compactionStats(),
  snapshots: ({ control }) => control.snapshots(),
  connections: ({ connections }) => connections(),
  statements: ({ server }) => server.statements,
  guardrails: ({ control }) => control.guardrails(),
  cidrgroups: ({ control }) => control.cidr.list(),
  cidrgroupsofip: ({ control }, { query }) => control.cidr.groupsOf(needed(query, 'address')),
  cidrfilteringstats: ({ control }) => control.cidr.stats(),
  auditlog: ({ control }) => control.logs.auditLog(),
  fullquerylog: ({ control }) => control.logs.fullQueryLog(),
  traceprobability: ({ control }) => ({ probability: control.getTraceProbability() }),
  viewbuildstatus: ({ control }, { query }) =>
    control.viewBuildStatus(needed(query, 'keyspace'), needed(query, 'view')),
  endpoints: ({ control }, { query }) =>
    control.endpoints(needed(query, 'keyspace'), needed(query, 'table'), needed(query, 'key')),
};

const done = { done: true };

const textsOf = ({ body }: Input): Readonly<Record<string, string>> => {
  for (const [name, value] of Object.entries(body))
    if (typeof value !== 'string') throw invalid(`"${name}" has to be a string`);
  return body as Readonly<Record<string, string>>;
};

const logAction =
  (run: (logs: LogControl, options: Readonly<Record<string, string>>) => Promise<void>): Handler =>
  async ({ control }, input) => {
    await run(control.logs, textsOf(input));
    return done;
  };

/** Actions: POST /api/v1/<name> with a JSON object. */
export const actions: Readonly<Record<string, Handler>> = {
  flush: async ({ control }, input) => {
    await control.flush(...tablesOf(input));
    return done;
  },
  compact: async ({ control }, input) => {
    await control.compact(...tablesOf(input));
    return done;
  },
  cleanup: ({ control }, input) => {
    control.cleanup(...tablesOf(input));
    return done;
  },
  snapshot: async ({ control }, input) => {
    const { tag } = input.body;
    if (typeof tag !== 'string') throw invalid('"tag" has to be a string');
    await control.takeSnapshot(tag, keyspacesOf(input));
    return done;
  },
  clearsnapshot: async ({ control }, input) => {
    const tag = input.body['tag'] ?? null;
    if (tag !== null && typeof tag !== 'string') throw invalid('"tag" has to be a string');
    await control.clearSnapshots(tag, keyspacesOf(input));
    return done;
  },
  drain: async ({ control }) => {
    await control.drain();
    return done;
  },
  refreshsizeestimates: async ({ control }) => {
    await control.refreshSizeEstimates();
    return done;
  },
  enablebinary: async ({ control }) => {
    await control.enableNativeTransport();
    return done;
  },
  disablebinary: async ({ control }) => {
    await control.disableNativeTransport();
    return done;
  },
  settraceprobability: ({ control }, { body }) => {
    const { probability } = body;
    if (typeof probability !== 'number' || !(probability >= 0 && probability <= 1))
      throw invalid('Trace probability must be between 0 and 1');
    control.setTraceProbability(probability);
    return done;
  },
  setguardrail: ({ control }, { body }) => {
    const { name, values } = body;
    if (typeof name !== 'string') throw invalid('"name" has to be a string');
    if (!Array.isArray(values) || !values.every((value) => typeof value === 'string'))
      throw invalid('"values" has to be a list of strings');
    control.setGuardrail(name, values);
    return done;
  },
  loadpartitiondenylist: async ({ control }) => {
    await control.loadPartitionDenylist();
    return done;
  },
  invalidateauthcache: async ({ control }, { body }) => {
    const { cache, role, resource } = body;
    const name = authCacheNames.find((one) => one === cache);
    if (name === undefined) throw invalid(`"cache" has to be one of ${authCacheNames.join(', ')}`);
    if (role !== undefined && typeof role !== 'string') throw invalid('"role" has to be a string');
    if (resource !== undefined && typeof resource !== 'string') throw invalid('"resource" has to be a string');
    return { ...done, found: await control.invalidateAuthCache(name, role, resource) };
  },
  enableauditlog: logAction((logs, options) => logs.enableAuditLog(options)),
  disableauditlog: logAction((logs) => logs.disableAuditLog()),
  enablefullquerylog: logAction((logs, options) => logs.enableFullQueryLog(options)),
  disablefullquerylog: logAction((logs) => logs.disableFullQueryLog()),
  resetfullquerylog: logAction((logs) => logs.resetFullQueryLog()),
  updatecidrgroup: async ({ control }, { body }) => {
    const { group, cidrs } = body;
    if (typeof group !== 'string' || group === '') throw invalid('"group" has to be a string');
    if (!Array.isArray(cidrs) || cidrs.length === 0 || !cidrs.every((one) => typeof one === 'string'))
      throw invalid('"cidrs" has to be a list of strings');
    await control.cidr.update(group, cidrs);
    return done;
  },
  dropcidrgroup: async ({ control }, { body }) => {
    if (typeof body['group'] !== 'string') throw invalid('"group" has to be a string');
    await control.cidr.drop(body['group']);
    return done;
  },
  reloadcidrgroupscache: async ({ control }) => {
    await control.cidr.reload();
    return done;
  },
  reloadssl: async ({ control }) => {
    await control.reloadTls();
    return done;
  },
  stop: ({ control }) => {
    // The answer goes out first.
    setImmediate(() => control.stop());
    return done;
  },
};
