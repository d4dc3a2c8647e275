// EVENT messages to the connections that registered for them. Source: Cassandra's Server.EventNotifier.
import { type EventBody, type EventType, encodeResponse, eventStream, type NodeAddress } from '../protocol/index.js';

/** A registered connection. */
export interface EventReceiver {
  readonly protocolVersion: number;
  /** `envelope` is whole; it leaves in order with the answers. */
  sendEvent(envelope: Uint8Array): void;
}

const nodeKey = (node: NodeAddress): string => `${Buffer.from(node.address).toString('hex')}:${node.port}`;

export class EventNotifier {
  readonly #receivers: Record<EventType, Set<EventReceiver>> = {
    TOPOLOGY_CHANGE: new Set(),
    STATUS_CHANGE: new Set(),
    SCHEMA_CHANGE: new Set(),
  };
  // The last event of each node and type: the same twice in a row is told once.
  readonly #lastTopology = new Map<string, string>();
  readonly #lastStatus = new Map<string, string>();
  readonly #own: () => NodeAddress | null;

  /** @param own  client address of this node: events about another node that has the same are not sent (CASSANDRA-10052) */
  constructor(own: () => NodeAddress | null = () => null) {
    this.#own = own;
  }

  register(receiver: EventReceiver, types: readonly EventType[]): void {
    for (const type of types) this.#receivers[type].add(receiver);
  }

  unregister(receiver: EventReceiver): void {
    for (const receivers of Object.values(this.#receivers)) receivers.delete(receiver);
  }

  countOf(type: EventType): number {
    return this.#receivers[type].size;
  }

  schemaChanged(change: Extract<EventBody, { type: 'SCHEMA_CHANGE' }>['schema']): void {
    this.#send({ type: 'SCHEMA_CHANGE', schema: change });
  }

  /** REQUIRES: the node is ready for clients when `change` is NEW_NODE, and its peers row is published. */
  topologyChanged(change: 'NEW_NODE' | 'REMOVED_NODE' | 'MOVED_NODE', node: NodeAddress): void {
    if (this.#isOwn(node)) return;
    const key = nodeKey(node);
    if (change !== 'MOVED_NODE' && this.#lastTopology.get(key) === change) return;
    this.#lastTopology.set(key, change);
    if (change === 'REMOVED_NODE') this.#lastStatus.delete(key);
    this.#send({ type: 'TOPOLOGY_CHANGE', change, node });
  }

  /** REQUIRES: the node is ready for clients when `change` is UP. */
  statusChanged(change: 'UP' | 'DOWN', node: NodeAddress): void {
    const key = nodeKey(node);
    if (this.#isOwn(node) || this.#lastStatus.get(key) === change) return;
    this.#lastStatus.set(key, change);
    this.#send({ type: 'STATUS_CHANGE', change, node });
  }

  #isOwn(node: NodeAddress): boolean {
    const own = this.#own();
    return own !== null && nodeKey(own) === nodeKey(node);
  }

  #send(event: EventBody): void {
    const encoded = new Map<number, Uint8Array>();
    for (const receiver of this.#receivers[event.type]) {
      const version = receiver.protocolVersion;
      let envelope = encoded.get(version);
      if (envelope === undefined) {
        envelope = encodeResponse({ kind: 'EVENT', event }, { version, stream: eventStream });
        encoded.set(version, envelope);
      }
      receiver.sendEvent(envelope);
    }
  }
}
