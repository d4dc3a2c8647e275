// Writes the files of one SSTable: Data.db chunk by chunk, the indexes as they come, the small components at the end. Every file is synced, TOC.txt is
// written last; what has none was not finished. Blocks: for pool threads.
import fs from 'node:fs';
import path from 'node:path';
import {
  beginWriteback,
  crc32,
  type LargePartition,
  murmurToken,
  type NativeFinishedFile,
} from '../../native/index.js';
import { type Compressor, writeCompressionInfo } from './compression.js';
import { componentName, components, type SSTableName, writtenVersion } from './format.js';
import { type SSTableMetadata, writeStatistics } from './statistics-write.js';

/** How Data.db is compressed. */
export type Compression = {
  readonly compressor: Compressor;
  readonly chunkBytes: number;
  /** Chunks that do not get below it stay as they are; 2147483647: all are compressed. */
  readonly maxCompressedBytes: number;
  /** What CompressionInfo.db repeats of the table's options. */
  readonly options: ReadonlyMap<string, string>;
};

/** A finished SSTable. Plain data: it crosses threads. */
export type SSTableInfo = {
  readonly folder: string;
  readonly version: string;
  readonly id: string;
  readonly components: readonly string[];
  /** All components. */
  readonly bytesOnDisk: number;
  /** Data.db before compression. */
  readonly dataBytes: number;
  readonly partitions: number;
  readonly rows: number;
  readonly cells: number;
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
  readonly firstToken: bigint;
  readonly lastToken: bigint;
  readonly minTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly minLocalDeletionTime: number;
  readonly maxLocalDeletionTime: number;
  readonly minTtl: number;
  readonly maxTtl: number;
  readonly level: number;
  /** Beyond the limits of the build. */
  readonly largePartitions: readonly LargePartition[];
  readonly largePartitionsLeftOut: number;
};

const checksumChunkBytes = 65536;
/** What a file collects before it is written. */
const writeBytes = 1 << 20;

/** One file that grows, with the sum of its bytes. */
class OutputFile {
  readonly #fd: number;
  /** The end of the file, which is not written yet. */
  #held: Buffer | null = null;
  #heldBytes = 0;
  #writtenBytes = 0;
  #crc = 0;

  constructor(readonly path: string) {
    this.#fd = fs.openSync(path, 'wx');
  }

  get length(): number {
    return this.#writtenBytes + this.#heldBytes;
  }

  /** Of a file that is finished. */
  get crc(): number {
    return this.#crc >>> 0;
  }

