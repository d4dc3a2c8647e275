// What must not run beside the writes of a table: TRUNCATE of the table with its views, and the look at what a new view has to be built from.
import type { FerrosaError } from '../common/errors.js';
import { type Waiter, Waiters } from './waiters.js';
import { within } from './within.js';

/** Operations that came between two calls of `passed`. */
type Group = { count: number; readonly onEmpty: (() => void)[] };
type Gate = {
  /** The last one takes those that come. */
  groups: Group[];
  /** Those that wait for the gate to open; null while it is open. */
  waiting: Waiter[] | null;
};

export class TableGate {
  readonly #gates = new Map<string, Gate>();
  readonly #waiters = new Waiters();

  /** Tables that something runs on or waits for. */
  get size(): number {
    return this.#gates.size;
  }

  /**
   * Runs `operation` as soon as the table's gate is open.
   * @param waitMs  milliseconds that it may wait
   * @throws FerrosaError OVERLOADED when too many wait; `timedOut`'s; what the operation throws
   */
  async run<T>(table: string, waitMs: number, timedOut: () => FerrosaError, operation: () => Promise<T>): Promise<T> {
    let gate = this.#gate(table);
    // It may be closed again before a waiter has its turn.
    for (; gate.waiting !== null; gate = this.#gate(table))
      await this.#waiters.wait(gate.waiting, waitMs, timedOut, 'Too many writes wait for a TRUNCATE');
    const group = gate.groups.at(-1)!;
    group.count++;
    try {
      return await operation();
    } finally {
      if (--group.count === 0) this.#empty(table, gate, group);
    }
  }

  /** Resolves when all operations that run now have ended; those that come later go on beside it. */
  async passed(table: string): Promise<void> {
    const gate = this.#gates.get(table);
    if (gate === undefined) return;
    const running = gate.groups.filter(({ count }) => count > 0);
    if (running.length === 0) return;
    gate.groups = [...running, { count: 0, onEmpty: [] }];
    await Promise.all(running.map(({ onEmpty }) => new Promise<void>((resolve) => onEmpty.push(resolve))));
  }

  /**
   * Closes the gate, waits for the operations that run, and runs `work` with the table for itself.
   * REQUIRES: the gate of the table is open.
   * @param waitMs  milliseconds that it may wait
   * @throws FerrosaError `timedOut`'s when the operations do not end; what the work throws
   */
  async close<T>(table: string, waitMs: number, timedOut: () => FerrosaError, work: () => Promise<T>): Promise<T> {
    const gate = this.#gate(table);
    const waiting: Waiter[] = [];
    gate.waiting = waiting;
    try {
      await within(this.passed(table), waitMs, timedOut);
      return await work();
    } finally {
      gate.waiting = null;
      for (const { start } of waiting) start();
      this.#forget(table, gate);
    }
  }

  #gate(table: string): Gate {
    let gate = this.#gates.get(table);
    if (gate === undefined) {
      gate = { groups: [{ count: 0, onEmpty: [] }], waiting: null };
      this.#gates.set(table, gate);
    }
    return gate;
  }

  #empty(table: string, gate: Gate, group: Group): void {
    if (group !== gate.groups.at(-1)) gate.groups.splice(gate.groups.indexOf(group), 1);
    for (const resolve of group.onEmpty.splice(0)) resolve();
    this.#forget(table, gate);
  }

  #forget(table: string, gate: Gate): void {
    const idle = gate.waiting === null && gate.groups.every(({ count }) => count === 0);
    if (idle && this.#gates.get(table) === gate) this.#gates.delete(table);
  }
}
