// A CQL server on a free port with a query layer of the test's choice.
import { type Authenticator, allowAllAuthenticator } from '../../src/auth/index.js';
import {
  CqlServer,
  defaultServerLimits,
  EventNotifier,
  ServerBudget,
  type ServerLimits,
  ServerMetrics,
  type ServerServices,
  type TraceStore,
} from '../../src/server/index.js';
import type { HotPath } from '../../src/shard/index.js';
import { FakeProcessor } from './fake-processor.js';

export type TestServer = {
  readonly port: number;
  readonly processor: FakeProcessor;
  readonly services: ServerServices;
  readonly server: CqlServer;
  stop(): Promise<void>;
};

export async function startTestServer(
  options: {
    limits?: Partial<ServerLimits>;
    authenticator?: Authenticator;
    processor?: FakeProcessor;
    traces?: TraceStore;
    hotPath?: HotPath;
  } = {},
): Promise<TestServer> {
  const processor = options.processor ?? new FakeProcessor();
  const services: ServerServices = {
    processor,
    hotGroups: null,
    tls: null,
    authenticator: options.authenticator ?? allowAllAuthenticator,
    budget: new ServerBudget({ ...defaultServerLimits, ...options.limits }),
    events: new EventNotifier(),
    metrics: new ServerMetrics(),
    traces: options.traces ?? null,
    hotPath: options.hotPath ?? null,
    shardSockets: null,
    guardrails: null,
    logs: null,
    log: { warn: () => {}, error: () => {} },
    supported: () => new Map(),
  };
  const server = new CqlServer(services);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  return { port, processor, services, server, stop: () => server.stop(500) };
}
