// Cassandra's own UTF-8 check: it lets through what Java once wrote (C0 80 for NUL, lone surrogates).

/** True when Cassandra takes the bytes as a text value. */
export function isCassandraUtf8(bytes: Uint8Array): boolean {
  const length = bytes.length;
  let i = 0;
  for (;;) {
    while (i < length && bytes[i]! < 0x80) i += 1;
    if (i >= length) return true;
    const first = bytes[i]!;
    const size = sequenceLength(first);
    if (size === 0 || i + size > length || !isSecondByte(first, bytes[i + 1]!)) return false;
    for (let k = 2; k < size; k++) if ((bytes[i + k]! & 0xc0) !== 0x80) return false;
    i += size;
  }
}

function sequenceLength(first: number): number {
  if (first >= 0xf0 && first <= 0xf7) return 4;
  if (first >= 0xe0) return first <= 0xef ? 3 : 0;
  return first === 0xc0 || first >= 0xc2 ? 2 : 0;
}

/** The odd cases are Cassandra's: E0 and F0 look at some bits of the second byte only. */
function isSecondByte(first: number, second: number): boolean {
  if (first === 0xc0) return second === 0x80;
  if (first === 0xe0) return (second & 0xe0) !== 0x80;
  if (first === 0xf0) return (second & 0x30) !== 0;
  return (second & 0xc0) === 0x80;
}
