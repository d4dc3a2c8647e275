// UUIDs of version 1 (RFC 9562, section 5.1), whose node part is random and says so.

/** 100-nanosecond steps from 1582-10-15, where their time begins, to 1970-01-01. */
const gregorianSteps = 122_192_928_000_000_000n;

/**
 * @param steps  of 100 nanoseconds since 1970
 * @param random  8 bytes for clock sequence and node
 */
export function timeUuid(steps: bigint, random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const time = steps + gregorianSteps;
  view.setUint32(0, Number(time & 0xffffffffn));
  view.setUint16(4, Number((time >> 32n) & 0xffffn));
  view.setUint16(6, Number((time >> 48n) & 0x0fffn) | 0x1000);
  bytes.set(random.subarray(0, 8), 8);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  bytes[10] = bytes[10]! | 0x01; // multicast: no real network card has this address
  return bytes;
}
