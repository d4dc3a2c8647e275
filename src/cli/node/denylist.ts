// Keeps the denylist as system_distributed.partition_denylist has it: read at the start, every denylist_refresh, and when it is asked for.
// Source: Cassandra's PartitionDenylist.
import { FerrosaError } from '../../common/errors.js';
import {
  Consistency,
  type Denied,
  type Denylist,
  denyOf,
  type GuardrailConfig,
  int32,
  internalQuery,
  type Processor,
} from '../../query/index.js';
import type { Config } from '../settings.js';

type DenylistLog = { info(message: string): void; error(message: string): void };

const listTable = 'system_distributed.partition_denylist';
const text = (value: string): Uint8Array => Buffer.from(value);
const textOf = (row: ReadonlyMap<string, Uint8Array | null>, name: string): string =>
  Buffer.from(row.get(name) ?? []).toString();

export class DenylistKeeper {
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  readonly #consistency: number;

  constructor(
    private readonly config: Config,
    private readonly guardrails: GuardrailConfig,
    private readonly processor: Processor,
    private readonly denylist: Denylist,
    private readonly log: DenylistLog,
  ) {
    this.#consistency = Consistency[config.denylist_consistency_level];
    let wasOn = this.#isOn;
    guardrails.onChange(() => {
      if (this.#isOn && !wasOn) void this.start();
      wasOn = this.#isOn;
    });
  }

  get #isOn(): boolean {
    return this.guardrails.flag('partition_denylist_enabled');
  }

  /** Reads it, and from then on again and again; what cannot be read now is tried later. */
  async start(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#isOn || this.#stopped) return;
    const { denylist_refresh, denylist_initial_load_retry } = this.config;
    let waitMs = denylist_refresh;
    try {
      await this.load();
    } catch (error) {
      if (!(error instanceof FerrosaError)) throw error;
      waitMs = denylist_initial_load_retry;
      const reason = error.code === 'UNAVAILABLE' ? 'Insufficient nodes' : 'Exception';
      this.log.info(
        `${reason} while loading partition denylist cache. Scheduled retry in ${waitMs / 1000} seconds. (${error.message})`,
      );
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.start(), waitMs).unref();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** @throws FerrosaError when the list cannot be read; then the one that was stays */
  async load(): Promise<void> {
    const { catalogue } = this.processor.services;
    const tables = new Map<string, Denied>();
    const total = this.guardrails.count('denylist_max_keys_total');
    let read = 0;
    for (const row of await this.#query(`SELECT DISTINCT ks_name, table_name FROM ${listTable}`)) {
      const [keyspace, name] = [textOf(row, 'ks_name'), textOf(row, 'table_name')];
      const table = catalogue.findTable(keyspace, name);
      if (table === null || table === undefined) continue;
      if (read >= total) {
        this.log.error(
          `Hit limit on allowable denylisted keys in total. Processed ${read} total entries. Not adding entries to denylist for ${keyspace}.${name}`,
        );
        continue;
      }
      const keys = await this.#keysOf(keyspace, name, total - read);
      read += keys.length;
      tables.set(table.id, denyOf(keys));
    }
    this.denylist.replace(tables);
  }

  async #keysOf(keyspace: string, table: string, left: number): Promise<Uint8Array[]> {
    const perTable = this.guardrails.count('denylist_max_keys_per_table');
    const limit = Math.min(perTable, left);
    const select = `SELECT key FROM ${listTable} WHERE ks_name = ? AND table_name = ? LIMIT ?`;
    // One more than may be, to know whether there are more.
    const rows = await this.#query(select, [text(keyspace), text(table), int32(Math.min(limit + 1, 2 ** 31 - 1))]);
    if (rows.length > limit) {
      const [kind, most] =
        limit === perTable ? ['per-table', limit] : ['global', this.guardrails.count('denylist_max_keys_total')];
      this.log.error(
        `Partition denylist for ${keyspace}.${table} has exceeded the ${kind} allowance of (${most}). Remaining keys were ignored; please ` +
          'reduce the total number of keys denied or increase the size of denylist key cache to avoid inconsistency in denied partitions ' +
          'across nodes.',
      );
    }
    return rows.slice(0, limit).map((row) => Uint8Array.from(row.get('key') ?? []));
  }

  #query(statement: string, values: readonly Uint8Array[] = []) {
    return internalQuery(this.processor, statement, values, this.#consistency);
  }
}
