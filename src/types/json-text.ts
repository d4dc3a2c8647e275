// A JSON reader that keeps integers exact and knows what Java would have made of each value, since messages show it.
import { formatDouble, int32Max, int32Min, int64Max, int64Min } from './numbers.js';

/** bigint: a JSON integer of any size; number: a JSON number with fraction or exponent. */
export type JsonValue = null | boolean | string | bigint | number | JsonValue[] | Map<string, JsonValue>;

/** What was wrong with the text, in the words of Cassandra's JSON library. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';

  /** @param exception  the class that the library throws, below its package */
  constructor(
    message: string,
    readonly exception: string = exceptionOf(message),
  ) {
    super(message);
  }

  /** As Java shows the exception. */
  get javaText(): string {
    return `com.fasterxml.jackson.${this.exception}: ${this.message}`;
  }
}

function exceptionOf(message: string): string {
  if (message.startsWith('No content')) return 'databind.exc.MismatchedInputException';
  if (message.startsWith('Unexpected end-of-input')) return 'core.io.JsonEOFException';
  return message.startsWith('Document nesting') ? 'core.exc.StreamConstraintsException' : 'core.JsonParseException';
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

/**
 * Reads a text that has to be an object, or null.
 * @throws JsonSyntaxError  also for another value
 */
export function parseJsonObject(text: string): Map<string, JsonValue> | null {
  const value = parseJson(text);
  if (value === null || value instanceof Map) return value;
  const before = /^[ \t\r\n]*/.exec(text)![0];
  const at = `\n at ${locationAfter(before)}`;
  if (typeof value !== 'string')
    throw new JsonSyntaxError(
      `Cannot deserialize value of type \`${javaMap}<java.lang.Object,java.lang.Object>\` from ${tokenOf(value)}${at}`,
      'databind.exc.MismatchedInputException',
    );
  if (value.trim() === '')
    throw new JsonSyntaxError(
      `Cannot coerce empty String ("") to element of \`${javaMap}\` ` +
        `(but could if coercion was enabled using \`CoercionConfig\`)${at}`,
      'databind.exc.InvalidFormatException',
    );
  throw new JsonSyntaxError(
    `Cannot construct instance of \`${javaMap}\` (although at least one Creator exists): no String-argument ` +
      `constructor/factory method to deserialize from String value ('${value}')${at}`,
    'databind.exc.MismatchedInputException',
  );
}

const javaMap = 'java.util.LinkedHashMap';

function tokenOf(value: boolean | bigint | number | JsonValue[]): string {
  if (Array.isArray(value)) return 'Array value (token `JsonToken.START_ARRAY`)';
  if (typeof value === 'boolean') return `Boolean value (token \`JsonToken.VALUE_${String(value).toUpperCase()}\`)`;
  return typeof value === 'bigint'
    ? 'Integer value (token `JsonToken.VALUE_NUMBER_INT`)'
    : 'Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)';
}

type Container = { readonly kind: 'Array' | 'Object'; readonly at: number };

class JsonReader {
  readonly #text: string;
  #at = 0;
  readonly #open: Container[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    this.#skipBlank();
    if (this.#at >= this.#text.length) {
      throw new JsonSyntaxError(`No content to map due to end-of-input\n at [Source: ${hiddenSource}; line: 1]`);
    }
    return this.#value();
  }

  #value(): JsonValue {
    this.#skipBlank();
    const char = this.#text[this.#at];
    switch (char) {
      case undefined:
        throw this.#endInContainer();
      case '"':
        this.#at += 1;
        return this.#string('string value', ': was expecting closing quote for a string value');
      case '[':
        return this.#nested('Array', () => this.#array());
      case '{':
        return this.#nested('Object', () => this.#object());
      default:
        if (char === '-' || (char >= '0' && char <= '9')) return this.#number();
        return this.#word(char);
    }
  }

  #nested<T>(kind: Container['kind'], read: () => T): T {
    this.#open.push({ kind, at: this.#at });
    if (this.#open.length > nestingMax) {
      throw this.#error(
        `Document nesting depth (${this.#open.length}) exceeds the maximum allowed (${nestingMax}, ` +
          'from `StreamReadConstraints.getMaxNestingDepth()`)',
      );
    }
    this.#at += 1;
    const value = read();
    this.#open.pop();
    return value;
  }

  #array(): JsonValue[] {
    const items: JsonValue[] = [];
    this.#skipBlank();
    if (this.#take(']')) return items;
    if (this.#text[this.#at] === '}') throw this.#noComma();
    for (;;) {
      items.push(this.#value());
      this.#skipBlank();
      if (this.#take(']')) return items;
      if (!this.#take(',')) throw this.#noComma();
      this.#skipBlank();
      this.#checkNotEnded();
      if (this.#text[this.#at] === '}') throw this.#unexpected('expected a value');
    }
  }

  #object(): Map<string, JsonValue> {
    const entries = new Map<string, JsonValue>();
    this.#skipBlank();
    if (this.#take('}')) return entries;
    if (this.#text[this.#at] === ']') throw this.#noComma();
    for (;;) {
      if (!this.#take('"')) throw this.#unexpected('was expecting double-quote to start field name');
      const key = this.#string('name', ' in field name');
      this.#skipBlank();
      this.#checkNotEnded();
      if (!this.#take(':')) throw this.#unexpected('was expecting a colon to separate field name and value');
      this.#skipBlank();
      this.#checkNotEnded();
      entries.set(key, this.#value());
      this.#skipBlank();
      if (this.#take('}')) return entries;
      if (!this.#take(',')) throw this.#noComma();
      this.#skipBlank();
      this.#checkNotEnded();
    }
  }

  #checkNotEnded(): void {
    if (this.#at < this.#text.length) return;
    throw this.#error(`Unexpected end-of-input within/between ${this.#open.at(-1)!.kind} entries`);
  }

  #string(what: 'string value' | 'name', unclosed: string): string {
    let result = '';
    for (;;) {
      const start = this.#at;
      while (this.#at < this.#text.length && !endsStringRun(this.#text.charCodeAt(this.#at))) this.#at += 1;
      result += this.#text.slice(start, this.#at);
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#error(`Unexpected end-of-input${unclosed}`);
      if (char !== '"' && char !== '\\') {
        throw this.#error(
          `Illegal unquoted character (${describe(char)}): has to be escaped using backslash ` +
            `to be included in ${what}`,
        );
      }
      this.#at += 1;
      if (char === '"') return result;
      result += this.#escape();
    }
  }

  #escape(): string {
    const char = this.#text[this.#at];
    if (char === undefined) throw this.#error('Unexpected end-of-input in character escape sequence');
    const simple = simpleEscapes[char];
    if (simple === undefined && char !== 'u') throw this.#error(`Unrecognized character escape ${describe(char)}`);
    this.#at += 1;
    if (simple !== undefined) return simple;
    const digits = this.#text.slice(this.#at, this.#at + 4);
    const wrong = /[^0-9a-fA-F]/.exec(digits)?.index ?? digits.length;
    this.#at += wrong;
    if (wrong === 4) return String.fromCharCode(Number.parseInt(digits, 16));
    if (this.#at >= this.#text.length) throw this.#error('Unexpected end-of-input in character escape sequence');
    throw this.#unexpected('expected a hex-digit for character escape sequence');
  }

  #number(): bigint | number {
    const start = this.#at;
    if (this.#text[start] === '-') this.#at += 1;
    const first = this.#text[this.#at];
    if (first === undefined) throw this.#error('Unexpected end-of-inputNo digit following sign');
    if (first === 'I' && this.#text.startsWith('Infinity', this.#at)) throw this.#nonStandard(start, '-Infinity');
    if (first === '.') throw this.#unexpected(`expected a valid value ${expectedValue}`);
    this.#digits('expected digit (0-9) to follow minus sign, for valid numeric value');
    if (first === '0' && this.#at > start + (this.#text[start] === '-' ? 2 : 1)) {
      this.#at = start + (this.#text[start] === '-' ? 2 : 1);
      throw this.#error('Invalid numeric value: Leading zeroes not allowed');
    }
    const isWhole = !'.eE'.includes(this.#text[this.#at] ?? ' ');
    if (this.#take('.')) {
      const isAfterZero = first === '0' && this.#at < this.#text.length;
      this.#digits('Decimal point not followed by a digit', this.#at - (isAfterZero ? 0 : 1));
    }
    const isZero = /^-?0$/.test(this.#text.slice(start, this.#at));
    const exponentAt = this.#at + (isZero ? 1 : 0);
    if (this.#take('e') || this.#take('E')) {
      if (!this.#take('+')) this.#take('-');
      if (this.#at >= this.#text.length) {
        throw this.#error('Unexpected end-of-inputexpected a digit for number exponent');
      }
      this.#digits('Exponent indicator not followed by a digit', exponentAt);
    }
    const following = this.#text[this.#at];
    if (this.#open.length === 0 && following !== undefined && !' \t\r\n'.includes(following)) {
      throw this.#unexpected('Expected space separating root-level values');
    }
    const text = this.#text.slice(start, this.#at);
    return isWhole ? BigInt(text) : Number(text);
  }

  /** One digit or more; `at` is where Cassandra's library says the mistake is. */
  #digits(expectation: string, at = this.#at): void {
    const start = this.#at;
    while (this.#at < this.#text.length && isDigit(this.#text[this.#at]!)) this.#at += 1;
    if (this.#at > start) return;
    const char = this.#text[this.#at] ?? '.';
    throw this.#error(`Unexpected character (${describe(char)}) in numeric value: ${expectation}`, at);
  }

  #word(first: string): null | boolean {
    const pattern = /[A-Za-z0-9_$\u0080-\uffff]*/y;
    pattern.lastIndex = this.#at;
    const word = pattern.exec(this.#text)![0];
    const start = this.#at;
    this.#at += word.length;
    if (word === 'null') return null;
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'NaN' || word === 'Infinity' || word === 'INF') throw this.#nonStandard(start, word);
    if (word !== '') throw this.#error(`Unrecognized token '${word}': was expecting ${expectedValue}`);
    if (first === '+' && start + 1 >= this.#text.length) {
      throw this.#error('Unexpected end-of-input in a Number value', start + 1);
    }
    if (first === '+') {
      throw this.#error(
        `Unexpected character (${describe(first)}) in numeric value: JSON spec does not allow numbers to have ` +
          'plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow',
        start + 1,
      );
    }
    if (this.#open.length === 0 && (first === ']' || first === '}')) {
      throw this.#error(`Unexpected close marker '${first}': no open ${first === ']' ? 'Array' : 'Object'} to close`);
    }
    throw this.#unexpected(`expected a valid value ${expectedValue}`);
  }

  #nonStandard(start: number, token: string): JsonSyntaxError {
    return this.#error(
      `Non-standard token '${token}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`,
      start + token.length,
    );
  }

  #skipBlank(): void {
    while (this.#at < this.#text.length && ' \t\r\n'.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  #take(symbol: string): boolean {
    if (this.#text[this.#at] !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #noComma(): JsonSyntaxError {
    const { kind, at } = this.#open.at(-1)!;
    const char = this.#text[this.#at];
    if (char !== ']' && char !== '}') return this.#unexpected(`was expecting comma to separate ${kind} entries`);
    return this.#error(
      `Unexpected close marker '${char}': expected '${kind === 'Array' ? ']' : '}'}' ` +
        `(for ${kind} starting at ${this.#location(at)})`,
    );
  }

  #unexpected(expectation: string): JsonSyntaxError {
    const char = this.#text[this.#at];
    if (char === undefined) return this.#endInContainer();
    const isComment = char === '/';
    return this.#error(`Unexpected character (${describe(char)}): ${isComment ? noComments : expectation}`);
  }

  #endInContainer(): JsonSyntaxError {
    const container = this.#open.at(-1);
    if (container === undefined) return this.#error('Unexpected end-of-input');
    return this.#error(
      `Unexpected end-of-input: expected close marker for ${container.kind} ` +
        `(start marker at ${this.#location(container.at)})`,
    );
  }

  #error(message: string, at = this.#at): JsonSyntaxError {
    return new JsonSyntaxError(`${message}\n at ${this.#location(at)}`);
  }

  #location(at: number): string {
    return locationAfter(this.#text.slice(0, at));
  }
}

/** What stands in messages for the text itself. */
const hiddenSource = 'REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)';

function locationAfter(before: string): string {
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return `[Source: ${hiddenSource}; line: ${line}, column: ${column}]`;
}

const noComments =
  "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)";

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
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
