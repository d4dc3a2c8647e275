// A JSON reader that keeps integers exact and knows what Java would have made of each value, since messages show it.
import { formatDouble, int32Max, int32Min, int64Max, int64Min } from './numbers.js';

/** bigint: a JSON integer of any size; number: a JSON number with fraction or exponent. */
export type JsonValue = null | boolean | string | bigint | number | JsonValue[] | Map<string, JsonValue>;

/** What was wrong with the text, in the words of Cassandra's JSON library. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

const nestingMax = 1000; // Jackson's StreamReadConstraints
const expectedValue = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/**
 * Reads the first JSON value of a text; what follows it is not looked at, as in Cassandra. Of equal keys of an object
 * the last one stays.
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): JsonValue {
  return new JsonReader(text).document();
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    this.#skipBlank();
    if (this.#at >= this.#text.length) throw this.#error('No content to map due to end-of-input');
    return this.#value();
  }

  #value(): JsonValue {
    this.#skipBlank();
    const char = this.#text[this.#at];
    switch (char) {
      case undefined:
        throw this.#endOfInput('expected a value');
      case '"':
        this.#at += 1;
        return this.#string();
      case '[':
        return this.#nested(() => this.#array());
      case '{':
        return this.#nested(() => this.#object());
      default:
        if (char === '-' || (char >= '0' && char <= '9')) return this.#number();
        return this.#word(char);
    }
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > nestingMax) {
      throw this.#error(
        `Document nesting depth (${this.#depth}) exceeds the maximum allowed (${nestingMax}, ` +
          'from `StreamReadConstraints.getMaxNestingDepth()`)',
      );
    }
    this.#at += 1;
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #array(): JsonValue[] {
    const items: JsonValue[] = [];
    this.#skipBlank();
    if (this.#take(']')) return items;
    for (;;) {
      items.push(this.#value());
      this.#skipBlank();
      if (this.#take(']')) return items;
      if (!this.#take(',')) throw this.#unexpected('was expecting comma to separate Array entries', 'Array');
    }
  }

  #object(): Map<string, JsonValue> {
    const entries = new Map<string, JsonValue>();
    this.#skipBlank();
    if (this.#take('}')) return entries;
    for (;;) {
      this.#skipBlank();
      if (!this.#take('"')) throw this.#unexpected('was expecting double-quote to start field name', 'Object');
      const key = this.#string();
      this.#skipBlank();
      if (!this.#take(':')) {
        throw this.#unexpected('was expecting a colon to separate field name and value', 'Object');
      }
      entries.set(key, this.#value());
      this.#skipBlank();
      if (this.#take('}')) return entries;
      if (!this.#take(',')) throw this.#unexpected('was expecting comma to separate Object entries', 'Object');
    }
  }

  #string(): string {
    let result = '';
    for (;;) {
      const start = this.#at;
      while (this.#at < this.#text.length && !endsStringRun(this.#text.charCodeAt(this.#at))) this.#at += 1;
      result += this.#text.slice(start, this.#at);
      const char = this.#text[this.#at];
      if (char === undefined)
        throw this.#error('Unexpected end-of-input: was expecting closing quote for a string value');
      this.#at += 1;
      if (char === '"') return result;
      if (char !== '\\') {
        const code = char.charCodeAt(0);
        throw this.#error(
          `Illegal unquoted character ((CTRL-CHAR, code ${code})): has to be escaped using backslash ` +
            'to be included in string value',
        );
      }
      result += this.#escape();
    }
  }

  #escape(): string {
    const char = this.#text[this.#at];
    this.#at += 1;
    const simple = char === undefined ? undefined : simpleEscapes[char];
    if (simple !== undefined) return simple;
    if (char === undefined) throw this.#endOfInput('expected a character escape sequence');
    if (char !== 'u') throw this.#error(`Unrecognized character escape ${describe(char)}`);
    const digits = this.#text.slice(this.#at, this.#at + 4);
    const wrong = [...digits.padEnd(4)].find((digit) => !/[0-9a-fA-F]/.test(digit));
    if (wrong !== undefined) {
      throw this.#error(
        `Unexpected character (${describe(wrong)}): expected a hex-digit for character escape sequence`,
      );
    }
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): bigint | number {
    const pattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    const end = match === null ? this.#at + 1 : pattern.lastIndex;
    const following = this.#text[end];
    this.#at = end;
    if (match === null || following === '.' || following === 'e' || following === 'E') {
      throw this.#unexpected('expected digit (0-9) to follow minus sign, for valid numeric value', 'Root');
    }
    if (following !== undefined && /[0-9]/.test(following)) {
      throw this.#error('Invalid numeric value: Leading zeroes not allowed');
    }
    if (this.#depth === 0 && following !== undefined && !/[ \t\r\n]/.test(following)) {
      throw this.#unexpected('Expected space separating root-level values', 'Root');
    }
    return match[1] === undefined && match[2] === undefined ? BigInt(match[0]) : Number(match[0]);
  }

  #word(first: string): null | boolean {
    const pattern = /[A-Za-z0-9_$\u0080-\uffff]*/y;
    pattern.lastIndex = this.#at;
    const word = pattern.exec(this.#text)![0];
    if (word === 'null') this.#at += 4;
    else if (word === 'true') this.#at += 4;
    else if (word === 'false') this.#at += 5;
    else if (word === '' || first === ',') {
      this.#at += 1;
      throw this.#error(`Unexpected character (${describe(first)}): expected a valid value ${expectedValue}`);
    } else {
      this.#at += word.length;
      throw this.#error(`Unrecognized token '${word}': was expecting ${expectedValue}`);
    }
    return word === 'null' ? null : word === 'true';
  }

  #skipBlank(): void {
    while (this.#at < this.#text.length && ' \t\r\n'.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  #take(symbol: string): boolean {
    if (this.#text[this.#at] !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(expectation: string, context: string): JsonSyntaxError {
    const char = this.#text[this.#at];
    if (char === undefined) return this.#endOfInput(`expected close marker for ${context}`);
    this.#at += 1;
    return this.#error(`Unexpected character (${describe(char)}): ${expectation}`);
  }

  #endOfInput(what: string): JsonSyntaxError {
    return this.#error(`Unexpected end-of-input: ${what}`);
  }

  #error(message: string): JsonSyntaxError {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = before.length - before.lastIndexOf('\n');
    const shown =
      this.#text.length > 500
        ? `${this.#text.slice(0, 500)}"[truncated ${this.#text.length - 500} chars]`
        : `${this.#text}"`;
    return new JsonSyntaxError(`${message}\n at [Source: (String)"${shown}; line: ${line}, column: ${column}]`);
  }
}

