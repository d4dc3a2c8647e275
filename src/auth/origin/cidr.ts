// Ranges of addresses as 10.0.0.0/8, and which of them an address is in. Source: Cassandra's CIDR and CIDRGroupsMappingIntervalTree.
import { invalid } from '../../common/errors.js';
import { parseInet } from '../../types/index.js';

export type Cidr = {
  /** Four or sixteen bytes; those behind the prefix are zero. */
  readonly address: Uint8Array;
  readonly prefixBits: number;
};

/** @throws FerrosaError INVALID for what is none */
export function parseCidr(text: string): Cidr {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text.trim());
  const address = match === null ? null : parseInet(match[1]!);
  const prefixBits = Number(match?.[2]);
  if (address === null || prefixBits > address.length * 8) throw invalid(`${text} is not a valid CIDR String`);
  return { address: maskedTo(address, prefixBits), prefixBits };
}

/** Its first address: the bits behind the prefix are zero. */
function maskedTo(address: Uint8Array, prefixBits: number): Uint8Array {
  return address.map((byte, i) => {
    const bits = Math.max(0, Math.min(8, prefixBits - i * 8));
    return byte & (0xff << (8 - bits)) & 0xff;
  });
}

const keyOf = (address: Uint8Array, prefixBits: number): string =>
  `${prefixBits}/${Buffer.from(maskedTo(address, prefixBits)).toString('hex')}`;

/** Groups of ranges: an address belongs to those groups that have the longest range around it. */
export class CidrIndex {
  /** Groups by family, prefix and first address. */
  readonly #groups = new Map<string, Set<string>>();
  /** The prefixes that there are, the longest first, by the length of an address. */
  readonly #prefixes = new Map<number, number[]>();

  constructor(groups: ReadonlyMap<string, readonly Cidr[]>) {
    const prefixes = new Map<number, Set<number>>();
    for (const [group, cidrs] of groups)
      for (const { address, prefixBits } of cidrs) {
        const key = keyOf(address, prefixBits);
        const family = `${address.length}:${key}`;
        this.#groups.set(family, (this.#groups.get(family) ?? new Set()).add(group));
        prefixes.set(address.length, (prefixes.get(address.length) ?? new Set()).add(prefixBits));
      }
    for (const [length, some] of prefixes)
      this.#prefixes.set(
        length,
        [...some].sort((a, b) => b - a),
      );
  }

  /** Names of the groups, sorted; none for an address that is in no range. */
  lookup(address: Uint8Array): readonly string[] {
    for (const prefixBits of this.#prefixes.get(address.length) ?? []) {
      const found = this.#groups.get(`${address.length}:${keyOf(address, prefixBits)}`);
      if (found !== undefined) return [...found].sort();
    }
    return [];
  }
}
