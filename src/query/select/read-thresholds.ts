// Warnings of large reads, and their end (read_thresholds_enabled): results by the bytes of their values, reads of one partition or of a
// token range by the bytes that they take from storage (Cassandra counts the heap that their rows take there), and tombstones.
import type { FerrosaError } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import { keyComponents } from '../../schema/index.js';
import { RowStream } from '../../storage/index.js';
import type { Coordinator, ReadOptions, RoutedRead } from '../coordinator.js';
import type { GuardrailConfig } from '../guardrails/config.js';
import { MeasuringCoordinator } from '../observe/measuring-coordinator.js';
import { partitionKeysAsGiven } from '../restrictions/bounds.js';
import type { BindContext } from '../terms/term.js';
import { commandText, rangeText, tokensText } from './command-text.js';
import type { ReadNode } from './read-failure.js';
import { readFailure } from './read-failure.js';
import type { SelectPlan } from './select-plan.js';

export type ReadThresholdLimits = {
  readonly config: GuardrailConfig;
  readonly tombstoneWarn: number;
  readonly tombstoneFail: number;
  readonly consistency: number;
  readonly pageSize: number;
  readonly node: ReadNode | null;
};

/** What one read of a partition, or of a range, has come to. */
type Command = { readonly token: bigint | null; bytes: number; tombstones: number };

/** Watches one SELECT. */
export class ReadThresholds {
  readonly #commands = new Map<bigint | null, Command>();

  constructor(
    private readonly plan: SelectPlan,
    private readonly bind: BindContext,
    private readonly limits: ReadThresholdLimits,
  ) {}

  /** The one that this hears of. */
  watched(inner: Coordinator): Coordinator {
    return new WatchedCoordinator(inner, (read, bytes) => this.#note(read, bytes));
  }

  /** @throws FerrosaError READ_FAILURE beyond a failure threshold */
  #note({ tokens }: RoutedRead, bytes: Uint8Array): void {
    // Entries of indexes are asked for by tokens of their own: they belong to the one read that they are for.
    const token = this.plan.restrictions.isKeyRange ? null : (tokens?.[0] ?? null);
    let command = this.#commands.get(token);
    if (command === undefined) {
      command = { token, bytes: 0, tombstones: 0 };
      this.#commands.set(token, command);
    }
    const { tombstoneFail, config } = this.limits;
    command.bytes += bytes.length;
    command.tombstones += new RowStream(bytes).tombstones;
    if (command.tombstones > tombstoneFail)
      throw this.#failed(
        `1 nodes scanned over ${tombstoneFail + 1} tombstones and aborted the query ${this.#text(command)} (see tombstone_failure_threshold)`,
        'READ_TOO_MANY_TOMBSTONES',
      );
    const fail = config.readSize('local_read_size', 'fail');
    if (fail >= 0 && command.bytes >= fail && !isSystem(this.plan.table.keyspace))
      throw this.#failed(
        `1 nodes loaded over ${command.bytes} bytes and aborted the query ${this.#text(command)} (see local_read_size_fail_threshold)`,
        'READ_SIZE',
      );
  }

  /**
   * Told of a result before it is sent. As in Cassandra its last row cannot end it.
   * @throws FerrosaError READ_FAILURE when it is too large
   */
  result(rows: readonly Uint8Array[], rowCount: number): string[] {
    const width = this.plan.resultColumns.length;
    const valueBytes = rows.reduce((sum, row) => sum + row.length, 0) - 4 * width * rowCount;
    const { config } = this.limits;
    const { table } = this.plan;
    const beyond = (end: 'warn' | 'fail', bytes: number): boolean => {
      const limit = config.readSize('coordinator_read_size', end);
      return limit >= 0 && bytes > limit;
    };
    const text = (end: 'warn' | 'fail', level: string): string =>
      `Read on table ${table.keyspace}.${table.name} has exceeded the size ${level} threshold of ` +
      `${config.readSize('coordinator_read_size', end).toLocaleString('en-US')} bytes with ${tokensText(this.plan, this.bind)}`;
    if (beyond('fail', valueBytes) && beyond('fail', valueBytes - lastRowBytes(rows, width)))
      throw this.#failed(text('fail', 'failure'), 'READ_SIZE');
    return [...(beyond('warn', valueBytes) ? [text('warn', 'warning')] : []), ...this.#warnings()];
  }

  #warnings(): string[] {
    const { config, tombstoneWarn } = this.limits;
    const warn = config.readSize('local_read_size', 'warn');
    const sizes = warn >= 0 && !isSystem(this.plan.table.keyspace);
    return [...this.#commands.values()].flatMap((command) => [
      ...(command.tombstones > tombstoneWarn
        ? [
            `1 nodes scanned up to ${command.tombstones} tombstones and issued tombstone warnings for query ` +
              `${this.#text(command)} (see tombstone_warn_threshold) with ${this.#place(command)}`,
          ]
        : []),
      ...(sizes && command.bytes >= warn
        ? [
            `1 nodes loaded over ${command.bytes} bytes and issued local read size warnings for query ` +
              `${this.#text(command)} (see local_read_size_warn_threshold) with ${this.#place(command)}`,
          ]
        : []),
    ]);
  }

  #place({ token }: Command): string {
    return token === null ? rangeText(this.plan, this.bind, true) : `token=${token}`;
  }

  #text({ token }: Command): string {
    const { plan, bind } = this;
    const keys = plan.restrictions.isKeyRange ? [] : partitionKeysAsGiven(plan.restrictions, bind);
    const key = keys.find((one) => murmurToken(one) === token) ?? keys[0] ?? null;
    const parts = key === null ? [] : keyComponents(plan.table, key);
    return commandText(plan, bind, key, parts, this.limits.pageSize);
  }

  #failed(what: string, reason: 'READ_SIZE' | 'READ_TOO_MANY_TOMBSTONES'): FerrosaError {
    return readFailure(what, reason, this.limits.consistency, this.limits.node);
  }
}

/** Bytes of the values of the last row. */
function lastRowBytes(rows: readonly Uint8Array[], width: number): number {
  const block = rows.at(-1);
  if (block === undefined || width === 0) return 0;
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  let bytes = 0;
  for (let at = 0, cell = 0; at < block.length; cell++) {
    const length = Math.max(0, view.getInt32(at));
    if (cell % width === 0) bytes = 0;
    bytes += length;
    at += 4 + length;
  }
  return bytes;
}

const isSystem = (keyspace: string): boolean => /^system(_|$)/.test(keyspace);

/** Tells of every answer. */
class WatchedCoordinator extends MeasuringCoordinator {
  constructor(
    inner: Coordinator,
    private readonly note: (read: RoutedRead, bytes: Uint8Array) => void,
  ) {
    super(inner, () => 0);
  }

  override async read(read: RoutedRead, options: ReadOptions): Promise<Uint8Array> {
    const bytes = await super.read(read, options);
    this.note(read, bytes);
    return bytes;
  }
}
