// Prometheus metrics: the process, the CQL server, the tables.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ServerBudget, ServerMetrics } from '../server/index.js';
import { latencyMetric } from './latency-metric.js';
import type { NodeControl, TableStats } from './node-control.js';

export type MetricSources = {
  readonly control: NodeControl;
  readonly server: ServerMetrics;
  readonly budget: ServerBudget;
  /** null when the hot path is off. */
  readonly hotPath: { stats(): HotPathFigures } | null;
  /** Of each shard; null when shards have no connections. */
  readonly serving: (() => Promise<readonly ServingFigures[]>) | null;
};

/** What the thread of a shard has done for the connections that live on it. */
export type ServingFigures = Omit<HotPathFigures, 'hot' | 'lent'> & {
  readonly shard: number;
  /** Requests whose key the shard owns, and those that another shard has run. */
  readonly local: number;
  readonly forwarded: number;
  readonly connections: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
};

/** What the hot path has done since the start. */
export type HotPathFigures = {
  readonly hot: number;
  readonly lent: number;
  readonly declined: number;
  readonly handed: number;
  readonly timeouts: number;
  readonly overloaded: number;
  readonly stops: number;
  readonly open: number;
};

/** A registry whose values are read when it is scraped. */
export function createMetrics(sources: MetricSources): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'ferrosa_' });
  addNode(registry, sources);
  const serving = once(sources.serving ?? (async () => []));
  addServer(registry, sources, serving);
  if (sources.hotPath !== null) addHotPath(registry, sources.hotPath, serving);
  addShards(registry, serving);
  addLogs(registry, sources.control);
  addTables(registry, sources.control);
  registry.registerMetric(latencyMetric(sources.control));
  return registry;
}

/** One question a scrape, whichever metric is collected first. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | null = null;
  return () => {
    if (current === null) {
      current = ask();
      const forget = () => {
        current = null;
      };
      current.then(forget, forget);
    }
    return current;
  };
}

type Serving = () => Promise<readonly ServingFigures[]>;

async function sumOf(serving: Serving, read: (figures: ServingFigures) => number): Promise<number> {
  return (await serving()).reduce((sum, one) => sum + read(one), 0);
}

function gauge(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}

/** A counter whose value is kept elsewhere. */
function counter(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Counter({
    name,
    help,
    registers: [registry],
    async collect() {
      const value = await read();
      this.reset();
      this.inc(value);
    },
  });
}

function addNode(registry: Registry, { control }: MetricSources): void {
  gauge(registry, 'ferrosa_up', 'Whether the node runs', () => 1);
  gauge(registry, 'ferrosa_ready', 'Whether the node takes requests', () => (control.readiness().ready ? 1 : 0));
  gauge(registry, 'ferrosa_uptime_seconds', 'Seconds since the start', () => control.uptimeSeconds());
  new Gauge({
    name: 'ferrosa_listener_up',
    help: 'Whether clients can connect',
    labelNames: ['listener'],
    registers: [registry],
    collect() {
      this.set({ listener: 'cql' }, control.isNativeTransportOn() ? 1 : 0);
    },
  });
}

function addServer(registry: Registry, { server, budget }: MetricSources, serving: Serving): void {
  const shards = (read: (figures: ServingFigures) => number) => sumOf(serving, read);
  gauge(registry, 'ferrosa_cql_connections', 'Open CQL connections', () => budget.connections);
  gauge(registry, 'ferrosa_cql_requests_in_flight', 'CQL requests being run', () => budget.requests);
  gauge(registry, 'ferrosa_cql_request_bytes_in_flight', 'Bytes of CQL requests being run', () => budget.bytes);
  const counters: [string, string, () => number | Promise<number>][] = [
    ['connections_accepted', 'CQL connections accepted', () => server.connectionsAccepted],
    ['connections_refused', 'CQL connections over a limit', () => server.connectionsRefused],
    ['requests', 'CQL requests of every kind', () => server.requests],
    ['errors', 'CQL requests answered with an error', () => server.errors],
    ['protocol_errors', 'CQL requests that break the protocol', () => server.protocolErrors],
    ['overloads', 'CQL requests over a limit', () => server.overloads],
    ['pauses', 'Times a connection was not read on', () => server.pauses],
    [
      'received_bytes',
      'Bytes from CQL clients',
      async () => server.receivedBytes + (await shards((one) => one.receivedBytes)),
    ],
    ['sent_bytes', 'Bytes to CQL clients', async () => server.sentBytes + (await shards((one) => one.sentBytes))],
    ['authentication_successes', 'Logins', () => server.authenticationSuccesses],
    ['authentication_failures', 'Logins refused', () => server.authenticationFailures],
  ];
  for (const [name, help, read] of counters) counter(registry, `ferrosa_cql_${name}_total`, help, read);
  new Counter({
    name: 'ferrosa_cql_statements_total',
    help: 'CQL statements by message',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [kind, count] of Object.entries(server.statements)) this.inc({ kind }, count);
    },
  });
}

