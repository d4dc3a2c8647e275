// The shards of a node, from main: tells them of tables, and does what needs all of them at once.
import type { MessagePort } from 'node:worker_threads';
import { indexTablesOf } from '../index/index.js';
import type { TableDefinition } from '../schema/index.js';
import { vectorGraphFile } from './files/names.js';
import type { MainCall, ShardFigures, ShardStats, Truncated } from './messages.js';
import { NodeIndexes } from './node-indexes.js';
import { OldLog } from './old-log.js';
import type { ShardsOptions } from './options.js';
import type { ShardRouter } from './router.js';
import type { ServingOptions } from './serving.js';
import { type CompactionRecord, type NodeTable, NodeTables } from './tables-main.js';
import { ShardThreads } from './threads.js';
import { finishTruncations } from './truncations.js';

export class Shards {
  readonly tables: NodeTables;
  readonly indexes: NodeIndexes;
  readonly #options: ShardsOptions;
  #threads!: ShardThreads;
  #stopping = false;
  #splitting: Promise<void> | null = null;
  /** Changes of tables run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: ShardsOptions) {
    this.#options = options;
    const { dataDir, shardCount, hostId, columnIndexBytes, compactionBytesPerSecond, pool, log, nowMs } = options;
    const warn = (message: string) => log.warn({}, message);
    this.tables = new NodeTables({
      dataDir,
      shardCount,
      hostId,
      columnIndexBytes,
      compactionBytesPerSecond,
      pool,
      warn,
      nowMs,
    });
    this.indexes = new NodeIndexes(dataDir, shardCount, this.tables);
  }

  /**
   * Starts the threads and waits until they have recovered.
   * @throws FerrosaError CORRUPT or SERVER_ERROR with a message for the operator
   */
  static async start(options: ShardsOptions, definitions: Iterable<TableDefinition>): Promise<Shards> {
    const shards = new Shards(options);
    const stored = [...definitions].filter(({ virtual }) => !virtual);
    await finishTruncations(options.dataDir, stored);
    await Promise.all(stored.map((one) => shards.tables.open(one)));
    await shards.indexes.open(stored);
    const oldLog = await OldLog.find(options.dataDir, shards.tables, options.nowMs());
    const answer = (shard: number, call: MainCall) => shards.#answer(shard, call);
    shards.#threads = await ShardThreads.start(options, shards.tables, oldLog, answer);
    oldLog.report(shards.#threads.replays, options.log);
    void shards.#threads.replayFlushed.then(() => shards.#removeOldLog(oldLog));
    return shards;
  }

  get shardCount(): number {
    return this.#options.shardCount;
  }

  get router(): ShardRouter {
    return this.#threads.router;
  }

  /** A failure leaves segments to be replayed once more, which changes nothing. */
  async #removeOldLog(oldLog: OldLog): Promise<void> {
    try {
      await oldLog.remove(this.shardCount, this.tables);
      void this.#splitShared();
    } catch (error) {
      this.#options.log.warn({ error: (error as Error).message }, 'old commit log segments stay');
    }
  }

