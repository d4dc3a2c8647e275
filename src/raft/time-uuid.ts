// UUIDs of version 1, as Cassandra gives them to tables.

/** 100-nanosecond steps between 1582-10-15 and 1970-01-01. */
const gregorianOffset = 0x01b21dd213814000n;

/** A time UUID as text. @param random  8 bytes for clock sequence and node */
export function timeUuid(nowMicros: bigint, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  const steps = nowMicros * 10n + gregorianOffset;
  bytes.writeUInt32BE(Number(steps & 0xffffffffn), 0);
  bytes.writeUInt16BE(Number((steps >> 32n) & 0xffffn), 4);
  bytes.writeUInt16BE(Number((steps >> 48n) & 0x0fffn) | 0x1000, 6);
  bytes.set(random.subarray(0, 8), 8);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  bytes[10]! |= 0x01; // multicast: no real network card has this address
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
