// The composition of a node: what runs in this process and how it is put together.

import { join } from 'node:path';
import type { Authenticator, HotGroups, RoleAccess } from '../auth/index.js';
import { satisfiedLevels } from '../cluster/index.js';
import { FerrosaError } from '../common/errors.js';
import type { ConnectionInfo, ServingFigures, WebServer } from '../http/index.js';
import { askForSlices } from '../native/index.js';
import { defaultQuerySettings, HotPlans, type Processor } from '../query/index.js';
import {
  type Connection,
  type CqlServer,
  createCqlServer,
  QueryTraceStore,
  ShardSockets,
  serverGuardrails,
} from '../server/index.js';
import { HotPath } from '../shard/index.js';
import { guardrailsOf } from './config.js';
import { openDataFolder, StartProblem } from './data-folder.js';
import type { Log } from './log.js';
import { createAccess, createHotGroups } from './node/access.js';
import { keepCompactionHistory } from './node/compaction-history.js';
import { Control } from './node/control.js';
import { DenylistKeeper } from './node/denylist.js';
import { watchDiskUsage } from './node/disk-usage.js';
import { loadPagingKey, monotonicMicros, nextTimeUuid, nowMs } from './node/environment.js';
import { scheduleEstimates } from './node/estimates.js';
import { Figures } from './node/figures.js';
import { collectOnlyAsNeeded, trimWhenIdle } from './node/idle-memory.js';
import { watchPartitions } from './node/large-partitions.js';
import { Latencies } from './node/latencies.js';
import { NodeLogs } from './node/logs.js';
import { createProcessor } from './node/query.js';
import { type NodeStorage, openStorage, replicasOf } from './node/storage.js';
import { createTls } from './node/tls.js';
import { ViewBuilds } from './node/view-builds.js';
import { openAt } from './ready-line.js';
import { serverLimitsOf } from './server-config.js';
import type { Config } from './settings.js';
import { type HostAndPort, isEveryAddress } from './units.js';

/** How long requests in flight may take when the node stops, in milliseconds. */
const graceMs = 10_000;

export type RunningNode = {
  /** What is open where, for the ready line. */
  describe(): string;
  /** Stops accepting, finishes what is in flight, flushes and ends the threads. */
  drain(): Promise<void>;
};

type Parts = {
  readonly storage: NodeStorage;
  readonly server: CqlServer;
  readonly web: WebServer;
  readonly logs: NodeLogs;
};

/** How long a thread runs before another has its turn; the shortest that Linux has. */
const sliceMicros = 100;

/**
 * Starts everything; resolves when clients can connect.
 * @param onDeath  a part ended that the node cannot live without
 * @param onStop  somebody asked the node to end; `why` is for the log
 * @throws StartProblem, FerrosaError with a message for the operator
 */
