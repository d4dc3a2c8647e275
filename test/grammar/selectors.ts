// What stands in a SELECT list: columns, functions, casts, arithmetic, parts of collections, aggregates.
import type { Random } from './random.js';
import { type GenColumn, type GenTable, type GenType, isMulticell, native, ofKind } from './schema.js';
import { numeric, term, value } from './values.js';

const castTargets: Readonly<Record<string, readonly string[]>> = {
  timeuuid: ['timestamp', 'date', 'text', 'ascii'],
  timestamp: ['date', 'text', 'ascii'],
  date: ['timestamp', 'text'],
  boolean: ['text', 'ascii'],
  time: ['text'],
  inet: ['text'],
  uuid: ['text'],
  ascii: ['text'],
  duration: ['text'],
  text: ['ascii'],
};
const numberNames = ['tinyint', 'smallint', 'int', 'bigint', 'varint', 'decimal', 'float', 'double'];

/** Functions that fit the type; none of them looks at the clock. */
function calls(r: Random, text: string, type: GenType): string[] {
  const literal = (): string => value(r, type).cql;
  const any = [
    `to_json(${text})`,
    `toJson(${text})`,
    `mask_null(${text})`,
    `mask_default(${text})`,
    `mask_replace(${text}, ${literal()})`,
    `mask_hash(${text})`,
  ];
  switch (type.kind) {
    case 'native': {
      const { name } = type;
      const as = name === 'blob' ? [] : [`${name}_as_blob(${text})`, `${name}AsBlob(${text})`];
      return [...any, ...as, ...nativeCalls(r, text, name)];
    }
    case 'map':
      return [...any, `map_keys(${text})`, `map_values(${text})`, `collection_count(${text})`];
    case 'list':
    case 'set':
      return [...any, ...['count', 'min', 'max', 'sum', 'avg'].map((name) => `collection_${name}(${text})`)];
    case 'vector':
      if (type.element.kind !== 'native' || type.element.name !== 'float') return any;
      return [
        ...any,
        ...['cosine', 'euclidean', 'dot_product'].map((name) => `similarity_${name}(${text}, ${literal()})`),
      ];
    default:
      return any;
  }
}

function nativeCalls(r: Random, text: string, name: string): string[] {
  switch (name) {
    case 'timeuuid':
      return [
        'to_date',
        'toDate',
        'to_timestamp',
        'toTimestamp',
        'to_unix_timestamp',
        'toUnixTimestamp',
        'dateOf',
        'unixTimestampOf',
      ].map((fn) => `${fn}(${text})`);
    case 'timestamp':
      return [
        ...['to_date', 'toDate', 'to_unix_timestamp', 'min_timeuuid', 'maxTimeuuid', 'minTimeuuid'].map(
          (fn) => `${fn}(${text})`,
        ),
        `floor(${text}, ${r.pick(['1h', '1d', '1mo', '5m', '2s', '1y'])})`,
        `floor(${text}, ${r.pick(['1h', '3d'])}, '2019-12-31')`,
        `${text} + ${r.pick(['1d', '2h', '1mo'])}`,
        `${text} - ${r.pick(['1d', '2h', '1y'])}`,
      ];
    case 'date':
      return [
        `to_timestamp(${text})`,
        `to_unix_timestamp(${text})`,
        `${text} + ${r.pick(['1d', '1mo', '1h'])}`,
        `floor(${text}, ${r.pick(['1d', '1mo', '1h'])})`,
      ];
    case 'time':
      return [`floor(${text}, ${r.pick(['1h', '5m', '1d'])})`];
    case 'text':
    case 'ascii':
      return [
        `mask_inner(${text}, 1, ${r.pick(['1', 'null', '0'])})`,
        `mask_outer(${text}, ${r.pick(['1', 'null'])}, 2, '#')`,
      ];
    case 'blob':
      return [`blob_as_int(${text})`, `blobAsText(${text})`, `blob_as_boolean(${text})`];
    default:
      if (!numeric.has(name)) return [];
      return ['abs', 'exp', 'log', 'log10', 'round'].map((fn) => `${fn}(${text})`);
  }
}

