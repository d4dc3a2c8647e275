// Types as CQL text, both ways: what system_schema.columns holds and what messages and metadata show.
import { syntaxError } from '../common/errors.js';
import { unfreeze } from './freeze.js';
import { quoteIfNeeded } from './identifiers.js';
import { type CqlType, isMulticell, nativeTypeNames } from './model.js';
import { type ResolveUserType, type TypeSyntax, typeFromSyntax } from './syntax.js';

const nativeNames: ReadonlySet<string> = new Set(nativeTypeNames);

const wrapFrozen = (text: string, frozen: boolean): string => (frozen ? `frozen<${text}>` : text);

/** The type as CQL text: `frozen<...>` around what is frozen, user types by name alone, custom types as 'class'. */
export function typeToCql(type: CqlType): string {
  switch (type.kind) {
    case 'list':
    case 'set':
      return wrapFrozen(`${type.kind}<${typeToCql(type.element)}>`, type.frozen);
    case 'map':
      return wrapFrozen(`map<${typeToCql(type.key)}, ${typeToCql(type.value)}>`, type.frozen);
    case 'tuple':
      return `frozen<${tupleToCql(type.fields)}>`;
    case 'udt':
      return wrapFrozen(quoteIfNeeded(type.name), type.frozen);
    case 'vector':
      return `vector<${typeToCql(type.element)}, ${type.dimensions}>`;
    case 'custom':
      return `'${type.className}'`;
    default:
      return type.kind;
  }
}

function tupleToCql(fields: readonly CqlType[]): string {
  return `tuple<${fields.map(typeToCql).join(', ')}>`;
}

/** The type as CQL text without the outermost `frozen<>` (signatures of functions, names of casts). */
export function typeToCqlUnfrozen(type: CqlType): string {
  if (type.kind === 'tuple') return tupleToCql(type.fields);
  return typeToCql(isMulticell(type) ? type : unfreeze(type));
}

/** True when both are the same type, frozen marks included. */
export function sameType(a: CqlType, b: CqlType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'udt' && b.kind === 'udt' && a.keyspace !== b.keyspace) return false;
  return typeToCql(a) === typeToCql(b);
}

/**
 * Reads a type from CQL text as system_schema holds it (counters are allowed everywhere there).
 * @param keyspace  where unqualified user types are looked up
 * @throws FerrosaError SYNTAX_ERROR for what is no type; INVALID for an unknown user type
 */
export function parseCqlType(text: string, keyspace: string, resolveUserType: ResolveUserType): CqlType {
  if (nativeNames.has(text)) return { kind: text } as CqlType;
  const whole = resolveUserType(keyspace, text);
  if (whole !== undefined) return whole;
  return typeFromSyntax(parseTypeSyntax(text), { keyspace, resolveUserType, internal: true });
}

/** Reads the syntax of a type without looking anything up. */
export function parseTypeSyntax(text: string): TypeSyntax {
  const reader = new TypeTextReader(text);
  const syntax = reader.type(0);
  reader.end();
  return syntax;
}

const tokenPattern = /\s*(?:([A-Za-z][A-Za-z0-9_]*)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([0-9]+)|([<>,.]))/y;
const nestingMax = 64; // deeper text is hostile, not a schema

type Token = { kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'end'; text: string };

class TypeTextReader {
  readonly #text: string;
  #position = 0;
  #token: Token;

  constructor(text: string) {
    this.#text = text;
    this.#token = this.#next();
  }

  type(depth: number): TypeSyntax {
    if (depth > nestingMax) throw this.#error();
    const token = this.#token;
    if (token.kind === 'string') {
      this.#advance();
      return { kind: 'custom', className: token.text };
    }
    if (token.kind === 'quoted') return this.#userType();
    if (token.kind !== 'word') throw this.#error();
    const word = token.text.toLowerCase();
    if (word === 'varchar') return this.#native('text');
    if (nativeNames.has(word) || word === 'empty') return this.#native(word);
    return this.#parameterised(word, depth) ?? this.#userType();
  }

  end(): void {
    if (this.#token.kind !== 'end') throw this.#error();
  }

  #native(name: string): TypeSyntax {
    this.#advance();
    return { kind: 'native', name };
  }

  #parameterised(word: string, depth: number): TypeSyntax | null {
    if (!['list', 'set', 'map', 'tuple', 'vector', 'frozen'].includes(word)) return null;
    this.#advance();
    this.#symbol('<');
    const first = this.type(depth + 1);
    let syntax: TypeSyntax;
    if (word === 'map') {
      this.#symbol(',');
      syntax = { kind: 'map', key: first, value: this.type(depth + 1) };
    } else if (word === 'vector') {
      this.#symbol(',');
      const dimensions = Number(this.#token.text);
      if (this.#token.kind !== 'number') throw this.#error();
      this.#advance();
      syntax = { kind: 'vector', element: first, dimensions };
    } else if (word === 'tuple') {
      const fields = [first];
      while (this.#token.text === ',' && this.#token.kind === 'symbol') {
        this.#advance();
        fields.push(this.type(depth + 1));
      }
      syntax = { kind: 'tuple', fields };
    } else if (word === 'frozen') {
      syntax = { kind: 'frozen', inner: first };
    } else {
      syntax = { kind: word as 'list' | 'set', element: first };
    }
    this.#symbol('>');
    return syntax;
  }

  #userType(): TypeSyntax {
    const first = this.#name();
    if (this.#token.kind !== 'symbol' || this.#token.text !== '.') return { kind: 'user', keyspace: null, name: first };
    this.#advance();
    return { kind: 'user', keyspace: first, name: this.#name() };
  }

  #name(): string {
    const token = this.#token;
    if (token.kind !== 'word' && token.kind !== 'quoted') throw this.#error();
    this.#advance();
    return token.kind === 'word' ? token.text.toLowerCase() : token.text;
  }

  #symbol(symbol: string): void {
    if (this.#token.kind !== 'symbol' || this.#token.text !== symbol) throw this.#error();
    this.#advance();
  }

  #advance(): void {
    this.#token = this.#next();
  }

  #next(): Token {
    tokenPattern.lastIndex = this.#position;
    const match = tokenPattern.exec(this.#text);
    if (match === null) {
      if (this.#text.slice(this.#position).trim() !== '') throw this.#error();
      return { kind: 'end', text: '' };
    }
    this.#position = tokenPattern.lastIndex;
    if (match[1] !== undefined) return { kind: 'word', text: match[1] };
    if (match[2] !== undefined) return { kind: 'quoted', text: match[2].replaceAll('""', '"') };
    if (match[3] !== undefined) return { kind: 'string', text: match[3].replaceAll("''", "'") };
    if (match[4] !== undefined) return { kind: 'number', text: match[4] };
    return { kind: 'symbol', text: match[5]! };
  }

  #error(): Error {
    return syntaxError(`Invalid or malformed CQL type: ${this.#text}`);
  }
}