export async function startNode(
  config: Config,
  log: Log,
  onDeath: (message: string) => void,
  onStop: (why: string) => void,
): Promise<RunningNode> {
  // For all threads, which inherit it: requests come to threads that are waiting, and do not wait for who computes.
  askForSlices(sliceMicros);
  collectOnlyAsNeeded();
  const startedAtMs = nowMs();
  checkMode(config, log);
  await openDataFolder(config.data_dir);
  const storage = await openStorage(config, log, onDeath);
  const pagingKey = await loadPagingKey(config.data_dir);
  const startedAtSeconds = Math.floor(startedAtMs / 1000);
  const guardrails = guardrailsOf(config);
  const figures = new Figures(config, guardrails, storage, startedAtSeconds);
  const processor = await createProcessor(config, storage, pagingKey, startedAtSeconds, figures, guardrails, log);
  const traces = traceStore(storage, processor, log);
  const logs = new NodeLogs(config, storage, processor, log);
  await logs.start(config.audit_logging_options_enabled);
  const { server, services, access } = await createServer(config, storage, processor, { traces, logs }, log);
  const latencies = new Latencies(storage, processor, services.hotPath, log);
  const serving = { processor, server, services, latencies, access };
  figures.attach(serving);
  keepCompactionHistory(processor, storage, log);
  const stopEstimates = scheduleEstimates(processor, storage, log);
  watchPartitions(storage.shards.tables, guardrails, log);
  const stopWatching = watchDiskUsage(guardrails, join(config.data_dir, 'data'), log);
  const stopTrimming = trimWhenIdle(
    () => services.metrics.requests,
    config.memtable_offheap_space,
    () => storage.shards.collectGarbage(),
  );
  const builds = new ViewBuilds(processor, storage, log);
  builds.start();
  // First, because connections to the other port are told of it.
  const aware = { listen: (address: HostAndPort) => server.listen(address, true) };
  const awarePort = await listen(aware, config.cql_shard_aware_bind, 'CQL', 'cql_shard_aware_bind');
  const denylist = new DenylistKeeper(config, guardrails, processor, processor.services.denylist!, log);
  await denylist.start();
  const control = new Control({
    config,
    storage,
    serving,
    traces,
    logs,
    guardrails,
    denylist,
    startedAtMs,
    stop: () => onStop('ferrosa-ctl stop'),
  });
  const { WebServer } = await import('../http/index.js');
  const web = new WebServer({
    control,
    server: services.metrics,
    budget: services.budget,
    hotPath: services.hotPath,
    serving: services.shardSockets && (() => servingFigures(storage, services.shardSockets!)),
    connections: () => [...server.connections].map((connection) => connectionInfo(connection)),
    log,
    authorize: config.authenticator === 'AllowAllAuthenticator' ? null : superuserCheck(services.authenticator, access),
  });
  const webPort = await listen(web, config.web_bind, 'The web side', 'web_bind');
  const cqlPort = await listen(server, config.cql_bind, 'CQL', 'cql_bind');
  return {
    describe: () => openAt(config, { cql: cqlPort, aware: awarePort, web: webPort }),
    async drain() {
      stopEstimates();
      latencies.stop();
      stopTrimming();
      stopWatching();
      denylist.stop();
      await builds.stop();
      await drain({ storage, server, web, logs });
    },
  };
}

/** What the threads of the shards have done for their connections. */
async function servingFigures(storage: NodeStorage, sockets: ShardSockets): Promise<ServingFigures[]> {
  const stats = await storage.shards.stats();
  return stats.flatMap(({ shard, serving }) =>
    serving === null ? [] : [{ shard, ...serving, connections: sockets.connectionsOf(shard) }],
  );
}

function connectionInfo(connection: Connection): ConnectionInfo {
  const { client, startup, stage, inFlight, protocolVersion } = connection;
  return {
    address: client.address,
    port: client.port,
    stage,
    user: client.user,
    keyspace: client.keyspace,
    protocolVersion,
    driverName: startup?.driverName ?? null,
    driverVersion: startup?.driverVersion ?? null,
    requests: connection.requestCount,
    inFlight,
  };
}

/** Only superusers may act on the node. Whether a role is one is told to who has its password only. */
function superuserCheck(authenticator: Authenticator, access: RoleAccess) {
  return async (user: string, password: string): Promise<void> => {
    await authenticator.authenticate(Buffer.from(`\0${user}\0${password}`), 'web');
    if (!(await access.isSuperuser(user))) throw new FerrosaError('UNAUTHORIZED', `${user} is no superuser`);
  };
}

const isOpen = ({ host }: HostAndPort): boolean => !/^(127\.|::1$|localhost$)/.test(host);

function checkMode(config: Config, log: Log): void {
  const hasLogin = config.authenticator !== 'AllowAllAuthenticator';
  if (config.mode === 'development') {
    if (isOpen(config.cql_bind) && !hasLogin)
      log.warn(
        `nobody has to log in, and cql_bind ${config.cql_bind.host} is open to other machines: set authenticator`,
      );
    if (isEveryAddress(config.cql_bind.host) && config.broadcast_rpc_address === '')
      log.warn('clients are told that this node is at 127.0.0.1: set broadcast_rpc_address');
    return;
  }
  if (!hasLogin)
    throw new StartProblem('production mode needs authentication: set authenticator = "PasswordAuthenticator"');
  for (const name of ['cql_bind', 'cql_shard_aware_bind'] as const)
    if (
      isOpen(config[name]) &&
      (!config.client_encryption_options_enabled || config.client_encryption_options_optional)
    )
      throw new StartProblem(
        `production mode needs TLS on ${name}, which others can reach: set client_encryption_options_enabled, and not _optional`,
      );
  if (isOpen(config.web_bind))
    throw new StartProblem('production mode needs web_bind on the loopback address: the web side has no TLS');
}

