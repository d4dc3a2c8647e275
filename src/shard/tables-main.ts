// The tables of the node as main knows them: their files, and the work on them that shards ask for.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FerrosaError } from '../common/errors.js';
import type { LargePartition } from '../native/index.js';
import { encodeDescriptor, type TableDefinition } from '../schema/index.js';
import type { PartitionLimits } from '../storage/index.js';
import type { BackgroundJob, BackgroundPool, JobOutput, JobResult } from './background.js';
import type { FlushedMark, ManifestChange, ManifestEntry } from './files/manifest.js';
import { snapshotFolder, tableFolder } from './files/names.js';
import { TableFiles } from './files/table-files.js';
import type { CompactionTask, ShardTable, ShardTableFiles, Truncated, WrittenSSTables } from './messages.js';
import { beginTruncation } from './truncations.js';

export type CompactionRecord = {
  readonly id: number;
  readonly keyspace: string;
  readonly table: string;
  readonly startedAt: number;
  /** Milliseconds since the epoch; null while it runs. */
  finishedAt: number | null;
  readonly inputs: readonly string[];
  /** Of the inputs, on disk. */
  readonly bytesTotal: number;
  /** The part that is done, 0 to 1, while it runs. */
  done: () => number;
  bytesIn: number;
  bytesOut: number;
};

/** Compactions that system.compaction_history can show. */
const historyMax = 200;
/** Shared SSTables that are split together. */
const splitFilesMax = 32;
const splitBytesMax = 64 << 20;

export type Split = {
  readonly names: readonly string[];
  readonly parts: readonly ManifestEntry[];
  /** False when something of it is no longer content: nothing has changed then. */
  readonly publish: () => Promise<boolean>;
};

export type NodeTableOptions = {
  readonly dataDir: string;
  readonly shardCount: number;
  readonly hostId: string;
  readonly columnIndexBytes: number;
  readonly compactionBytesPerSecond: number;
  readonly pool: BackgroundPool;
  readonly warn: (message: string) => void;
  readonly nowMs: () => number;
};

export type NodeTable = {
  definition: TableDefinition;
  descriptor: Uint8Array;
  readonly files: TableFiles;
  /** By shard: content of an older epoch was truncated. */
  readonly epochs: Map<number, number>;
  /** The epoch of the SSTables that were written by this process. */
  readonly born: Map<string, number>;
  dropped: boolean;
  /** Memtables written so far. */
  flushes: number;
  /** Compactions that shards have asked for and that have not begun. */
  pendingCompactions: number;
};

export class NodeTables {
  readonly byId = new Map<string, NodeTable>();
  readonly compactions: CompactionRecord[] = [];
  /** Told of each compaction that has replaced SSTables. */
  onCompacted: (record: CompactionRecord) => void = () => {};
  flushesRunning = 0;
  /** Asked when an SSTable begins. */
  partitionLimits: () => PartitionLimits = () => ({ bytes: -1, tombstones: -1 });
  /** Told of the partitions of an SSTable that are beyond them, and how many more there are. */
  onLargePartitions: (
    table: TableDefinition,
    file: string,
    partitions: readonly LargePartition[],
    leftOut: number,
  ) => void = () => {};
  readonly #options: NodeTableOptions;
  #compactionId = 1;
  /** Milliseconds since the epoch. */
  #compactionPaidUntil = 0;

  constructor(options: NodeTableOptions) {
    this.#options = options;
  }

  /** @param folder  of its files, when it is not that of a table of the schema */
  async open(definition: TableDefinition, folder = this.#folderOf(definition)): Promise<NodeTable> {
    const { shardCount, warn } = this.#options;
    const files = await TableFiles.open(folder, shardCount, warn);
    const table = {
      definition,
      descriptor: this.descriptorOf(definition),
      files,
      flushes: 0,
      pendingCompactions: 0,
      epochs: new Map(),
      born: new Map(),
      dropped: false,
    };
    this.byId.set(definition.id, table);
    return table;
  }

  #folderOf({ keyspace, name, id }: TableDefinition): string {
    return tableFolder(this.#options.dataDir, keyspace, name, id);
  }

  /** The largest segment id that a mark speaks of: new ones must be larger, also when the clock was set back. */
  lastSegment(): number {
    let last = 0;
    for (const { files } of this.byId.values())
      for (const { base, segment } of files.flushed) last = Math.max(last, base, segment);
    return last;
  }

  /** After ALTER. */
  update(definition: TableDefinition): NodeTable {
    const table = this.get(definition.id);
    table.definition = definition;
    table.descriptor = this.descriptorOf(definition);
    return table;
  }

  get(id: string): NodeTable {
    const table = this.byId.get(id);
    if (table === undefined) throw new FerrosaError('INVALID', `there is no table ${id}`);
    return table;
  }

  /** What the shards are told of a table. */
  shardTable({ definition, descriptor, files }: NodeTable): ShardTable & ShardTableFiles {
    const { id, keyspace, name, options } = definition;
    return {
      id,
      keyspace,
      name,
      folder: files.folder,
      descriptor,
      gcGraceSeconds: options.gc_grace_seconds,
      flushPeriodMs: options.memtable_flush_period_in_ms,
      compaction: options.compaction,
      sstables: files.sstables,
      flushed: files.flushed,
    };
  }

