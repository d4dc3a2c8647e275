// An SSTable that is open for reading.
import fs from 'node:fs';
import path from 'node:path';
import { NativeSSTable } from '../../native/index.js';
import type { ChunkStore } from './chunk-store.js';
import { ChecksummedFile, type ComponentFile, CompressedFile, PlainFile } from './component-file.js';
import { readCompressionInfo } from './compression.js';
import { componentName, components, corrupt, type SSTableName } from './format.js';
import { readStatistics, type Statistics } from './statistics.js';

const footerBytes = 24;

/** Files, statistics and native handle of one SSTable in the BTI format. Close it to free the files. */
export class SSTableReader {
  readonly native: NativeSSTable;
  readonly #store: ChunkStore;
  readonly #files: readonly ComponentFile[];
  readonly #numbers: readonly number[];

  private constructor(
    readonly folder: string,
    readonly name: SSTableName,
    readonly statistics: Statistics,
    readonly partitions: number,
    /** All components together. */
    readonly bytesOnDisk: number,
    /** Uncompressed bytes of Data.db. */
    readonly dataBytes: number,
    parts: { native: NativeSSTable; store: ChunkStore; files: readonly ComponentFile[]; numbers: readonly number[] },
  ) {
    this.native = parts.native;
    this.#store = parts.store;
    this.#files = parts.files;
    this.#numbers = parts.numbers;
  }

  /**
   * Opens the SSTable `name` of a folder for a table. Reads the small components; blocks while it does.
   * @param descriptor  docs/format/table-descriptor.md
   * @throws FerrosaError CORRUPT naming the file; an Error of the operating system
   */
  static open(folder: string, name: SSTableName, descriptor: Uint8Array, store: ChunkStore): SSTableReader {
    const files: ComponentFile[] = [];
    const numbers: number[] = [];
    try {
      return SSTableReader.#open(folder, name, descriptor, store, files, numbers);
    } catch (error) {
      for (const number of numbers) store.remove(number);
      for (const file of files) file.close();
      throw error;
    }
  }

  static #open(
    folder: string,
    name: SSTableName,
    descriptor: Uint8Array,
    store: ChunkStore,
    files: ComponentFile[],
    numbers: number[],
  ): SSTableReader {
    const fileOf = (component: string): string => path.join(folder, componentName(name, component));
    const statisticsPath = fileOf(components.statistics);
    const statistics = readStatistics(fs.readFileSync(statisticsPath), statisticsPath);
    const data = openData(fileOf);
    files.push(data);
    const partitions = new PlainFile(fileOf(components.partitions));
    files.push(partitions);
    const rows = new PlainFile(fileOf(components.rows));
    files.push(rows);
    const footer = readFooter(partitions);
    const filterPath = fileOf(components.filter);
    for (const file of files) numbers.push(store.add(file));
    const native = new NativeSSTable(store.native, descriptor, {
      data: data.native(numbers[0]!),
      partitions: partitions.native(numbers[1]!),
      rows: rows.native(numbers[2]!),
      partitionRoot: footer.root,
      partitionCount: footer.count,
      firstKey: footer.firstKey,
      lastKey: footer.lastKey,
      maxTimestamp: statistics.stats.maxTimestamp,
      header: statistics.headerBytes,
      filter: fs.existsSync(filterPath) ? fs.readFileSync(filterPath) : new Uint8Array(0),
    });
    const bytes = fs
      .readdirSync(folder)
      .filter((file) => file.startsWith(componentName(name, '')))
      .reduce((sum, file) => sum + fs.statSync(path.join(folder, file)).size, 0);
    const parts = { native, store, files, numbers };
    return new SSTableReader(folder, name, statistics, footer.count, bytes, data.length, parts);
  }

  /** Bytes of Data.db on disk, and how many of them have been read by who blocks: some more than once. */
  get dataRead(): { readonly read: number; readonly total: number } {
    const [data] = this.#files;
    return { read: data!.bytesRead, total: data!.bytesOnDisk };
  }

  /** Closes the files and drops their chunks. Nobody may read it any more. */
  close(): void {
    this.native.close();
    for (const number of this.#numbers) this.#store.remove(number);
    for (const file of this.#files) file.close();
  }
}

function openData(fileOf: (component: string) => string): ComponentFile {
  const data = fileOf(components.data);
  const infoPath = fileOf(components.compressionInfo);
  if (fs.existsSync(infoPath))
    return new CompressedFile(data, readCompressionInfo(fs.readFileSync(infoPath), infoPath));
  const crcPath = fileOf(components.crc);
  if (fs.existsSync(crcPath)) return new ChecksummedFile(data, fs.readFileSync(crcPath), crcPath);
  return new PlainFile(data);
}

/** The end of Partitions.db: first and last key, then where they are, the number of keys and the root of the trie. */
function readFooter(file: PlainFile): { root: number; count: number; firstKey: Uint8Array; lastKey: Uint8Array } {
  if (file.length < footerBytes) throw corrupt(file.path, 'shorter than its footer');
  const footer = file.readSync(file.length - footerBytes, footerBytes);
  const [keys, count, root] = [0, 8, 16].map((at) => footer.readBigInt64BE(at)) as [bigint, bigint, bigint];
  const end = BigInt(file.length - footerBytes);
  if (keys < 0n || keys + 4n > end || root < 0n || root >= keys || count < 0n || count > end * 8n)
    throw corrupt(file.path, 'a footer that makes no sense', file.length - footerBytes);
  const at = Number(keys);
  const bytes = file.readSync(at, Number(end - keys));
  const firstLength = bytes.readUInt16BE(0);
  if (2 + firstLength + 2 > bytes.length) throw corrupt(file.path, 'a first key outside of the file', at);
  const lastLength = bytes.readUInt16BE(2 + firstLength);
  if (4 + firstLength + lastLength > bytes.length) throw corrupt(file.path, 'a last key outside of the file', at);
  return {
    root: Number(root),
    count: Number(count),
    firstKey: bytes.subarray(2, 2 + firstLength),
    lastKey: bytes.subarray(4 + firstLength, 4 + firstLength + lastLength),
  };
}