function arithmetic(r: Random, text: string, name: string): string {
  if (!numeric.has(name)) return text;
  const right = r.chance(70) ? value(r, native(r.chance(70) ? name : r.pick(numberNames))).cql : text;
  const body = `${text} ${r.pick(['+', '-', '*', '/', '%'])} ${right}`;
  return r.chance(10) ? `-${text}` : body;
}

function partOf(r: Random, column: GenColumn): string {
  const { name, type } = column;
  if (type.kind === 'map') {
    const key = (): string => term(r, type.key);
    if (r.chance(60)) return `${name}[${key()}]`;
    return `${name}[${r.chance(80) ? key() : ''}..${r.chance(80) ? key() : ''}]`;
  }
  if (type.kind === 'set') {
    const key = (): string => term(r, type.element);
    return r.chance(50) ? `${name}[${key()}]` : `${name}[${key()}..${r.chance(70) ? key() : ''}]`;
  }
  if (type.kind === 'list') return r.chance(20) ? `${name}[${r.pick(['0', '1'])}]` : name;
  if (type.kind === 'udt') return `${name}.${r.pick(type.type.fields).name}`;
  return name;
}

function times(r: Random, column: GenColumn): string {
  const of = r.chance(25) ? partOf(r, column) : column.name;
  return `${r.pick(['writetime', 'ttl', 'maxwritetime'])}(${of})`;
}

function literalOf(r: Random, table: GenTable): string {
  const columns = (): string => r.pick(table.columns).name;
  switch (r.below(5)) {
    case 0:
      return `(${columns()}, ${columns()})`;
    case 1:
      return `[${columns()}]`;
    case 2:
      return `{${columns()}: ${columns()}}`;
    case 3: {
      const type = r.pick(table.columns).type;
      return type.kind === 'native' ? `(${type.name}) ${value(r, type).cql}` : columns();
    }
    default:
      return `{${columns()}}`;
  }
}

/** One selector that is not an aggregate. */
export function scalar(r: Random, table: GenTable): string {
  const column = r.pick(table.columns);
  const { name, type } = column;
  const kind = r.below(100);
  if (kind < 42) return name;
  if (kind < 62) {
    const call = r.pick(calls(r, name, type));
    return r.chance(15) ? `to_json(${call})` : call;
  }
  if (kind < 70) {
    const from = type.kind === 'native' ? type.name : 'blob';
    const targets = numeric.has(from) ? [...numberNames, 'text', 'ascii'] : (castTargets[from] ?? ['text', 'int']);
    return `cast(${name} AS ${r.chance(92) ? r.pick(targets) : r.pick(numberNames)})`;
  }
  if (kind < 77) return arithmetic(r, name, type.kind === 'native' ? type.name : '');
  if (kind < 87) return isPart(type) || r.chance(5) ? partOf(r, column) : name;
  if (kind < 93) return isKey(column) && r.chance(90) ? name : times(r, column);
  if (kind < 96) return `token(${partitionNames(table)})`;
  return literalOf(r, table);
}

const isPart = (type: GenType): boolean => ['map', 'set', 'udt', 'list'].includes(type.kind);
const isKey = ({ kind }: GenColumn): boolean => kind === 'partition' || kind === 'clustering';

export const partitionNames = (table: GenTable): string =>
  ofKind(table, 'partition')
    .map(({ name }) => name)
    .join(', ');

export function aggregate(r: Random, table: GenTable): string {
  const column = r.pick(table.columns);
  if (r.chance(30)) return r.pick(['count(*)', 'COUNT(1)', `count(${column.name})`]);
  const name = column.type.kind === 'native' ? column.type.name : '';
  if (numeric.has(name))
    return `${r.pick(['min', 'max', 'sum', 'avg', 'count'])}(${r.chance(85) ? column.name : `cast(${column.name} AS double)`})`;
  if (isMulticell(column.type) && r.chance(80)) return `count(${column.name})`;
  return `${r.chance(95) ? r.pick(['min', 'max']) : 'sum'}(${column.name})`;
}
