// The requests that a thread has put to shards and waits for: bounded, with deadlines, rejected together when a shard ends.
import assert from 'node:assert';
import { FerrosaError } from '../common/errors.js';

/** What waits for an answer. `resolve` gets the payload of the answer. */
export type OpenRequest = {
  readonly shard: number;
  /** Monotonic microseconds; 0: waits for ever. */
  readonly deadline: number;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: FerrosaError) => void;
  /** The error of a passed deadline. */
  readonly timedOut: () => FerrosaError;
};

/** A request's number: its slot, and in the upper part how often the slot was used before. */
const slotsMax = 2 ** 20;
const usesMax = 2 ** 30;

type Slot = { request: OpenRequest | null; uses: number };

export class OpenRequests {
  readonly #slots: Slot[] = [];
  readonly #free: number[] = [];
  #size = 0;

  /** @param max  most requests open at a time, over all shards; below 2^20 */
  constructor(readonly max: number) {
    assert(max > 0 && max < slotsMax);
  }

  get size(): number {
    return this.#size;
  }

  /** @throws FerrosaError OVERLOADED when `max` requests are open: the request was not sent. */
  add(request: OpenRequest): number {
    if (this.#size >= this.max) {
      throw new FerrosaError('OVERLOADED', `Too many requests in flight to shards (${this.max})`);
    }
    this.#size++;
    const index = this.#free.pop() ?? this.#slots.push({ request: null, uses: 0 }) - 1;
    const slot = this.#slots[index]!;
    slot.request = request;
    slot.uses = (slot.uses + 1) % usesMax;
    return slot.uses * slotsMax + index;
  }

  /** Takes the request out; undefined when its deadline had passed. */
  take(id: number): OpenRequest | undefined {
    const index = id % slotsMax;
    const slot = this.#slots[index];
    if (slot === undefined || slot.request === null || slot.uses !== Math.floor(id / slotsMax)) return undefined;
    const { request } = slot;
    this.#release(slot, index);
    return request;
  }

  /** Rejects what is past its deadline; the number of those. */
  expire(nowMicros: number): number {
    const isLate = ({ deadline }: OpenRequest) => deadline !== 0 && deadline <= nowMicros;
    return this.#reject(isLate, (request) => request.timedOut());
  }

  /** Rejects everything that waits for `shard` (for any shard when null). */
  rejectAll(shard: number | null, error: FerrosaError): void {
    this.#reject(
      (request) => shard === null || request.shard === shard,
      () => error,
    );
  }

  #reject(isMeant: (request: OpenRequest) => boolean, error: (request: OpenRequest) => FerrosaError): number {
    let rejected = 0;
    for (const [index, slot] of this.#slots.entries()) {
      const { request } = slot;
      if (request === null || !isMeant(request)) continue;
      this.#release(slot, index);
      request.reject(error(request));
      rejected++;
    }
    return rejected;
  }

  #release(slot: Slot, index: number): void {
    slot.request = null;
    this.#free.push(index);
    this.#size--;
  }
}
