// Counts of values in buckets that grow with the value, eight an octave: no value is told more than an eighth too high. The addon keeps
// the same buckets (native/core/histogram.h).

const subBits = 3;
const subBuckets = 1 << subBits;
const bucketCount = (40 - subBits + 1) << subBits;
/** Seconds between calls of `tick`. */
export const rateIntervalSeconds = 5;
const rateWeight = 1 - Math.exp(-rateIntervalSeconds / 300);

/** A histogram as the addon gives it, and as it goes from thread to thread. */
export type HistogramData = {
  readonly count: number;
  readonly sum: number;
  readonly max: number;
  /** A second, over about five minutes. */
  readonly rate: number;
  /** Pairs: number of a bucket, its count. */
  readonly buckets: ArrayLike<number>;
};

function bucketOf(value: number): number {
  // The high part has an exponent of its own, so that all is done with whole numbers of 32 bits.
  const low = value < 0x8000_0000;
  const part = low ? value | 0 : Math.min(0x7fff_ffff, Math.floor(value / 0x1_0000));
  if (low && part < subBuckets) return part;
  const exponent = 31 - Math.clz32(part);
  const sub = (part >> (exponent - subBits)) & (subBuckets - 1);
  return Math.min(bucketCount - 1, ((exponent + (low ? 0 : 16) - subBits + 1) << subBits) + sub);
}

/** The largest whole value of a bucket. */
function upperOf(bucket: number): number {
  if (bucket < subBuckets) return bucket;
  const exponent = (bucket >> subBits) + subBits - 1;
  const sub = bucket & (subBuckets - 1);
  return 2 ** (exponent - subBits) * (subBuckets + sub + 1) - 1;
}

export class Histogram {
  #count = 0;
  #sum = 0;
  #max = 0;
  #rate = 0;
  #ticked: number | null = null;
  readonly #buckets = new Float64Array(bucketCount);

  /** Of whole numbers from 0 on. */
  add(value: number, times = 1): void {
    this.#buckets[bucketOf(value)]! += times;
    this.#count += times;
    this.#sum += value * times;
    if (value > this.#max) this.#max = value;
  }

  merge(data: HistogramData): void {
    const { buckets } = data;
    for (let i = 0; i + 1 < buckets.length; i += 2) this.#buckets[buckets[i]!]! += buckets[i + 1]!;
    this.#count += data.count;
    this.#sum += data.sum;
    this.#max = Math.max(this.#max, data.max);
    this.#rate += data.rate;
  }

  /** To be called every rateIntervalSeconds by who measures rates here. */
  tick(): void {
    const now = (this.#count - (this.#ticked ?? 0)) / rateIntervalSeconds;
    this.#rate = this.#ticked === null ? now : this.#rate + rateWeight * (now - this.#rate);
    this.#ticked = this.#count;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  get max(): number {
    return this.#max;
  }

  get rate(): number {
    return this.#rate;
  }

  /** 0 when nothing was added. */
  get min(): number {
    const first = this.#buckets.findIndex((count) => count > 0);
    return first <= 0 ? 0 : first < subBuckets ? first : upperOf(first - 1) + 1;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** The value that the part `q` of all values does not pass; 0 when nothing was added. */
  quantile(q: number): number {
    const wanted = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let i = 0; i < bucketCount; i++) {
      seen += this.#buckets[i]!;
      if (seen >= wanted) return Math.min(upperOf(i), this.#max);
    }
    return 0;
  }

  /** How many values were at most `value`: exact where a bucket ends there, else those of whole buckets below it. */
  countUpTo(value: number): number {
    let seen = 0;
    for (let i = 0; i < bucketCount && upperOf(i) <= value; i++) seen += this.#buckets[i]!;
    return seen;
  }

  data(): HistogramData {
    const buckets: number[] = [];
    for (let i = 0; i < bucketCount; i++) if (this.#buckets[i]! > 0) buckets.push(i, this.#buckets[i]!);
    return { count: this.#count, sum: this.#sum, max: this.#max, rate: this.#rate, buckets };
  }

  copy(): Histogram {
    return Histogram.of(this.data());
  }

  static of(...parts: readonly HistogramData[]): Histogram {
    const histogram = new Histogram();
    for (const part of parts) histogram.merge(part);
    return histogram;
  }
}
