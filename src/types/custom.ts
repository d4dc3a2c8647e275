// Custom types: marshal classes that have values of their own form but no CQL name. Composites of the days of Thrift, and
// UUIDs in the order of Java. Byte layout: native/core/composite.h. Source: AbstractCompositeType of Cassandra 5.0.
import { BufferReader, compareBytes, concatBytes, emptyBytes, utf8Bytes } from '../common/bytes.js';
import { FerrosaError, invalid } from '../common/errors.js';
import { classParts, parseClassName, typeToClassName } from './class-name.js';
import type { CqlType, CustomType } from './model.js';

/** What the values of a class are; `bytes`: nothing is known of them. */
export type CustomForm =
  | { readonly kind: 'composite'; readonly types: readonly CqlType[] }
  | { readonly kind: 'dynamic'; readonly aliases: ReadonlyMap<string, CqlType> }
  | { readonly kind: 'lexicalUuid' }
  | { readonly kind: 'bytes' };

const forms = new WeakMap<CustomType, CustomForm>();

export function customForm(type: CustomType): CustomForm {
  let form = forms.get(type);
  if (form === undefined) {
    form = readForm(type);
    forms.set(type, form);
  }
  return form;
}

function readForm(type: CustomType): CustomForm {
  const { name, parts } = classParts(type.className);
  if (name === 'CompositeType') return { kind: 'composite', types: parts.map((part) => part.type) };
  if (name === 'DynamicCompositeType')
    return { kind: 'dynamic', aliases: new Map(parts.map((part) => [part.alias, part.type])) };
  return name === 'LexicalUUIDType' ? { kind: 'lexicalUuid' } : { kind: 'bytes' };
}

type Composite = Extract<CustomForm, { kind: 'composite' | 'dynamic' }>;

/** A component: its type, how it names that (dynamic ones), its value, and -1, 0 or 1 for a bound before or after it. */
type Component = { readonly type: CqlType; readonly value: Uint8Array; readonly end: number };

const aliasFlag = 0x8000;
const sizeMax = 0xffff;

const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff);

function sized(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > sizeMax) throw invalid(`A component of a composite has at most ${sizeMax} bytes`);
  return [u16(bytes.length), bytes];
}

/**
 * Components between colons; `!` at the end makes a bound after all that begin so, a backslash keeps a colon.
 * @param encode  bytes of the text of a component
 */
export function encodeComposite(
  form: Composite,
  text: string,
  encode: (type: CqlType, text: string) => Uint8Array,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  const written = text === '' ? [] : text.split(/(?<!\\):/);
  for (const [i, part] of written.entries()) {
    if (part === '!') {
      if (pieces.length === 0) throw invalid('A composite has no bound before its first component');
      pieces[pieces.length - 1] = Uint8Array.of(1);
      break;
    }
    const { type, name, rest } = form.kind === 'dynamic' ? namedPart(form, part) : plainPart(form, part, i);
    pieces.push(...name, ...sized(encode(type, unescapeComponent(rest))), Uint8Array.of(0));
  }
  return pieces.length === 0 ? emptyBytes : concatBytes(pieces);
}

function unescapeComponent(text: string): string {
  const plain = text.replaceAll('\\:', ':');
  return plain.endsWith('!') ? plain.slice(0, -1) : plain;
}

type Part = { readonly type: CqlType; readonly name: readonly Uint8Array[]; readonly rest: string };

function plainPart(form: Extract<CustomForm, { kind: 'composite' }>, part: string, index: number): Part {
  const type = form.types[index];
  if (type === undefined) throw invalid(`A composite of ${form.types.length} components has no more: ${part}`);
  return { type, name: [], rest: part };
}

/** `alias@value` or `class@value`. */
function namedPart(form: Extract<CustomForm, { kind: 'dynamic' }>, part: string): Part {
  const [name, rest = '', ...more] = part.replace(/@+$/, '').split('@');
  if (name === undefined || more.length > 0) throw invalid(`Invalid component representation: ${part}`);
  const aliased = form.aliases.get(name);
  if (aliased !== undefined) return { type: aliased, name: [u16(aliasFlag | name.charCodeAt(0))], rest };
  return { type: namedType(name), name: sized(utf8Bytes(name)), rest };
}

/** A class without parameters: the addon knows the order of no other that a value names. */
function namedType(name: string): CqlType {
  const { type } = parseNamed(name);
  const className = typeToClassName(type);
  const isKnown = type.kind !== 'counter' && type.kind !== 'duration' && !className.includes('(');
  if (isKnown && className.endsWith(name)) return type;
  throw invalid(`A component of a composite cannot be of class ${name}`);
}

