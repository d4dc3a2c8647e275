// A table with a column for every kind of index, and random writes to it.
import type { Prng } from './prng.js';

export const indexedColumns =
  '(k int, c int, v int, w text, st int static, l list<int>, s set<int>, m map<int, int>, f frozen<set<int>>, ' +
  'PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC)';

/** A random write as CQL with the table's name left out. */
export function randomWrite(random: Prng): (table: string) => string {
  const below = (n: number) => random.next() % n;
  const k = below(12);
  const c = below(4);
  const number = () => String(below(5));
  const timestamp = below(3) === 0 ? `TIMESTAMP ${1_000_000 + below(20)}` : null;
  const ttl = below(12) === 0 ? 'TTL 100000' : null;
  const using = [timestamp, ttl].filter((part) => part !== null).join(' AND ');
  const usingText = using === '' ? '' : ` USING ${using}`;
  const deleteUsing = timestamp === null ? '' : ` USING ${timestamp}`;
  const row = `k = ${k} AND c = ${c}`;
  const sets = [
    () => `v = ${below(6) === 0 ? 'null' : number()}`,
    () => `w = 'w${number()}'`,
    () => `l = [${number()}, ${number()}]`,
    () => `l = l + [${number()}]`,
    () => `s = s + {${number()}}`,
    () => `s = s - {${number()}}`,
    () => `s = {${number()}}`,
    () => `m[${number()}] = ${number()}`,
    () => `m = m - {${number()}}`,
    () => `m = {${number()}: ${number()}}`,
    () => `f = {${number()}, ${number()}}`,
    () => `st = ${number()}`,
  ];
  const set = sets[below(sets.length)]!();
  const v = number();
  switch (below(14)) {
    case 0:
      return (table) => `DELETE FROM ${table}${deleteUsing} WHERE ${row}`;
    case 1:
      return (table) => `DELETE FROM ${table}${deleteUsing} WHERE k = ${k}`;
    case 2:
      return (table) => `DELETE FROM ${table}${deleteUsing} WHERE k = ${k} AND c > ${c}`;
    case 3:
      return (table) => `DELETE v, m FROM ${table}${deleteUsing} WHERE ${row}`;
    case 4:
      return (table) => `DELETE st FROM ${table}${deleteUsing} WHERE k = ${k}`;
    case 5:
    case 6:
      return (table) => `INSERT INTO ${table} (k, c, v, w) VALUES (${k}, ${c}, ${v}, 'w${v}')${usingText}`;
    default:
      return (table) => `UPDATE ${table}${usingText} SET ${set} WHERE ${set.startsWith('st') ? `k = ${k}` : row}`;
  }
}
