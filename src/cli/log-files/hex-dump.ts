// Bytes in hex digits and characters, sixteen a line.
const width = 16;

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');
const char = (byte: number): string => (byte < 0x20 || byte > 126 ? '\u00b7' : String.fromCharCode(byte));

/** Offset, two groups of eight bytes, their characters; none for no bytes. */
export function hexDump(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += width) {
    const row = [...bytes.subarray(start, start + width)];
    const cells = Array.from({ length: width }, (_, i) => (i < row.length ? ` ${hex(row[i]!)}` : '   '));
    const chars = Array.from({ length: width }, (_, i) => (i < row.length ? char(row[i]!) : ' '));
    const halves = (parts: readonly string[]) => `${parts.slice(0, 8).join('')} ${parts.slice(8).join('')}`;
    lines.push(`${start.toString(16).padStart(8, '0')}${halves(cells)} ${halves(chars)}`);
  }
  return lines;
}
