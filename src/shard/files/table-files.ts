// The files of one table, on the main thread: the only writer of its manifest. Shards and pool jobs write SSTables into a temporary folder;
// `publish` moves them in and makes them content.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FerrosaError } from '../../common/errors.js';
import { removeFile, syncFolder, UnknownOutcome } from './durable.js';
import {
  applyChange,
  emptyManifest,
  type FlushedMark,
  type Manifest,
  type ManifestChange,
  type ManifestEntry,
  readManifest,
  withShardCount,
  writeManifest,
} from './manifest.js';
import {
  corruptFolder,
  parseSSTableFile,
  readableVersions,
  type SSTableFile,
  snapshotFolder,
  temporaryFolder,
} from './names.js';
import { snapshotFiles } from './snapshot.js';

/** Warnings about files that are left alone. */
export type FileWarning = (message: string) => void;

export class TableFiles {
  #manifest: Manifest;
  #nextId: number;
  /** Changes run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly folder: string,
    manifest: Manifest,
    nextId: number,
  ) {
    this.#manifest = manifest;
    this.#nextId = nextId;
  }

  /**
   * Opens a table's folder, creating it when it is not there: finishes or undoes what a crash interrupted, and takes up SSTables that
   * somebody else put there.
   * @throws FerrosaError CORRUPT naming a damaged manifest; system errors
   */
  static async open(folder: string, shardCount: number, warn: FileWarning): Promise<TableFiles> {
    if ((await mkdir(folder, { recursive: true })) !== undefined) {
      await syncFolder(dirname(folder));
      await syncFolder(dirname(dirname(folder)));
    }
    const stored = await readManifest(folder);
    const manifest = withShardCount(stored ?? emptyManifest(shardCount), shardCount);
    const files = new TableFiles(folder, manifest, 1);
    await files.#undoUnfinished(stored !== null);
    await rm(join(folder, temporaryFolder), { recursive: true, force: true });
    const found = await files.#scan();
    const adopted = files.#unlisted(found, warn);
    for (const { name } of manifest.sstables)
      if (!found.has(name)) warn(`${join(folder, name)}-Data.db is in the manifest and is not there`);
    const missing = manifest.sstables.filter(({ name }) => !found.has(name)).map(({ name }) => name);
    if (adopted.length > 0 || missing.length > 0 || (stored !== null && manifest !== stored))
      await files.#commit({ add: adopted, remove: missing, adopted: adopted.length > 0 });
    await files.#deleteObsolete();
    return files;
  }

  get sstables(): readonly ManifestEntry[] {
    return this.#manifest.sstables;
  }

  /** Grows whenever SSTables that others wrote become content. */
  get adoptions(): number {
    return this.#manifest.adoptions ?? 0;
  }

  get flushed(): readonly FlushedMark[] {
    return this.#manifest.flushed;
  }

  /** The name of a new SSTable of the format that is written. */
  newName(): string {
    return `da-${this.#nextId++}-bti`;
  }

