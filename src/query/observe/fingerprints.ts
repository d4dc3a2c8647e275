// What statements of each shape have cost: system_observability.query_fingerprints. Bounded: the shape that was used least lately goes.
import { createHash } from 'node:crypto';
import { Histogram, type HistogramData } from '../../common/histogram.js';
import { fingerprintOf } from '../../cql/index.js';

export type Fingerprint = {
  readonly statement: string;
  /** Hex. */
  readonly hash: string;
  calls: number;
  errors: number;
  rows: number;
  /** Milliseconds since the epoch. */
  lastSeenMs: number;
  /** Microseconds. */
  readonly latency: Histogram;
  isKept: boolean;
};

/** Ways to a fingerprint that are remembered for each that is kept: prepared texts, and lists of different lengths. */
const waysEach = 4;

export class Fingerprints {
  readonly #byStatement = new Map<string, Fingerprint>();
  /** By what a request brings: the number of its shape, or its whole text when it was prepared. */
  readonly #ways = new Map<number | string, Fingerprint>();

  /** @param countMax  shapes that are kept; 0 for none */
  constructor(private readonly countMax: number) {}

  get isOn(): boolean {
    return this.countMax > 0;
  }

  /** @param shape  of the text, null when only the text tells */
  note(text: string, shape: number | null, micros: number, rows: number, failed: boolean, nowMs: number): void {
    if (!this.isOn) return;
    const known = this.#of(text, shape);
    known.calls++;
    if (failed) known.errors++;
    known.rows += rows;
    known.lastSeenMs = nowMs;
    known.latency.add(micros);
  }

  /** Calls that the addon has run by itself. */
  merge(text: string, latency: HistogramData, rows: number, nowMs: number): void {
    if (!this.isOn) return;
    const known = this.#of(text, null);
    known.calls += latency.count;
    known.rows += rows;
    known.lastSeenMs = nowMs;
    known.latency.merge(latency);
  }

  all(): readonly Fingerprint[] {
    return [...this.#byStatement.values()];
  }

  #of(text: string, shape: number | null): Fingerprint {
    const way = shape ?? text;
    let known = this.#ways.get(way);
    if (known?.isKept) return known;
    const statement = fingerprintOf(text);
    known = this.#byStatement.get(statement);
    if (known === undefined) {
      if (this.#byStatement.size >= this.countMax) this.#evict();
      const hash = createHash('md5').update(statement).digest('hex');
      known = { statement, hash, calls: 0, errors: 0, rows: 0, lastSeenMs: 0, latency: new Histogram(), isKept: true };
      this.#byStatement.set(statement, known);
    }
    if (this.#ways.size >= this.countMax * waysEach) this.#ways.clear();
    this.#ways.set(way, known);
    return known;
  }

  /** The one that was seen least lately goes. */
  #evict(): void {
    let oldest: Fingerprint | null = null;
    for (const one of this.#byStatement.values())
      if (oldest === null || one.lastSeenMs < oldest.lastSeenMs) oldest = one;
    if (oldest === null) return;
    oldest.isKept = false;
    this.#byStatement.delete(oldest.statement);
  }
}
