// The graphs of vector indexes of one shard beside their memory: files that they are read from at a start and written to now and then.
// A file is no more than a saving of time: whatever is wrong with it, the index is built from the table.
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { NativeStore } from '../../native/index.js';
import { removeFile, syncFolder } from '../files/durable.js';
import type { VectorGraphStats } from '../messages.js';
import { idBytes, type ShardTables, type TableState } from './tables.js';

/** docs/format/vector-graph.md */
const magic = 0x31475646; // 'FVG1'
const partBytes = 1 << 20;
const partBytesMax = 64 << 20;
/** Writes since the last file, as a part of the vectors and at least, that make another file worth its time. */
const changesPart = 5;
const changesMin = 20_000;

type Graph = {
  readonly table: string;
  readonly path: string;
  /** Has the vectors of all rows of the shard. */
  complete: boolean;
  /** Writes that the last file has. */
  savedAt: number;
};

export class VectorGraphs {
  /** By the id of the index. */
  readonly #graphs = new Map<string, Graph>();
  #saving: Promise<void> = Promise.resolve();
  #isSaving = false;

  constructor(
    private readonly tables: ShardTables,
    private readonly warn: (message: string, fields: object) => void,
  ) {}

  get #store(): NativeStore {
    return this.tables.store;
  }

  /**
   * Takes up an index. True when its graph has everything that the table has: then nothing need be built.
   * @param path  of its file
   */
  async open(state: TableState, index: string, path: string): Promise<boolean> {
    const known = this.#graphs.get(index);
    if (known !== undefined) return known.complete;
    const graph: Graph = { table: state.table.id, path, complete: false, savedAt: 0 };
    this.#graphs.set(index, graph);
    try {
      const content = await this.#load(state, index, path);
      // A table of another process's life may have been flushed after the file was written.
      graph.complete = content !== null && content === this.#contentOf(state);
      graph.savedAt = this.#writes(graph, index);
    } catch (error) {
      this.warn('the file of a vector index cannot be used: the index is built from its table', {
        path,
        error: (error as Error).message,
      });
    }
    return graph.complete;
  }

  /** A pass over the table begins or ends: after it the graph has what the table has. */
  async pass(state: TableState, index: string, begins: boolean): Promise<void> {
    const graph = this.#graphs.get(index);
    if (graph !== undefined) graph.complete = !begins;
    this.#store.vectorPass(state.id, idBytes(index), begins);
    if (!begins && graph !== undefined) await this.#save(index, graph);
  }

  /** Forgets the indexes of a table that is gone, and those that its table has no more. */
  forget(table: string, keep: readonly string[] = []): void {
    for (const [index, graph] of this.#graphs)
      if (graph.table === table && !keep.includes(index)) this.#graphs.delete(index);
  }

  /** Writes the files of graphs that have changed much. Nobody waits for it. */
  saveChanged(): void {
    if (this.#isSaving) return;
    for (const [index, graph] of this.#graphs) {
      const stats = this.#stats(graph, index);
      if (stats === null || stats[3]! - graph.savedAt < Math.max(changesMin, stats[0]! / changesPart)) continue;
      void this.#save(index, graph);
    }
  }

  /** Writes every file that is not of this very moment. REQUIRES: nothing is written any more. */
  async saveAll(): Promise<void> {
    await this.#saving;
    for (const [index, graph] of this.#graphs) await this.#save(index, graph);
  }

  stats(): VectorGraphStats[] {
    return [...this.#graphs].flatMap(([index, graph]) => {
      const stats = this.#stats(graph, index);
      if (stats === null) return [];
      const [vectors, waiting, bytes] = stats as unknown as [number, number, number];
      return [{ index, vectors, waiting, bytes, complete: graph.complete }];
    });
  }

  #stats({ table }: Graph, index: string): Float64Array | null {
    const state = this.tables.byId.get(table);
    try {
      return state === undefined ? null : this.#store.vectorStats(state.id, idBytes(index));
    } catch {
      return null; // dropped a moment ago
    }
  }

  readonly #writes = (graph: Graph, index: string): number => this.#stats(graph, index)?.[3] ?? 0;

  /** What the table's files are: a file of a graph was of them, and of what the log has beside. */
  #contentOf({ sstables }: TableState): string {
    return [`${this.tables.shardCount} shards`, ...[...sstables.keys()].sort()].join(' ');
  }

  /** One file at a time. A failure costs time at the next start only. */
  #save(index: string, graph: Graph): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const state = this.tables.byId.get(graph.table);
      if (state === undefined || this.#graphs.get(index) !== graph) return;
      this.#isSaving = true;
      try {
        await this.#write(state, index, graph);
      } catch (error) {
        await removeFile(`${graph.path}.tmp`).catch(() => {});
        if (this.#graphs.get(index) === graph)
          this.warn('the file of a vector index could not be written', {
            path: graph.path,
            error: (error as Error).message,
          });
      } finally {
        this.#isSaving = false;
      }
    });
    return this.#saving;
  }

  async #write(state: TableState, index: string, graph: Graph): Promise<void> {
    const id = idBytes(index);
    // Before the first part: what is written or flushed from here on is not promised to be in it.
    const content = graph.complete ? this.#contentOf(state) : '';
    const writes = this.#writes(graph, index);
    const handle = await open(`${graph.path}.tmp`, 'w');
    try {
      await handle.write(frame(Buffer.from(JSON.stringify({ format: 1, content })), magic));
      for (let from = 0; ; ) {
        const part = this.#store.vectorExport(state.id, id, from, partBytes);
        if (part === null) break;
        const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
        from = bytes.readUInt32LE(0);
        await handle.write(frame(bytes.subarray(4)));
      }
      await handle.write(frame(Buffer.alloc(0)));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${graph.path}.tmp`, graph.path);
    await syncFolder(dirname(graph.path));
    graph.savedAt = writes;
  }

  /**
   * What the table was when the file was written; null when there is no file.
   * @throws Error saying what is wrong with it
   */
  async #load(state: TableState, index: string, path: string): Promise<string | null> {
    const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (handle === null) return null;
    const id = idBytes(index);
    let whole = false;
    try {
      const header = JSON.parse((await readFrame(handle, magic)).toString('utf8')) as {
        format: number;
        content: string;
      };
      if (header.format !== 1) throw new Error(`it is of format ${header.format}`);
      for (;;) {
        const part = await readFrame(handle);
        if (part.length === 0) break;
        this.#store.vectorImport(state.id, id, part);
      }
      whole = true;
      return header.content;
    } finally {
      await handle.close();
      this.#store.vectorLoaded(state.id, id, whole);
    }
  }
}

/** u32 length, u32 CRC-32, bytes; the first one has a number of its own before it. */
function frame(bytes: Buffer, first: number | null = null): Buffer {
  const head = Buffer.alloc(first === null ? 8 : 12);
  if (first !== null) head.writeUInt32LE(first, 0);
  head.writeUInt32LE(bytes.length, head.length - 8);
  head.writeUInt32LE(crc32(bytes), head.length - 4);
  return Buffer.concat([head, bytes]);
}

async function readFrame(handle: FileHandle, first: number | null = null): Promise<Buffer> {
  const head = await readExactly(handle, first === null ? 8 : 12);
  if (first !== null && head.readUInt32LE(0) !== first) throw new Error('it is no such file');
  const length = head.readUInt32LE(head.length - 8);
  if (length > partBytesMax) throw new Error(`a part of ${length} bytes`);
  const bytes = await readExactly(handle, length);
  if (crc32(bytes) !== head.readUInt32LE(head.length - 4)) throw new Error('a part is damaged');
  return bytes;
}

async function readExactly(handle: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at);
    if (bytesRead === 0) throw new Error('it is cut short');
    at += bytesRead;
  }
  return bytes;
}
