// Types as Cassandra's marshal class text, both ways: SSTable headers, custom types of the protocol, schema tables.
import { fromHex, toHex, utf8Bytes, utf8Text } from '../common/bytes.js';
import { configError, syntaxError } from '../common/errors.js';
import { freeze } from './freeze.js';
import type { CqlType, NativeTypeName } from './model.js';

const marshal = 'org.apache.cassandra.db.marshal.';

const classOfNative: Readonly<Record<NativeTypeName | 'empty', string>> = {
  ascii: 'AsciiType',
  bigint: 'LongType',
  blob: 'BytesType',
  boolean: 'BooleanType',
  counter: 'CounterColumnType',
  date: 'SimpleDateType',
  decimal: 'DecimalType',
  double: 'DoubleType',
  duration: 'DurationType',
  empty: 'EmptyType',
  float: 'FloatType',
  inet: 'InetAddressType',
  int: 'Int32Type',
  smallint: 'ShortType',
  text: 'UTF8Type',
  time: 'TimeType',
  timestamp: 'TimestampType',
  timeuuid: 'TimeUUIDType',
  tinyint: 'ByteType',
  uuid: 'UUIDType',
  varint: 'IntegerType',
};
const nativeOfClass = new Map<string, NativeTypeName>([
  ...Object.entries(classOfNative).map(([name, cls]) => [cls, name as NativeTypeName] as const),
  // Older classes, which Cassandra too shows under these names (AbstractType.asCQL3Type).
  ['DateType', 'timestamp'],
  ['LegacyTimeUUIDType', 'timeuuid'],
]);

/** Marshal classes that exist in Cassandra and have no CQL name, less the composite ones, which have parameters. */
const plainCustomClasses = new Set(['LexicalUUIDType', 'PartitionerDefinedOrder']);

/** The class text of a type; `reversed` wraps it in ReversedType (a clustering column in DESC order). */
export function typeToClassName(type: CqlType, reversed = false): string {
  const text = className(type, false);
  return reversed ? `${marshal}ReversedType(${text})` : text;
}

function className(type: CqlType, ignoreFreezing: boolean): string {
  const wrap = (text: string, frozen: boolean) => (frozen && !ignoreFreezing ? `${marshal}FrozenType(${text})` : text);
  switch (type.kind) {
    case 'list':
    case 'set': {
      const inner = className(type.element, ignoreFreezing || type.frozen);
      return wrap(`${marshal}${type.kind === 'list' ? 'ListType' : 'SetType'}(${inner})`, type.frozen);
    }
    case 'map': {
      const below = ignoreFreezing || type.frozen;
      return wrap(`${marshal}MapType(${className(type.key, below)},${className(type.value, below)})`, type.frozen);
    }
    case 'tuple':
      return `${marshal}TupleType(${type.fields.map((field) => className(field, true)).join(',')})`;
    case 'udt': {
      const below = ignoreFreezing || type.frozen;
      const fields = type.fieldTypes.map(
        (field, i) => `,${toHex(utf8Bytes(type.fieldNames[i]!))}:${className(field, below)}`,
      );
      const name = toHex(utf8Bytes(type.name));
      return wrap(`${marshal}UserType(${type.keyspace},${name}${fields.join('')})`, type.frozen);
    }
    case 'vector':
      return `${marshal}VectorType(${className(type.element, ignoreFreezing)} , ${type.dimensions})`;
    case 'custom':
      return type.className;
    default:
      return marshal + classOfNative[type.kind];
  }
}

/**
 * Reads class text. Short names (`Int32Type`) mean those of Cassandra's package.
 * @returns the type, and whether it stood in a ReversedType
 * @throws FerrosaError CONFIG_ERROR for a class that does not exist, SYNTAX_ERROR for broken text
 */
export function parseClassName(text: string): { type: CqlType; reversed: boolean } {
  const reader = new ClassReader(text);
  if (reader.atEnd()) return { type: { kind: 'blob' }, reversed: false };
  return reader.whole();
}

/** A parameter of a class: its type, and the alias of one of a dynamic composite. */
export type ClassPart = { readonly alias: string; readonly type: CqlType };

/** The name of a class without its package, and its parameters when it is a composite. REQUIRES: text of typeToClassName. */
export function classParts(text: string): { readonly name: string; readonly parts: readonly ClassPart[] } {
  return new ClassReader(text).parts();
}

const nestingMax = 64;

class ClassReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipBlank();
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  whole(): { type: CqlType; reversed: boolean } {
    const start = this.#at;
    const name = this.#shortName(this.#identifier());
    if (name !== 'ReversedType') {
      this.#at = start;
      return { type: this.#type(), reversed: false };
    }
    const [type] = this.#counted(1, name);
    return { type: type!, reversed: true };
  }

  parts(): { name: string; parts: ClassPart[] } {
    const name = this.#shortName(this.#identifier());
    if (name === 'CompositeType') return { name, parts: this.#parameters().map((type) => ({ alias: '', type })) };
    return { name, parts: name === 'DynamicCompositeType' ? this.#aliases() : [] };
  }

  #type(): CqlType {
    this.#depth += 1;
    if (this.#depth > nestingMax) throw this.#error('nested too deeply');
    const start = this.#at;
    const written = this.#identifier();
    const type = this.#typeOf(this.#shortName(written), written, start);
    this.#depth -= 1;
    return type;
  }

  #typeOf(name: string, written: string, start: number): CqlType {
    const native = nativeOfClass.get(name);
    if (native !== undefined) {
      this.#skipArguments();
      return { kind: native };
    }
    switch (name) {
      case 'ListType':
      case 'SetType': {
        const [element] = this.#counted(1, written);
        return { kind: name === 'ListType' ? 'list' : 'set', element: freeze(element!), frozen: false };
      }
      case 'MapType': {
        const [key, value] = this.#counted(2, written);
        return { kind: 'map', key: freeze(key!), value: freeze(value!), frozen: false };
      }
      case 'TupleType':
        return { kind: 'tuple', fields: this.#parameters().map(freeze) };
      case 'FrozenType':
        return freeze(this.#counted(1, written)[0]!);
      case 'UserType':
        return this.#userType();
      case 'VectorType':
        return this.#vector();
      case 'CompositeType': {
        const parts = this.#parameters().map((part) => typeToClassName(part));
        if (parts.length === 0) throw this.#noDefinition(name);
        return { kind: 'custom', className: `${marshal}CompositeType(${parts.join(',')})` };
      }
      case 'DynamicCompositeType': {
        const aliases = this.#aliases().map(({ alias, type }) => `${alias}=>${typeToClassName(type)}`);
        return { kind: 'custom', className: `${marshal}DynamicCompositeType(${aliases.join(',')})` };
      }
    }
    if (!plainCustomClasses.has(name)) {
      throw configError(`Unable to find abstract-type class '${written.includes('.') ? written : marshal + written}'`);
    }
    this.#skipArguments();
    const rest = this.#text.slice(start, this.#at).trim();
    const open = rest.indexOf('(');
    return { kind: 'custom', className: marshal + name + (open < 0 ? '' : rest.slice(open)) };
  }

  /** `a=>Type` of each alias of a dynamic composite. */
  #aliases(): ClassPart[] {
    const aliases: ClassPart[] = [];
    if (!this.#take('(')) return aliases;
    for (;;) {
      this.#skipBlankAndComma();
      if (this.#take(')')) return aliases;
      const alias = this.#identifier();
      if (alias.length !== 1) throw this.#noDefinition('DynamicCompositeType');
      if (!this.#take('=') || !this.#take('>')) throw this.#error("expecting '=>' token");
      this.#skipBlank();
      aliases.push({ alias, type: this.#type() });
    }
  }

  #counted(count: number, written: string): CqlType[] {
    const types = this.#parameters();
    if (types.length === count) return types;
    throw this.#noDefinition(this.#shortName(written));
  }

  #noDefinition(name: string): Error {
    return configError(`Invalid definition for comparator ${marshal}${name}.`);
  }

  #parameters(): CqlType[] {
    const types: CqlType[] = [];
    if (!this.#take('(')) return types;
    for (;;) {
      this.#skipBlankAndComma();
      if (this.#take(')')) return types;
      if (this.atEnd()) throw this.#error('unexpected end of string');
      types.push(this.#type());
    }
  }

  #userType(): CqlType {
    if (!this.#take('(')) throw this.#error("expecting '(' token");
    this.#skipBlankAndComma();
    const keyspace = this.#identifier();
    this.#skipBlankAndComma();
    const name = this.#hexText();
    const fieldNames: string[] = [];
    const fieldTypes: CqlType[] = [];
    for (;;) {
      this.#skipBlankAndComma();
      if (this.#take(')')) return { kind: 'udt', keyspace, name, fieldNames, fieldTypes, frozen: false };
      if (this.atEnd()) throw this.#error('unexpected end of string');
      fieldNames.push(this.#hexText());
      if (!this.#take(':')) throw this.#error("expecting ':' token");
      this.#skipBlank();
      fieldTypes.push(this.#type());
    }
  }

  #vector(): CqlType {
    if (!this.#take('(')) throw this.#error("expecting '(' token");
    this.#skipBlank();
    const element = freeze(this.#type());
    this.#skipBlankAndComma();
    const digits = this.#identifier();
    if (!/^[0-9]{1,9}$/.test(digits) || Number(digits) === 0) throw this.#error(`'${digits}' is no vector dimension`);
    if (!this.#take(')')) throw this.#error("expecting ')' token");
    return { kind: 'vector', element, dimensions: Number(digits) };
  }

  #hexText(): string {
    const bytes = fromHex(this.#identifier());
    if (bytes === null) throw this.#error('a name is not in hex');
    try {
      return utf8Text(bytes);
    } catch {
      throw this.#error('a name is not UTF-8');
    }
  }

  #skipArguments(): void {
    let open = 0;
    this.#skipBlank();
    if (this.#text[this.#at] !== '(') return;
    for (; this.#at < this.#text.length; this.#at++) {
      if (this.#text[this.#at] === '(') open += 1;
      if (this.#text[this.#at] === ')') open -= 1;
      if (open > 0) continue;
      this.#at += 1;
      return;
    }
    throw this.#error('unexpected end of string');
  }

  #shortName(name: string): string {
    return name.startsWith(marshal) ? name.slice(marshal.length) : name;
  }

  #identifier(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && /[0-9a-zA-Z\-+._&]/.test(this.#text[this.#at]!)) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #take(symbol: string): boolean {
    this.#skipBlank();
    if (this.#text[this.#at] !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #skipBlank(): void {
    while (this.#at < this.#text.length && ' \t\n'.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  #skipBlankAndComma(): void {
    while (this.#at < this.#text.length && ' \t\n,'.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  #error(what: string): Error {
    return syntaxError(`Syntax error parsing '${this.#text}' at char ${this.#at}: ${what}`);
  }
}
