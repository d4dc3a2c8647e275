// What the two languages have in common: a function that is ready to be called, on serialized values.
import type { Cell } from '../cells.js';

/** Called around every call, for the limits of time. */
export interface CallWatch {
  begin(): void;
  end(): void;
}

export interface Sandbox {
  /** @throws UdfFailure */
  call(args: readonly Cell[]): Cell;
  /** Calls with the state before the other arguments, again and again. @throws UdfFailure */
  fold(state: Cell, rows: () => readonly Cell[] | null): Cell;
  /** Ends it with everything that it holds. */
  dispose(): void;
}