  /** Writes a shard's frozen memtable and makes it content. */
  async flush(
    id: string,
    frozen: number,
    shard: number,
    mark: FlushedMark | null,
    epoch: number,
  ): Promise<WrittenSSTables> {
    const table = this.get(id);
    const output = await this.#newOutput(table);
    this.flushesRunning++;
    const { written } = await this.#run(table, { ...output, kind: 'flush', frozen }).finally(() => {
      this.flushesRunning--;
    });
    table.flushes++;
    const add: ManifestEntry[] = written ? [{ name: output.name, shard }] : [];
    return this.#publish(table, shard, epoch, { add, flushed: mark === null ? [] : [mark] });
  }

  /** Makes a job's output content, unless the table was truncated or dropped meanwhile. */
  async #publish(table: NodeTable, shard: number, epoch: number, change: ManifestChange): Promise<WrittenSSTables> {
    const add = change.add ?? [];
    const done = await table.files.publishUnless(() => {
      if (table.dropped || epoch < (table.epochs.get(shard) ?? 0)) return null;
      for (const { name } of add) table.born.set(name, epoch);
      return change;
    });
    if (!done) for (const { name } of add) await table.files.discard(name);
    for (const name of change.remove ?? []) table.born.delete(name);
    return done ? add : null;
  }

  /** Every shard has forgotten what tables had: their SSTables go, but not those that were written since. Of all tables or of none. */
  async truncated(tables: readonly { table: NodeTable; forgotten: readonly Truncated[] }[]): Promise<void> {
    for (const { table, forgotten } of tables)
      for (const { mark, epoch } of forgotten) table.epochs.set(mark.shard, epoch);
    // A flush of before that is being made content is content before that is listed; those that come later come to nothing. Else a crash in
    // between left its rows to the next start, which knows the list only.
    await Promise.all(tables.map(({ table }) => table.files.publishUnless(() => null)));
    const changes = tables.map(({ table, forgotten }) => ({
      id: table.definition.id,
      folder: table.files.folder,
      remove: this.#oldSSTables(table),
      flushed: forgotten.map(({ mark }) => mark),
    }));
    const done = changes.length > 1 ? await beginTruncation(this.#options.dataDir, changes) : null;
    for (const { table, forgotten } of tables)
      await table.files.publishUnless(() => {
        const remove = this.#oldSSTables(table);
        for (const name of remove) table.born.delete(name);
        return { remove, flushed: forgotten.map(({ mark }) => mark) };
      });
    await done?.();
  }

  /** SSTables of before the last TRUNCATE. */
  #oldSSTables(table: NodeTable): string[] {
    const isOld = ({ name, shard }: ManifestEntry): boolean => {
      const epoch = table.born.get(name);
      return epoch === undefined || shard === null || epoch < table.epochs.get(shard)!;
    };
    return table.files.sstables.filter(isOld).map(({ name }) => name);
  }

  async #newOutput({ files, definition, descriptor }: NodeTable): Promise<JobOutput> {
    const name = files.newName();
    return {
      name,
      target: await files.temporary(name),
      descriptor,
      compression: definition.options.compression,
      bloomFilterFpChance: definition.options.bloom_filter_fp_chance,
      hostId: this.#options.hostId,
      partitionLimits: this.partitionLimits(),
    };
  }

  async #run({ definition, files }: NodeTable, job: BackgroundJob): Promise<JobResult> {
    const result = await this.#options.pool.run(job);
    const { largePartitions, largePartitionsLeftOut } = result;
    if (largePartitions.length > 0) {
      const file = join(files.folder, `${job.name}-Data.db`);
      this.onLargePartitions(definition, file, largePartitions, largePartitionsLeftOut);
    }
    return result;
  }

  /** Merges SSTables of one shard. */
  async compact(task: CompactionTask): Promise<WrittenSSTables> {
    const { table: id, shard, epoch, inputs, bytesIn, gcBefore, purgeBelow } = task;
    const table = this.get(id);
    table.pendingCompactions++;
    try {
      await this.#waitForThroughput();
    } finally {
      table.pendingCompactions--;
    }
    const { nowMs } = this.#options;
    const record = this.#begin(table.definition, inputs, bytesIn);
    try {
      const merged = new Set(inputs);
      const others = table.files.sstables.filter((e) => !merged.has(e.name) && (e.shard === shard || e.shard === null));
      const progress = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
      record.done = () => new Float64Array(progress)[0]!;
      const output = await this.#newOutput(table);
      const result = await this.#run(table, {
        ...output,
        kind: 'compact',
        progress,
        folder: table.files.folder,
        inputs,
        overlapping: others.map((entry) => entry.name),
        nowSeconds: Math.floor(nowMs() / 1000),
        gcBefore,
        purgeBelow,
        bytesIn,
      });
      this.#payThroughput(record.startedAt, result.bytesWritten);
      const add: ManifestEntry[] = result.written ? [{ name: output.name, shard }] : [];
      const written = await this.#publish(table, shard, epoch, { add, remove: inputs });
      [record.bytesIn, record.bytesOut] = [result.bytesRead, result.bytesWritten];
      if (written === null) return null;
      record.finishedAt = nowMs();
      this.onCompacted(record);
      return written;
    } finally {
      record.finishedAt ??= nowMs();
    }
  }

  /** A table with SSTables that may hold tokens of every shard; null when there is none. */
  nextShared(): NodeTable | null {
    for (const table of this.byId.values()) if (table.files.sstables.some(({ shard }) => shard === null)) return table;
    return null;
  }

  /**
   * Writes what each shard has in shared SSTables of a table, `names`. `publish` makes the parts content in their place.
   * @throws FerrosaError CORRUPT naming the damaged input; system errors
   */
  async split(table: NodeTable): Promise<Split> {
    const { nowMs, shardCount } = this.#options;
    const { names, bytesIn } = await this.#splitTogether(table);
    const record = this.#begin(table.definition, names, bytesIn);
    const parts: ManifestEntry[] = [];
    try {
      for (let shard = 0; shard < shardCount; shard++) {
        await this.#waitForThroughput();
        const output = await this.#newOutput(table);
        const startedAt = nowMs();
        const progress = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
        record.done = () => (shard + new Float64Array(progress)[0]!) / shardCount;
        const { written, bytesWritten } = await this.#run(table, {
          ...output,
          kind: 'split',
          progress,
          folder: table.files.folder,
          inputs: names,
          shard,
          shardCount,
          bytesIn,
        });
        this.#payThroughput(startedAt, bytesWritten);
        record.bytesOut += bytesWritten;
        if (written) parts.push({ name: output.name, shard });
      }
      record.bytesIn = bytesIn;
    } finally {
      record.finishedAt = nowMs();
    }
    const publish = async (): Promise<boolean> => {
      const isContent = (name: string) => table.files.sstables.some((entry) => entry.name === name);
      const areContent = () => !table.dropped && names.every(isContent);
      const done = await table.files.publishUnless(() => (areContent() ? { add: parts, remove: names } : null));
      if (!done) for (const part of parts) await table.files.discard(part.name);
      else this.onCompacted(record);
      return done;
    };
    return { names, parts, publish };
  }

  /** Small ones are merged on the way, a large one comes alone. */
  async #splitTogether({ files }: NodeTable): Promise<{ names: string[]; bytesIn: number }> {
    const shared = files.sstables.filter(({ shard }) => shard === null);
    const sized = await Promise.all(
      shared.map(async ({ name }) => ({ name, bytes: (await stat(join(files.folder, `${name}-Data.db`))).size })),
    );
    const names: string[] = [];
    let bytesIn = 0;
    for (const { name, bytes } of sized.sort((a, b) => a.bytes - b.bytes)) {
      if (names.length > 0 && (names.length === splitFilesMax || bytesIn + bytes > splitBytesMax)) break;
      names.push(name);
      bytesIn += bytes;
    }
    return { names, bytesIn };
  }

  /** Damaged files go to `corrupt/` beside the table's. */
  async setAside(id: string, sstable: string): Promise<boolean> {
    return this.get(id).files.setAside(sstable);
  }

  /** A snapshot named as Cassandra names those of DROP and TRUNCATE; null when the table has no SSTable. */
  async autoSnapshot(table: NodeTable, why: 'dropped' | 'truncated'): Promise<string | null> {
    if (table.files.sstables.length === 0) return null;
    const now = this.#options.nowMs();
    const tag =
      why === 'dropped' ? `dropped-${now}-${table.definition.name}` : `truncated-${now}-${table.definition.name}`;
    await table.files.snapshot(tag);
    return join(table.files.folder, snapshotFolder, tag);
  }

  /** Waits until the compactions so far have had their time at compaction_throughput. */
  async #waitForThroughput(): Promise<void> {
    const wait = this.#compactionPaidUntil - this.#options.nowMs();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait).unref());
  }

  #payThroughput(startedAt: number, bytesWritten: number): void {
    const { compactionBytesPerSecond: rate } = this.#options;
    if (rate > 0)
      this.#compactionPaidUntil = Math.max(this.#compactionPaidUntil, startedAt) + (bytesWritten / rate) * 1000;
  }

  #begin(definition: TableDefinition, inputs: readonly string[], bytesTotal: number): CompactionRecord {
    const record: CompactionRecord = {
      id: this.#compactionId++,
      keyspace: definition.keyspace,
      table: definition.name,
      startedAt: this.#options.nowMs(),
      finishedAt: null,
      inputs,
      bytesTotal,
      done: () => 0,
      bytesIn: 0,
      bytesOut: 0,
    };
    this.compactions.push(record);
    if (this.compactions.length > historyMax) this.compactions.shift();
    return record;
  }

  /** docs/format/table-descriptor.md */
  descriptorOf(definition: TableDefinition): Uint8Array {
    return encodeDescriptor(definition, { columnIndexBytes: this.#options.columnIndexBytes });
  }
}
