// The groups of address ranges in system_auth.cidr_groups, and what is known of them here. Source: Cassandra's CIDRGroupsMappingManager and
// CIDRGroupsMappingCache.
import { BufferReader, utf8Bytes, utf8Text } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import { Consistency, internalQuery, type QueryProcessor } from '../../query/index.js';
import { formatInet, parseInet, unpackSet } from '../../types/index.js';
import { type Cidr, CidrIndex, parseCidr } from './cidr.js';
import type { CidrMetrics } from './cidr-metrics.js';

export class CidrGroups {
  readonly #processor: QueryProcessor;
  readonly #metrics: CidrMetrics;
  readonly #addressesMax: number;
  #index = new CidrIndex(new Map());
  /** Groups of the addresses that were looked up last. */
  readonly #known = new Map<string, readonly string[]>();

  /** @param addressesMax  ip_cache_max_size */
  constructor(processor: QueryProcessor, metrics: CidrMetrics, addressesMax: number) {
    this.#processor = processor;
    this.#metrics = metrics;
    this.#addressesMax = addressesMax;
  }

  /** Reads the table; lookups go by it from here on. */
  async load(): Promise<void> {
    const start = this.#metrics.now();
    this.#index = new CidrIndex(await this.all());
    this.#known.clear();
    this.#metrics.reloads++;
    this.#metrics.reloadLatency.add(this.#metrics.now() - start);
  }

  /** @throws FerrosaError INVALID for what is no address */
  groupsOf(address: string): readonly string[] {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const bytes = parseInet(address);
    if (bytes === null) throw invalid(`Invalid IP ${address}`);
    const start = this.#metrics.now();
    const groups = this.#index.lookup(bytes);
    this.#metrics.lookupLatency.add(this.#metrics.now() - start);
    if (this.#addressesMax > 0) {
      if (this.#known.size >= this.#addressesMax) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(address, groups);
    }
    return groups;
  }

  /** As the table has them now. */
  async all(): Promise<Map<string, readonly Cidr[]>> {
    const rows = await this.#run('SELECT cidr_group, cidrs FROM system_auth.cidr_groups');
    return new Map(
      rows.map((row) => {
        const cell = row.get('cidrs') ?? null;
        return [utf8Text(row.get('cidr_group')!), cell === null ? [] : unpackSet(cell).map(cidrOf)] as const;
      }),
    );
  }

  /** @throws FerrosaError INVALID for a range that is none */
  async update(group: string, cidrs: readonly string[]): Promise<void> {
    const literals = cidrs.map((text) => {
      const { address, prefixBits } = parseCidr(text);
      return `('${formatInet(address)}', ${prefixBits})`;
    });
    const text = `UPDATE system_auth.cidr_groups SET cidrs = {${literals.join(', ')}} WHERE cidr_group = ?`;
    await this.#run(text, [group]);
  }

  /** @throws FerrosaError INVALID when there is none */
  async drop(group: string): Promise<void> {
    if (!(await this.all()).has(group)) throw invalid(`CIDR group '${group}' doesn't exists`);
    await this.#run('DELETE FROM system_auth.cidr_groups WHERE cidr_group = ?', [group]);
  }

  #run(text: string, binds: readonly string[] = []) {
    return internalQuery(this.#processor, text, binds.map(utf8Bytes), Consistency.LOCAL_ONE);
  }
}

export const cidrText = ({ address, prefixBits }: Cidr): string => `${formatInet(address)}/${prefixBits}`;

function cidrOf(tuple: Uint8Array): Cidr {
  const reader = new BufferReader(tuple);
  const address = reader.value() ?? new Uint8Array(4);
  const prefix = reader.value();
  return { address, prefixBits: prefix === null ? 0 : new DataView(prefix.buffer, prefix.byteOffset, 2).getInt16(0) };
}
