// The coordinator of one node: every replica is here, in the shards of this process.
import { FerrosaError, invalid } from '../common/errors.js';
import { type NowMicros, needsRows } from '../index/index.js';
import {
  type CasOptions,
  type CompareAndSet,
  Consistency,
  type Coordinator,
  type IndexBucket,
  type MutationOptions,
  type ReadOptions,
  type RoutedMutation,
  type RoutedRead,
  type VectorClaim,
  type VectorHits,
  type VectorSearch,
} from '../query/index.js';
import { type Catalogue, type TableDefinition, viewsOf } from '../schema/index.js';
import { shardOfToken } from '../shard/index.js';
import { decodeMutation, hasFolds, mutationKey, mutationTableId } from '../storage/index.js';
import type { BatchLog } from './batch-log.js';
import { Holds } from './holds.js';
import { IndexEntries } from './index-entries.js';
import { PartitionQueue, partitionName } from './partition-queue.js';
import { foldRange, readRange } from './range-read.js';
import { checkReplicas, type ReplicaCount } from './replicas.js';
import type { ShardPort, ShardRequest } from './shard-port.js';
import { TableGate } from './table-gate.js';
import { idBytes, uuidText } from './table-ids.js';
import { TableLookup } from './table-lookup.js';
import { casTimedOut, readTimedOut, writeTimedOut } from './timed-out.js';
import { type GivenUp, UnfinishedWrites } from './unfinished-writes.js';
import { forgetVectors, searchVectors } from './vector-search.js';
import type { UnfinishedWrite, ViewWriter } from './view-writer.js';
import { within } from './within.js';

const timestampMax = 2n ** 63n - 1n;
const forever = 2 ** 31 - 1;

export class LocalCoordinator implements Coordinator {
  readonly #partitions = new PartitionQueue();
  /** Writes of tables that have views, and what must not run beside them. */
  readonly #gate = new TableGate();
  readonly #truncations = new PartitionQueue();
  readonly #lookup: TableLookup;
  readonly #entries: IndexEntries;
  readonly #unfinished: UnfinishedWrites;
  readonly #holds: Holds;
  /** Ends of logged batches that clients do not wait for. */
  readonly #forgetting = new Set<Promise<void>>();
  /** Resolves when the batches that the hot path has begun have ended. */
  batchesEnded: () => Promise<void> = async () => {};

  /**
   * @param replicas  how many replicas a keyspace wants and has
   * @param indexes  which indexes are complete, and the time of their entries
   * @param nowMicros  microseconds since the epoch, strictly increasing in the process
   * @param batchLog  keeps logged batches that span shards until all of them are applied; null while replaying it
   * @param givenUp  told of what was begun and is not finished before the next start
   */
  constructor(
    private readonly shards: ShardPort,
    private readonly catalogue: Catalogue,
    private readonly replicas: ReplicaCount,
    private readonly indexes: { isBuilt(id: string): boolean; stampMicros(): bigint; noteUse?(id: string): void },
    private readonly nowMicros: NowMicros,
    private readonly batchLog: BatchLog | null = null,
    private readonly views: ViewWriter | null = null,
    givenUp: GivenUp = () => {},
  ) {
    this.#lookup = new TableLookup(catalogue);
    this.#entries = new IndexEntries(shards, this.#lookup, nowMicros, () => this.indexes.stampMicros());
    this.#unfinished = new UnfinishedWrites(givenUp);
    this.#holds = new Holds(shards);
  }

