// Text as nodetool prints it.

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 834 -> '834 bytes', 115.14 KiB, 3.73 MiB: Cassandra's FileUtils.stringifyFileSize. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${value} bytes` : `${decimals(value)} ${units[unit]}`;
}

/** At most two decimals and no zeros behind them. */
export function decimals(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** Columns as wide as their widest cell, one blank between them, every cell padded. */
export function formatTable(rows: readonly (readonly string[])[], gap = 1): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padEnd(widths[i]!)).join(' '.repeat(gap));
  return rows.map(line).join('\n');
}
