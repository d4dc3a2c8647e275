// Variable-length integers as Cassandra stores them (VIntCoding): the leading one bits of the first byte count the bytes
// that follow it. Signed ones are zigzag-encoded first.

const mask64 = (1n << 64n) - 1n;

/** Bytes of an unsigned 64-bit number: 1 to 9 of them. */
export function encodeUnsignedVint(value: bigint): Uint8Array {
  let extra = 0;
  while (extra < 8 && value >> BigInt(7 * (extra + 1)) !== 0n) extra += 1;
  const bytes = new Uint8Array(extra + 1);
  let rest = value;
  for (let i = extra; i > 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  const prefix = extra === 0 ? 0 : (0xff << (8 - extra)) & 0xff;
  bytes[0] = extra === 8 ? 0xff : prefix | Number(rest);
  return bytes;
}

/** Reads an unsigned vint at `offset`, or null when the bytes end before it does. */
export function decodeUnsignedVint(bytes: Uint8Array, offset: number): { value: bigint; next: number } | null {
  const first = bytes[offset];
  if (first === undefined) return null;
  if (first < 0x80) return { value: BigInt(first), next: offset + 1 };
  const extra = first === 0xff ? 8 : Math.clz32(~(first << 24));
  if (offset + 1 + extra > bytes.length) return null;
  let value = extra === 8 ? 0n : BigInt(first & (0xff >> extra));
  for (let i = 1; i <= extra; i++) value = (value << 8n) | BigInt(bytes[offset + i]!);
  return { value, next: offset + 1 + extra };
}

/** Bytes of a signed 64-bit number. */
export function encodeVint(value: bigint): Uint8Array {
  return encodeUnsignedVint(((value << 1n) ^ (value >> 63n)) & mask64);
}

/** Reads a signed vint at `offset`, or null when the bytes end before it does. */
export function decodeVint(bytes: Uint8Array, offset: number): { value: bigint; next: number } | null {
  const raw = decodeUnsignedVint(bytes, offset);
  if (raw === null) return null;
  return { value: (raw.value >> 1n) ^ -(raw.value & 1n), next: raw.next };
}
