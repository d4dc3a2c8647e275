// What this node would tell others of itself: system_views.gossip_info. Nobody is told, but what is told changes as in Cassandra: a state has
// the version that it was set with, from a count that the heartbeat moves every second.
import type { PlainRow } from '../../schema/index.js';

/** In Cassandra's order of setting them at a start. */
const states = [
  'host_id',
  'native_address_and_port',
  'rpc_address',
  'release_version',
  'sstable_versions',
  'dc',
  'rack',
  'tokens',
  'status_with_port',
  'status',
  'rpc_ready',
  'schema',
  'index_status',
  'load',
] as const;
export type GossipState = (typeof states)[number];
export type GossipValues = Readonly<Record<GossipState, string | null>>;

export class Gossip {
  readonly #known = new Map<GossipState, { readonly value: string; readonly version: number }>();
  #version = 0;

  /** @param uptimeSeconds  of the node: so often the heart has beaten */
  columns(values: GossipValues, uptimeSeconds: number): PlainRow {
    const isFirst = this.#version === 0;
    for (const name of states) {
      const value = values[name];
      if (value === null) this.#known.delete(name);
      else if (this.#known.get(name)?.value !== value) {
        // Those of the start one after the other, before the first beat; what has changed since has the version of the beat that tells it.
        this.#version = isFirst ? this.#version + 1 : Math.max(this.#version + 1, states.length + uptimeSeconds);
        this.#known.set(name, { value, version: this.#version });
      }
    }
    const heartbeat = Math.max(this.#version, states.length + uptimeSeconds);
    const row: Record<string, PlainRow[string]> = { heartbeat };
    for (const [name, { value, version }] of this.#known) {
      if (name !== 'tokens') row[name] = value;
      row[`${name}_version`] = version;
    }
    return row;
  }
}
