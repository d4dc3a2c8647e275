// The verbs of ferrosa-ctl: nodetool's names, arguments and output.
import type {
  CompactionStats,
  Guardrail,
  KeyspaceReplication,
  NodeIdentity,
  NodeStatus,
  ProxyHistograms,
  TableHistograms,
  TableStats,
  ThreadPool,
} from '../http/index.js';
import { authVerbs } from './ctl-auth-verbs.js';
import { cidrVerbs } from './ctl-cidr-verbs.js';
import { type CtlClient, CtlError } from './ctl-client.js';
import { decimals, formatBytes, formatTable } from './ctl-format.js';
import { formatGuardrails, selectGuardrails } from './ctl-guardrails.js';
import { formatProxyHistograms, formatTableHistograms, selectHistograms } from './ctl-histograms.js';
import { logVerbs } from './ctl-log-verbs.js';
import { ringVerbs } from './ctl-ring-verbs.js';
import { snapshotVerbs } from './ctl-snapshot-verbs.js';
import { formatTableStats, selectTables } from './ctl-tablestats.js';
import type { Verb, VerbResult } from './ctl-verb.js';

export type { Verb, VerbResult } from './ctl-verb.js';

export type Identity = NodeIdentity & {
  readonly uptimeSeconds: number;
  readonly nativeTransport: boolean;
  readonly memory: {
    readonly heapUsed: number;
    readonly heapTotal: number;
    readonly external: number;
    readonly rss: number;
  };
};

const silent: VerbResult = { data: { done: true }, text: '' };
const anyNumber = Number.MAX_SAFE_INTEGER;
const MiB = 1024 * 1024;

/** Sends an action without arguments. */
const action = (name: string, help: string): Verb => ({
  usage: '',
  help,
  argumentsMin: 0,
  argumentsMax: 0,
  async run(client) {
    await client.act(name);
    return silent;
  },
});

/** Sends an action for all tables, those of a keyspace, or those named. */
const tableAction = (name: string, help: string): Verb => ({
  usage: '[<keyspace> <tables>...]',
  help,
  argumentsMin: 0,
  argumentsMax: anyNumber,
  async run(client, [keyspace = null, ...tables]) {
    await client.act(name, { keyspace, tables });
    return silent;
  },
});

const stateLetters = { Normal: 'N', Leaving: 'L', Joining: 'J', Moving: 'M' };

export function formatStatus(nodes: readonly NodeStatus[]): string {
  const lines: string[] = [];
  for (const dataCenter of new Set(nodes.map((node) => node.dataCenter))) {
    const title = `Datacenter: ${dataCenter}`;
    lines.push(title, '='.repeat(title.length), 'Status=Up/Down', '|/ State=Normal/Leaving/Joining/Moving');
    const members = nodes.filter((node) => node.dataCenter === dataCenter);
    const rows = members.map((node) => [
      `${node.isUp ? 'U' : 'D'}${stateLetters[node.state]}`,
      node.address,
      node.loadBytes === null ? '?' : formatBytes(node.loadBytes),
      String(node.tokens),
      // Every node of one holds everything; with more, ownership depends on the keyspace.
      nodes.length === 1 ? '100.0%' : '?',
      node.hostId,
      node.rack,
    ]);
    const owns = nodes.length === 1 ? 'Owns (effective)' : 'Owns';
    lines.push(formatTable([['--', 'Address', 'Load', 'Tokens', owns, 'Host ID', 'Rack'], ...rows], 2), '');
  }
  return lines.join('\n');
}

export function formatInfo(identity: Identity, loadBytes: number, withTokens: boolean): string {
  const { memory } = identity;
  const megabytes = (bytes: number): string => (bytes / MiB).toFixed(2);
  const rows: [string, string][] = [
    ['ID', identity.hostId],
    ['Native Transport active', String(identity.nativeTransport)],
    ['Load', formatBytes(loadBytes)],
    ['Generation No', String(identity.generation)],
    ['Uptime (seconds)', String(Math.floor(identity.uptimeSeconds))],
    ['Heap Memory (MB)', `${megabytes(memory.heapUsed)} / ${megabytes(memory.heapTotal)}`],
    ['Off Heap Memory (MB)', megabytes(memory.external)],
    ['Resident Memory (MB)', megabytes(memory.rss)],
    ['Data Center', identity.dataCenter],
    ['Rack', identity.rack],
  ];
  if (withTokens) for (const token of identity.tokens) rows.push(['Token', token]);
  else rows.push(['Token', `(invoke with -T/--tokens to see all ${identity.tokens.length} tokens)`]);
  return rows.map(([name, value]) => `${name.padEnd(23)}: ${value}`).join('\n');
}

export function formatPools(pools: readonly ThreadPool[]): string {
  const rows = pools.map(({ name, active, pending, completed, blocked, blockedAllTime }) =>
    [name, active, pending, completed, blocked, blockedAllTime].map(String),
  );
  return formatTable([['Pool Name', 'Active', 'Pending', 'Completed', 'Blocked', 'All time blocked'], ...rows]);
}