/** A quote, a backslash, or a control character. */
function endsStringRun(code: number): boolean {
  return code < 32 || code === 34 || code === 92;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function describe(char: string): string {
  const code = char.charCodeAt(0);
  return code < 32
    ? `(CTRL-CHAR, code ${code})`
    : `'${char}' (code ${code}${code > 255 ? ` / 0x${code.toString(16)}` : ''})`;
}

/** Name of the Java class that Cassandra's messages show for a value. */
export function jsonClassName(value: Exclude<JsonValue, null>): string {
  if (typeof value === 'bigint') {
    if (value >= int32Min && value <= int32Max) return 'Integer';
    return value >= int64Min && value <= int64Max ? 'Long' : 'BigInteger';
  }
  if (typeof value === 'number') return 'Double';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  return Array.isArray(value) ? 'ArrayList' : 'LinkedHashMap';
}

/** The value as Java's toString prints it: `[1, 2]`, `{a=1}`. */
export function jsonToJavaString(value: JsonValue): string {
  if (typeof value === 'number') return formatDouble(value);
  if (Array.isArray(value)) return `[${value.map(jsonToJavaString).join(', ')}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${key}=${jsonToJavaString(item)}`).join(', ')}}`;
  }
  return String(value);
}

const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

/** A JSON string with quotes; only what must be is escaped. */
export function quoteJson(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to escape
  const escaped = text.replace(/["\\\0-\x1f]/g, (char) => {
    return named[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