  /** A folder for the files of one job, on the same file system. */
  async temporary(name: string): Promise<string> {
    const folder = join(this.folder, temporaryFolder, name);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /**
   * Makes SSTables that were written to `temporary(name)` (synced) content of the table and others no longer, in one step.
   * The files of what is removed are deleted; readers that have them open go on.
   */
  publish(change: ManifestChange): Promise<void> {
    return this.publishUnless(() => change).then(() => {});
  }

  /** As `publish`, with a change that is made up when its turn has come; null: nothing is changed. False then. */
  publishUnless(decide: () => ManifestChange | null): Promise<boolean> {
    return this.#serially(async () => {
      const change = decide();
      if (change === null) return false;
      const add = change.add ?? [];
      try {
        for (const { name } of add) await this.#moveIn(name);
        if (add.length > 0) await syncFolder(this.folder);
        await this.#commit(change);
      } catch (error) {
        // Complete files that no manifest names would be taken up at the next start, also after a TRUNCATE. Where the manifest was
        // replaced and only its sync failed, they may be content already.
        if (!(error instanceof UnknownOutcome))
          for (const { name } of add) await this.#removeSSTable(name).catch(() => {});
        throw error;
      }
      for (const { name } of add) await this.discard(name);
      await this.#deleteObsolete();
      return true;
    });
  }

  /** Removes what is left of a job. */
  async discard(name: string): Promise<void> {
    await rm(join(this.folder, temporaryFolder, name), { recursive: true, force: true });
  }

  /** Sets a damaged SSTable aside: its files are moved into `corrupt/` and it is no longer content. False when it was not. */
  setAside(name: string): Promise<boolean> {
    return this.#serially(async () => {
      if (!this.#manifest.sstables.some((entry) => entry.name === name)) return false;
      const target = join(this.folder, corruptFolder);
      await mkdir(target, { recursive: true });
      const sstables = this.#manifest.sstables.filter((entry) => entry.name !== name);
      await writeManifest(this.folder, { ...this.#manifest, sstables });
      this.#manifest = { ...this.#manifest, sstables };
      for (const file of await this.#componentsOf(this.folder, name))
        await rename(join(this.folder, file), join(target, file));
      await syncFolder(this.folder);
      return true;
    });
  }

  /** Takes up SSTables that were put into the folder while the process runs. */
  refresh(warn: FileWarning): Promise<readonly ManifestEntry[]> {
    return this.#serially(async () => {
      const adopted = this.#unlisted(await this.#scan(), warn);
      if (adopted.length > 0) await this.#commit({ add: adopted, adopted: true });
      return adopted;
    });
  }

  /** Hard links of all content under `snapshots/<tag>`. Returns the number of SSTables in it. */
  snapshot(tag: string): Promise<number> {
    return this.#serially(() => snapshotFiles(this.folder, this.#manifest.sstables, tag));
  }

  hasSnapshot(tag: string): boolean {
    return existsSync(join(this.folder, snapshotFolder, tag));
  }

  /** Removes the folder. Snapshots stay: they are somebody's backup. */
  drop(): Promise<void> {
    return this.#serially(async () => {
      const snapshots = join(this.folder, snapshotFolder);
      const isEmpty = !existsSync(snapshots) || (await readdir(snapshots)).length === 0;
      if (isEmpty) return rm(this.folder, { recursive: true, force: true });
      for (const name of await readdir(this.folder))
        if (name !== snapshotFolder) await rm(join(this.folder, name), { recursive: true, force: true });
    });
  }

  /** Forgets the marks of a commit log that is gone. */
  forgetMarksBefore(base: number): Promise<void> {
    return this.#serially(async () => {
      const flushed = this.#manifest.flushed.filter((mark) => mark.base >= base);
      if (flushed.length === this.#manifest.flushed.length) return;
      await writeManifest(this.folder, { ...this.#manifest, flushed });
      this.#manifest = { ...this.#manifest, flushed };
    });
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #commit(change: ManifestChange): Promise<void> {
    const next = applyChange(this.#manifest, change);
    await writeManifest(this.folder, next);
    this.#manifest = next;
  }

  /** The data component of every SSTable in the folder, by name. */
  async #scan(): Promise<Map<string, SSTableFile & { complete: boolean }>> {
    const found = new Map<string, SSTableFile & { complete: boolean }>();
    const names = new Set(await readdir(this.folder));
    for (const name of names) {
      const file = parseSSTableFile(name);
      if (file === null) continue;
      const number = Number(file.id);
      if (Number.isSafeInteger(number)) this.#nextId = Math.max(this.#nextId, number + 1);
      if (file.component === 'Data.db')
        found.set(file.sstable, { ...file, complete: names.has(`${file.sstable}-TOC.txt`) });
    }
    return found;
  }

  #unlisted(found: Map<string, SSTableFile & { complete: boolean }>, warn: FileWarning): ManifestEntry[] {
    const known = new Set([...this.#manifest.sstables.map(({ name }) => name), ...this.#manifest.obsolete]);
    const adopted: ManifestEntry[] = [];
    for (const [name, file] of found) {
      if (known.has(name)) continue;
      const path = join(this.folder, `${name}-Data.db`);
      // The TOC comes last, with us and with Cassandra: without it the copy or the write did not end.
      if (!file.complete) warn(`${path} has no TOC.txt beside it: left alone`);
      else if (!readableVersions[file.format]?.includes(file.version))
        warn(`${path} is of version ${file.version}, which cannot be read: left alone`);
      else adopted.push({ name, shard: this.#manifest.shardCount === 1 ? 0 : null });
    }
    return adopted;
  }

  async #componentsOf(folder: string, sstable: string): Promise<string[]> {
    return (await readdir(folder)).filter((name) => name.startsWith(`${sstable}-`) && parseSSTableFile(name) !== null);
  }

  async #moveIn(name: string): Promise<void> {
    const from = join(this.folder, temporaryFolder, name);
    const components = await this.#componentsOf(from, name);
    const toc = `${name}-TOC.txt`;
    if (!components.includes(toc)) throw new FerrosaError('SERVER_ERROR', `${join(from, toc)} was not written`);
    for (const file of components) if (file !== toc) await rename(join(from, file), join(this.folder, file));
    await rename(join(from, toc), join(this.folder, toc));
  }

  /**
   * Removes what jobs had written when the process ended. Where their folder is still there, files that were moved already are no content
   * yet: what is in them is in the commit log or in the inputs of the compaction. Without a manifest, which may have been lost, that is
   * certain only of an SSTable whose TOC, the last to be moved, is not there.
   */
  async #undoUnfinished(hasManifest: boolean): Promise<void> {
    const temporary = join(this.folder, temporaryFolder);
    const content = new Set(this.#manifest.sstables.map(({ name }) => name));
    for (const name of existsSync(temporary) ? await readdir(temporary) : [])
      if (!content.has(name) && (hasManifest || !existsSync(join(this.folder, `${name}-TOC.txt`))))
        await this.#removeSSTable(name);
  }

  async #removeSSTable(name: string): Promise<void> {
    for (const file of await this.#componentsOf(this.folder, name)) await removeFile(join(this.folder, file));
  }

  async #deleteObsolete(): Promise<void> {
    const { obsolete } = this.#manifest;
    if (obsolete.length === 0) return;
    for (const name of obsolete) await this.#removeSSTable(name);
    await syncFolder(this.folder);
    await this.#commit({ deleted: obsolete });
  }
}