export function formatCompactions(stats: CompactionStats): string {
  const summary = formatTable([
    ['concurrent compactors', String(stats.concurrentCompactors)],
    ['pending tasks', String(stats.pending)],
    ['compactions completed', String(stats.completed)],
    ['data compacted', String(stats.bytesCompacted)],
    ['compaction throughput (MiB/s)', stats.throughput === 0 ? 'disabled (0)' : (stats.throughput / MiB).toFixed(1)],
  ]);
  if (stats.active.length === 0) return summary;
  const rows = stats.active.map((task) => {
    const known = task.doneBytes !== null && task.totalBytes > 0;
    const percent = !known ? 'n/a' : `${((task.doneBytes! / task.totalBytes) * 100).toFixed(2)}%`;
    return [
      task.id,
      task.kind,
      task.keyspace,
      task.table,
      task.doneBytes === null ? 'n/a' : String(task.doneBytes),
      String(task.totalBytes),
      'bytes',
      percent,
    ];
  });
  const header = ['id', 'compaction type', 'keyspace', 'table', 'completed', 'total', 'unit', 'progress'];
  return `${summary}\n${formatTable([header, ...rows])}`;
}

function formatCluster(
  identity: Identity,
  nodes: readonly NodeStatus[],
  keyspaces: readonly KeyspaceReplication[],
): string {
  const live = nodes.filter((node) => node.isUp);
  const inState = (state: NodeStatus['state']): number => nodes.filter((node) => node.state === state).length;
  const dataCenters = [...new Set(nodes.map((node) => node.dataCenter))].map((name) => {
    const members = nodes.filter((node) => node.dataCenter === name);
    return `\t${name} #Nodes: ${members.length} #Down: ${members.filter((node) => !node.isUp).length}`;
  });
  const replication = keyspaces.map(({ name, strategy, options }) => {
    const pairs = Object.entries(options).map(([key, value]) => `${key}=${value}`);
    return `\t${name} -> Replication class: ${strategy} {${pairs.join(', ')}}`;
  });
  return [
    'Cluster Information:',
    `\tName: ${identity.clusterName}`,
    `\tPartitioner: ${identity.partitioner}`,
    '\tSchema versions:',
    `\t\t${identity.schemaVersion}: [${live.map((node) => node.address).join(', ')}]`,
    '',
    'Stats for all nodes:',
    `\tLive: ${live.length}`,
    `\tJoining: ${inState('Joining')}`,
    `\tMoving: ${inState('Moving')}`,
    `\tLeaving: ${inState('Leaving')}`,
    `\tUnreachable: ${nodes.length - live.length}`,
    '',
    'Data Centers: ',
    ...dataCenters,
    '',
    'Database versions:',
    `\t${identity.releaseVersion}: [${identity.address}:${identity.port}]`,
    '',
    'Keyspaces:',
    ...replication,
  ].join('\n');
}

/** One node owns all of every keyspace, of those that there are. @throws CtlError with nodetool's text */
async function checkKeyspace(client: CtlClient, name: string): Promise<void> {
  const keyspaces = await client.read<KeyspaceReplication[]>('keyspaces');
  if (!keyspaces.some((keyspace) => keyspace.name === name)) throw new CtlError(`The keyspace ${name}, does not exist`);
}

