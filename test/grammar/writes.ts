// INSERT, UPDATE, DELETE and BATCH over a table.
import { list, maybe, type Node, seq } from './node.js';
import type { Random } from './random.js';
import { deleteWhere, rowKey, where } from './relations.js';
import { type GenColumn, type GenTable, native, ofKind } from './schema.js';
import { term, value } from './values.js';

/** Timestamps are few and close together, so that writes meet: later statements with smaller ones, and equal ones. */
const timestamp = (r: Random): string => (r.chance(96) ? String(1000 + r.below(40)) : term(r, native('bigint')));
const ttl = (r: Random): string => (r.chance(92) ? r.pick(['1', '5', '1000', '100000']) : term(r, native('int')));

/**
 * A row that was inserted for a time, and has cells older than that, is seen or not by what is selected of it (reason 18
 * of docs/differences.md): what is inserted for a short time is older than anything else here.
 */
const shortInsert = (r: Random): Node => ` USING TIMESTAMP 1 AND TTL ${r.pick(['1', '5'])}`;

function using(r: Random, kind: 'insert' | 'update' | 'other'): Node {
  const parts: string[] = [];
  if (r.chance(45)) parts.push(`TIMESTAMP ${timestamp(r)}`);
  if (kind !== 'other' && r.chance(15)) {
    if (kind === 'insert' && r.chance(50)) return shortInsert(r);
    parts.push(`TTL ${kind === 'insert' ? r.pick(['1000', '100000', 'null', "'x'"]) : ttl(r)}`);
  }
  return list(r.shuffled(parts), ' AND ', 0, ' USING ');
}

const isKey = ({ kind }: GenColumn): boolean => kind === 'partition' || kind === 'clustering';
const named = (columns: readonly GenColumn[]): string => columns.map(({ name }) => name).join(', ');

function insert(r: Random, table: GenTable, inBatch: boolean): Node {
  const keys = table.columns.filter(isKey);
  const others = table.columns.filter((column) => !isKey(column));
  const chosen = [...(r.chance(97) ? keys : r.some(keys, 1)), ...r.some(others, 0)];
  if (!inBatch && r.chance(12)) return insertJson(r, table, chosen);
  const values = chosen.map((column) => term(r, column.type, isKey(column)));
  if (r.chance(1)) values.pop();
  const tail = using(r, inBatch ? 'other' : 'insert');
  return seq(`INSERT INTO ${table.name} (${named(chosen)}) VALUES (${values.join(', ')})`, tail);
}

function insertJson(r: Random, table: GenTable, chosen: readonly GenColumn[]): Node {
  const entries = chosen.map((column) => {
    const { json } = value(r, column.type, isKey(column));
    const key = column.name.startsWith('"') ? JSON.stringify(column.name) : `"${column.name}"`;
    return `${key}: ${r.chance(3) ? 'null' : r.chance(2) ? '"x"' : json}`;
  });
  const text = `{${entries.join(', ')}}`.replaceAll("'", "''");
  return seq(
    `INSERT INTO ${table.name} JSON '${text}'`,
    maybe(r.pick(['', '', ' DEFAULT UNSET', ' DEFAULT NULL'])),
    using(r, 'insert'),
  );
}

function collectionChange(r: Random, { name, type }: GenColumn): string {
  const literal = (): string => term(r, type);
  switch (type.kind) {
    case 'list':
      return r.pick([
        `${name} = ${name} + ${literal()}`,
        `${name} = ${literal()} + ${name}`,
        `${name} = ${name} - ${literal()}`,
        `${name} += ${literal()}`,
        `${name} -= ${literal()}`,
        `${name}[${r.pick(['0', '0', '1', '-1', 'null'])}] = ${term(r, type.element)}`,
      ]);
    case 'set':
      return r.pick([
        `${name} = ${name} + ${literal()}`,
        `${name} = ${name} - ${literal()}`,
        `${name} += ${literal()}`,
        `${name} -= ${literal()}`,
      ]);
    case 'map': {
      const keys = `{${r.times(0, 2, () => value(r, type.key).cql).join(', ')}}`;
      return r.pick([
        `${name} = ${name} + ${literal()}`,
        `${name} += ${literal()}`,
        `${name} = ${name} - ${keys}`,
        `${name} -= ${keys}`,
        `${name}[${term(r, type.key)}] = ${term(r, type.value)}`,
        `${name}[${term(r, type.key)}] = null`,
      ]);
    }
    case 'udt': {
      const field = r.pick(type.type.fields);
      return `${name}.${field.name} = ${term(r, field.type)}`;
    }
    default:
      return `${name} = ${literal()}`;
  }
}

