// An in-process node that keeps logged batches and views, whose requests to the shards a test can hold back, refuse or count.
import { randomBytes } from 'node:crypto';
import { BatchLog, LocalCoordinator, type ShardPort, ViewWriter, withIndexes } from '../../src/cluster/index.js';
import type { FerrosaError } from '../../src/common/errors.js';
import { type Coordinator, nativeFunctions } from '../../src/query/index.js';
import { InProcessNode, Session } from './in-process-node.js';

export type ShardRequest = {
  readonly kind: 'mutate' | 'batch' | 'read' | 'control';
  /** True when what is asked for mentions the table, in whatever part of it. */
  names(keyspace: string, table: string): boolean;
};

export class LoggingNode {
  readonly node = new InProcessNode();
  readonly session = new Session(this.node);
  readonly coordinator: LocalCoordinator;
  readonly givenUp: FerrosaError[] = [];
  /** The clock of what the node derives from writes. */
  stampMicros: () => bigint = () => this.node.nowMicros();
  /** Awaited before a request goes to its shard; what it throws is the answer. */
  before: (request: ShardRequest) => Promise<void> = async () => {};
  /** Awaited when a shard has answered. */
  after: (request: ShardRequest) => Promise<void> = async () => {};

  constructor() {
    const { node } = this;
    const { catalogue, shards } = node;
    const nowMicros = () => node.nowMicros();
    const stampMicros = () => this.stampMicros();
    const uuids = { nowMicros: stampMicros, nextTimeUuid: () => new Uint8Array(randomBytes(16)) };
    const port: ShardPort = {
      shardCount: shards.shardCount,
      now: () => shards.now(),
      mutate: (shard, bytes) => this.#ask('mutate', [bytes], () => shards.mutate(shard, bytes)),
      batch: (shard, all) => this.#ask('batch', all, () => shards.batch(shard, all)),
      read: (shard, command) => this.#ask('read', [command], () => shards.read(shard, command)),
      vectors: () => Promise.reject(new Error('this node has no vector indexes')),
      hold: () => shards.hold(),
      control: (shard, message) =>
        this.#ask('control', [Buffer.from(JSON.stringify(message))], () => shards.control(shard, message)),
    };
    const log = new BatchLog(port, catalogue.getTable('system', 'batches'), uuids);
    const planning = { functions: nativeFunctions(), text: { nowMs: () => Date.now() } };
    const entriesOf = (mutation: Uint8Array) => this.coordinator.entriesOf(mutation);
    const views = new ViewWriter(withIndexes(port, entriesOf), catalogue, log, { nowMicros, stampMicros }, planning);
    const replicas = () => ({ wanted: 1, alive: 1 });
    const indexes = { isBuilt: () => true, stampMicros };
    const givenUp = (error: FerrosaError) => void this.givenUp.push(error);
    this.coordinator = new LocalCoordinator(port, catalogue, replicas, indexes, nowMicros, log, views, givenUp);
    (node.processor.services as { coordinator: Coordinator }).coordinator = this.coordinator;
  }

  /** Batches and writes of views that are kept. */
  async kept(): Promise<number> {
    return (await this.session.rows('SELECT id FROM system.batches')).length;
  }

  async #ask<T>(kind: ShardRequest['kind'], parts: readonly Uint8Array[], work: () => Promise<T>): Promise<T> {
    const names = (keyspace: string, table: string): boolean => {
      const id = this.node.catalogue.schema.keyspaces.get(keyspace)?.tables.get(table)?.id ?? 'none';
      const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
      return parts.some((part) => Buffer.from(part).includes(kind === 'control' ? Buffer.from(id) : bytes));
    };
    const request = { kind, names };
    await this.before(request);
    const answer = await work();
    await this.after(request);
    return answer;
  }
}

/** Something that a test waits for and lets happen. */
export class Signal {
  readonly promise: Promise<void>;
  given = false;
  #resolve: () => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  give(): void {
    this.given = true;
    this.#resolve();
  }
}

/** Everything that is ready to run has run, many times over. */
export async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