export const verbs: Readonly<Record<string, Verb>> = {
  status: {
    usage: '[<keyspace>]',
    help: 'Print cluster information (state, load, IDs, ...)',
    argumentsMin: 0,
    argumentsMax: 1,
    async run(client, [keyspace]) {
      if (keyspace !== undefined) await checkKeyspace(client, keyspace);
      const data = await client.read<NodeStatus[]>('nodes');
      return { data, text: formatStatus(data) };
    },
  },
  info: {
    usage: '[-T | --tokens]',
    help: 'Print node information (uptime, load, ...)',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client, _, { tokens }) {
      const identity = await client.read<Identity>('identity');
      const stats = await client.read<TableStats[]>('tablestats');
      const loadBytes = stats.reduce((sum, table) => sum + table.sstableBytes, 0);
      return { data: { ...identity, loadBytes }, text: formatInfo(identity, loadBytes, tokens) };
    },
  },
  version: {
    usage: '',
    help: 'Print cassandra version',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const { releaseVersion } = await client.read<Identity>('identity');
      return { data: { releaseVersion }, text: `ReleaseVersion: ${releaseVersion}` };
    },
  },
  flush: tableAction('flush', 'Flush one or more tables'),
  compact: tableAction('compact', 'Force a (major) compaction on one or more tables'),
  drain: action('drain', 'Drain the node (stop accepting writes and flush all tables)'),
  tablestats: {
    usage: '[-H] [<keyspace.table>...]',
    help: 'Print statistics on tables',
    argumentsMin: 0,
    argumentsMax: anyNumber,
    async run(client, args, { humanReadable }) {
      const data = selectTables(await client.read<TableStats[]>('tablestats'), args);
      return { data, text: formatTableStats(data, humanReadable) };
    },
  },
  tablehistograms: {
    usage: '[<keyspace> <table> | <keyspace.table>]',
    help: 'Print statistic histograms for a given table',
    argumentsMin: 0,
    argumentsMax: 2,
    async run(client, args) {
      const data = selectHistograms(await client.read<TableHistograms[]>('tablehistograms'), args);
      return { data, text: formatTableHistograms(data) };
    },
  },
  proxyhistograms: {
    usage: '',
    help: 'Print statistic histograms for network operations',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const data = await client.read<ProxyHistograms>('proxyhistograms');
      return { data, text: formatProxyHistograms(data) };
    },
  },
  tpstats: {
    usage: '',
    help: 'Print usage statistics of thread pools',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const data = await client.read<ThreadPool[]>('threadpools');
      return { data, text: formatPools(data) };
    },
  },
  compactionstats: {
    usage: '',
    help: 'Print statistics on compactions',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const data = await client.read<CompactionStats>('compactionstats');
      return { data, text: formatCompactions(data) };
    },
  },
  viewbuildstatus: {
    usage: '<keyspace> <view> | <keyspace.view>',
    help: 'Show progress of a materialized view build',
    argumentsMin: 1,
    argumentsMax: 2,
    async run(client, args) {
      const [keyspace, view] = args.length === 2 ? args : args[0]!.split('.');
      if (!keyspace || !view) throw new CtlError('viewbuildstatus requires keyspace and view name arguments');
      const data = await client.read<Record<string, string>>('viewbuildstatus', { keyspace, view });
      const statuses = Object.entries(data);
      if (statuses.every(([, status]) => status === 'SUCCESS'))
        return { data, text: `${keyspace}.${view} has finished building` };
      const table = formatTable([['Host', 'Info'], ...statuses]);
      return { data, text: `${keyspace}.${view} has not finished building; node status is below.\n\n${table}` };
    },
  },
  describecluster: {
    usage: '',
    help: 'Print the name, partitioner and schema version of a cluster',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const identity = await client.read<Identity>('identity');
      const nodes = await client.read<NodeStatus[]>('nodes');
      const keyspaces = await client.read<KeyspaceReplication[]>('keyspaces');
      return { data: { identity, nodes, keyspaces }, text: formatCluster(identity, nodes, keyspaces) };
    },
  },
  getendpoints: {
    usage: '<keyspace> <table> <key>',
    help: 'Print the end points that owns the key',
    argumentsMin: 3,
    argumentsMax: 3,
    async run(client, [keyspace, table, key]) {
      const data = await client.read<string[]>('endpoints', { keyspace: keyspace!, table: table!, key: key! });
      return { data, text: data.join('\n') };
    },
  },
  loadpartitiondenylist: action('loadpartitiondenylist', 'Read system_distributed.partition_denylist again'),
  refreshsizeestimates: action('refreshsizeestimates', 'Refresh system.size_estimates'),
  disablebinary: action('disablebinary', 'Disable native transport (binary protocol)'),
  enablebinary: action('enablebinary', 'Reenable native transport (binary protocol)'),
  statusbinary: {
    usage: '',
    help: 'Status of native transport (binary protocol)',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const { nativeTransport } = await client.read<Identity>('identity');
      return { data: { nativeTransport }, text: nativeTransport ? 'running' : 'not running' };
    },
  },
  settraceprobability: {
    usage: '<value>',
    help: 'Sets the probability for tracing any given request to value. 0 disables, 1 enables for all requests',
    argumentsMin: 1,
    argumentsMax: 1,
    async run(client, [text]) {
      const probability = Number(text);
      if (text!.trim() === '' || Number.isNaN(probability)) throw new CtlError(`'${text}' is not a number`);
      await client.act('settraceprobability', { probability });
      return silent;
    },
  },
  gettraceprobability: {
    usage: '',
    help: 'Print the current trace probability value',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const data = await client.read<{ probability: number }>('traceprobability');
      return { data, text: `Current trace probability: ${decimals(data.probability)}` };
    },
  },
  getguardrailsconfig: {
    usage: '[(-c <category> | --category <category>)] [--expand] [<guardrail>]',
    help: 'Print runtime configuration of guardrails.',
    argumentsMin: 0,
    argumentsMax: 1,
    async run(client, [name], { category, expand }) {
      const data = selectGuardrails(await client.read<Guardrail[]>('guardrails'), name ?? null, category);
      return { data, text: formatGuardrails(data, expand, name !== undefined) };
    },
  },
  setguardrailsconfig: {
    usage: '<setter> <value1> ...',
    help: 'Modify runtime configuration of guardrails.',
    argumentsMin: 2,
    argumentsMax: anyNumber,
    async run(client, [name, ...values]) {
      await client.act('setguardrail', { name, values });
      return silent;
    },
  },
  ...authVerbs,
  ...cidrVerbs,
  ...logVerbs,
  ...ringVerbs,
  ...snapshotVerbs,
  stopdaemon: action('stop', 'Stop the node'),
  stop: action('stop', 'Stop the node'),
};