function traceStore(storage: NodeStorage, processor: Processor, log: Log): QueryTraceStore {
  const { broadcastAddress: address, broadcastPort: port } = storage.record;
  const random = () => Math.random();
  const traces = new QueryTraceStore({ nowMs, monotonicMicros, nextTimeUuid, random, node: { address, port }, log });
  traces.attach(processor);
  return traces;
}

/** The addon knows what batches need no warning by Cassandra's defaults. */
const warnsOnlyOfLargeBatches = (config: Config): boolean =>
  config.batch_size_warn_threshold >= defaultQuerySettings.batchSizeWarnBytes &&
  config.batch_size_fail_threshold >= defaultQuerySettings.batchSizeWarnBytes &&
  config.unlogged_batch_across_partitions_warn_threshold >= defaultQuerySettings.unloggedBatchAcrossPartitionsWarn;

async function createServer(
  config: Config,
  storage: NodeStorage,
  processor: Processor,
  { traces, logs }: { readonly traces: QueryTraceStore; readonly logs: NodeLogs },
  log: Log,
) {
  const limits = serverLimitsOf(config);
  const hotPathOptions = {
    frameBytesMax: limits.frameBytesMax,
    answerBytesMax: limits.outputBytesMax,
    writeTimeoutMs: config.write_request_timeout,
    counterTimeoutMs: config.counter_write_request_timeout,
    readTimeoutMs: config.read_request_timeout,
    severalPartitions: warnsOnlyOfLargeBatches(config),
  };
  const hotPath = config.hot_path ? new HotPath(storage.shards.router, hotPathOptions) : null;
  // Without the hot path a shard would pass everything on to this thread.
  const serving = { hotPath: hotPathOptions, limits };
  const shardSockets = hotPath === null ? null : new ShardSockets(storage.shards.serve(serving));
  const { access, authenticator } = await createAccess(config, storage, processor, log);
  if (config.auth_cache_warming_enabled)
    await access.warm((error) => log.warn({ error }, 'Caches of system_auth are not filled'));
  let hotGroups: HotGroups | null = null;
  if (hotPath !== null && shardSockets !== null) {
    hotPath.onPlan = (number, plan) => shardSockets.plan(number, plan);
    storage.coordinator.batchesEnded = () => hotPath.batchesEnded();
    hotPath.onAllowed = (group, plan) => shardSockets.allow(group, plan);
    const levels = (keyspace: string) => satisfiedLevels(replicasOf(storage.metadata, keyspace));
    const plans = new HotPlans(processor, hotPath, levels);
    storage.builds.onChange = (id) => plans.indexChanged(id);
    hotGroups = createHotGroups(processor, access, { hotPath, shardSockets, plans });
  }
  const tls = await createTls(config, log);
  const created = createCqlServer({
    processor,
    catalogue: storage.metadata.catalogue,
    authenticator,
    hotGroups,
    limits,
    hotPath,
    shardSockets,
    traces,
    logs: logs.clients,
    guardrails: serverGuardrails(authenticator, access, processor.services.guardrails),
    tls,
    log,
    own: () => null,
  });
  return { ...created, access };
}

async function listen(
  server: { listen(address: HostAndPort): Promise<number> },
  address: HostAndPort,
  what: string,
  setting: string,
): Promise<number> {
  try {
    return await server.listen(address);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const place = `${address.host}:${address.port}`;
    const flag = `--${setting.replaceAll('_', '-')} HOST:PORT`;
    if (code === 'EADDRINUSE')
      throw new StartProblem(
        `${what} cannot listen on ${place}: another process does. Stop it, or choose with ${flag}.`,
      );
    if (code === 'EACCES')
      throw new StartProblem(`${what} may not listen on ${place}. Choose another port with ${flag}.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new StartProblem(
        `${what} cannot listen on ${place}: this machine has no such address. Choose with ${flag}.`,
      );
    throw new StartProblem(`${what} cannot listen on ${place}: ${message}`);
  }
}

async function drain({ storage, server, web, logs }: Parts): Promise<void> {
  await server.stop(graceMs);
  await logs.stop();
  await web.stop();
  await storage.coordinator.stop();
  await storage.userFunctions.stop();
  await storage.builds.stop();
  await storage.shards.stop();
  storage.stamps.close();
  await storage.pool.stop();
  await storage.metadata.stop();
}
