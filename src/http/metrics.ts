// Prometheus metrics: the process, the CQL server, the tables.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ServerBudget, ServerMetrics } from '../server/index.js';
import type { NodeControl, TableStats } from './node-control.js';

export type MetricSources = {
  readonly control: NodeControl;
  readonly server: ServerMetrics;
  readonly budget: ServerBudget;
  /** null when the hot path is off. */
  readonly hotPath: { stats(): HotPathFigures } | null;
};

/** What the hot path has done since the start. */
export type HotPathFigures = {
  readonly hot: number;
  readonly declined: number;
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
  addServer(registry, sources);
  if (sources.hotPath !== null) addHotPath(registry, sources.hotPath);
  addTables(registry, sources.control);
  return registry;
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** A counter whose value is kept elsewhere. */
function counter(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
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

function addServer(registry: Registry, { server, budget }: MetricSources): void {
  gauge(registry, 'ferrosa_cql_connections', 'Open CQL connections', () => budget.connections);
  gauge(registry, 'ferrosa_cql_requests_in_flight', 'CQL requests being run', () => budget.requests);
  gauge(registry, 'ferrosa_cql_request_bytes_in_flight', 'Bytes of CQL requests being run', () => budget.bytes);
  const counters: [string, string, () => number][] = [
    ['connections_accepted', 'CQL connections accepted', () => server.connectionsAccepted],
    ['connections_refused', 'CQL connections over a limit', () => server.connectionsRefused],
    ['requests', 'CQL requests of every kind', () => server.requests],
    ['errors', 'CQL requests answered with an error', () => server.errors],
    ['protocol_errors', 'CQL requests that break the protocol', () => server.protocolErrors],
    ['overloads', 'CQL requests over a limit', () => server.overloads],
    ['pauses', 'Times a connection was not read on', () => server.pauses],
    ['received_bytes', 'Bytes from CQL clients', () => server.receivedBytes],
    ['sent_bytes', 'Bytes to CQL clients', () => server.sentBytes],
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

function addHotPath(registry: Registry, hotPath: { stats(): HotPathFigures }): void {
  const name = (end: string): string => `ferrosa_hot_path_${end}`;
  gauge(registry, name('requests_in_flight'), 'Requests that the addon runs', () => hotPath.stats().open);
  const counters: [string, string, (stats: HotPathFigures) => number][] = [
    ['requests', 'Requests that the addon has run', (stats) => stats.hot],
    ['declined', 'Requests that a shard gave back to JavaScript', (stats) => stats.declined],
    ['timeouts', 'Requests that were not answered in time', (stats) => stats.timeouts],
    ['overloads', 'Requests over a limit', (stats) => stats.overloaded],
    ['stops', 'Times a connection was stopped for a full ring', (stats) => stats.stops],
  ];
  for (const [end, help, read] of counters) counter(registry, name(`${end}_total`), help, () => read(hotPath.stats()));
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
  // One question to the shards a scrape, whichever metric is collected first.
  let current: Promise<readonly TableStats[]> | null = null;
  const ask = (): Promise<readonly TableStats[]> => {
    if (current === null) {
      current = control.tableStats();
      const forget = () => {
        current = null;
      };
      current.then(forget, forget);
    }
    return current;
  };
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
