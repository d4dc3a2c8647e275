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
};

export class Fingerprints {
  /** The least lately used first. */
  readonly #byStatement = new Map<string, Fingerprint>();
  /** Shapes of texts that are run again and again. */
  readonly #shapes = new Map<string, string>();

  /** @param countMax  shapes that are kept; 0 for none */
  constructor(private readonly countMax: number) {}

  get isOn(): boolean {
    return this.countMax > 0;
  }

  note(text: string, micros: number, rows: number, failed: boolean, nowMs: number): void {
    if (!this.isOn) return;
    const known = this.#of(text);
    known.calls++;
    if (failed) known.errors++;
    known.rows += rows;
    known.lastSeenMs = nowMs;
    known.latency.add(micros);
  }

  /** Calls that the addon has run by itself. */
  merge(text: string, latency: HistogramData, rows: number, nowMs: number): void {
    if (!this.isOn) return;
    const known = this.#of(text);
    known.calls += latency.count;
    known.rows += rows;
    known.lastSeenMs = nowMs;
    known.latency.merge(latency);
  }

  all(): readonly Fingerprint[] {
    return [...this.#byStatement.values()];
  }

  #of(text: string): Fingerprint {
    const statement = this.#shapeOf(text);
    let known = this.#byStatement.get(statement);
    if (known !== undefined) this.#byStatement.delete(statement);
    else {
      const hash = createHash('md5').update(statement).digest('hex');
      known = { statement, hash, calls: 0, errors: 0, rows: 0, lastSeenMs: 0, latency: new Histogram() };
      evictTo(this.#byStatement, this.countMax - 1);
    }
    this.#byStatement.set(statement, known);
    return known;
  }

  #shapeOf(text: string): string {
    const known = this.#shapes.get(text);
    if (known !== undefined) return known;
    const shape = fingerprintOf(text);
    evictTo(this.#shapes, this.countMax - 1);
    this.#shapes.set(text, shape);
    return shape;
  }
}

/** Removes from the front until at most `count` are left. */
function evictTo(map: Map<string, unknown>, count: number): void {
  for (const key of map.keys()) {
    if (map.size <= count) return;
    map.delete(key);
  }
}
