// Indexes of vectors: their options, as Cassandra 5.0 checks those of a storage-attached index and as Ferrosa names those of its own kind.
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { CqlType } from '../../types/index.js';
import type { IndexDefinition, TableDefinition } from '../model.js';
import { type IndexTarget, indexKind, indexTarget, isSai } from './target.js';

/** In the order of the numbers that the addon knows them by. */
export const similarities = ['COSINE', 'DOT_PRODUCT', 'EUCLIDEAN'] as const;
export type SimilarityName = (typeof similarities)[number];

/** How an index finds what is near, in the order of the numbers that the addon knows the methods by. */
export const vectorMethods = ['hnsw', 'ivfflat', 'hvq'] as const;
export type VectorMethod = (typeof vectorMethods)[number];

/** What an index of vectors is made by. */
export type VectorOptions = {
  readonly similarity: SimilarityName;
  readonly dimensions: number;
  readonly method: VectorMethod;
  /** Of a graph: neighbours of a vector. */
  readonly connections: number;
  /** Of a graph: candidates that are looked at when a vector is linked. */
  readonly beam: number;
  /** Of ivfflat. */
  readonly lists: number;
  /** What a search is to be good at: it looks at more candidates for recall. */
  readonly optimizeFor: 'LATENCY' | 'RECALL';
};

/** What a list of a vector index on a table is told to the client that changes its indexes. */
export const vectorWarning =
  'SAI ANN indexes on vector columns are experimental and are not recommended for production use.\n' +
  "They don't yet support SELECT queries with:\n" +
  ' * Consistency level higher than ONE/LOCAL_ONE.\n' +
  ' * Paging.\n' +
  ' * No LIMIT clauses.\n' +
  ' * PER PARTITION LIMIT clauses.\n' +
  ' * GROUP BY clauses.\n' +
  ' * Aggregation functions.\n' +
  ' * Filters on columns without a SAI index.';

/** Neighbours and candidates unless an index says otherwise. */
const defaults = { method: 'hnsw', connections: 16, beam: 100, lists: 1 } as const;
const ownDefaults = { connections: 16, beam: 200, lists: 100 };
/** Elements of all centres of an index: they must go into one part of its file. */
const centreElementsMax = 8_000_000;

type Options = Readonly<Record<string, string>>;

function oneOf<T extends string>(value: string, names: readonly T[], refuse: (upper: string) => FerrosaError): T {
  const upper = value.toUpperCase();
  const known = names.find((name) => name === upper);
  if (known === undefined) throw refuse(upper);
  return known;
}

/** @throws FerrosaError INVALID with Cassandra's texts (IndexWriterConfig.fromOptions) */
function saiOptions(options: Options, dimensions: number): VectorOptions {
  const custom = (name: string, text: string): void => {
    if (options[name] !== undefined)
      throw invalid(`${text} cannot be set without enabling SAI_VECTOR_ALLOW_CUSTOM_PARAMETERS`);
  };
  custom('maximum_node_connections', 'Maximum node connections');
  custom('construction_beam_width', 'Construction beam width');
  const similarity = oneOf(options['similarity_function'] ?? 'COSINE', similarities, (upper) =>
    invalid(
      `Similarity function ${upper} was not recognized for index null. ` +
        'Valid values are: EUCLIDEAN, DOT_PRODUCT, COSINE',
    ),
  );
  const optimizeFor = oneOf(options['optimize_for'] ?? 'LATENCY', ['LATENCY', 'RECALL'], (upper) =>
    invalid(`optimize_for '${upper}' was not recognized for index null. Valid values are: LATENCY, RECALL`),
  );
  return { similarity, dimensions, optimizeFor, ...defaults };
}

const metrics: Readonly<Record<string, SimilarityName>> = {
  cosine: 'COSINE',
  l2: 'EUCLIDEAN',
  euclidean: 'EUCLIDEAN',
  inner_product: 'DOT_PRODUCT',
  dot_product: 'DOT_PRODUCT',
};
/** Options of USING 'vector'. */
export const vectorOptionNames = ['method', 'metric', 'dimensions', 'm', 'ef_construction', 'lists'];
const ownBounds = { m: [4, 128], ef_construction: [8, 3_200], lists: [1, 4_096] } as const;

