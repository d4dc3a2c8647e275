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

export class OpenRequests {
  readonly #open = new Map<number, OpenRequest>();
  #next = 1;

  /** @param max  most requests open at a time, over all shards */
  constructor(readonly max: number) {
    assert(max > 0);
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws FerrosaError OVERLOADED when `max` requests are open: the request was not sent. */
  add(request: OpenRequest): number {
    if (this.#open.size >= this.max) {
      throw new FerrosaError('OVERLOADED', `Too many requests in flight to shards (${this.max})`);
    }
    const id = this.#next++;
    this.#open.set(id, request);
    return id;
  }

  /** Takes the request out; undefined when its deadline had passed. */
  take(id: number): OpenRequest | undefined {
    const request = this.#open.get(id);
    if (request !== undefined) this.#open.delete(id);
    return request;
  }

  /** Rejects what is past its deadline; the number of those. */
  expire(nowMicros: number): number {
    let expired = 0;
    for (const [id, request] of this.#open) {
      if (request.deadline === 0 || request.deadline > nowMicros) continue;
      this.#open.delete(id);
      expired++;
      request.reject(request.timedOut());
    }
    return expired;
  }

  /** Rejects everything that waits for `shard` (for any shard when null). */
  rejectAll(shard: number | null, error: FerrosaError): void {
    for (const [id, request] of this.#open) {
      if (shard !== null && request.shard !== shard) continue;
      this.#open.delete(id);
      request.reject(error);
    }
  }
}
