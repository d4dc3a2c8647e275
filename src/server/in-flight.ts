// The statements of one connection that JavaScript runs, and whether another may begin: a client that reads no answers costs memory by
// their size, which is known when they are there.
import type { ServerLimits } from './limits.js';

/** Of the largest answer, the part that each smaller one takes away from what is expected. */
const forgets = 32;
/** Statements that begin before any answer is there, at the least. */
const unknownAnswers = 8;

export class RequestsInFlight {
  readonly #limits: ServerLimits;
  #count = 0;
  /** Of the next answer: about the largest of late. Null before the first. */
  #answerBytes: number | null = null;

  constructor(limits: ServerLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether the next one has to wait for an answer. One may always begin. */
  get isFull(): boolean {
    const { requestsPerConnectionMax, outputBytesMax } = this.#limits;
    if (this.#count >= requestsPerConnectionMax) return true;
    const answerBytes = this.#answerBytes ?? outputBytesMax / unknownAnswers;
    return this.#count > 0 && (this.#count + 1) * answerBytes > outputBytesMax;
  }

  begin(): void {
    this.#count++;
  }

  /** @param answerBytes  the whole envelope */
  end(answerBytes: number): void {
    this.#count--;
    const before = this.#answerBytes ?? 0;
    this.#answerBytes = Math.max(answerBytes, before - before / forgets);
  }
}
