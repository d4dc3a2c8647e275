// SELECT statements over a table.
import { list, maybe, type Node, seq } from './node.js';
import type { Random } from './random.js';
import { limitTerm, selectWhere, where } from './relations.js';
import { type GenTable, native, ofKind } from './schema.js';
import { aggregate, scalar } from './selectors.js';
import { value } from './values.js';

function alias(r: Random, text: string): Node {
  return r.chance(10) ? seq(text, maybe(` AS ${r.pick(['a', 'b', '"A"', 'count'])}`)) : text;
}

function selectorList(r: Random, table: GenTable, grouped: boolean): Node {
  if (!grouped && r.chance(22)) return '*';
  const aggregates = grouped ? r.chance(80) : r.chance(14);
  const make = (): string => (aggregates && r.chance(60) ? aggregate(r, table) : scalar(r, table));
  return list(
    r.times(1, 4, () => alias(r, make())),
    ', ',
    1,
  );
}

function distinctList(r: Random, table: GenTable): Node {
  const names = [...ofKind(table, 'partition'), ...(r.chance(40) ? ofKind(table, 'static') : [])].map(
    ({ name }) => name,
  );
  if (r.chance(10)) names.push(r.pick(table.columns).name);
  return list(r.chance(90) ? names : r.some(names, 1), ', ', 1);
}

function groupBy(r: Random, table: GenTable): Node {
  const keys = [...ofKind(table, 'partition'), ...ofKind(table, 'clustering')];
  const prefix = keys.slice(0, r.between(1, keys.length));
  const parts = prefix.map(({ name, type }, i) => {
    const isLast = i === prefix.length - 1;
    const timed = type.kind === 'native' && ['timestamp', 'date', 'time'].includes(type.name);
    return isLast && timed && r.chance(70) ? `floor(${name}, ${r.pick(['1h', '1d', '1mo', '10m'])})` : name;
  });
  if (r.chance(4)) parts.push(r.pick(table.columns).name);
  return list(parts, ', ', 1, ' GROUP BY ');
}

function orderBy(r: Random, table: GenTable): Node {
  const columns = ofKind(table, 'clustering');
  if (columns.length === 0 || r.chance(3)) return ` ORDER BY ${r.pick(table.columns).name}`;
  const prefix = columns.slice(0, r.between(1, columns.length));
  const turned = r.chance(60);
  const parts = prefix.map(({ name, descending }) => {
    const down = r.chance(5) ? r.chance(50) : descending !== turned;
    return `${name}${down ? ' DESC' : r.pick(['', ' ASC'])}`;
  });
  return list(parts, ', ', 1, ' ORDER BY ');
}

export function select(r: Random, table: GenTable): Node {
  const distinct = r.chance(7);
  const grouped = !distinct && r.chance(14);
  const { relations, filtering } = selectWhere(r, table);
  const hasOrder = relations.length > 0 && r.chance(15);
  return seq(
    'SELECT ',
    r.chance(8) ? maybe('JSON ') : '',
    distinct ? seq(maybe('DISTINCT '), distinctList(r, table)) : selectorList(r, table, grouped),
    ` FROM ${table.name}`,
    where(relations),
    grouped ? maybe(groupBy(r, table)) : '',
    hasOrder ? maybe(orderBy(r, table)) : '',
    r.chance(12) ? maybe(` PER PARTITION LIMIT ${limitTerm(r)}`) : '',
    r.chance(20) ? maybe(` LIMIT ${limitTerm(r)}`) : '',
    (filtering && r.chance(93)) || r.chance(4) ? maybe(' ALLOW FILTERING') : '',
  );
}

/** A statement of the grammar whose parts are from anywhere: names of functions, columns and numbers of arguments. */
export function wild(r: Random, table: GenTable): Node {
  const names =
    'abs count min max sum avg token ttl writetime floor to_json mask_inner map_keys collection_sum toDate blobasint minTimeuuid uuid nope similarity_cosine cast round'.split(
      ' ',
    );
  const arg = (): string =>
    r.chance(60)
      ? r.pick(table.columns).name
      : value(r, native(r.pick(['int', 'text', 'blob', 'double', 'uuid', 'duration']))).cql;
  const name = r.pick(names);
  // uuid() is another one at each call.
  const call = `${name}(${r.times(name === 'uuid' ? 1 : 0, 3, arg).join(', ')})`;
  return seq(
    'SELECT ',
    list([call, ...(r.chance(30) ? [scalar(r, table)] : [])], ', ', 1),
    ` FROM ${table.name}`,
    where(r.chance(30) ? selectWhere(r, table).relations : []),
  );
}
