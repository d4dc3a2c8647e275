// Times in their several encodings, to and from milliseconds since 1970.
import { dateEpoch, decodeInt, decodeLong, encodeInt, encodeLong, floorDiv, millisPerDay } from '../../types/index.js';

/** Milliseconds between the start of UUID time (1582-10-15) and 1970. */
const uuidEpochMillis = -12_219_292_800_000n;
const stepsPerMilli = 10_000n;

/** Milliseconds of a stored date. */
export function dateToMillis(stored: number): bigint {
  return (BigInt(stored >>> 0) - dateEpoch) * millisPerDay;
}

/** Bytes of the date of an instant. Times before 1970 that are no whole day go to the day after, as in Cassandra. */
export function dateFromMillis(millis: bigint): Uint8Array {
  const days = floorDiv(millis, 1000n) / 86_400n;
  return encodeInt(Number(BigInt.asIntN(32, days + dateEpoch)));
}

/** Milliseconds of a version 1 UUID; parts of one are cut off toward 1970, as in Cassandra. */
export function timeuuidToMillis(uuid: Uint8Array): bigint {
  const view = new DataView(uuid.buffer, uuid.byteOffset, uuid.byteLength);
  const low = BigInt(view.getUint32(0));
  const middle = BigInt(view.getUint16(4));
  const high = BigInt(view.getUint16(6) & 0x0fff);
  const steps = (high << 48n) | (middle << 32n) | low;
  return (steps + uuidEpochMillis * stepsPerMilli) / stepsPerMilli;
}

/** A version 1 UUID of 100-nanosecond steps since 1582, with every other byte the same. */
function boundaryTimeuuid(steps: bigint, filler: number): Uint8Array {
  const time = BigInt.asUintN(60, steps);
  const bytes = new Uint8Array(16).fill(filler, 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Number(time & 0xffffffffn));
  view.setUint16(4, Number((time >> 32n) & 0xffffn));
  view.setUint16(6, Number(time >> 48n) | 0x1000);
  return bytes;
}

/** The smallest timeuuid of a millisecond, in the order of timeuuid (bytes 8 to 15 are signed there). */
export function minTimeuuid(millis: bigint): Uint8Array {
  return boundaryTimeuuid((millis - uuidEpochMillis) * stepsPerMilli, 0x80);
}

/** The largest timeuuid of a millisecond. */
export function maxTimeuuid(millis: bigint): Uint8Array {
  return boundaryTimeuuid((millis + 1n - uuidEpochMillis) * stepsPerMilli - 1n, 0x7f);
}

export type TimeKind = 'timestamp' | 'timeuuid' | 'date';

/** Milliseconds of a value, or null for null and for an empty value. */
export function millisOf(kind: TimeKind, bytes: Uint8Array | null | undefined): bigint | null {
  if (bytes === null || bytes === undefined || bytes.length === 0) return null;
  if (kind === 'timestamp') return decodeLong(bytes);
  return kind === 'date' ? dateToMillis(decodeInt(bytes)) : timeuuidToMillis(bytes);
}

export function fromMillis(kind: 'timestamp' | 'date', millis: bigint): Uint8Array {
  return kind === 'timestamp' ? encodeLong(millis) : dateFromMillis(millis);
}
