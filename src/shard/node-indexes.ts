// The secondary indexes of the node as main knows them: the folders of their entries, and which of them are complete.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { indexTablesOf } from '../index/index.js';
import { murmurToken } from '../native/index.js';
import type { TableDefinition } from '../schema/index.js';
import { writeFileDurably } from './files/durable.js';
import { indexesFolder, indexFolder } from './files/names.js';
import type { NodeTable, NodeTables } from './tables-main.js';
import { shardOfToken } from './token.js';

/** Written when an index has the entries of everything: what that was true of. */
type BuiltMark = { readonly format: 1; readonly shardCount: number; readonly adoptions: number };

const markName = 'built.json';

/** A partition of entries. */
export type IndexBucket = { readonly key: Uint8Array; readonly token: bigint };

/** By shard: the partition that holds the entries of its rows. The smallest number whose token is the shard's is its key. */
export function indexBuckets(shardCount: number): readonly IndexBucket[] {
  const buckets: IndexBucket[] = [];
  for (let n = 0, found = 0; found < shardCount; n++) {
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, n);
    const token = murmurToken(key);
    const shard = shardOfToken(token, shardCount);
    if (buckets[shard] !== undefined) continue;
    buckets[shard] = { key, token };
    found++;
  }
  return buckets;
}

export class NodeIndexes {
  /** A table has content that its indexes do not know: they have to be built again. */
  onStale: (table: string) => void = () => {};

  constructor(
    private readonly dataDir: string,
    private readonly shardCount: number,
    private readonly tables: NodeTables,
  ) {}

  folderOf({ id }: TableDefinition): string {
    return indexFolder(this.dataDir, id);
  }

  /** Opens the indexes of tables that are open, and removes what is left of others. */
  async open(definitions: readonly TableDefinition[]): Promise<void> {
    const all = definitions.flatMap((definition) => indexTablesOf(definition));
    await mkdir(indexesFolder(this.dataDir), { recursive: true });
    const wanted = new Set(all.map(({ table }) => basename(this.folderOf(table))));
    for (const name of await readdir(indexesFolder(this.dataDir)))
      if (!wanted.has(name)) await rm(join(indexesFolder(this.dataDir), name), { recursive: true, force: true });
    await Promise.all(all.map(({ table }) => this.tables.open(table, this.folderOf(table))));
  }

  /** The tables of the indexes of a table. */
  of({ definition }: NodeTable): NodeTable[] {
    return definition.indexes.flatMap(({ id }) => this.tables.byId.get(id) ?? []);
  }

  /** True when the index has the entries of all that `base` has. */
  async isBuilt(base: TableDefinition, id: string): Promise<boolean> {
    const mark = await this.#mark(id);
    return mark?.shardCount === this.shardCount && mark.adoptions === this.tables.get(base.id).files.adoptions;
  }

  /** The entries may be of another number of shards, and lie where nobody looks for them, or somebody for others. */
  async mayBeForeign(id: string): Promise<boolean> {
    return (await this.#mark(id))?.shardCount !== this.shardCount;
  }

  /** What a mark will say that is written when a build that begins now has ended. */
  adoptions(base: TableDefinition): number {
    return this.tables.get(base.id).files.adoptions;
  }

  /** REQUIRES: the entries are in SSTables. */
  async markBuilt(id: string, adoptions: number): Promise<void> {
    const mark: BuiltMark = { format: 1, shardCount: this.shardCount, adoptions };
    if (this.tables.byId.has(id)) await writeFileDurably(this.#markPath(id), `${JSON.stringify(mark)}\n`);
  }

  /** A file of a table was damaged and set aside: if the table is an index, it has to be built again. */
  async lost(id: string): Promise<void> {
    for (const { definition } of this.tables.byId.values()) {
      if (!definition.indexes.some((index) => index.id === id)) continue;
      await rm(this.#markPath(id), { force: true });
      this.onStale(definition.id);
    }
  }

  #markPath(id: string): string {
    return join(indexFolder(this.dataDir, id), markName);
  }

  async #mark(id: string): Promise<BuiltMark | null> {
    const text = await readFile(this.#markPath(id), 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      const mark = JSON.parse(text) as BuiltMark;
      return mark.format === 1 ? mark : null;
    } catch {
      return null; // it is built again
    }
  }
}
