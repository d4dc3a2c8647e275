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
