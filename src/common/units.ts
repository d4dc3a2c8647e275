// Values in the largest unit that has them whole.

/** @param names  of units, the smallest first */
export function inLargest(value: number, names: readonly string[], units: Readonly<Record<string, number>>): string {
  const name = value === 0 ? names[0]! : (names.findLast((one) => value % units[one]! === 0) ?? names[0]!);
  return `${value / units[name]!}${name}`;
}

/** Bytes of each unit. */
export const sizes: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Bytes as cassandra.yaml writes them: "32MiB". */
export const sizeText = (bytes: number): string => inLargest(bytes, ['B', 'KiB', 'MiB', 'GiB'], sizes);