function assignment(r: Random, column: GenColumn): string {
  const { name, type } = column;
  if (type.kind !== 'native' && r.chance(65)) return collectionChange(r, column);
  return `${name} = ${term(r, type)}`;
}

function counterChange(r: Random, { name }: GenColumn): string {
  const op = r.pick(['+', '-']);
  const by = term(r, native('bigint'));
  const small = r.chance(90) ? r.pick(['1', '2', '10', '0', '-1']) : by;
  return r.chance(70) ? `${name} = ${name} ${op} ${small}` : `${name} ${op}= ${small}`;
}

function update(r: Random, table: GenTable, inBatch: boolean): Node {
  const others = table.columns.filter((column) => !isKey(column));
  if (others.length === 0) return insert(r, table, inBatch);
  const isStatic = r.chance(15) && ofKind(table, 'static').length > 0;
  const from = isStatic ? ofKind(table, 'static') : others;
  const chosen = r.shuffled(from).slice(0, r.between(1, 3));
  if (r.chance(1)) chosen.push(r.pick(table.columns));
  const changes = chosen.map((column) => (table.counter ? counterChange(r, column) : assignment(r, column)));
  const tail = table.counter && r.chance(97) ? '' : using(r, inBatch ? 'other' : 'update');
  const key = rowKey(r, table, isStatic && r.chance(80), 6);
  return seq(
    `UPDATE ${table.name}`,
    tail,
    ' SET ',
    list(changes, ', ', 1),
    where(r.chance(98) ? key : key.slice(1), 1),
  );
}

function deletion(r: Random, column: GenColumn): string {
  const { name, type } = column;
  if (r.chance(50)) return name;
  if (type.kind === 'map') return `${name}[${term(r, type.key)}]`;
  if (type.kind === 'set') return `${name}[${term(r, type.element)}]`;
  if (type.kind === 'list') return `${name}[${r.pick(['0', '1', '5'])}]`;
  if (type.kind === 'udt') return `${name}.${r.pick(type.type.fields).name}`;
  return name;
}

function remove(r: Random, table: GenTable): Node {
  const others = table.columns.filter((column) => !isKey(column));
  const tail = table.counter || r.chance(60) ? '' : using(r, 'other');
  if (others.length === 0 || r.chance(60))
    return seq(`DELETE FROM ${table.name}`, tail, where(deleteWhere(r, table), 1));
  const statics = ofKind(table, 'static');
  const isStatic = statics.length > 0 && r.chance(25);
  const chosen = r.shuffled(isStatic ? statics : others).slice(0, r.between(1, 2));
  return seq(
    'DELETE ',
    list(
      chosen.map((column) => deletion(r, column)),
      ', ',
      1,
    ),
    ` FROM ${table.name}`,
    tail,
    where(rowKey(r, table, isStatic, 6), 1),
  );
}

function batch(r: Random, table: GenTable): Node {
  const kind = table.counter ? (r.chance(90) ? 'COUNTER ' : '') : r.pick(['', '', 'UNLOGGED ', 'UNLOGGED ']);
  const whole = !table.counter && r.chance(30);
  const statements = r.times(1, 4, () =>
    seq(table.counter ? update(r, table, true) : row(r, table, true), r.pick([';', ''])),
  );
  return seq(
    `BEGIN ${kind}BATCH`,
    whole ? maybe(` USING TIMESTAMP ${timestamp(r)}`) : '',
    ' ',
    list(statements, ' ', 1),
    ' APPLY BATCH',
  );
}

function row(r: Random, table: GenTable, inBatch: boolean): Node {
  const kind = r.below(100);
  if (kind < 50) return insert(r, table, inBatch);
  if (kind < 82) return update(r, table, inBatch);
  return remove(r, table);
}

/** @param isQuiet  nothing flushes: the schema has not changed just now */
export function write(r: Random, table: GenTable, isQuiet: boolean): Node {
  if (r.chance(8)) return batch(r, table);
  // After a TRUNCATE beside a flush Cassandra may show again what was there.
  if (isQuiet && r.chance(0.5)) return `TRUNCATE ${table.name}`;
  // What a counter is after it was deleted and incremented again, hangs on caches and flushes (reason 4).
  if (table.counter) return r.chance(97) ? update(r, table, false) : insert(r, table, false);
  return row(r, table, false);
}