function parseNamed(name: string): { readonly type: CqlType } {
  try {
    return parseClassName(name);
  } catch (error) {
    if (!(error instanceof FerrosaError)) throw error;
    throw invalid(error.message); // of a value, not of a statement
  }
}

type Check = ((type: CqlType, bytes: Uint8Array) => void) | null;

/**
 * The components, and whether the composite is a static one.
 * @param check  of the value of each component, where it is read
 * @throws FerrosaError INVALID for bytes that are none
 */
function splitComposite(
  form: Composite,
  bytes: Uint8Array,
  check: Check = null,
): { isStatic: boolean; components: Component[] } {
  let index = 0;
  const short = (): FerrosaError => invalid(`Not enough bytes to read value of component ${index}`);
  const reader = new BufferReader(bytes, short);
  const isStatic = form.kind === 'composite' && bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xff;
  if (isStatic) reader.bytes(2);
  const components: Component[] = [];
  for (; reader.remaining > 0; index++) {
    const type = form.kind === 'dynamic' ? componentType(form, reader) : form.types[index];
    if (type === undefined) throw invalid('Too many bytes for comparator');
    const value = reader.bytes(reader.u16());
    check?.(type, value);
    const end = (reader.u8() << 24) >> 24;
    if (end !== 0 && reader.remaining > 0)
      throw invalid(`Invalid bytes remaining after an end-of-component at component${index}`);
    components.push({ type, value, end });
  }
  return { isStatic, components };
}

function componentType(form: Extract<CustomForm, { kind: 'dynamic' }>, reader: BufferReader): CqlType {
  const header = reader.u16();
  if ((header & aliasFlag) === 0) return namedType(Buffer.from(reader.bytes(header)).toString('latin1'));
  const alias = form.aliases.get(String.fromCharCode(header & 0xff));
  if (alias === undefined) throw invalid(`Cannot find comparator for alias ${header & 0xff}`);
  return alias;
}

/**
 * Checks a value of a custom type.
 * @param check  of the value of a component, null to look at the form alone: constants of bytes are not looked into
 * @throws FerrosaError INVALID
 */
export function validateCustom(type: CustomType, bytes: Uint8Array, check: Check): void {
  const form = customForm(type);
  if (form.kind === 'lexicalUuid' && bytes.length !== 0 && bytes.length !== 16)
    throw invalid(`UUID should be 16 or 0 bytes (${bytes.length})`);
  if (form.kind === 'composite' || form.kind === 'dynamic') splitComposite(form, bytes, check);
}

/** Order of two values, as of native/core/type_compare.cc. REQUIRES: bytes that validateCustom took. */
export function compareCustom(
  type: CustomType,
  a: Uint8Array,
  b: Uint8Array,
  compare: (type: CqlType, a: Uint8Array, b: Uint8Array) => number,
): number {
  const form = customForm(type);
  if (form.kind === 'bytes') return compareBytes(a, b);
  if (a.length === 0 || b.length === 0) return Number(b.length === 0) - Number(a.length === 0);
  if (form.kind === 'lexicalUuid') return compareHalves(a, b);
  const left = splitComposite(form, a);
  const right = splitComposite(form, b);
  if (left.isStatic !== right.isStatic) return left.isStatic ? -1 : 1;
  for (const [i, x] of left.components.entries()) {
    const y = right.components[i];
    if (y === undefined) return 1;
    const result = compareComponents(x, y, compare);
    if (result !== 0) return result;
  }
  return left.components.length - right.components.length;
}

function compareComponents(
  x: Component,
  y: Component,
  compare: (type: CqlType, a: Uint8Array, b: Uint8Array) => number,
): number {
  if (x.type !== y.type) {
    const [nameX, nameY] = [classParts(typeToClassName(x.type)).name, classParts(typeToClassName(y.type)).name];
    if (nameX !== nameY) return nameX < nameY ? -1 : 1;
  }
  const result = compare(x.type, x.value, y.value);
  return result !== 0 ? result : x.end - y.end;
}

/** Two signed halves, as Java's UUID.compareTo. */
function compareHalves(a: Uint8Array, b: Uint8Array): number {
  for (const at of [0, 8]) {
    const difference =
      (a[at]! ^ 0x80) - (b[at]! ^ 0x80) || compareBytes(a.subarray(at, at + 8), b.subarray(at, at + 8));
    if (difference !== 0) return difference;
  }
  return 0;
}
