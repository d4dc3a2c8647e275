// What both threads of ring.test.ts know: the payload of record `i`.
const pattern = Buffer.alloc(1 << 20);
for (let i = 0; i < pattern.length; i++) pattern[i] = (i * 31 + (i >> 8)) & 0xff;

/** A number below `below` that follows from seed and i (32-bit mix, as in MurmurHash3's finalizer). */
export function pick(seed: number, i: number, below: number): number {
  let h = Math.imul(seed ^ i, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % below;
}

/** Mostly small, sometimes empty, now and then longer than a fragment or the whole ring. */
export function payloadOf(seed: number, i: number, ringBytes: number): Uint8Array {
  const size =
    i % 5000 === 4999
      ? ringBytes + pick(seed, i, ringBytes)
      : i % 100 === 99
        ? pick(seed, i, 20_000)
        : pick(seed, i, 200);
  const from = pick(seed + 1, i, 1000);
  return pattern.subarray(from, from + size);
}