  /** A new or altered table. Resolves when every shard has it; what is sent to the rings afterwards finds it. */
  setTable(definition: TableDefinition): Promise<void> {
    // In the rings at once, before any mutation that was planned with it.
    const indexes = indexTablesOf(definition).map(({ table }) => table);
    const inRings = [...indexes, definition].map((table) => this.router.table(this.tables.descriptorOf(table)));
    const arrived = Promise.allSettled(inRings); // a shard's end is reported by its thread
    return this.#serially(async () => {
      const before = this.tables.byId.get(definition.id)?.definition ?? null;
      for (const index of indexes) await this.#openTable(index, this.indexes.folderOf(index));
      await this.#openTable(definition);
      const gone = (before?.indexes ?? []).filter(({ id }) => !definition.indexes.some((index) => index.id === id));
      if (gone.length === 0) return;
      // Writes that know the old indexes are in the rings before the new definition.
      await arrived;
      for (const { id } of gone) await this.#drop(this.tables.get(id));
    });
  }

  async #openTable(definition: TableDefinition, folder?: string): Promise<void> {
    const known = this.tables.byId.has(definition.id);
    const table = known ? this.tables.update(definition) : await this.tables.open(definition, folder);
    const { sstables, flushed, ...rest } = this.tables.shardTable(table);
    await this.#threads.all({ op: 'table', table: rest, files: { sstables, flushed } });
  }

  async #drop(table: NodeTable): Promise<void> {
    const { id } = table.definition;
    table.dropped = true;
    await this.#threads.all({ op: 'drop', table: id });
    this.tables.byId.delete(id);
    await table.files.drop();
  }

  /** Resolves when the changes of tables that were asked for so far are done. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** Ends a table: snapshot if so configured, then its content is gone. */
  dropTable(id: string): Promise<void> {
    return this.#serially(async () => {
      const table = this.tables.get(id);
      await this.#autoSnapshot(table, 'dropped');
      await this.#drop(table);
      for (const index of this.indexes.of(table)) await this.#drop(index);
    });
  }

  /** Removes every row of tables: of all or, after a crash, of none. Those that are not there any more are left out. */
  truncate(ids: readonly string[]): Promise<void> {
    return this.#serially(async () => {
      const tables = ids.flatMap((id) => this.tables.byId.get(id) ?? []);
      for (const table of tables) await this.#autoSnapshot(table, 'truncated');
      await this.#forgetRows(tables.flatMap((table) => [table, ...this.indexes.of(table)]));
    });
  }

  /** The mark of a built index, which goes with the index's folder. */
  markBuilt(id: string, adoptions: number): Promise<void> {
    return this.#serially(() => this.indexes.markBuilt(id, adoptions));
  }

  /** Forgets the entries of an index. */
  async clearIndex(id: string): Promise<void> {
    await this.#serially(() => this.#forgetRows([this.tables.get(id)]));
  }

  async #forgetRows(tables: readonly NodeTable[]): Promise<void> {
    const ids = tables.map(({ definition }) => definition.id);
    const forgotten = await this.#threads.all<Truncated[]>({ op: 'truncate', tables: ids });
    await this.tables.truncated(
      tables.map((table, i) => ({ table, forgotten: forgotten.map((ofShard) => ofShard[i]!) })),
    );
    // Not before: what a crash brings back of the log must be whole.
    await this.#threads.each((shard) => ({
      op: 'truncated',
      tables: ids,
      marks: forgotten[shard]!.map(({ mark }) => mark),
    }));
  }

  /** Takes up a vector index; true when the graphs of all shards are complete. */
  async openVectors(table: string, index: string): Promise<boolean> {
    const complete = await this.#threads.each<boolean>((shard) => ({
      op: 'vectorOpen',
      table,
      index,
      path: vectorGraphFile(this.#options.dataDir, index, shard),
    }));
    return !complete.includes(false);
  }

  /** A pass over the table that brings all vectors begins or ends. */
  async passVectors(table: string, index: string, begins: boolean): Promise<void> {
    await this.#threads.all({ op: 'vectorPass', table, index, begins });
  }

  /** Writes the memtables of a table, or of all, as SSTables. */
  async flush(table: string | null = null): Promise<void> {
    for (const one of this.#withIndexes(table)) await this.#threads.all({ op: 'flush', table: one });
  }

  /** The table and its indexes; null stands for everything. */
  #withIndexes(id: string | null): (string | null)[] {
    const table = id === null ? undefined : this.tables.byId.get(id);
    return [id, ...(table === undefined ? [] : this.indexes.of(table).map(({ definition }) => definition.id))];
  }

  /** Merges all SSTables of a table, or of each, into one a shard. */
  async compact(table: string | null = null): Promise<void> {
    await this.#splitShared();
    for (const one of this.#withIndexes(table)) await this.#threads.all({ op: 'compact', table: one });
  }

  /** Takes up SSTables that were put into a table's folder (nodetool refresh); their number. */
  refresh(id: string): Promise<number> {
    return this.#serially(async () => {
      const table = this.tables.get(id);
      const adopted = await table.files.refresh((message) => this.#options.log.warn({}, message));
      if (adopted.length > 0) await this.#threads.all({ op: 'adopt', table: id, sstables: adopted });
      if (adopted.length > 0) this.indexes.onStale(id);
      void this.#splitShared();
      return adopted.length;
    });
  }

  /**
   * Splits the SSTables that several shards share (written by Cassandra, or under another number of shards), a few after the others; what
   * fails is left shared until the next start, which costs reads a filter by token and nothing else.
   */
  #splitShared(): Promise<void> {
    this.#splitting ??= this.#splitAll()
      .catch((error: Error) => {
        if (!this.#stopping) this.#options.log.warn({ error: error.message }, 'an SSTable stays shared by the shards');
      })
      .finally(() => {
        this.#splitting = null;
      });
    return this.#splitting;
  }

  async #splitAll(): Promise<void> {
    for (let table = this.tables.nextShared(); table !== null && !this.#stopping; table = this.tables.nextShared()) {
      const { id } = table.definition;
      const { names, parts, publish } = await this.tables.split(table);
      await this.#serially(async () => {
        if (this.#stopping || !(await publish())) return;
        await this.#threads.all({ op: 'split', table: id, shared: names, parts });
      });
    }
  }

  hasSnapshot(id: string, tag: string): boolean {
    return this.tables.get(id).files.hasSnapshot(tag);
  }

  /** Flushes a table and links its SSTables into a snapshot; the number of SSTables. */
  async snapshot(id: string, tag: string): Promise<number> {
    await this.flush(id);
    return this.tables.get(id).files.snapshot(tag);
  }

  stats(): Promise<ShardStats[]> {
    return this.#threads.all<ShardStats>({ op: 'stats' });
  }

  /** Latencies of each shard; the coordinator's are told once. */
  figures(): Promise<ShardFigures[]> {
    return this.#threads.all<ShardFigures>({ op: 'figures' });
  }

  /** Has the threads collect their garbage: V8 does so by itself only when it makes more. */
  async collectGarbage(): Promise<void> {
    await this.#threads.all({ op: 'collectGarbage' });
  }

  /** Compactions that run and those that ended last. */
  compactions(): readonly CompactionRecord[] {
    return this.tables.compactions;
  }

  /** Makes every shard take connections; main's ends of the ports that hand them over, in the order of the shards. */
  serve(options: ServingOptions): MessagePort[] {
    return this.#threads.serve(options);
  }

  /** Flushes everything and ends the threads. Nobody may ask the shards any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#last;
    await this.#threads.stop();
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #autoSnapshot(table: NodeTable, why: 'dropped' | 'truncated'): Promise<void> {
    const { allow_auto_snapshot: allowed } = table.definition.options;
    if (!this.#options.autoSnapshot || allowed === false) return;
    await this.#threads.all({ op: 'flush', table: table.definition.id });
    const path = await this.tables.autoSnapshot(table, why);
    if (path !== null) this.#options.log.info({ path }, `snapshot of the ${why} table`);
  }

  #answer(shard: number, call: MainCall): unknown {
    switch (call.op) {
      case 'flush':
        return this.tables.flush(call.table, call.frozen, shard, call.mark, call.epoch);
      case 'compact':
        return this.tables.compact(call.compaction);
      case 'setAside':
        return this.#setAside(call.table, call.sstable, call.reason);
    }
  }

  async #setAside(table: string, sstable: string, reason: string): Promise<void> {
    if (!(await this.tables.setAside(table, sstable))) return;
    const { keyspace, name } = this.tables.get(table).definition;
    await this.indexes.lost(table);
    this.#options.log.error(
      { keyspace, table: name, sstable, reason },
      'a damaged SSTable was set aside into corrupt/',
    );
  }
}
