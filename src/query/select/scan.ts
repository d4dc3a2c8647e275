// Reads the rows of a SELECT from the coordinator, page after page: one partition after the other, or a token range.
import { protocolError } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import {
  type ClusteringSlice,
  decodePosition,
  encodePosition,
  type Fold,
  noLimit,
  type ReadColumn,
  ReadCommandBuilder,
  RowStream,
  type TokenRange,
} from '../../storage/index.js';
import type { Coordinator, ReadOptions } from '../coordinator.js';
import { keysInFlightMax, readBytesMax } from '../coordinator-limits.js';
import { sameBytes } from '../values.js';

/** What a statement reads. */
export type ScanTarget = {
  readonly tableId: Uint8Array;
  readonly nowSeconds: number;
  readonly columns: readonly ReadColumn[];
  readonly partitions: { readonly keys: readonly Uint8Array[] } | { readonly range: TokenRange };
  readonly slices: readonly ClusteringSlice[];
  readonly reversed: boolean;
  readonly distinct: boolean;
  readonly positions: boolean;
  readonly unrestricted: boolean;
  readonly perPartitionLimit: number;
  /** Aggregates that storage computes in place of the rows; empty: the rows are wanted. */
  readonly folds: readonly Fold[];
};

const builder = new ReadCommandBuilder();

/** Goes through the rows of a target. After `next`, `position` tells where the following call goes on. */
export class Scan {
  #position: Uint8Array | null;
  #keyIndex = 0;
  #done = false;
  /** Answers that were asked for ahead, by key index. */
  #ahead: Map<number, Promise<Uint8Array>> | null = null;

  /** @param position  where another scan of the same target stopped, null for the start */
  constructor(
    private readonly coordinator: Coordinator,
    private readonly options: ReadOptions,
    private readonly target: ScanTarget,
    position: Uint8Array | null,
  ) {
    this.#position = position;
    if (!('keys' in target.partitions)) return;
    const { keys } = target.partitions;
    if (position !== null) this.#resumeAt(keys, position);
    this.#done = this.#keyIndex >= keys.length;
  }

  #resumeAt(keys: readonly Uint8Array[], position: Uint8Array): void {
    const { key, clustering } = decodePosition(position);
    const index = keys.findIndex((other) => sameBytes(other, key));
    if (index < 0) throw protocolError('Invalid value for the paging state');
    this.#keyIndex = clustering === null ? index + 1 : index;
    if (clustering === null) this.#position = null;
  }

  /** Nothing follows. */
  get done(): boolean {
    return this.#done;
  }

  /** Where a later scan goes on; null when nothing follows. */
  get position(): Uint8Array | null {
    if (this.#done) return null;
    if (this.#position !== null || !('keys' in this.target.partitions)) return this.#position;
    // Between two keys: after the whole of the one before.
    const key = this.target.partitions.keys[this.#keyIndex - 1];
    if (key === undefined) return null;
    return encodePosition({ key, token: murmurToken(key), clustering: null, rowsInPartition: 0 });
  }

  /** Some of the following rows, at most `rowLimit`; perhaps none although more follow. */
  async next(rowLimit: number): Promise<RowStream> {
    return this.take(await this.ask(rowLimit));
  }

  /** `next` in two steps, for who waits by himself: the bytes are for `take`. */
  ask(rowLimit: number): Promise<Uint8Array> {
    this.options.check?.();
    const { partitions } = this.target;
    if (!('keys' in partitions)) return this.#read(partitions, null, rowLimit, this.#position);
    const { keys } = partitions;
    const index = this.#keyIndex;
    if (index + 1 < keys.length) this.#askAhead(keys, rowLimit);
    const ahead = this.#ahead?.get(index);
    if (ahead === undefined) return this.#readKey(keys, index, rowLimit, this.#position);
    this.#ahead!.delete(index);
    return ahead;
  }

  take(bytes: Uint8Array): RowStream {
    const { partitions } = this.target;
    const stream = new RowStream(bytes);
    this.#position = stream.position;
    if (!('keys' in partitions)) {
      this.#done = stream.position === null;
      return stream;
    }
    if (stream.position === null) this.#keyIndex++;
    this.#done = this.#keyIndex >= partitions.keys.length;
    return stream;
  }

  /** Several keys are read at once when the limit leaves room for all of them. */
  #askAhead(keys: readonly Uint8Array[], rowLimit: number): void {
    if (rowLimit !== noLimit || this.#position !== null) return;
    this.#ahead ??= new Map();
    const end = Math.min(keys.length, this.#keyIndex + keysInFlightMax);
    for (let i = this.#keyIndex; i < end; i++) {
      if (this.#ahead.has(i)) continue;
      const answer = this.#readKey(keys, i, rowLimit, null);
      // Whoever waits for it gets the error; until then it is nobody's.
      answer.catch(() => {});
      this.#ahead.set(i, answer);
    }
  }

  #readKey(keys: readonly Uint8Array[], index: number, rowLimit: number, position: Uint8Array | null) {
    const key = keys[index]!;
    return this.#read({ keys: [key] }, [murmurToken(key)], rowLimit, position);
  }

  #read(
    partitions: ScanTarget['partitions'],
    tokens: readonly bigint[] | null,
    rowLimit: number,
    startAfter: Uint8Array | null,
  ): Promise<Uint8Array> {
    const {
      tableId,
      nowSeconds,
      columns,
      slices,
      reversed,
      distinct,
      positions,
      unrestricted,
      perPartitionLimit,
      folds,
    } = this.target;
    const command = builder.encode({
      tableId,
      nowSeconds,
      columns,
      partitions,
      slices,
      reversed,
      distinct,
      positions,
      unrestricted,
      rowLimit,
      perPartitionLimit,
      folds,
      bytesLimit: readBytesMax,
      startAfter,
    });
    return this.coordinator.read({ command, tokens }, this.options);
  }
}
