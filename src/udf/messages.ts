// What main and the threads of user functions tell each other.
import type { UserFunction } from '../schema/index.js';

export type UdfWorkerData = {
  readonly memoryBytesMax: number;
  readonly failTimeoutMs: number;
  /** Which job runs and how many calls have begun: see Progress. */
  readonly progress: SharedArrayBuffer;
};

/** Slots of the shared progress: main sees with them which call does not end. */
export const Progress = { job: 0, calls: 1, slots: 2 } as const;

export type UdfRequest =
  /** Compiles the function; answered by `done` without bytes. */
  | { readonly kind: 'check'; readonly job: number; readonly fn: UserFunction }
  /** `input`: the arguments of `rows` calls in the protocol's cell encoding. Answer: one cell a call. */
  | {
      readonly kind: 'map';
      readonly job: number;
      readonly fn: UserFunction;
      readonly rows: number;
      readonly input: Uint8Array;
    }
  /** `input`: the state's cell, then the other arguments of `rows` calls. Answer: the cell of the last state. */
  | {
      readonly kind: 'fold';
      readonly job: number;
      readonly fn: UserFunction;
      readonly rows: number;
      readonly input: Uint8Array;
    };

export type UdfReply =
  /** `slowestMs`: of the longest call. */
  | { readonly kind: 'done'; readonly job: number; readonly output: Uint8Array; readonly slowestMs: number }
  | { readonly kind: 'failed'; readonly job: number; readonly reason: FailureReason; readonly message: string };

/** invalid: the body is not one of its language. */
export type FailureReason = 'invalid' | 'threw' | 'timeout';

/** A call that did not end well; crosses the threads as its fields. */
export class UdfFailure extends Error {
  constructor(
    readonly reason: FailureReason,
    message: string,
  ) {
    super(message);
  }
}
