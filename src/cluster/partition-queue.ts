// Operations that read a partition before they write it: one at a time for each partition, in the order of their coming.
import { FerrosaError } from '../common/errors.js';
import { partitionWaitersMax } from '../common/limits.js';
import { type Waiter, Waiters } from './waiters.js';

const tooMany = 'Too many conditional updates wait for each other';

/** What waits for an operation that runs. */
export class PartitionQueue {
  /** Partitions that an operation runs on, each with those that wait for their turn. */
  readonly #running = new Map<string, Waiter[]>();
  readonly #waiters = new Waiters();

  /** Operations that run or wait. */
  get size(): number {
    return this.#running.size + this.#waiters.count;
  }

  /**
   * Runs `operation` when every earlier one of the partition has ended.
   * @param waitMs  milliseconds that it may wait
   * @param timedOut  the error when it has waited so long; `ahead`: how many were before it when it came
   * @throws FerrosaError OVERLOADED when too many wait; `timedOut`'s; what the operation throws
   */
  async run<T>(
    partition: string,
    waitMs: number,
    timedOut: (ahead: number) => FerrosaError,
    operation: () => Promise<T>,
  ): Promise<T> {
    const waiters = this.#running.get(partition);
    if (waiters === undefined) this.#running.set(partition, []);
    else await this.#turn(waiters, waitMs, timedOut);
    try {
      return await operation();
    } finally {
      this.#next(partition);
    }
  }

  #turn(waiters: Waiter[], waitMs: number, timedOut: (ahead: number) => FerrosaError): Promise<void> {
    if (waiters.length >= partitionWaitersMax) throw new FerrosaError('OVERLOADED', tooMany);
    const ahead = waiters.length + 1;
    return this.#waiters.wait(waiters, waitMs, () => timedOut(ahead), tooMany);
  }

  #next(partition: string): void {
    const next = this.#running.get(partition)!.shift();
    if (next === undefined) this.#running.delete(partition);
    else next.start();
  }
}

/** Names a partition of a table. */
export function partitionName(tableId: Uint8Array, key: Uint8Array): string {
  return `${Buffer.from(tableId.buffer, tableId.byteOffset, tableId.length).toString('latin1')}${Buffer.from(
    key.buffer,
    key.byteOffset,
    key.length,
  ).toString('latin1')}`;
}
