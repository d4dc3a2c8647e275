// How alike two vectors are, from 0 to 1, in single precision and in the order of summation of Cassandra's library, so
// that a result equals the one that the vector index ranks by.

type Vector = readonly number[];
type Similarity = (a: Vector, b: Vector) => number;

const single = Math.fround;

/** Sum of the terms from one index to another, added one after the other. */
function sumOf(term: (i: number) => number, from: number, to: number): number {
  let sum = term(from);
  for (let i = from + 1; i < to; i++) sum = single(sum + term(i));
  return sum;
}

/** The first length modulo 8 products one by one, then blocks of 32 and of 8, each summed before it is added. */
function dotProduct(a: Vector, b: Vector): number {
  const product = (i: number) => single(b[i]! * a[i]!);
  let result = 0;
  let i = 0;
  for (; i < a.length % 8; i++) result = single(result + product(i));
  for (; i + 31 < a.length; i += 32) result = single(result + sumOf(product, i, i + 32));
  for (; i + 7 < a.length; i += 8) result = single(result + sumOf(product, i, i + 8));
  return result;
}

function squareDistance(a: Vector, b: Vector): number {
  const square = (i: number) => {
    const difference = single(a[i]! - b[i]!);
    return single(difference * difference);
  };
  let result = 0;
  let i = 0;
  for (; i + 8 <= a.length; i += 8) result = single(result + sumOf(square, i, i + 8));
  for (; i < a.length; i++) result = single(result + square(i));
  return result;
}

function cosine(a: Vector, b: Vector): number {
  let product = 0;
  let normA = 0;
  let normB = 0;
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    product = single(product + single(x * y));
    normA = single(normA + single(x * x));
    normB = single(normB + single(y * y));
  }
  return single(product / Math.sqrt(normA * normB));
}

const half = (value: number) => single(single(1 + value) / 2);

export const similarities: Readonly<Record<string, Similarity>> = {
  similarity_cosine: (a, b) => half(cosine(a, b)),
  similarity_euclidean: (a, b) => single(1 / single(1 + squareDistance(a, b))),
  similarity_dot_product: (a, b) => half(dotProduct(a, b)),
};