function addHotPath(registry: Registry, hotPath: { stats(): HotPathFigures }, serving: Serving): void {
  const name = (end: string): string => `ferrosa_hot_path_${end}`;
  const sum = async (read: (stats: HotPathFigures) => number): Promise<number> =>
    read(hotPath.stats()) + (await sumOf(serving, (one) => read({ ...one, hot: one.local + one.forwarded, lent: 0 })));
  gauge(registry, name('requests_in_flight'), 'Requests that the addon runs', () => sum(({ open }) => open));
  const counters: [string, string, (stats: HotPathFigures) => number][] = [
    ['requests', 'Requests that the addon has run', (stats) => stats.hot],
    [
      'lent',
      'Of them, those that the main thread has run while the thread of their shard slept',
      (stats) => stats.lent,
    ],
    ['declined', 'Requests that a shard gave back to JavaScript', (stats) => stats.declined],
    ['handed', 'Texts that went to JavaScript as prepared statements', (stats) => stats.handed],
    ['timeouts', 'Requests that were not answered in time', (stats) => stats.timeouts],
    ['overloads', 'Requests over a limit', (stats) => stats.overloaded],
    ['stops', 'Times a connection was stopped for a full ring', (stats) => stats.stops],
  ];
  for (const [end, help, read] of counters) counter(registry, name(`${end}_total`), help, () => sum(read));
}

const shardCounters: readonly [string, string, (figures: ServingFigures) => number][] = [
  ['local_requests', 'Requests of connections of a shard whose key it owns', ({ local }) => local],
  ['forwarded_requests', 'Requests of connections of a shard that another shard has run', ({ forwarded }) => forwarded],
];

function addShards(registry: Registry, serving: Serving): void {
  new Gauge({
    name: 'ferrosa_shard_connections',
    help: 'Open CQL connections of a shard',
    labelNames: ['shard'],
    registers: [registry],
    async collect() {
      for (const { shard, connections } of await serving()) this.set({ shard: String(shard) }, connections);
    },
  });
  for (const [name, help, read] of shardCounters)
    new Counter({
      name: `ferrosa_shard_${name}_total`,
      help,
      labelNames: ['shard'],
      registers: [registry],
      async collect() {
        const all = await serving();
        this.reset();
        for (const figures of all) this.inc({ shard: String(figures.shard) }, read(figures));
      },
    });
}

function addLogs(registry: Registry, { logs }: NodeControl): void {
  const named = [
    ['audit_log', 'the audit log', () => logs.auditLog()],
    ['full_query_log', 'the full query log', () => logs.fullQueryLog()],
  ] as const;
  for (const [name, what, read] of named) {
    counter(registry, `ferrosa_${name}_records_total`, `Records written to ${what}`, () => read().counts.written);
    counter(registry, `ferrosa_${name}_dropped_total`, `Records lost to ${what}`, () => read().counts.dropped);
  }
}

const tableGauges: readonly [string, string, (stats: TableStats) => number][] = [
  ['memtable_size_bytes', 'Bytes in memtables', (stats) => stats.memtableBytes],
  ['sstable_count', 'SSTables', (stats) => stats.sstableCount],
  ['sstable_size_bytes', 'Bytes of SSTables', (stats) => stats.sstableBytes],
  ['pending_compactions', 'Compactions that wait', (stats) => stats.pendingCompactions],
];
const seconds = (micros: number | null): number | null => (micros === null ? null : micros / 1e6);
const tableCounters: readonly [string, string, (stats: TableStats) => number | null][] = [
  ['reads_total', 'Reads', (stats) => stats.reads],
  ['read_seconds_total', 'Seconds in reads', (stats) => seconds(stats.readMicros)],
  ['writes_total', 'Writes', (stats) => stats.writes],
  ['write_seconds_total', 'Seconds in writes', (stats) => seconds(stats.writeMicros)],
];

function addTables(registry: Registry, control: NodeControl): void {
  const labelNames = ['keyspace', 'table'] as const;
  const ask = once(() => control.tableStats());
  const setup = (name: string, help: string) => ({
    name: `ferrosa_storage_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  for (const [name, help, read] of tableGauges)
    new Gauge({
      ...setup(name, help),
      async collect() {
        for (const stats of await ask()) this.set({ keyspace: stats.keyspace, table: stats.table }, read(stats));
      },
    });
  for (const [name, help, read] of tableCounters)
    new Counter({
      ...setup(name, help),
      async collect() {
        const all = await ask();
        this.reset();
        for (const stats of all) {
          const value = read(stats);
          if (value !== null) this.inc({ keyspace: stats.keyspace, table: stats.table }, value);
        }
      },
    });
}
