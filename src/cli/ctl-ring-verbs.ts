// Verbs of ferrosa-ctl about the ring and what nodes do for each other.
import type { KeyspaceReplication, NodeIdentity, NodeStatus } from '../http/index.js';
import { CtlError } from './ctl-client.js';
import { formatBytes } from './ctl-format.js';
import type { Verb } from './ctl-verb.js';

const anyNumber = Number.MAX_SAFE_INTEGER;

/** Widths of nodetool's columns behind the address. */
const ringWidths = [12, 7, 8, 16, 20, 44];

export function formatRing(identity: NodeIdentity, node: NodeStatus): string {
  const place = `${identity.address}:${identity.port}`;
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => cell.padEnd(i === 0 ? place.length + 2 : ringWidths[i - 1]!)).join('');
  const tokens = identity.tokens.map(BigInt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const load = node.loadBytes === null ? '?' : formatBytes(node.loadBytes);
  const rows = tokens.map((token) =>
    // One node has everything.
    line([node.address, node.rack, node.isUp ? 'Up' : 'Down', node.state, load, '100.00%', String(token)]),
  );
  return [
    '',
    `Datacenter: ${node.dataCenter}`,
    '==========',
    line(['Address', 'Rack', 'Status', 'State', 'Load', 'Owns', 'Token']),
    line(['', '', '', '', '', '', String(tokens.at(-1))]),
    ...rows,
    '',
  ].join('\n');
}

/** @param uptimeSeconds  a node that gossips does so every second */
export function formatGossip(
  identity: NodeIdentity & { readonly uptimeSeconds: number; readonly nativeTransport: boolean },
  loadBytes: number,
): string {
  const values: [string, string][] = [
    ['generation', String(identity.generation)],
    ['heartbeat', String(Math.floor(identity.uptimeSeconds))],
    ['LOAD', String(loadBytes)],
    ['SCHEMA', identity.schemaVersion],
    ['DC', identity.dataCenter],
    ['RACK', identity.rack],
    ['RELEASE_VERSION', identity.releaseVersion],
    ['HOST_ID', identity.hostId],
    ['RPC_READY', String(identity.nativeTransport)],
    ['NATIVE_ADDRESS_AND_PORT', `${identity.nativeAddress}:${identity.nativePort}`],
    ['STATUS_WITH_PORT', `NORMAL,${identity.tokens[0]}`],
    ['TOKENS', '<hidden>'],
  ];
  return [`/${identity.address}`, ...values.map(([name, value]) => `  ${name}:${value}`)].join('\n');
}

/** The keyspaces that are named, or all but those of the system. @throws CtlError for one that there is not */
function named(all: readonly KeyspaceReplication[], name: string | undefined): readonly KeyspaceReplication[] {
  if (name === undefined) return all.filter((one) => !one.name.startsWith('system') || one.name === 'system_auth');
  const found = all.filter((one) => one.name === name);
  if (found.length === 0) throw new CtlError(`Keyspace [${name}] does not exist.`);
  return found;
}

export const ringVerbs: Readonly<Record<string, Verb>> = {
  ring: {
    usage: '[<keyspace>]',
    help: 'Print information about the token ring',
    argumentsMin: 0,
    argumentsMax: 1,
    async run(client, [keyspace]) {
      const identity = await client.read<NodeIdentity>('identity');
      if (keyspace !== undefined) named(await client.read<KeyspaceReplication[]>('keyspaces'), keyspace);
      const nodes = await client.read<NodeStatus[]>('nodes');
      const data = nodes.map((node) => ({ ...node, tokens: identity.tokens }));
      return { data, text: formatRing(identity, nodes[0]!) };
    },
  },
  gossipinfo: {
    usage: '',
    help: 'Print what the node would gossip; without versions, since one node gossips with nobody',
    argumentsMin: 0,
    argumentsMax: 0,
    async run(client) {
      const identity = await client.read<
        NodeIdentity & { readonly uptimeSeconds: number; readonly nativeTransport: boolean }
      >('identity');
      const [node] = await client.read<NodeStatus[]>('nodes');
      return { data: identity, text: formatGossip(identity, node?.loadBytes ?? 0) };
    },
  },
  cleanup: {
    usage: '[<keyspace> <tables>...]',
    help: 'Remove keys that no longer belong to the node: one node owns them all',
    argumentsMin: 0,
    argumentsMax: anyNumber,
    async run(client, [keyspace = null, ...tables]) {
      await client.act('cleanup', { keyspace, tables });
      return { data: { removed: 0 }, text: 'Nothing to clean up: the node owns the whole ring' };
    },
  },
  repair: {
    usage: '[<keyspace> <tables>...]',
    help: 'Repair one or more tables: one node has no other replica to compare with',
    argumentsMin: 0,
    argumentsMax: anyNumber,
    async run(client, [keyspace, ...tables]) {
      const all = named(await client.read<KeyspaceReplication[]>('keyspaces'), keyspace);
      if (keyspace !== undefined) await client.act('cleanup', { keyspace, tables });
      const lines = all.map(({ name }) => `This node is the only replica. No repair is needed for keyspace '${name}'`);
      return { data: all.map(({ name }) => name), text: lines.join('\n') };
    },
  },
};
