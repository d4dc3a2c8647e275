// Vectors as models of texts give them, in what matters to an index: they lie in clusters, and near a space of far fewer dimensions than
// they have numbers. The same seed gives the same vectors.
import { Prng } from '../../test/support/prng.js';

export type VectorSetShape = {
  readonly count: number;
  readonly dimensions: number;
  /** Dimensions of the space that the vectors are near. */
  readonly latent: number;
  readonly clusters: number;
  /** Standard deviation of a vector around its cluster's middle; middles have 1. */
  readonly spread: number;
  /** Standard deviation of what is added to every number, which leads out of the space. */
  readonly noise: number;
  readonly seed: number;
};

/** Vectors one behind the other. */
export type VectorSet = { readonly dimensions: number; readonly count: number; readonly floats: Float32Array };

/** Normally distributed numbers (the polar method of Marsaglia). */
class Normal {
  readonly #prng: Prng;
  #spare: number | null = null;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  below(limit: number): number {
    return this.#prng.below(limit);
  }

  next(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const x = this.#prng.next() / 2 ** 31 - 1;
      const y = this.#prng.next() / 2 ** 31 - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }

  many(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => this.next());
  }
}

/** A mixture of Gaussians in `latent` dimensions, turned into `dimensions` by one random matrix, with noise. */
export function clusteredVectors(shape: VectorSetShape): VectorSet {
  const { count, dimensions, latent, clusters, spread, noise, seed } = shape;
  const random = new Normal(seed);
  const matrix = random.many(dimensions * latent).map((x) => x / Math.sqrt(latent));
  const middles = random.many(clusters * latent);
  const floats = new Float32Array(count * dimensions);
  const point = new Float64Array(latent);
  for (let v = 0; v < count; v++) {
    const cluster = random.below(clusters);
    for (let i = 0; i < latent; i++) point[i] = middles[cluster * latent + i]! + spread * random.next();
    for (let d = 0; d < dimensions; d++) {
      let sum = noise * random.next();
      for (let i = 0; i < latent; i++) sum += matrix[d * latent + i]! * point[i]!;
      floats[v * dimensions + d] = sum;
    }
  }
  return { dimensions, count, floats };
}

/** The vectors as CQL has them: big-endian. */
export function serializedVectors({ floats }: VectorSet): Buffer {
  const bytes = Buffer.from(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
  return bytes.swap32();
}

/** The `k` vectors of the first `among` nearest to each of `queries` (numbers of vectors of the same set) by cosine, looked at one by one. */
export function nearestByCosine(set: VectorSet, among: number, queries: readonly number[], k: number): number[][] {
  const { dimensions, floats } = set;
  const lengths = Float64Array.from({ length: among }, (_, v) => Math.sqrt(product(set, v, v)));
  return queries.map((query) => {
    const target = Float64Array.from(floats.subarray(query * dimensions, (query + 1) * dimensions));
    const best: { readonly vector: number; readonly score: number }[] = [];
    for (let v = 0; v < among; v++) {
      let sum = 0;
      const at = v * dimensions;
      for (let d = 0; d < dimensions; d++) sum += floats[at + d]! * target[d]!;
      const score = sum / lengths[v]!;
      if (best.length === k && score <= best[k - 1]!.score) continue;
      const place = best.findIndex((one) => one.score < score);
      best.splice(place < 0 ? best.length : place, 0, { vector: v, score });
      if (best.length > k) best.pop();
    }
    return best.map(({ vector }) => vector);
  });
}

function product({ dimensions, floats }: VectorSet, a: number, b: number): number {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) sum += floats[a * dimensions + d]! * floats[b * dimensions + d]!;
  return sum;
}
