// One file of an SSTable as chunks: read, checked, decompressed. Compressed Data.db has the chunks of its compression; an uncompressed one those of
// CRC.db; the indexes pages of 16 KiB, which have no checksum.
import fs from 'node:fs';
import { crc32, type NativeFile } from '../../native/index.js';
import { ComponentReader } from './byte-reader.js';
import type { CompressionInfo } from './compression.js';
import { corrupt } from './format.js';

export const indexPageBytes = 16384;

/**
 * A file of no more bytes than this is kept in memory, and not open: a process may have thousands of small SSTables, when there are many
 * tables or when compaction could not keep up, and the operating system counts its open files.
 */
export const keptFileBytes = 4096;

type Place = { readonly position: number; readonly bytes: number };

export abstract class ComponentFile {
  /** The file's descriptor, or the whole of a small file. */
  readonly #source: number | Buffer;
  readonly bytesOnDisk: number;
  /** Of its chunks, as they lie on disk, by those who block. */
  bytesRead = 0;
  abstract readonly length: number;
  abstract readonly chunkBytes: number;

  constructor(readonly path: string) {
    const fd = fs.openSync(path, 'r');
    try {
      this.bytesOnDisk = fs.fstatSync(fd).size;
      this.#source = this.bytesOnDisk > keptFileBytes ? fd : fs.readFileSync(fd);
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
    if (typeof this.#source !== 'number') fs.closeSync(fd);
  }

  /** The description that the addon wants. */
  native(file: number): NativeFile {
    return { file, length: this.length, chunkBytes: this.chunkBytes, path: this.path };
  }

  /** @throws FerrosaError CORRUPT; an Error of the operating system */
  async readChunk(chunk: number): Promise<Uint8Array> {
    const { position, bytes } = this.place(chunk);
    const source = this.#source;
    if (typeof source !== 'number') return this.decode(chunk, this.readSync(position, bytes), position);
    const buffer = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes; ) {
      const n = await new Promise<number>((resolve, reject) =>
        fs.read(source, buffer, done, bytes - done, position + done, (error, count) =>
          error ? reject(error) : resolve(count),
        ),
      );
      if (n === 0) throw corrupt(this.path, 'ends too early', position + done);
      done += n;
    }
    return this.decode(chunk, buffer, position);
  }

  readChunkSync(chunk: number): Uint8Array {
    const { position, bytes } = this.place(chunk);
    this.bytesRead += bytes;
    return this.decode(chunk, this.readSync(position, bytes), position);
  }

  /** Bytes as they lie on disk. */
  readSync(position: number, bytes: number): Buffer {
    const source = this.#source;
    if (typeof source !== 'number') {
      if (position + bytes > source.length) throw corrupt(this.path, 'ends too early', source.length);
      return source.subarray(position, position + bytes);
    }
    const buffer = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes; ) {
      const n = fs.readSync(source, buffer, done, bytes - done, position + done);
      if (n === 0) throw corrupt(this.path, 'ends too early', position + done);
      done += n;
    }
    return buffer;
  }

  close(): void {
    if (typeof this.#source === 'number') fs.closeSync(this.#source);
  }

  protected abstract place(chunk: number): Place;
  protected abstract decode(chunk: number, bytes: Buffer, position: number): Uint8Array;

  /** Uncompressed bytes of a chunk. */
  protected chunkLength(chunk: number): number {
    return Math.min(this.chunkBytes, this.length - chunk * this.chunkBytes);
  }
}

/** Partitions.db and Rows.db, and Data.db without compression or CRC.db. */
export class PlainFile extends ComponentFile {
  readonly length = this.bytesOnDisk;
  readonly chunkBytes: number = indexPageBytes;

  protected place(chunk: number): Place {
    return { position: chunk * this.chunkBytes, bytes: this.chunkLength(chunk) };
  }
  protected decode(_chunk: number, bytes: Buffer, _position: number): Uint8Array {
    return bytes;
  }
}

const checksumChunkBytesMax = 1 << 26;

/** Data.db without compression: CRC.db has the length of its chunks and one CRC-32 each. */
export class ChecksummedFile extends ComponentFile {
  readonly length = this.bytesOnDisk;
  readonly chunkBytes: number;
  readonly #sums: Buffer;

  constructor(path: string, crc: Uint8Array, crcPath: string) {
    super(path);
    const r = new ComponentReader(crc, crcPath);
    this.chunkBytes = r.i32();
    this.#sums = Buffer.from(r.raw(r.left));
    if (this.chunkBytes <= 0 || this.chunkBytes > checksumChunkBytesMax)
      throw corrupt(crcPath, `chunks of ${this.chunkBytes} bytes`, 0);
    const chunks = Math.ceil(this.length / this.chunkBytes);
    if (this.#sums.length < 4 * chunks)
      throw corrupt(crcPath, `${this.#sums.length} bytes of checksums for ${chunks} chunks`);
  }

  protected place(chunk: number): Place {
    return { position: chunk * this.chunkBytes, bytes: this.chunkLength(chunk) };
  }
  protected decode(chunk: number, bytes: Buffer, position: number): Uint8Array {
    if (crc32(bytes) !== this.#sums.readUInt32BE(4 * chunk))
      throw corrupt(this.path, 'a chunk whose checksum does not match', position);
    return bytes;
  }
}

export class CompressedFile extends ComponentFile {
  readonly length: number;
  readonly chunkBytes: number;

  override async readChunk(chunk: number): Promise<Uint8Array> {
    await this.info.compressor.load?.();
    return super.readChunk(chunk);
  }

  constructor(
    path: string,
    readonly info: CompressionInfo,
  ) {
    super(path);
    this.length = info.dataLength;
    this.chunkBytes = info.chunkBytes;
    const last = info.offsets[Math.ceil(this.length / this.chunkBytes) - 1];
    if (last !== undefined && last + 4 >= this.bytesOnDisk) throw corrupt(path, 'ends too early', this.bytesOnDisk);
  }

  protected place(chunk: number): Place {
    const { offsets } = this.info;
    const position = offsets[chunk]!;
    return { position, bytes: Math.min(offsets[chunk + 1] ?? this.bytesOnDisk, this.bytesOnDisk) - position };
  }
  protected decode(chunk: number, bytes: Buffer, position: number): Uint8Array {
    const content = bytes.subarray(0, bytes.length - 4);
    if (crc32(content) !== bytes.readUInt32BE(content.length))
      throw corrupt(this.path, 'a chunk whose checksum does not match', position);
    const length = this.chunkLength(chunk);
    const raw = content.length >= this.info.maxCompressedBytes; // perhaps filled up with zeros
    const plain = raw ? content.subarray(0, length) : this.decompress(content, length, position);
    if (plain.length !== length)
      throw corrupt(this.path, `a chunk of ${plain.length} bytes instead of ${length}`, position);
    return plain;
  }
  private decompress(content: Buffer, length: number, position: number): Uint8Array {
    try {
      return this.info.compressor.decompress(content, length);
    } catch (error) {
      throw corrupt(this.path, `a chunk that does not decompress (${(error as Error).message})`, position);
    }
  }
}
