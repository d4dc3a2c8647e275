// Calls over a message port, either way: numbered requests, one answer each, errors as code and message.
import { type ErrorCode, errorTable, FerrosaError } from '../common/errors.js';

export type RpcMessage<Call> =
  | { readonly kind: 'call'; readonly requestId: number; readonly call: Call }
  | { readonly kind: 'done'; readonly requestId: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly requestId: number; readonly code: ErrorCode; readonly message: string };

type Pending = { resolve(value: unknown): void; reject(error: FerrosaError): void };

/** What a thrown thing is to the other thread. */
function asFailure(error: unknown): { code: ErrorCode; message: string } {
  const { code, message } = error as { code?: string; message?: string };
  const known = code !== undefined && Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'SERVER_ERROR';
  return { code: known, message: message ?? String(error) };
}

/** One end of a port. `Out` are the calls made here, `In` those answered here. */
export class Rpc<Out, In> {
  readonly #post: (message: unknown) => void;
  readonly #answer: (call: In) => unknown;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #ended: FerrosaError | null = null;

  constructor(post: (message: unknown) => void, answer: (call: In) => unknown) {
    this.#post = post;
    this.#answer = answer;
  }

  /** @throws FerrosaError with the code of the other side */
  call<T>(call: Out): Promise<T> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const requestId = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(requestId, { resolve: resolve as (value: unknown) => void, reject });
      this.#post({ kind: 'call', requestId, call });
    });
  }

  /** True when the message was one of these. */
  onMessage(message: { readonly kind: string }): boolean {
    const known = message as RpcMessage<In>;
    switch (known.kind) {
      case 'call':
        void this.#run(known.requestId, known.call);
        return true;
      case 'done':
        this.#take(known.requestId)?.resolve(known.value);
        return true;
      case 'failed':
        this.#take(known.requestId)?.reject(new FerrosaError(known.code, known.message));
        return true;
      default:
        return false;
    }
  }

  /** The other side has ended: rejects what waits and all that comes. */
  end(message: string): void {
    this.#ended = new FerrosaError('SERVER_ERROR', message);
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }

  #take(requestId: number): Pending | undefined {
    const pending = this.#pending.get(requestId);
    this.#pending.delete(requestId);
    return pending;
  }

  async #run(requestId: number, call: In): Promise<void> {
    try {
      this.#post({ kind: 'done', requestId, value: await this.#answer(call) });
    } catch (error) {
      this.#post({ kind: 'failed', requestId, ...asFailure(error) });
    }
  }
}
