// Compression of Data.db: chunks of a fixed uncompressed length, each followed by the CRC-32 of its bytes on disk; CompressionInfo.db tells where
// they are. Source: CompressionMetadata, CompressedSequentialWriter and the compressors of Cassandra 5.0.
import { createRequire } from 'node:module';
import zlib from 'node:zlib';
import { configError } from '../../common/errors.js';
import { ComponentReader } from './byte-reader.js';
import { corrupt } from './format.js';

const require = createRequire(import.meta.url);

export type Compressor = {
  /** Class name without its package. */
  readonly name: string;
  /** To be awaited on a thread before the first call there, where it is given. */
  load?(): Promise<void>;
  compress(chunk: Uint8Array): Uint8Array;
  /** Throws when the bytes make no sense. */
  decompress(bytes: Uint8Array, length: number): Uint8Array;
};

type Lz4 = { compressSync(bytes: Buffer): Buffer; uncompressSync(bytes: Buffer): Buffer };
type Snappy = {
  compressSync(bytes: Buffer): Buffer;
  uncompressSync(bytes: Buffer, options?: { asBuffer: boolean }): Buffer;
};
type ZstdOfNode = { zstdCompressSync?(bytes: Uint8Array): Buffer; zstdDecompressSync?(bytes: Uint8Array): Buffer };

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** An LZ4 block behind its uncompressed length as u32 LE: Cassandra's form and lz4-napi's. */
const lz4: Compressor = {
  name: 'LZ4Compressor',
  compress: (chunk) => (require('lz4-napi') as Lz4).compressSync(asBuffer(chunk)),
  decompress: (bytes, length) => {
    // The block decoder allocates what the prefix says: it must say what we expect.
    if (bytes.length < 4 || asBuffer(bytes).readUInt32LE(0) !== length)
      throw new Error('the length before an LZ4 block is wrong');
    return (require('lz4-napi') as Lz4).uncompressSync(asBuffer(bytes));
  },
};
const snappy: Compressor = {
  name: 'SnappyCompressor',
  compress: (chunk) => (require('snappy') as Snappy).compressSync(asBuffer(chunk)),
  decompress: (bytes) => (require('snappy') as Snappy).uncompressSync(asBuffer(bytes), { asBuffer: true }),
};
const deflate: Compressor = {
  name: 'DeflateCompressor',
  compress: (chunk) => zlib.deflateSync(chunk),
  decompress: (bytes, length) => zlib.inflateSync(bytes, { maxOutputLength: length }),
};
const noop: Compressor = { name: 'NoopCompressor', compress: (chunk) => chunk, decompress: (bytes) => bytes };
/** zstd of Node.js, or of WebAssembly where Node.js has none (before 22.15). */
type Zstd = { compress(bytes: Uint8Array): Uint8Array; decompress(bytes: Uint8Array): Uint8Array };

let zstdLoaded: Zstd | null = zstdOfNode(zlib as ZstdOfNode);

function zstdOfNode({ zstdCompressSync, zstdDecompressSync }: ZstdOfNode): Zstd | null {
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return null;
  return { compress: zstdCompressSync, decompress: zstdDecompressSync };
}

/** Makes zstd ready on this thread; it takes a moment the first time where Node.js has none of its own. */
export async function loadZstd(): Promise<void> {
  if (zstdLoaded !== null) return;
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  zstdLoaded = await Zstd.load();
}

function loadedZstd(): Zstd {
  if (zstdLoaded === null) throw new Error('zstd is used before loadZstd');
  return zstdLoaded;
}

const zstd: Compressor = {
  name: 'ZstdCompressor',
  load: loadZstd,
  compress: (chunk) => loadedZstd().compress(chunk),
  decompress: (bytes) => loadedZstd().decompress(bytes),
};

const compressors = new Map([lz4, snappy, deflate, noop, zstd].map((compressor) => [compressor.name, compressor]));

/**
 * The compressor of a class name, with or without its package.
 * @throws FerrosaError CONFIG_ERROR for one that is not known
 */
export function compressorOf(className: string): Compressor {
  const name = className.slice(className.lastIndexOf('.') + 1);
  const found = compressors.get(name);
  if (found === undefined) throw configError(`Unknown compressor class ${className}`);
  return found;
}

export type CompressionInfo = {
  readonly compressor: Compressor;
  readonly options: ReadonlyMap<string, string>;
  readonly chunkBytes: number;
  /** Chunks that compress to this length or more are stored as they are. */
  readonly maxCompressedBytes: number;
  readonly dataLength: number;
  /** Position of each chunk in Data.db. */
  readonly offsets: readonly number[];
};

const chunkBytesMax = 1 << 26;

/** @throws FerrosaError CORRUPT */
export function readCompressionInfo(bytes: Uint8Array, path: string): CompressionInfo {
  const r = new ComponentReader(bytes, path);
  const name = r.utf();
  const options = new Map<string, string>();
  for (let n = r.count(4); n > 0; n--) {
    const key = r.utf();
    options.set(key, r.utf());
  }
  const chunkBytes = r.i32();
  const maxCompressedBytes = r.i32();
  const dataLength = r.i64AsNumber();
  const count = r.count(8);
  const offsets = Array.from({ length: count }, () => r.i64AsNumber());
  if (chunkBytes <= 0 || chunkBytes > chunkBytesMax) throw corrupt(path, `chunks of ${chunkBytes} bytes`);
  // A file that Cassandra's compaction wrote may list chunks behind its end.
  if (count < Math.ceil(dataLength / chunkBytes)) throw corrupt(path, `${count} chunks for ${dataLength} bytes`);
  for (let i = 1; i < Math.ceil(dataLength / chunkBytes); i++)
    if (offsets[i]! - offsets[i - 1]! < 5) throw corrupt(path, `chunk ${i} begins before its place`);
  if (!compressors.has(name.slice(name.lastIndexOf('.') + 1)))
    throw corrupt(path, `unknown compressor ${JSON.stringify(name)}`);
  return { compressor: compressorOf(name), options, chunkBytes, maxCompressedBytes, dataLength, offsets };
}

/** The bytes of CompressionInfo.db. */
export function writeCompressionInfo(info: CompressionInfo): Uint8Array {
  const utf = (text: string): Buffer => {
    const body = Buffer.from(text, 'utf8');
    return Buffer.concat([Buffer.from([body.length >> 8, body.length & 0xff]), body]);
  };
  const head = Buffer.alloc(20);
  head.writeInt32BE(info.chunkBytes, 0);
  head.writeInt32BE(info.maxCompressedBytes, 4);
  head.writeBigInt64BE(BigInt(info.dataLength), 8);
  head.writeInt32BE(info.offsets.length, 16);
  const count = Buffer.alloc(4);
  count.writeInt32BE(info.options.size);
  const offsets = Buffer.alloc(8 * info.offsets.length);
  for (const [i, offset] of info.offsets.entries()) offsets.writeBigInt64BE(BigInt(offset), 8 * i);
  const options = [...info.options].flatMap(([key, value]) => [utf(key), utf(value)]);
  return Buffer.concat([utf(info.compressor.name), count, ...options, head, offsets]);
}