  append(bytes: Uint8Array): void {
    if (this.#heldBytes + bytes.length > writeBytes) this.#writeHeld();
    if (bytes.length >= writeBytes) {
      this.#write(bytes);
      return;
    }
    this.#held ??= Buffer.allocUnsafeSlow(writeBytes);
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes += bytes.length;
  }

  /** Closes the file whether it succeeds or not. */
  finish(): void {
    try {
      this.#writeHeld();
      fs.fsyncSync(this.#fd);
    } finally {
      fs.closeSync(this.#fd);
    }
  }

  abort(): void {
    fs.closeSync(this.#fd);
  }

  #writeHeld(): void {
    if (this.#held === null || this.#heldBytes === 0) return;
    const bytes = this.#held.subarray(0, this.#heldBytes);
    this.#heldBytes = 0;
    this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.#fd, bytes, done, bytes.length - done);
    this.#crc = crc32(bytes, this.#crc);
    // The disk works while the next part is made, and the sync at the end has little to wait for.
    beginWriteback(this.#fd, this.#writtenBytes, bytes.length);
    this.#writtenBytes += bytes.length;
  }
}

export class SSTableFileWriter {
  readonly #name: SSTableName;
  readonly #open: OutputFile[] = [];
  readonly #written: string[] = [];
  readonly #data: OutputFile;
  readonly #rows: OutputFile;
  readonly #partitions: OutputFile;
  /** Bytes of Data.db that are no whole chunk yet. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #dataBytes = 0;
  readonly #offsets: number[] = [];
  readonly #sums: number[] = [];

  /** @param compression  null: Data.db is not compressed and has CRC.db instead */
  constructor(
    readonly folder: string,
    id: string,
    readonly compression: Compression | null,
  ) {
    this.#name = { version: writtenVersion, id, format: 'bti' };
    fs.mkdirSync(folder, { recursive: true });
    this.#data = this.#create(components.data);
    this.#rows = this.#create(components.rows);
    this.#partitions = this.#create(components.partitions);
  }

  append(part: { data: Buffer; rows: Buffer; partitions: Buffer }): void {
    if (part.rows.length > 0) this.#rows.append(part.rows);
    if (part.partitions.length > 0) this.#partitions.append(part.partitions);
    if (part.data.length === 0) return;
    this.#pending.push(part.data);
    this.#pendingBytes += part.data.length;
    const chunkBytes = this.compression?.chunkBytes ?? checksumChunkBytes;
    if (this.#pendingBytes < chunkBytes) return;
    const all = this.#pending.length === 1 ? part.data : Buffer.concat(this.#pending);
    let at = 0;
    for (; at + chunkBytes <= all.length; at += chunkBytes) this.#writeChunk(all.subarray(at, at + chunkBytes));
    this.#pending = [all.subarray(at)];
    this.#pendingBytes = all.length - at;
  }

  /** Ends the files and writes the others. The SSTable is there when this returns. */
  finish(file: NativeFinishedFile, meta: Omit<SSTableMetadata, 'compressionRatio'>): SSTableInfo {
    if (this.#pendingBytes > 0) this.#writeChunk(Buffer.concat(this.#pending));
    for (let open = this.#open.pop(); open !== undefined; open = this.#open.pop()) open.finish();
    if (this.compression === null) this.#write(components.crc, this.#checksums());
    else
      this.#write(
        components.compressionInfo,
        writeCompressionInfo({ ...this.compression, dataLength: this.#dataBytes, offsets: this.#offsets }),
      );
    this.#write(components.digest, Buffer.from(String(this.#data.crc)));
    if (file.filter.length > 0) this.#write(components.filter, file.filter);
    const compressionRatio = this.compression === null ? -1 : this.#data.length / this.#dataBytes;
    this.#write(components.statistics, writeStatistics(file, { ...meta, compressionRatio }));
    const names = [...this.#written, components.toc].sort();
    this.#write(components.toc, Buffer.from(`${names.join('\n')}\n`));
    syncFolder(this.folder);
    return {
      folder: this.folder,
      version: this.#name.version,
      id: this.#name.id,
      components: names,
      bytesOnDisk: names.reduce((sum, name) => sum + fs.statSync(this.#path(name)).size, 0),
      dataBytes: this.#dataBytes,
      partitions: file.partitions,
      rows: file.rows,
      cells: file.cells,
      firstKey: file.firstKey,
      lastKey: file.lastKey,
      firstToken: murmurToken(file.firstKey),
      lastToken: murmurToken(file.lastKey),
      minTimestamp: file.minTimestamp,
      maxTimestamp: file.maxTimestamp,
      minLocalDeletionTime: file.minLocalDeletionTime,
      maxLocalDeletionTime: file.maxLocalDeletionTime,
      minTtl: file.minTtl,
      maxTtl: file.maxTtl,
      level: meta.level,
      largePartitions: file.largePartitions,
      largePartitionsLeftOut: file.largePartitionsLeftOut,
    };
  }

  /** Removes what was written. */
  abort(): void {
    for (const open of this.#open.splice(0)) open.abort();
    for (const name of this.#written) fs.rmSync(this.#path(name), { force: true });
  }

  #writeChunk(chunk: Buffer): void {
    this.#dataBytes += chunk.length;
    if (this.compression === null) {
      this.#data.append(chunk);
      this.#sums.push(crc32(chunk));
      return;
    }
    const { compressor, maxCompressedBytes } = this.compression;
    let content = compressor.compress(chunk);
    if (content.length >= maxCompressedBytes) {
      // What is shorter than that would be taken for compressed: it is filled up with zeros.
      content =
        chunk.length >= maxCompressedBytes
          ? chunk
          : Buffer.concat([chunk, Buffer.alloc(maxCompressedBytes - chunk.length)]);
    }
    this.#offsets.push(this.#data.length);
    this.#data.append(content);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(content));
    this.#data.append(sum);
  }

  #checksums(): Buffer {
    const bytes = Buffer.alloc(4 + 4 * this.#sums.length);
    bytes.writeInt32BE(checksumChunkBytes, 0);
    for (const [i, sum] of this.#sums.entries()) bytes.writeUInt32BE(sum, 4 + 4 * i);
    return bytes;
  }

  #path(component: string): string {
    return path.join(this.folder, componentName(this.#name, component));
  }

  #create(component: string): OutputFile {
    const file = new OutputFile(this.#path(component));
    this.#written.push(component);
    this.#open.push(file);
    return file;
  }

  #write(component: string, bytes: Uint8Array): void {
    const file = this.#create(component);
    file.append(bytes);
    this.#open.pop();
    file.finish();
  }
}

/** Makes new names in a folder durable. */
function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
