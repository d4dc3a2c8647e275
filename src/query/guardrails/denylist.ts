// Partitions that nobody may read or write: those of system_distributed.partition_denylist, as they were when it was last read. Source:
// Cassandra's PartitionDenylist and StorageProxy.
import { toHex } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import type { TableDefinition } from '../../schema/index.js';
import type { TokenRange } from '../../storage/index.js';
import type { GuardrailConfig } from './config.js';

/** Without these a node would be of no use: what the list says of them is nothing. */
const spared = new Set([
  'system_distributed',
  'system',
  'system_traces',
  'system_virtual_schema',
  'system_views',
  'system_auth',
]);

export type Denied = { readonly keys: ReadonlySet<string>; readonly tokens: readonly bigint[] };

export const denyOf = (keys: readonly Uint8Array[]): Denied => ({
  keys: new Set(keys.map(toHex)),
  tokens: [...new Set(keys.map(murmurToken))],
});

/** Of a table's partition key, as Cassandra prints it. */
const keyText = (key: Uint8Array): string => `[0xDecoratedKey(${murmurToken(key)}, ${toHex(key)})]`;

export class Denylist {
  /** By the id of the table. */
  #tables: ReadonlyMap<string, Denied> = new Map();

  constructor(private readonly config: GuardrailConfig) {}

  replace(tables: ReadonlyMap<string, Denied>): void {
    this.#tables = tables;
  }

  /** @throws FerrosaError INVALID */
  checkWrite(table: TableDefinition, key: Uint8Array): void {
    if (this.#denies(table, key, 'denylist_writes_enabled'))
      throw invalid(`Unable to write to denylisted partition ${keyText(key)} in ${table.keyspace}/${table.name}`);
  }

  /** Of a conditional update. @throws FerrosaError INVALID */
  checkCas(table: TableDefinition, key: Uint8Array): void {
    if (this.#denies(table, key, 'denylist_writes_enabled'))
      throw invalid(`Unable to CAS write to denylisted partition ${keyText(key)} in ${table.keyspace}/${table.name}`);
  }

  /** @throws FerrosaError INVALID */
  checkRead(table: TableDefinition, keys: readonly Uint8Array[]): void {
    for (const key of keys)
      if (this.#denies(table, key, 'denylist_reads_enabled'))
        throw invalid(`Unable to read denylisted partition ${keyText(key)} in ${table.keyspace}/${table.name}`);
  }

  /** @param text  says which range it is. @throws FerrosaError INVALID */
  checkRange(table: TableDefinition, range: TokenRange, text: () => string): void {
    const denied =
      this.#of(table, 'denylist_range_reads_enabled')?.tokens.filter((token) => isWithin(token, range)) ?? [];
    if (denied.length > 0)
      throw invalid(
        `Attempted to read a range containing ${denied.length} denylisted keys in ${table.keyspace}/${table.name}. Range read: ${text()}`,
      );
  }

  #denies(table: TableDefinition, key: Uint8Array, flag: Parameters<Denylist['isOn']>[0]): boolean {
    return this.#of(table, flag)?.keys.has(toHex(key)) === true;
  }

  #of(table: TableDefinition, flag: Parameters<Denylist['isOn']>[0]): Denied | undefined {
    return this.isOn(flag) && !spared.has(table.keyspace) ? this.#tables.get(table.id) : undefined;
  }

  isOn(flag: 'denylist_writes_enabled' | 'denylist_reads_enabled' | 'denylist_range_reads_enabled'): boolean {
    return this.config.flag('partition_denylist_enabled') && this.config.flag(flag);
  }
}

const isWithin = (token: bigint, { start, startInclusive, end, endInclusive }: TokenRange): boolean =>
  (startInclusive ? token >= start : token > start) && (endInclusive ? token <= end : token < end);
