// The values of a WITH clause, read as Cassandra's PropertyDefinitions reads them: constants are text until a getter
// makes them numbers, and what does not fit is a syntax error that names the property.
import { syntaxError } from '../../common/errors.js';
import type { Options } from '../../cql/index.js';

/** Java's Integer.parseInt and Long.parseLong: optional sign, digits, range of `bits`; null when it is not one. */
export function parseJavaInteger(text: string, bits: 32 | 64 = 32): bigint | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(bits, value) === value ? value : null;
}

/** Java's Double.parseDouble for decimal texts; null when it is not one. */
export function parseJavaDouble(text: string): number | null {
  const match = /^([+-]?)(NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[dDfF]?$/.exec(text.trim());
  return match === null ? null : Number(match[1]! + match[2]!);
}

/** Java's Double.toString. */
export function javaDoubleText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (magnitude >= 1e-3 && magnitude < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

function javaStringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Java's ByteBuffer.hashCode of the text's UTF-8 bytes. */
export function javaBytesHash(text: string): number {
  const bytes = Buffer.from(text);
  let hash = 1;
  for (let i = bytes.length - 1; i >= 0; i--) hash = (Math.imul(31, hash) + bytes.readInt8(i)) | 0;
  return hash;
}

/**
 * The keys in the order in which a Java HashMap copied from a map of `size` entries iterates them: some texts of
 * Cassandra list names in that order.
 */
export function javaHashOrder(keys: readonly string[], size = keys.length, hashOf = javaStringHash): string[] {
  const wanted = Math.max(Math.trunc(size / 0.75 + 1), 1);
  const buckets = 2 ** Math.ceil(Math.log2(wanted));
  const bucketOf = (key: string): number => {
    const hash = hashOf(key);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return keys
    .map((key, index) => ({ key, index, bucket: bucketOf(key) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map((entry) => entry.key);
}

/** The properties of one statement. */
export class Properties {
  readonly #values: Options;

  /**
   * @param known  names that there are; null when that is checked elsewhere
   * @throws FerrosaError SYNTAX_ERROR for a name that is not in `known`
   */
  constructor(values: Options, known: ReadonlySet<string> | null) {
    for (const name of Object.keys(values))
      if (known !== null && !known.has(name)) throw syntaxError(`Unknown property '${name}'`);
    this.#values = values;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** @throws FerrosaError SYNTAX_ERROR when it is a map */
  text(name: string): string {
    const value = this.#values[name];
    if (value === undefined || typeof value === 'object')
      throw syntaxError(`Invalid value for property '${name}'. It should be a string`);
    return String(value);
  }

  /** @throws FerrosaError SYNTAX_ERROR when it is no map */
  map(name: string): Readonly<Record<string, string>> {
    const value = this.#values[name];
    if (typeof value !== 'object') throw syntaxError(`Invalid value for property '${name}'. It should be a map.`);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, String(inner)]));
  }

  /** @throws FerrosaError SYNTAX_ERROR */
  boolean(name: string): boolean {
    const value = this.text(name);
    const lower = value.toLowerCase();
    if (lower === '1' || lower === 'true' || lower === 'yes') return true;
    if (lower === '0' || lower === 'false' || lower === 'no') return false;
    throw syntaxError(
      `Invalid boolean value ${value} for '${name}'. Positive values can be '1', 'true' or 'yes'. ` +
        `Negative values can be '0', 'false' or 'no'.`,
    );
  }

  /** @throws FerrosaError SYNTAX_ERROR */
  integer(name: string): number {
    const text = this.text(name);
    const value = parseJavaInteger(text);
    if (value === null) throw syntaxError(`Invalid integer value ${text} for '${name}'`);
    return Number(value);
  }

  /** @throws FerrosaError SYNTAX_ERROR */
  double(name: string): number {
    const text = this.text(name);
    const value = parseJavaDouble(text);
    if (value === null) throw syntaxError(`Invalid double value ${text} for '${name}'`);
    return value;
  }
}
