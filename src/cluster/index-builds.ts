// Builds indexes over what their tables have already, in the background. Writes have their entries from the moment the index exists; a build
// reads every row once and adds the entries of what it finds. An index is asked only when its build has ended.
import type { FerrosaError } from '../common/errors.js';
import {
  addText,
  decidingColumns,
  EntryWriter,
  type IndexTable,
  indexTablesOf,
  type NowMicros,
  termsOfRow,
} from '../index/index.js';
import type { Catalogue, ColumnDefinition, TableDefinition } from '../schema/index.js';
import { indexBuckets } from '../shard/index.js';
import { cellsOf, encodeReadCommand, type ReadColumn, RowStream, rowsOf, Selected } from '../storage/index.js';
import { isMulticell, unpackList, unpackMap, unpackSet } from '../types/index.js';
import type { ShardPort } from './shard-port.js';
import { readVectors } from './vector-build.js';

/** Rows that one step of a build reads: other work of the thread gets its turn between steps. */
const rowsAStep = 500;
const stepBytesMax = 1 << 20;
/** How often a build that failed is begun again, and after how long. */
const retryMs = 5_000;

/** How long a start waits for builds: graphs of vectors that are read from small files are there with the first request. */
const startWaitMs = 1_000;

/** What the builds need of the shards of this process. */
export interface IndexFiles {
  isBuilt(base: TableDefinition, id: string): Promise<boolean>;
  mayBeForeign(id: string): Promise<boolean>;
  adoptions(base: TableDefinition): number;
  markBuilt(id: string, adoptions: number): Promise<void>;
  clear(id: string): Promise<void>;
  flush(id: string): Promise<void>;
  /** Takes up a vector index; true when it has everything. */
  openVectors(base: TableDefinition, id: string): Promise<boolean>;
  passVectors(base: TableDefinition, id: string, begins: boolean): Promise<void>;
}

export type IndexBuildHost = {
  readonly shards: ShardPort;
  readonly catalogue: Catalogue;
  readonly files: IndexFiles;
  readonly nowMicros: NowMicros;
  /** Larger than any that an entry was written at, also before the process began. */
  readonly stampMicros: NowMicros;
  readonly warn: (fields: object, message: string) => void;
};

/** A build that runs, for system_views. */
export type IndexBuild = {
  readonly id: string;
  readonly keyspace: string;
  readonly table: string;
  readonly index: string;
  rows: number;
};

export type IndexUse = { count: number; lastSeenMs: number };

export class IndexBuilds {
  readonly #host: IndexBuildHost;
  readonly #built = new Set<string>();
  readonly #running = new Map<string, { readonly build: IndexBuild; readonly done: Promise<void> }>();
  /** Of indexes that there are. */
  readonly #uses = new Map<string, IndexUse>();
  /** Vector indexes that were complete once in this process: if they are to be built again, it is for what their tables got. */
  readonly #known = new Set<string>();
  #stopped = false;
  /** An index has been built, or has to be built again. */
  onChange: (id: string) => void = () => {};

  constructor(host: IndexBuildHost) {
    this.#host = host;
  }

  /** @param id  UUID text of the index's table */
  isBuilt(id: string): boolean {
    return this.#built.has(id);
  }

  /** The time of an entry that is written now. */
  stampMicros(): bigint {
    return this.#host.stampMicros();
  }