  /** Ends what runs in the background; what is not finished is at the next start. */
  async stop(): Promise<void> {
    await this.#unfinished.stop();
    await Promise.all(this.#forgetting);
  }

  get indexBuckets(): readonly IndexBucket[] {
    return this.#entries.buckets;
  }

  isIndexBuilt(id: string): boolean {
    return this.indexes.isBuilt(id);
  }

  noteIndexUse(id: string): void {
    this.indexes.noteUse?.(id);
  }

  mutate(mutations: readonly RoutedMutation[], options: MutationOptions): Promise<void> {
    const one = mutations[0];
    if (mutations.length !== 1 || one === undefined) return this.#mutateAll(mutations, options);
    const table = this.#lookup.ofMutation(one.bytes);
    if (table === null || table.indexes.length > 0 || this.#viewedBase(one.bytes) !== null)
      return this.#mutateAll(mutations, options);
    // Most writes are of this kind: one record of one shard, and one promise.
    this.#check(table, options.consistency, true);
    const request = this.#request(options.timeoutMs, () => writeTimedOut(options));
    return this.shards.mutate(shardOfToken(one.token, this.shards.shardCount), one.bytes, options.durable, request);
  }

  async #mutateAll(mutations: readonly RoutedMutation[], options: MutationOptions): Promise<void> {
    const tables = this.#lookup.ofMutations(mutations);
    for (const table of new Set(tables)) this.#check(table, options.consistency, true);
    if (options.writeType !== 'BATCH' || this.batchLog === null || !this.#spans(mutations))
      return this.#apply(mutations, tables, options);
    // What is refused is not to be kept.
    this.#byShard(mutations, tables);
    const done = await this.batchLog.begin(mutations);
    try {
      // An index or a view that was made meanwhile wants its part too. Entries of indexes are made anew: a reader that found later ones of the
      // same rows stale has deleted all that are older.
      await this.#apply(mutations, this.#lookup.ofMutations(mutations), options);
    } catch (error) {
      this.#unfinished.add(() => this.#applyKept(mutations).then(done), error as FerrosaError);
      // A part of it may be there, and the rest follows: that is not the answer of a batch of which nothing is applied.
      throw (error as FerrosaError).code === 'OVERLOADED' ? writeTimedOut(options) : error;
    }
    this.#forget(done);
  }

  /** All of the batch is applied, and may be again: the client does not wait until the log says so too. */
  #forget(done: () => Promise<void>): void {
    const forgotten = done()
      .catch((error: FerrosaError) => this.#unfinished.add(done, error))
      .finally(() => this.#forgetting.delete(forgotten));
    this.#forgetting.add(forgotten);
  }

  /** Applies what the batch log has, without the tables that were dropped since. */
  async #applyKept(mutations: readonly RoutedMutation[]): Promise<void> {
    const options = { consistency: Consistency.ONE, writeType: 'SIMPLE', timeoutMs: forever, durable: true } as const;
    const there = mutations.filter(({ bytes }) => this.#lookup.ofMutation(bytes) !== null);
    if (there.length > 0) await this.#apply(there, this.#lookup.ofMutations(there), options);
  }

  /** More than one record of a commit log is needed. */
  #spans(mutations: readonly RoutedMutation[]): boolean {
    if (mutations.length === 1) return false;
    const shards = new Set(mutations.map(({ token }) => shardOfToken(token, this.shards.shardCount)));
    return shards.size > 1 || mutations.some(({ bytes }) => this.#takesTurns(bytes));
  }

  /** Writes of the partition come one after the other: each looks at what those before it wrote. */
  #takesTurns(mutation: Uint8Array): boolean {
    if (this.#viewedBase(mutation) !== null) return true;
    const table = this.#lookup.ofMutation(mutation);
    return table !== null && needsRows(table);
  }

  async #apply(
    mutations: readonly RoutedMutation[],
    tables: readonly (TableDefinition | null)[],
    options: MutationOptions,
  ): Promise<void> {
    const plain = mutations.filter(({ bytes }) => !this.#takesTurns(bytes));
    if (plain.length === mutations.length) return this.#send(this.#byShard(mutations, tables), options);
    const work = mutations
      .filter((mutation) => !plain.includes(mutation))
      .map((mutation) => this.#writeInTurn(mutation, options));
    if (plain.length > 0) work.push(this.#send(this.#byShard(plain), options));
    // What the client no longer waits for goes on: base and views end together.
    await within(Promise.all(work), options.timeoutMs, () => writeTimedOut(options));
  }

  /**
   * With one replica an order is agreed on by keeping it: one compare-and-set of a partition after the other. The shard's ring keeps
   * the order of a commit and of the reads that follow it, also when nobody waits for that commit any more.
   */
  async compareAndSet(operation: CompareAndSet, options: CasOptions): Promise<void> {
    const { tableId, key, token, reads, decide } = operation;
    this.#checkStrategy(tableId, options.consistency);
    this.#check(this.#lookup.of(tableId), options.serialConsistency, true);
    const shard = shardOfToken(token, this.shards.shardCount);
    const contended = (contentions: number) => casTimedOut(options.serialConsistency, contentions);
    const deciding = async (held: Promise<void>) => {
      const request = this.#request(options.timeoutMs, () => contended(0));
      const [answers] = await Promise.all([
        Promise.all(reads.map((command) => this.shards.read(shard, command, request))),
        held,
      ]);
      const mutation = decide(answers, (micros) => this.#timestampAfter(micros));
      if (mutation === null) return;
      this.#check(this.#lookup.of(tableId), options.consistency, true);
      const base = this.#viewedBase(mutation);
      if (base !== null) await this.#writeBase(base, { token, bytes: mutation }, options.durable);
      else await this.#writeWithEntries({ token, bytes: mutation }, options.durable, request);
    };
    const work = this.#inTurn(tableId, key, options.contentionTimeoutMs, contended, () =>
      this.#holds.partition(tableId, key, deciding),
    );
    if (this.views === null || this.views.baseOf(tableId) === null) return work;
    // The write of views has no deadline of its own: it goes on when the client no longer waits.
    await within(work, options.contentionTimeoutMs + options.timeoutMs, () => contended(0));
  }

  #viewedBase(mutation: Uint8Array): TableDefinition | null {
    return this.views?.baseOf(mutationTableId(mutation)) ?? null;
  }

  /** Runs what reads a partition before it writes it: not beside a TRUNCATE of the table, and after what came before to the partition. */
  #inTurn<T>(
    tableId: Uint8Array,
    key: Uint8Array,
    waitMs: number,
    timedOut: (ahead: number) => FerrosaError,
    operation: () => Promise<T>,
  ): Promise<T> {
    const inQueue = () => this.#partitions.run(partitionName(tableId, key), waitMs, timedOut, operation);
    return this.#gate.run(uuidText(tableId), waitMs, () => timedOut(0), inQueue);
  }

  /** Runs what reads rows of a base to write its views. Call it in the turn of the partition. */
  #withRows(tableId: Uint8Array, key: Uint8Array, operation: () => Promise<void>): Promise<void> {
    return this.#holds.partition(tableId, key, (held) => held.then(operation));
  }

  #writeInTurn(mutation: RoutedMutation, options: MutationOptions): Promise<void> {
    const { bytes } = mutation;
    const timedOut = () => writeTimedOut(options);
    const [tableId, key] = [mutationTableId(bytes), mutationKey(bytes)];
    return this.#inTurn(tableId, key, options.timeoutMs, timedOut, () => {
      const base = this.#viewedBase(bytes);
      // Its last view may have gone meanwhile.
      if (base === null) return this.#writeWithEntries(mutation, options.durable);
      return this.#withRows(tableId, key, () => this.#writeBase(base, mutation, options.durable));
    });
  }

  async #writeWithEntries({ token, bytes }: RoutedMutation, durable: boolean, request?: ShardRequest): Promise<void> {
    const shard = shardOfToken(token, this.shards.shardCount);
    const entries = await this.#entries.all(bytes);
    if (entries.length === 0) return this.shards.mutate(shard, bytes, durable, request);
    return this.shards.batch(shard, [bytes, ...entries], durable, request);
  }

  #writeBase(base: TableDefinition, mutation: RoutedMutation, durable: boolean): Promise<void> {
    return this.views!.write(base, mutation, durable, (unfinished, error) => {
      this.#unfinished.add(() => this.#finish(unfinished), error);
    });
  }

  /** The write is in the base and its views are not known to follow. */
  #finish(unfinished: UnfinishedWrite): Promise<void> {
    const { tableId, key } = unfinished;
    const timedOut = () => new FerrosaError('OVERLOADED', 'views wait');
    const finish = () => this.views!.finishLeft(unfinished);
    return this.#inTurn(tableId, key, forever, timedOut, () => this.#withRows(tableId, key, finish));
  }

  /**
   * Resolves when every write has ended that may not know a view: one that knew of the table's views before this was called. Without it a
   * build could pass a partition that such a write is about to make.
   * @param base  UUID text of the table
   */
  writesPassed(base: string): Promise<void> {
    return this.#gate.passed(base);
  }

  /** Writes one partition of a base table to its views, in its turn. @param base  UUID text */
  buildViews(base: string, key: Uint8Array, durable: boolean): Promise<void> {
    const timedOut = () => new FerrosaError('OVERLOADED', 'The build of a view waits for writes of a partition');
    const tableId = idBytes(base);
    const build = async () => {
      // As it is now: it may have got columns and views, or be gone.
      const table = this.catalogue.tableById(base);
      if (table !== null) await this.views!.build(table, key, durable);
    };
    return this.#inTurn(tableId, key, forever, timedOut, () => this.#withRows(tableId, key, build));
  }

  /**
   * Finishes what batches and writes of views had begun when the process ended. Returns how many there were.
   * @param refused  told of each that cannot be finished
   */
  recover(refused: (error: FerrosaError) => void): Promise<number> {
    return this.batchLog!.replay({
      apply: (mutations) => this.#applyKept(mutations.map((bytes) => ({ bytes, token: decodeMutation(bytes).token }))),
      finish: (kept, hasBase) => this.views!.finish(kept, hasBase),
      refused,
    });
  }

  /** The clock, unless cells are there that are newer: a conditional update is to be seen. */
  #timestampAfter(micros: bigint): bigint {
    const now = this.nowMicros();
    return micros < now || micros >= timestampMax ? now : micros + 1n;
  }

  /** The mutations of all indexes that belong to a mutation. Call it in the turn of the partition. */
  entriesOf(bytes: Uint8Array): Uint8Array[] | Promise<Uint8Array[]> {
    return this.#entries.all(bytes);
  }

  read(read: RoutedRead, options: ReadOptions): Promise<Uint8Array> {
    this.#check(this.#lookup.of(read.command.subarray(2, 18)), options.consistency, false);
    const newRequest = () => this.#request(options.timeoutMs, () => readTimedOut(options.consistency));
    if (read.tokens === null && hasFolds(read.command)) return foldRange(this.shards, read.command, newRequest);
    const request = newRequest();
    if (read.tokens === null) return readRange(this.shards, read.command, request);
    const shard = shardOfToken(read.tokens[0]!, this.shards.shardCount);
    if (read.tokens.some((token) => shardOfToken(token, this.shards.shardCount) !== shard))
      throw new FerrosaError('SERVER_ERROR', 'keys of one read command belong to different shards');
    return this.shards.read(shard, read.command, request);
  }

  async searchVectors(search: VectorSearch, options: ReadOptions): Promise<VectorHits> {
    this.#check(this.#lookup.of(search.table), options.consistency, false);
    return searchVectors(
      this.shards,
      search,
      this.#request(options.timeoutMs, () => readTimedOut(options.consistency)),
    );
  }

  async forgetVectors(table: Uint8Array, index: Uint8Array, claims: readonly VectorClaim[]): Promise<void> {
    await forgetVectors(this.shards, table, index, claims).catch(() => {}); // the next reader finds them again
  }

  async truncate(table: string, timeoutMs: number): Promise<void> {
    const timedOut = () => new FerrosaError('TRUNCATE_ERROR', 'Error during truncate: Truncate timed out');
    const closed = () => this.#gate.close(table, timeoutMs, timedOut, () => this.#truncateNow(table));
    try {
      // What has begun goes on, with the gate closed, also when nobody waits for it any more.
      await within(this.#truncations.run(table, timeoutMs, timedOut, closed), timeoutMs, timedOut);
    } catch (error) {
      if (error instanceof FerrosaError && error.code === 'TRUNCATE_ERROR') throw error;
      throw new FerrosaError('TRUNCATE_ERROR', `Error during truncate: ${(error as Error).message}`);
    }
  }

  /** The table and its views, while nobody writes to them: the shards leave writes that views follow to this coordinator's gate. */
  async #truncateNow(table: string): Promise<void> {
    const base = this.catalogue.tableById(table);
    if (base === null) throw new FerrosaError('TRUNCATE_ERROR', 'Error during truncate: the table is gone');
    if ((base.viewNames ?? []).length === 0) return this.#truncateAll(base);
    await this.#holds.table(idBytes(table), () => this.#truncateAll(base));
  }

  async #truncateAll(base: TableDefinition): Promise<void> {
    // What is applied and not yet forgotten would come back after a crash.
    await Promise.all([...this.#forgetting, this.batchesEnded()]);
    const tables = [base.id, ...viewsOf(this.catalogue.getKeyspace(base.keyspace), base).map(({ id }) => id)];
    await Promise.all(
      Array.from({ length: this.shards.shardCount }, (_, shard) =>
        this.shards.control(shard, { op: 'truncate', tables }),
      ),
    );
  }

  /** @param tables  of each mutation */
  #byShard(
    mutations: readonly RoutedMutation[],
    tables: readonly (TableDefinition | null)[] = this.#lookup.ofMutations(mutations),
  ): Map<number, Uint8Array[]> {
    const byShard = new Map<number, Uint8Array[]>();
    for (const [i, { token, bytes }] of mutations.entries()) {
      const shard = shardOfToken(token, this.shards.shardCount);
      const list = byShard.get(shard);
      const entries = this.#entries.plain(bytes, tables[i]!);
      if (list === undefined) byShard.set(shard, [bytes, ...entries]);
      else list.push(bytes, ...entries);
    }
    return byShard;
  }

  async #send(byShard: ReadonlyMap<number, Uint8Array[]>, options: MutationOptions): Promise<void> {
    const request = this.#request(options.timeoutMs, () => writeTimedOut(options));
    const sent = [...byShard].map(([shard, list]) =>
      list.length === 1
        ? this.shards.mutate(shard, list[0]!, options.durable, request)
        : this.shards.batch(shard, list, options.durable, request),
    );
    await (sent.length === 1 ? sent[0] : Promise.all(sent));
  }

  #request(timeoutMs: number, timedOut: () => FerrosaError): ShardRequest {
    return { deadline: this.shards.now() + timeoutMs * 1000, timedOut };
  }

  #checkStrategy(tableId: Uint8Array, consistency: number): void {
    if (consistency !== Consistency.EACH_QUORUM) return;
    const table = this.#lookup.of(tableId);
    const strategy = this.catalogue.schema.keyspaces.get(table?.keyspace ?? '')?.replication['class'] ?? '';
    if (strategy.endsWith('NetworkTopologyStrategy')) return;
    throw invalid(`consistency level EACH_QUORUM not compatible with replication strategy (${strategy})`);
  }

  #check(table: TableDefinition | null, consistency: number, isWrite: boolean): void {
    if (table !== null) checkReplicas(this.#replicasOf(table), consistency, isWrite);
  }

  #replicasOf(table: TableDefinition): { wanted: number; alive: number } {
    return this.replicas(table.keyspace);
  }
}
