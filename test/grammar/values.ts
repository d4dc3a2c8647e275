// Values of every type as CQL literals and as JSON. Few of each, so that keys meet and edges come up.
import type { Random } from './random.js';
import type { GenType } from './schema.js';

/** A value of a native type: as CQL, and as JSON, when the two are spelled otherwise. */
type Spelling = string | readonly [cql: string, json: string];

const texts: readonly Spelling[] = [
  ["'a'", '"a"'],
  ["'b'", '"b"'],
  ["'ab'", '"ab"'],
  ["''", '""'],
  ["'A b'", '"A b"'],
  ["'it''s'", '"it\'s"'],
  ["'1'", '"1"'],
  ["'zz\"q'", '"zz\\"q"'],
  ["'abcdefgh'", '"abcdefgh"'],
];
const uuid = (text: string): Spelling => [text, `"${text}"`];
const quoted = (text: string): Spelling => [`'${text}'`, `"${text}"`];

const pools: Readonly<Record<string, readonly Spelling[]>> = {
  ascii: texts,
  text: [...texts, ["'é'", '"é"'], ["'日本'", '"日本"'], ["'😀'", '"😀"'], ['$$x$$', '"x"']],
  bigint: ['0', '1', '2', '-1', '10', '9223372036854775807', '-9223372036854775808', '1000000000000'],
  int: ['0', '1', '2', '3', '-1', '10', '100', '2147483647', '-2147483648'],
  smallint: ['0', '1', '2', '-1', '32767', '-32768'],
  tinyint: ['0', '1', '2', '-1', '127', '-128'],
  varint: ['0', '1', '-1', '255', '256', '-128', '-129', '123456789012345678901234567890'],
  counter: ['0', '1', '2', '-1', '10'],
  boolean: ['true', 'false'],
  blob: [
    ['0x00', '"0x00"'],
    ['0x01', '"0x01"'],
    ['0xff', '"0xff"'],
    ['0x', '"0x"'],
    ['0x0102', '"0x0102"'],
    ['0xCAFE', '"0xCAFE"'],
  ],
  decimal: ['0', '1', '1.5', '-1.5', '1.50', '1E3', '1e-5', '-0.000', '123456789.123456789', '7'],
  double: ['0', '1', '1.5', '-1.5', '0.1', '1e300', '-2', '-0.0', ['NaN', '"NaN"'], ['Infinity', '"Infinity"']],
  float: ['0', '1', '1.5', '-1.5', '0.1', '1e30', '-2', '-0.0', ['NaN', '"NaN"'], ['-Infinity', '"-Infinity"']],
  duration: [
    ['1d', '"1d"'],
    ['1mo2d3h', '"1mo2d3h"'],
    ['-5s', '"-5s"'],
    ['P1Y2M', '"P1Y2M"'],
    ['89h4m48s', '"89h4m48s"'],
    ['1us', '"1us"'],
  ],
  inet: [quoted('127.0.0.1'), quoted('::1'), quoted('10.0.0.255'), quoted('2001:db8::ff00:42:8329')],
  time: [quoted('00:00:00'), quoted('12:34:56.789'), quoted('23:59:59.999999999'), '0', '86399999999999'],
  timestamp: [
    quoted('2020-01-01'),
    quoted('2020-01-01 12:30:00+0000'),
    '0',
    '1600000000000',
    quoted('1969-12-31T23:59:59.999Z'),
    quoted('2020-02-29 23:59:59.5-0130'),
    '-1',
  ],
  date: [quoted('2020-02-29'), quoted('1970-01-01'), quoted('1969-12-31'), '2147483648', quoted('2020-01-01')],
  uuid: [
    uuid('00000000-0000-0000-0000-000000000000'),
    uuid('123e4567-e89b-12d3-a456-426614174000'),
    uuid('f47ac10b-58cc-4372-a567-0e02b2c3d479'),
    uuid('ffffffff-ffff-ffff-ffff-ffffffffffff'),
  ],
  timeuuid: [
    uuid('50554d6e-29bb-11e5-b345-feff819cdc9f'),
    uuid('d2177dd0-eaa2-11de-a572-001b779c76e3'),
    uuid('00000000-0000-1000-8080-808080808080'),
    uuid('123e4567-e89b-12d3-a456-426614174000'),
  ],
};

/** `same` is one text for all spellings of a value. */
type Choice = { readonly cql: string; readonly json: string; readonly same: string };

/** Other spellings of values that are in the same pool. */
const synonyms = new Map([
  ['1.50', '1.5'],
  ['-0.000', '0'],
  ['2147483648', "'1970-01-01'"],
  ["'00:00:00'", '0'],
  ["'23:59:59.999999999'", '86399999999999'],
  ["'1969-12-31T23:59:59.999Z'", '-1'],
]);