  noteUse(id: string, times = 1): void {
    const use = this.#uses.get(id);
    const at = Number(this.#host.nowMicros() / 1_000n);
    if (use === undefined) this.#uses.set(id, { count: times, lastSeenMs: at });
    else Object.assign(use, { count: use.count + times, lastSeenMs: at });
  }

  /** How often an index was asked; null: never. */
  use(id: string): IndexUse | null {
    return this.#uses.get(id) ?? null;
  }

  /** Builds that run now. */
  get running(): readonly IndexBuild[] {
    return [...this.#running.values()].map(({ build }) => build);
  }

  /** At the start of the process, before clients: finds what is complete, and begins to build what is not. */
  async open(): Promise<void> {
    const { catalogue, files } = this.#host;
    for (const keyspace of catalogue.schema.keyspaces.values())
      for (const table of keyspace.tables.values())
        for (const index of indexTablesOf(table)) {
          const { id } = index.index;
          if (index.vector !== null) {
            this.#start(table, index);
            continue;
          }
          // Without a commit log a table may have flushed what its index lost.
          if (keyspace.durableWrites && (await files.isBuilt(table, id))) this.#built.add(id);
          else {
            if (await files.mayBeForeign(id)) await files.clear(id);
            this.#start(table, index);
          }
        }
    if (this.#running.size > 0) await this.settled(startWaitMs);
  }

  /** After a change of the schema, once the shards know it: builds new indexes, forgets those that are gone. */
  follow(before: TableDefinition | null, after: TableDefinition | null): void {
    const now = after === null ? [] : indexTablesOf(after);
    for (const { id } of before?.indexes ?? [])
      if (!now.some(({ index }) => index.id === id)) {
        this.#built.delete(id);
        this.#uses.delete(id);
        this.#known.delete(id);
      }
    for (const index of now)
      if (!this.#built.has(index.index.id) && !this.#running.has(index.index.id)) this.#start(after!, index);
  }

  /** The table has rows that no write of this process brought. */
  stale(tableId: string): void {
    const table = this.#host.catalogue.tableById(tableId);
    if (table === null) return;
    for (const index of indexTablesOf(table)) {
      this.#setBuilt(index.index.id, false);
      const running = this.#running.get(index.index.id);
      if (running === undefined) this.#start(table, index);
      else void running.done.then(() => this.stale(tableId));
    }
  }

  /** Resolves when what is built now is built, or after `ms`. */
  async settled(ms: number): Promise<void> {
    const all = Promise.allSettled([...this.#running.values()].map(({ done }) => done));
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([all, limit]);
    clearTimeout(timer);
  }

  /** Ends what runs: it begins anew at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled([...this.#running.values()].map(({ done }) => done));
  }

  #setBuilt(id: string, built: boolean): void {
    if (built) this.#built.add(id);
    else this.#built.delete(id);
    this.onChange(id);
  }

  #start(table: TableDefinition, index: IndexTable): void {
    const { id, name } = index.index;
    const build: IndexBuild = { id, keyspace: table.keyspace, table: table.name, index: name, rows: 0 };
    const done = this.#run(table, index, build).finally(() => this.#running.delete(id));
    this.#running.set(id, { build, done });
  }

  async #run(table: TableDefinition, index: IndexTable, build: IndexBuild): Promise<void> {
    const { files, warn } = this.#host;
    for (;;) {
      try {
        if (index.vector !== null) {
          if (await this.#buildVectors(table, index, build)) this.#setBuilt(build.id, true);
          return;
        }
        const adoptions = files.adoptions(table);
        if (!(await this.#readAll(table, index, build))) return;
        // The mark must not outlive the entries.
        await files.flush(build.id);
        await files.markBuilt(build.id, adoptions);
        if (!this.#exists(build.id, table.id)) return;
        this.#setBuilt(build.id, true);
        return;
      } catch (error) {
        if (this.#stopped || !this.#exists(build.id, table.id)) return;
        warn({ ...build, error: (error as Error).message }, 'the build of an index failed and is begun again');
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  }

  #exists(id: string, tableId: string): boolean {
    return this.#host.catalogue.tableById(tableId)?.indexes.some((index) => index.id === id) ?? false;
  }

  /** False when the build was given up. */
  async #buildVectors(table: TableDefinition, index: IndexTable, build: IndexBuild): Promise<boolean> {
    const { files } = this.#host;
    const goesOn = (): boolean => !this.#stopped && this.#exists(build.id, table.id);
    if ((await files.openVectors(table, build.id)) && !this.#known.has(build.id))
      return this.#knows(build.id, goesOn());
    build.rows = 0;
    await files.passVectors(table, build.id, true);
    const count = (rows: number): void => {
      build.rows += rows;
    };
    if (!(await readVectors(table, index, this.#host, goesOn, count))) return false;
    await files.passVectors(table, build.id, false);
    return this.#knows(build.id, goesOn());
  }

  #knows(id: string, goesOn: boolean): boolean {
    if (goesOn) this.#known.add(id);
    return goesOn;
  }

  /** False when the build was given up. */
  async #readAll(table: TableDefinition, index: IndexTable, build: IndexBuild): Promise<boolean> {
    const { shards, nowMicros, stampMicros } = this.#host;
    const buckets = indexBuckets(shards.shardCount);
    const reader = new RowReader(table, index);
    build.rows = 0;
    for (let shard = 0; shard < shards.shardCount; shard++) {
      let startAfter: Uint8Array | null = null;
      do {
        if (this.#stopped || !this.#exists(build.id, table.id)) return false;
        // Before the rows are read: whatever is written later has later entries.
        const micros = stampMicros();
        const nowSeconds = Number(nowMicros() / 1_000_000n);
        const command = reader.command(nowSeconds, startAfter);
        const stream = new RowStream(await shards.read(shard, command));
        const writer = new EntryWriter(index, buckets[shard]!.key, micros);
        build.rows += reader.addEntries(stream, writer, nowSeconds);
        if (writer.count > 0) await shards.mutate(shard, writer.finish(), true);
        startAfter = stream.position?.slice() ?? null;
      } while (startAfter !== null);
    }
    return true;
  }
}

/** What was written before the index and is too long for it stays out of it, as in Cassandra. */
function addIfShort(add: () => void): void {
  try {
    add();
  } catch (error) {
    if ((error as FerrosaError).code !== 'INVALID') throw error;
  }
}

/** When a cell expires of which so many seconds are left. */
function expiryOf(left: Uint8Array | null, nowSeconds: number): { ttl: number; at: number } | null {
  if (left === null) return null;
  const ttl = new DataView(left.buffer, left.byteOffset, left.length).getInt32(0);
  return { ttl, at: nowSeconds + ttl };
}

/** Reads what an index is made of. Expiring cells get entries that stay: they are found stale when somebody looks. */
class RowReader {
  readonly #columns: ReadColumn[];
  readonly #tableId: Uint8Array;
  readonly #keys: number;

  constructor(
    table: TableDefinition,
    private readonly index: IndexTable,
  ) {
    this.#tableId = new Uint8Array(Buffer.from(table.id.replaceAll('-', ''), 'hex'));
    const clustering = index.ofRows ? table.clustering : [];
    const whatOf = ({ kind, position, id }: ColumnDefinition): ReadColumn => {
      if (kind === 'partition_key') return { what: Selected.partitionKey, which: position };
      if (kind === 'clustering') return { what: Selected.clustering, which: position };
      return { what: Selected.value, which: id };
    };
    this.#keys = clustering.length;
    this.#columns = [
      ...clustering.map((_, which) => ({ what: Selected.clustering, which })),
      ...decidingColumns(index).map(whatOf),
      ...(index.fulltext === null ? [] : [{ what: Selected.ttl, which: index.target.column.id }]),
    ];
  }

  command(nowSeconds: number, startAfter: Uint8Array | null): Uint8Array {
    return encodeReadCommand({
      tableId: this.#tableId,
      nowSeconds,
      partitions: { range: { start: -(2n ** 63n), startInclusive: true, end: 2n ** 63n - 1n, endInclusive: true } },
      columns: this.#columns,
      distinct: !this.index.ofRows,
      rowLimit: rowsAStep,
      // The words of a text take more room than it.
      bytesLimit: this.index.fulltext === null ? stepBytesMax : stepBytesMax >> 3,
      startAfter,
    });
  }

  /** Returns the number of rows. */
  addEntries(stream: RowStream, writer: EntryWriter, nowSeconds: number): number {
    let rows = 0;
    const width = this.#columns.length;
    for (const { token, key, ...partition } of stream.partitions())
      for (const row of rowsOf({ token, key, ...partition }, width)) {
        rows++;
        const cells = cellsOf(row.cells, width);
        const clustering = cells.slice(0, this.#keys);
        const values = cells.slice(this.#keys);
        if (this.index.fulltext !== null) {
          const ttl = values[1] ?? null;
          if (values[0] != null)
            addText(this.index, writer, values[0], { token, key, row: clustering }, expiryOf(ttl, nowSeconds));
          continue;
        }
        if (this.index.needsRow) {
          for (const term of termsOfRow(this.index, values))
            addIfShort(() => writer.addTerm(term, token, key, clustering, null));
          continue;
        }
        if (values[0] == null) continue;
        for (const term of this.#terms(values[0])) addIfShort(() => writer.add(term, token, key, clustering, null));
      }
    return rows;
  }

  #terms(value: Uint8Array): readonly (readonly Uint8Array[])[] {
    const { column, kind } = this.index.target;
    const { type } = column;
    if (!isMulticell(type)) return [[value]];
    if (type.kind === 'list') return unpackList(value).map((element) => [element]);
    if (type.kind === 'set') return unpackSet(value).map((element) => [element]);
    if (type.kind !== 'map') return [[value]];
    const entries = unpackMap(value);
    if (kind === 'entries') return entries;
    return entries.map(([key, inner]) => [kind === 'keys' ? key : inner]);
  }
}
