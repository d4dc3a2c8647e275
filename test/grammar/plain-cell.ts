// Cells of an outcome without what reason 4 of docs/differences.md leaves open: of equal decimals in a set, or as keys of a map, either may
// stay, sets that functions make have an order of their own, and one varint has many bytes.

type Type = { readonly code: string; readonly inner: readonly Type[] };

/** Protocol ids (native_protocol_v5.spec, section 4.2.5.2) as test/diff/remote.ts writes them. */
const code = { decimal: '6', varint: 'e', list: '20', map: '21', set: '22', udt: '30', tuple: '31' } as const;

/** The type at the end of a column's `name type`; null for what is none. A name may have spaces. */
export function typeOfColumn(column: string): Type | null {
  for (let at = column.indexOf(' '); at >= 0; at = column.indexOf(' ', at + 1)) {
    const found = readType(column, at + 1);
    if (found !== null && found.end === column.length) return found.type;
  }
  return null;
}

/** A number, or a class with what is in its parentheses. */
function nameAt(text: string, from: number): string {
  let end = from;
  for (let depth = 0; end < text.length; end++) {
    if (text[end] === '(') depth++;
    else if (text[end] === ')' && depth > 0) depth--;
    else if (depth === 0 && !/[\w.]/.test(text[end]!)) break;
  }
  return text.slice(from, end);
}

function readType(text: string, from: number): { type: Type; end: number } | null {
  const name = nameAt(text, from);
  if (name === '') return null;
  const inner: Type[] = [];
  let at = from + name.length;
  if (text[at] === '<')
    do {
      at += text[at] === '<' ? 1 : 2; // behind `<` or `, `
      // Fields of a user type have names.
      const field = name === code.udt ? /^\S+ /.exec(text.slice(at))?.[0].length : 0;
      const found = field === undefined ? null : readType(text, at + field);
      if (found === null) return null;
      inner.push(found.type);
      at = found.end;
    } while (text.startsWith(', ', at));
  if (inner.length > 0 && text[at++] !== '>') return null;
  return { type: { code: name, inner }, end: at };
}

/** A serialized decimal without the zeros at its end, in hexadecimal; what is too short for one as it is. */
export function shortest(cell: string): string {
  if (cell.length <= 8) return cell;
  const bytes = Buffer.from(cell, 'hex');
  let unscaled = BigInt.asIntN((bytes.length - 4) * 8, BigInt(`0x${cell.slice(8)}`));
  let scale = bytes.readInt32BE(0);
  if (unscaled === 0n) return '0';
  for (; unscaled % 10n === 0n; scale--) unscaled /= 10n;
  return `${unscaled}E${-scale}`;
}

/** A varint in hexadecimal without bytes before what it says. */
export const shortestInteger = (cell: string): string =>
  cell.replace(/^(00)+(?=[0-7])/, '').replace(/^(ff)+(?=[89a-f])/, '');

/**
 * A cell in hexadecimal, as text; equal for cells that reason 4 does not part.
 * @param isKey  it is a clustering column, an element of a set or a key of a map
 */
export function plainCell(type: Type, cell: string, isKey: boolean): string {
  if (type.code === code.decimal) return isKey ? shortest(cell) : cell;
  if (type.code === code.varint) return shortestInteger(cell);
  const parts = type.inner.length === 0 ? null : partsOf(type, Buffer.from(cell, 'hex'));
  if (parts === null) return cell;
  const [first, second] = type.inner as [Type, Type | undefined];
  const of = (part: Buffer | null, partType: Type | undefined, key: boolean): string =>
    part === null || partType === undefined ? 'null' : plainCell(partType, part.toString('hex'), key);
  switch (type.code) {
    case code.list:
      return `[${parts.map((part) => of(part, first, isKey)).join()}]`;
    case code.set:
      return `{${parts
        .map((part) => of(part, first, true))
        .sort()
        .join()}}`;
    case code.map: {
      const entries = parts.flatMap((key, i) =>
        i % 2 === 0 ? [`${of(key, first, true)}:${of(parts[i + 1] ?? null, second, isKey)}`] : [],
      );
      return `{${entries.sort().join()}}`;
    }
    default:
      return `(${parts.map((part, i) => of(part, type.inner[i], isKey)).join()})`;
  }
}

/** The parts of a collection, a tuple or a user type; null for bytes that are none. */
function partsOf({ code: id }: Type, bytes: Buffer): (Buffer | null)[] | null {
  const isCollection = id === code.list || id === code.set || id === code.map;
  if (!isCollection && id !== code.udt && id !== code.tuple) return null;
  let left = Number.POSITIVE_INFINITY;
  let at = 0;
  if (isCollection) {
    if (bytes.length < 4) return null;
    left = bytes.readInt32BE(0) * (id === code.map ? 2 : 1);
    at = 4;
  }
  const parts: (Buffer | null)[] = [];
  for (; left > 0 && at < bytes.length; left--) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readInt32BE(at);
    at += 4;
    if (at + Math.max(0, length) > bytes.length) return null;
    parts.push(length < 0 ? null : bytes.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return isCollection && left > 0 ? null : parts;
}