function spelled(spelling: Spelling): Choice {
  const [cql, json] = typeof spelling === 'string' ? [spelling, spelling] : spelling;
  return { cql, json, same: synonyms.get(cql) ?? cql };
}

/** Those that differ from each other: of equal keys of a map Cassandra takes either by chance (reason 4). */
function distinct<T>(items: readonly T[], sameOf: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(sameOf(item)) && seen.add(sameOf(item)));
}

const joined = (parts: readonly Choice[]): string => `(${parts.map(({ same }) => same).join()})`;

const jsonKey = (json: string): string => (json.startsWith('"') ? json : JSON.stringify(json));

/** A value of the type. `few` takes it from a handful, for keys. */
export function value(r: Random, type: GenType, few = false): Choice {
  switch (type.kind) {
    case 'native': {
      const pool = pools[type.name]!;
      return spelled(few ? pool[r.below(Math.min(3, pool.length))]! : r.pick(pool));
    }
    case 'list':
    case 'set': {
      const elements = r.times(0, few ? 1 : 3, () => value(r, type.element, few));
      const texts = elements.map(({ cql }) => cql).join(', ');
      const unique = type.kind === 'list' ? elements : distinct(elements, ({ same }) => same);
      const ordered = type.kind === 'list' ? unique : [...unique].sort((a, b) => (a.same < b.same ? -1 : 1));
      return {
        cql: type.kind === 'list' ? `[${texts}]` : `{${texts}}`,
        json: `[${elements.map(({ json }) => json).join(', ')}]`,
        same: joined(ordered),
      };
    }
    case 'map': {
      const pairs = r.times(0, few ? 1 : 3, () => [value(r, type.key, few), value(r, type.value, few)] as const);
      const entries = distinct(pairs, ([key]) => key.same);
      return {
        same: joined([...entries].sort(([a], [b]) => (a.same < b.same ? -1 : 1)).flat()),
        cql: `{${entries.map(([k, v]) => `${k.cql}: ${v.cql}`).join(', ')}}`,
        json: `{${entries.map(([k, v]) => `${jsonKey(k.json)}: ${v.json}`).join(', ')}}`,
      };
    }
    case 'tuple': {
      const fields = type.fields.map((field) => part(r, field, few));
      return {
        same: joined(fields),
        cql: `(${fields.map(({ cql }) => cql).join(', ')})`,
        json: `[${fields.map(({ json }) => json).join(', ')}]`,
      };
    }
    case 'udt': {
      const fields = r.some(type.type.fields, 1).map(({ name, type: of }) => ({ name, value: part(r, of, few) }));
      return {
        same: fields.map(({ name, value: { same } }) => `${name}:${same}`).join(),
        cql: `{${fields.map(({ name, value: { cql } }) => `${name}: ${cql}`).join(', ')}}`,
        json: `{${fields.map(({ name, value: { json } }) => `"${name}": ${json}`).join(', ')}}`,
      };
    }
    case 'vector': {
      const elements = Array.from({ length: type.dimensions }, () => value(r, type.element, few));
      return {
        same: joined(elements),
        cql: `[${elements.map(({ cql }) => cql).join(', ')}]`,
        json: `[${elements.map(({ json }) => json).join(', ')}]`,
      };
    }
  }
}

/** A part of a tuple or a user type, which may be null. */
function part(r: Random, type: GenType, few: boolean): Choice {
  return !few && r.chance(8) ? { cql: 'null', json: 'null', same: 'null' } : value(r, type, few);
}

const natives = Object.keys(pools);

/** A term for a place that wants `type`: mostly a literal, now and then an expression, null, or something that does not fit. */
export function term(r: Random, type: GenType, few = false): string {
  const { cql } = value(r, type, few);
  if (r.chance(95)) return cql;
  const name = type.kind === 'native' ? type.name : 'text';
  switch (r.below(8)) {
    case 0:
      return 'null';
    case 1:
      return value(r, { kind: 'native', name: r.pick(natives) }).cql;
    case 2:
      return type.kind === 'native' ? `(${name}) ${cql}` : cql;
    case 3:
      // Rows of a key that is -NaN (reason 3) stand where others do not expect them.
      return numeric.has(name)
        ? `${cql} ${r.pick(few ? ['+', '-', '*'] : ['+', '-', '*', '/', '%'])} ${value(r, type, few).cql}`
        : cql;
    case 4:
      return type.kind === 'native' && name !== 'blob' && name !== 'counter'
        ? `blobAs${name}(${name}AsBlob(${cql}))`
        : cql;
    case 5:
      return type.kind === 'native' && name !== 'blob' && name !== 'counter'
        ? `blob_as_${name}(${name}_as_blob(${cql}))`
        : cql;
    case 6:
      return numeric.has(name) ? `abs(${cql})` : cql;
    default:
      return few ? cql : value(r, type).cql;
  }
}

export const numeric: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'varint',
  'decimal',
  'float',
  'double',
  'counter',
]);