/** @param belongs  whether the method has such an option */
function ownNumber(options: Options, name: keyof typeof ownBounds, belongs: boolean, otherwise: number): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  if (!belongs)
    throw invalid(
      `Option '${name}' of a vector index is one of ${name === 'lists' ? "method 'ivfflat'" : "methods 'hnsw' and 'hvq'"}`,
    );
  const [low, high] = ownBounds[name];
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw invalid(`Option '${name}' of a vector index must be a number from ${low} to ${high}, not '${text}'`);
}

/** Options of USING 'vector': method, metric, dimensions; m, ef_construction; lists. @throws FerrosaError INVALID */
function ownOptions(options: Options, dimensions: number): VectorOptions {
  const named = (options['method'] ?? 'hnsw').toLowerCase();
  const method = vectorMethods.find((one) => one === named);
  if (method === undefined)
    throw invalid(`A vector index has no method '${named}'; it has ${vectorMethods.join(', ')}`);
  const metric = (options['metric'] ?? 'cosine').toLowerCase();
  const similarity = metrics[metric];
  if (similarity === undefined || !Object.hasOwn(metrics, metric))
    throw invalid(`A vector index has no metric '${metric}'; it has l2, cosine and inner_product`);
  if (options['dimensions'] !== undefined && options['dimensions'] !== String(dimensions))
    throw invalid(`The column has ${dimensions} dimensions, not ${options['dimensions']}`);
  const isGraph = method !== 'ivfflat';
  const lists = ownNumber(options, 'lists', !isGraph, isGraph ? 1 : Math.min(ownDefaults.lists, listsMax(dimensions)));
  if (lists > listsMax(dimensions))
    throw invalid(`A vector index of ${dimensions} dimensions has at most ${listsMax(dimensions)} lists, not ${lists}`);
  return {
    similarity,
    dimensions,
    optimizeFor: 'LATENCY',
    method,
    connections: ownNumber(options, 'm', isGraph, ownDefaults.connections),
    beam: ownNumber(options, 'ef_construction', isGraph, ownDefaults.beam),
    lists,
  };
}

const listsMax = (dimensions: number): number => Math.max(1, Math.floor(centreElementsMax / dimensions));

/** An index of Ferrosa's own kind. */
export const isOwnVector = (index: IndexDefinition): boolean => indexKind(index) === 'vector';

/**
 * The options of an index on a column of `type`.
 * @throws FerrosaError INVALID
 */
export function checkVectorIndex(index: IndexDefinition, type: CqlType): VectorOptions {
  if (type.kind !== 'vector' || type.element.kind !== 'float')
    throw invalid('SAI ANN indexes are only allowed on vector columns with float elements');
  const { dimensions } = type;
  const options = isOwnVector(index) ? ownOptions(index.options, dimensions) : saiOptions(index.options, dimensions);
  if (dimensions === 1 && options.similarity === 'COSINE')
    throw invalid('Cosine similarity is not supported for single-dimension vectors');
  return options;
}

/** What an index of vectors is made by; null for any other index. REQUIRES: it was checked when it was created. */
export function vectorOptionsOf(table: TableDefinition, index: IndexDefinition): VectorOptions | null {
  if (!isSai(index) && !isOwnVector(index)) return null;
  const { type } = indexTarget(table, index).column;
  return type.kind === 'vector' ? checkVectorIndex(index, type) : null;
}

/** The indexes of vectors of a table, with their columns. */
export function vectorIndexesOf(
  table: TableDefinition,
): readonly { readonly index: IndexDefinition; readonly target: IndexTarget; readonly options: VectorOptions }[] {
  return table.indexes.flatMap((index) => {
    const options = vectorOptionsOf(table, index);
    return options === null ? [] : [{ index, target: indexTarget(table, index), options }];
  });
}
