// The state machine behind the metadata log: schema, nodes, roles. Pure: the same entries make the same state on every
// node.
import {
  applyDelta,
  diffSchemas,
  type Schema,
  type SchemaDelta,
  systemSchema,
  type Topology,
} from '../schema/index.js';
import type { Command } from './consensus.js';

/** A node as the cluster knows it. */
export type NodeRecord = {
  /** UUID text; given once, when the node first starts. */
  readonly hostId: string;
  readonly datacenter: string;
  readonly rack: string;
  /** Decimal texts, sorted as numbers. */
  readonly tokens: readonly string[];
  readonly releaseVersion: string;
  readonly broadcastAddress: string;
  readonly broadcastPort: number;
  readonly listenAddress: string;
  readonly listenPort: number;
  /** Where clients reach it. */
  readonly nativeAddress: string;
  readonly nativePort: number;
};

/** A role as system_auth.roles has it. */
export type RoleRecord = {
  readonly name: string;
  readonly canLogin: boolean;
  readonly isSuperuser: boolean;
  readonly memberOf: readonly string[];
  readonly saltedHash: string | null;
};

export type MetadataState = {
  readonly clusterName: string | null;
  readonly schema: Schema;
  /** By host id. */
  readonly nodes: ReadonlyMap<string, NodeRecord>;
  /** By name. */
  readonly roles: ReadonlyMap<string, RoleRecord>;
};

export type MetadataCommand =
  /** `base` is the version of the schema that the delta was made for: on any other it does nothing. */
  | { readonly kind: 'schema'; readonly base: string; readonly delta: SchemaDelta }
  | { readonly kind: 'clusterName'; readonly name: string }
  | { readonly kind: 'putNode'; readonly node: NodeRecord }
  | { readonly kind: 'dropNode'; readonly hostId: string }
  | { readonly kind: 'putRole'; readonly role: RoleRecord }
  | { readonly kind: 'dropRole'; readonly name: string };

type SnapshotState = {
  readonly clusterName: string | null;
  /** What makes the schema out of the built-in one. */
  readonly schema: SchemaDelta;
  readonly nodes: readonly NodeRecord[];
  readonly roles: readonly RoleRecord[];
};

/** A new cluster before anything was decided. */
export function initialState(): MetadataState {
  return { clusterName: null, schema: systemSchema(), nodes: new Map(), roles: new Map() };
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

/** The state after a command. A command of a kind that this version does not know changes nothing. */
export function applyCommand(state: MetadataState, command: Command): MetadataState {
  const known = command as MetadataCommand;
  switch (known.kind) {
    case 'schema':
      return known.base === state.schema.version ? { ...state, schema: applyDelta(state.schema, known.delta) } : state;
    case 'clusterName':
      return { ...state, clusterName: known.name };
    case 'putNode':
      return { ...state, nodes: new Map(state.nodes).set(known.node.hostId, known.node) };
    case 'dropNode':
      return { ...state, nodes: without(state.nodes, known.hostId) };
    case 'putRole':
      return { ...state, roles: new Map(state.roles).set(known.role.name, known.role) };
    case 'dropRole':
      return { ...state, roles: without(state.roles, known.name) };
    default:
      return state;
  }
}

/** The state as JSON. */
export function stateToSnapshot(state: MetadataState): SnapshotState {
  return {
    clusterName: state.clusterName,
    schema: diffSchemas(systemSchema(), state.schema),
    nodes: [...state.nodes.values()],
    roles: [...state.roles.values()],
  };
}

/** The inverse of stateToSnapshot. */
export function stateFromSnapshot(snapshot: unknown): MetadataState {
  const { clusterName, schema, nodes, roles } = snapshot as SnapshotState;
  return {
    clusterName,
    schema: applyDelta(systemSchema(), schema),
    nodes: new Map(nodes.map((node) => [node.hostId, node])),
    roles: new Map(roles.map((role) => [role.name, role])),
  };
}

/** Datacenters and how many nodes each has. */
export function topologyOf(state: MetadataState): Topology {
  const counts = new Map<string, number>();
  for (const { datacenter } of state.nodes.values()) counts.set(datacenter, (counts.get(datacenter) ?? 0) + 1);
  return counts;
}
