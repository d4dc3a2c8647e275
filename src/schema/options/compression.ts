// The compression option of a table. Texts are those of Cassandra's CompressionParams and of the compressors.
import { configError, FerrosaError } from '../../common/errors.js';
import { javaDoubleText, parseJavaDouble, parseJavaInteger } from './properties.js';

const compressPackage = 'org.apache.cassandra.io.compress.';
const defaultChunkBytes = 16 * 1024;
const integerMax = 2 ** 31 - 1;
/** Levels of the zstd library that Cassandra bundles. */
const zstdLevelMin = -131072;
const zstdLevelMax = 22;

const compressorOptions: Readonly<Record<string, ReadonlySet<string>>> = {
  LZ4Compressor: new Set(['lz4_compressor_type', 'lz4_high_compressor_level']),
  ZstdCompressor: new Set(['compression_level']),
  SnappyCompressor: new Set(),
  DeflateCompressor: new Set(),
  NoopCompressor: new Set(),
};

function compressorName(className: string): string {
  const full = className.includes('.') ? className : compressPackage + className;
  const short = full.startsWith(compressPackage) ? full.slice(compressPackage.length) : '';
  if (Object.hasOwn(compressorOptions, short)) return short;
  if (full.startsWith('org.apache.cassandra.') && !full.startsWith(compressPackage)) {
    const wanted = 'must extend or implement org.apache.cassandra.io.compress.ICompressor';
    throw configError(`Invalid compression class '${full}': ${wanted}`);
  }
  throw configError(`Could not create Compression for type ${full}`);
}

function checkLz4(options: Readonly<Record<string, string>>): void {
  const type = options['lz4_compressor_type'];
  if (type !== undefined && type !== 'fast' && type !== 'high')
    throw configError(
      `Invalid compressor type '${type}' specified for LZ4 parameter 'lz4_compressor_type'. ` +
        'Valid options are [high, fast].',
    );
  const level = options['lz4_high_compressor_level'];
  if (level === undefined) return;
  const value = parseJavaInteger(level);
  if (value === null || value < 1n || value > 17n)
    throw configError(
      `Invalid value [${level}] for parameter 'lz4_high_compressor_level'. Value must be between 1 and 17.`,
    );
}

function checkZstd(options: Readonly<Record<string, string>>): void {
  const text = options['compression_level'];
  if (text === undefined) return;
  const prefix = 'ZstdCompressor.create() threw an error: java.lang.';
  const level = parseJavaInteger(text);
  if (level === null) throw configError(`${prefix}NumberFormatException For input string: "${text}"`);
  if (level < zstdLevelMin || level > zstdLevelMax)
    throw configError(`${prefix}IllegalArgumentException compression_level=${level} is invalid`);
}

function chunkBytes(text: string | undefined): number {
  if (text === undefined) return defaultChunkBytes;
  const value = parseJavaInteger(text);
  if (value === null) throw configError('Invalid value for chunk_length_in_kb');
  if (value > BigInt(Math.trunc(integerMax / 1024)))
    throw configError(`Value of chunk_length_in_kb is too large (${value})`);
  return Number(value) * 1024;
}

function minCompressRatio(text: string | undefined): number {
  if (text === undefined) return 0;
  const value = parseJavaDouble(text);
  if (value === null) throw new FerrosaError('SERVER_ERROR', `For input string: "${text}"`);
  return value;
}

function checkLengths(chunk: number, ratio: number): void {
  if (chunk <= 0) throw configError('Invalid negative or null chunk_length_in_kb');
  if ((chunk & (chunk - 1)) !== 0) throw configError('chunk_length_in_kb must be a power of 2');
  const compressedMax = Math.ceil(Math.min(chunk / ratio, integerMax));
  if (compressedMax < 0) throw configError('Invalid negative min_compress_ratio');
  if (compressedMax > chunk && compressedMax < integerMax)
    throw configError('min_compress_ratio can either be 0 or greater than or equal to 1');
}

/**
 * The compression map as system_schema holds it. An empty map means no compression.
 * @throws FerrosaError CONFIG_ERROR
 */
export function compressionFromMap(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { enabled, class: className, chunk_length_in_kb: chunkText, min_compress_ratio: ratioText, ...others } = given;
  const isEnabled = enabled === undefined || enabled.toLowerCase() === 'true';
  const size = Object.keys(given).length;
  if (size > 0 && isEnabled && className === undefined)
    throw configError("Missing sub-option 'class' for the 'compression' option.");
  if (!isEnabled && size > 1)
    throw configError("If the 'enabled' option is set to false no other options must be specified");
  if (className === '')
    throw configError("The 'class' option must not be empty. To disable compression use 'enabled' : false");
  if (className === undefined) return { enabled: 'false' };

  const chunk = chunkBytes(chunkText);
  const ratio = minCompressRatio(ratioText);
  const name = compressorName(className);
  if (name === 'LZ4Compressor') checkLz4(others);
  if (name === 'ZstdCompressor') checkZstd(others);
  for (const option of Object.keys(others))
    if (!compressorOptions[name]!.has(option)) throw configError(`Unknown compression options ${option}`);
  checkLengths(chunk, ratio);
  return {
    ...others,
    class: compressPackage + name,
    chunk_length_in_kb: String(chunk / 1024),
    ...(ratio === 0 ? {} : { min_compress_ratio: javaDoubleText(ratio) }),
  };
}
