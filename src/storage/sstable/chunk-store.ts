// The chunk cache of a thread with the files behind it: turns misses of the addon into chunks.
import { NativeChunkCache } from '../../native/index.js';
import type { ComponentFile } from './component-file.js';

/** One a thread. */
export class ChunkStore {
  readonly native: NativeChunkCache;
  readonly #files = new Map<number, ComponentFile>();
  readonly #loading = new Map<string, Promise<void>>();

  constructor(budgetBytes: number) {
    this.native = new NativeChunkCache(budgetBytes);
  }

  /** For threads that may block (flush, compaction): every chunk is read when it is needed, and nothing is a miss. */
  static blocking(budgetBytes: number): ChunkStore {
    const store = new ChunkStore(budgetBytes);
    store.native.setLoader((file, chunk) => store.#file(file).readChunkSync(chunk));
    return store;
  }

  add(file: ComponentFile): number {
    const number = this.native.newFile();
    this.#files.set(number, file);
    return number;
  }

  remove(number: number): void {
    this.#files.delete(number);
    this.native.removeFile(number);
  }

  /**
   * Reads the chunks of a list of misses ((file, chunk) pairs) into the cache. A chunk that is being read already is waited for.
   * @throws FerrosaError CORRUPT; an Error of the operating system
   */
  async load(misses: Uint32Array): Promise<void> {
    const waits: Promise<void>[] = [];
    for (let i = 0; i + 1 < misses.length; i += 2) waits.push(this.#loadOne(misses[i]!, misses[i + 1]!));
    await Promise.all(waits);
  }

  #loadOne(file: number, chunk: number): Promise<void> {
    const key = `${file}/${chunk}`;
    const running = this.#loading.get(key);
    if (running !== undefined) return running;
    const open = this.#files.get(file);
    // Compaction has replaced its SSTable: whoever missed the chunk starts again and finds the new one.
    if (open === undefined) return Promise.resolve();
    const load = open
      .readChunk(chunk)
      .then((bytes) => this.native.insert(file, chunk, bytes))
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, load);
    return load;
  }

  #file(number: number): ComponentFile {
    const file = this.#files.get(number);
    if (file === undefined) throw new Error(`chunk of file ${number}, which is closed`);
    return file;
  }
}
