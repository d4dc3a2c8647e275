// Whether two nodes have answered a statement alike: columns with their types, and rows, byte for byte.
import { BufferReader, equalBytes, toHex } from '../../common/bytes.js';
import { MetadataFlag } from '../../protocol/index.js';
import type { TargetAnswer } from './target.js';

type Rows = { readonly columns: readonly string[]; readonly rows: readonly string[]; readonly hasMore: boolean };

const kinds = new Map([
  [1, 'no rows'],
  [2, 'rows'],
  [3, 'a keyspace'],
  [5, 'a schema change'],
]);

/** What an answer is, in a few words. */
export function answerText(answer: TargetAnswer): string {
  if (answer.kind === 'error') return `error 0x${answer.code.toString(16).padStart(4, '0')} ${answer.message}`;
  const reader = new BufferReader(answer.body);
  const kind = reader.i32();
  if (kind !== 2) return kinds.get(kind) ?? `result of kind ${kind}`;
  const { rows, columns, hasMore } = readRows(reader);
  return `${rows.length}${hasMore ? ' and more' : ''} rows of ${columns.join(', ')}`;
}

/** Null when they are alike; else what differs. Texts of errors may differ, their codes may not. */
export function difference(a: TargetAnswer, b: TargetAnswer): string | null {
  if (a.kind === 'error' || b.kind === 'error') {
    if (a.kind === 'error' && b.kind === 'error' && a.code === b.code) return null;
    return `${answerText(a)} | ${answerText(b)}`;
  }
  if (equalBytes(a.body, b.body)) return null;
  const [readerA, readerB] = [new BufferReader(a.body), new BufferReader(b.body)];
  const [kindA, kindB] = [readerA.i32(), readerB.i32()];
  if (kindA !== kindB) return `${answerText(a)} | ${answerText(b)}`;
  if (kindA !== 2) return null;
  const [rowsA, rowsB] = [readRows(readerA), readRows(readerB)];
  if (rowsA.columns.join() !== rowsB.columns.join()) return `columns ${rowsA.columns.join()} | ${rowsB.columns.join()}`;
  for (let i = 0; i < Math.max(rowsA.rows.length, rowsB.rows.length); i++)
    if (rowsA.rows[i] !== rowsB.rows[i]) return `row ${i}: ${rowsA.rows[i] ?? 'none'} | ${rowsB.rows[i] ?? 'none'}`;
  return rowsA.hasMore === rowsB.hasMore ? null : 'one has more pages';
}

function readRows(reader: BufferReader): Rows {
  const flags = reader.i32();
  const count = reader.i32();
  const hasMore = (flags & MetadataFlag.HAS_MORE_PAGES) !== 0;
  if (hasMore) reader.value();
  const isGlobal = (flags & MetadataFlag.GLOBAL_TABLES_SPEC) !== 0;
  if (isGlobal) {
    reader.string();
    reader.string();
  }
  const columns = Array.from({ length: count }, () => {
    if (!isGlobal) {
      reader.string();
      reader.string();
    }
    const name = reader.string();
    return `${name} ${readType(reader)}`;
  });
  const rows = Array.from({ length: reader.i32() }, () =>
    Array.from({ length: count }, () => {
      const cell = reader.value();
      return cell === null ? 'null' : `0x${toHex(cell)}`;
    }).join(' '),
  );
  return { columns, rows, hasMore };
}

/** A type as its numbers in the protocol, with what they contain. */
function readType(reader: BufferReader): string {
  const id = reader.u16();
  const list = (read: () => string): string => Array.from({ length: reader.u16() }, read).join(',');
  switch (id) {
    case 0x00:
      return reader.string();
    case 0x20:
    case 0x22:
      return `${id}<${readType(reader)}>`;
    case 0x21:
      return `${id}<${readType(reader)},${readType(reader)}>`;
    case 0x30:
      return `${reader.string()}.${reader.string()}<${list(() => `${reader.string()} ${readType(reader)}`)}>`;
    case 0x31:
      return `${id}<${list(() => readType(reader))}>`;
    default:
      return String(id);
  }
}
