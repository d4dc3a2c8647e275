// Random schemas: user types and a table with columns of all types.
import { list, type Node, seq } from './node.js';
import type { Random } from './random.js';

export type GenType =
  | { readonly kind: 'native'; readonly name: string }
  | { readonly kind: 'list' | 'set'; readonly element: GenType; readonly frozen: boolean }
  | { readonly kind: 'map'; readonly key: GenType; readonly value: GenType; readonly frozen: boolean }
  | { readonly kind: 'tuple'; readonly fields: readonly GenType[] }
  | { readonly kind: 'udt'; readonly type: GenUserType; readonly frozen: boolean }
  | { readonly kind: 'vector'; readonly element: GenType; readonly dimensions: number };

export type GenUserType = {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly type: GenType }[];
};

export type GenColumn = {
  readonly name: string;
  readonly type: GenType;
  readonly kind: 'partition' | 'clustering' | 'static' | 'regular';
  readonly descending: boolean;
};

export type GenTable = {
  readonly name: string;
  readonly columns: readonly GenColumn[];
  readonly counter: boolean;
  readonly types: readonly GenUserType[];
};

export const keyTypes = [
  'ascii',
  'bigint',
  'blob',
  'boolean',
  'date',
  'decimal',
  'double',
  'float',
  'inet',
  'int',
  'smallint',
  'text',
  'time',
  'timestamp',
  'timeuuid',
  'tinyint',
  'uuid',
  'varint',
] as const;
const nativeTypes = [...keyTypes, 'duration'] as const;

export const native = (name: string): GenType => ({ kind: 'native', name });

export function typeText(type: GenType): string {
  switch (type.kind) {
    case 'native':
      return type.name;
    case 'list':
    case 'set': {
      const text = `${type.kind}<${typeText(type.element)}>`;
      return type.frozen ? `frozen<${text}>` : text;
    }
    case 'map': {
      const text = `map<${typeText(type.key)}, ${typeText(type.value)}>`;
      return type.frozen ? `frozen<${text}>` : text;
    }
    case 'tuple':
      return `frozen<tuple<${type.fields.map(typeText).join(', ')}>>`;
    case 'udt':
      return type.frozen ? `frozen<${type.type.name}>` : type.type.name;
    case 'vector':
      return `vector<${typeText(type.element)}, ${type.dimensions}>`;
  }
}

export const isMulticell = (type: GenType): boolean => 'frozen' in type && !type.frozen;

/** A type of the inside of another or of a key: frozen, and without durations where `key` says so. */
export function innerType(r: Random, types: readonly GenUserType[], depth: number, key: boolean): GenType {
  if (depth <= 0 || r.chance(75)) return native(r.pick<string>(key ? keyTypes : nativeTypes));
  const inner = (asKey = key): GenType => innerType(r, types, depth - 1, asKey);
  const kind = r.pick(['list', 'set', 'map', 'tuple', 'udt', 'vector'] as const);
  if (kind === 'list') return { kind, element: inner(), frozen: true };
  if (kind === 'set') return { kind, element: inner(true), frozen: true };
  if (kind === 'map') return { kind, key: inner(true), value: inner(), frozen: true };
  if (kind === 'tuple') return { kind, fields: r.times(1, 3, () => inner()) };
  if (kind === 'udt' && types.length > 0 && !key) return { kind, type: r.pick(types), frozen: true };
  if (kind === 'vector')
    return { kind, element: native(r.pick(['float', 'int', 'text'])), dimensions: r.between(1, 3) };
  return native('int');
}

function valueType(r: Random, types: readonly GenUserType[]): GenType {
  const inner = (key: boolean): GenType => innerType(r, types, 1, key);
  const kind = r.pick(['native', 'native', 'native', 'list', 'set', 'map', 'map', 'udt', 'inner'] as const);
  const frozen = r.chance(20);
  if (kind === 'native') return native(r.pick<string>(nativeTypes));
  if (kind === 'list') return { kind, element: inner(false), frozen };
  if (kind === 'set') return { kind, element: inner(true), frozen };
  if (kind === 'map') return { kind, key: inner(true), value: inner(false), frozen };
  if (kind === 'udt' && types.length > 0) return { kind, type: r.pick(types), frozen: r.chance(40) };
  return innerType(r, types, 2, false);
}

function userTypes(r: Random, prefix: string): GenUserType[] {
  const types: GenUserType[] = [];
  for (let n = r.below(3); n > 0; n--) {
    const fields = r.times(1, 4, (i) => ({ name: `f${i}`, type: innerType(r, types, 1, false) }));
    types.push({ name: `${prefix}${types.length}`, fields });
  }
  return types;
}

const columnNames = ['v', 'w', 'x', 'l', 'm', 's', 'u', '"Q"', 'value', 'list', 'z'];

/** Most keys are of common types: what is rare there hides what is rare elsewhere. */
function keyType(r: Random, types: readonly GenUserType[]): GenType {
  if (r.chance(50)) return native(r.pick(['int', 'text', 'bigint', 'timestamp']));
  return innerType(r, types, 1, true);
}

export function randomTable(r: Random, name: string): GenTable {
  const types = userTypes(r, `${name}_u`);
  const counter = r.chance(12);
  const columns: GenColumn[] = [];
  const partition = r.pick([1, 1, 1, 2, 3]);
  for (let i = 0; i < partition; i++)
    columns.push({ name: `k${i}`, type: keyType(r, types), kind: 'partition', descending: false });
  const clustering = r.pick([0, 1, 1, 2, 2, 3]);
  for (let i = 0; i < clustering; i++)
    columns.push({ name: `c${i}`, type: keyType(r, types), kind: 'clustering', descending: r.chance(35) });
  const names = r.shuffled(columnNames);
  const others = r.between(counter ? 1 : 0, 7);
  for (let i = 0; i < others; i++) {
    const kind = clustering > 0 && r.chance(20) ? 'static' : 'regular';
    const type = counter ? native('counter') : valueType(r, types);
    columns.push({ name: names[i]!, type, kind, descending: false });
  }
  return { name, columns, counter, types };
}

export const ofKind = (table: GenTable, kind: GenColumn['kind']): GenColumn[] =>
  table.columns.filter((column) => column.kind === kind);

/** The statements that make the table and its types. */
export function schemaStatements(table: GenTable, options: Node): Node[] {
  const types = table.types.map((type) =>
    seq(
      `CREATE TYPE ${type.name} (`,
      list(
        type.fields.map(({ name, type: of }) => `${name} ${typeText(of)}`),
        ', ',
        1,
      ),
      ')',
    ),
  );
  const names = (kind: GenColumn['kind']): string[] => ofKind(table, kind).map(({ name }) => name);
  const key = [`(${names('partition').join(', ')})`, ...names('clustering')].join(', ');
  const columnText = ({ name, type, kind }: GenColumn): string =>
    `${name} ${typeText(type)}${kind === 'static' ? ' static' : ''}`;
  const keys = table.columns.filter(({ kind }) => kind === 'partition' || kind === 'clustering');
  const others = table.columns.filter((column) => !keys.includes(column));
  const order = ofKind(table, 'clustering').map(({ name, descending }) => `${name} ${descending ? 'DESC' : 'ASC'}`);
  return [
    ...types,
    seq(
      `CREATE TABLE ${table.name} (`,
      keys.map(columnText).join(', '),
      list(others.map(columnText), ', ', 0, ', '),
      `, PRIMARY KEY (${key}))`,
      order.length > 0 ? list([`CLUSTERING ORDER BY (${order.join(', ')})`], '', 0, ' WITH ') : '',
      options,
    ),
  ];
}
