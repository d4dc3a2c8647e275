// Indexes of vectors: their options, as Cassandra 5.0 checks those of a storage-attached index and as Ferrosa names those of its own kind.
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { CqlType } from '../../types/index.js';
import type { IndexDefinition, TableDefinition } from '../model.js';
import { type IndexTarget, indexKind, indexTarget, isSai } from './target.js';

/** In the order of the numbers that the addon knows them by. */
export const similarities = ['COSINE', 'DOT_PRODUCT', 'EUCLIDEAN'] as const;
export type SimilarityName = (typeof similarities)[number];

/** What the graph of an index is made by. */
export type VectorOptions = {
  readonly similarity: SimilarityName;
  readonly dimensions: number;
  /** Neighbours of a vector. */
  readonly connections: number;
  /** Candidates that are looked at when a vector is linked. */
  readonly beam: number;
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
const defaults = { connections: 16, beam: 100 };
const ownDefaults = { connections: 16, beam: 200 };

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
const ownBounds = { m: [4, 128], ef_construction: [8, 3_200] } as const;

function ownNumber(options: Options, name: 'm' | 'ef_construction', otherwise: number): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  const [low, high] = ownBounds[name];
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return value;
  throw invalid(`Option '${name}' of a vector index must be a number from ${low} to ${high}, not '${text}'`);
}

/** Options of USING 'vector': method, metric, dimensions, m, ef_construction. @throws FerrosaError INVALID */
function ownOptions(options: Options, dimensions: number): VectorOptions {
  const method = (options['method'] ?? 'hnsw').toLowerCase();
  if (method !== 'hnsw')
    throw invalid(
      `Vector indexes of method '${method}' are not built here: the method is 'hnsw', which serves the same queries`,
    );
  if (options['lists'] !== undefined)
    throw invalid("Option 'lists' is one of method 'ivfflat', which is not built here");
  const metric = (options['metric'] ?? 'cosine').toLowerCase();
  const similarity = metrics[metric];
  if (similarity === undefined || !Object.hasOwn(metrics, metric))
    throw invalid(`A vector index has no metric '${metric}'; it has l2, cosine and inner_product`);
  if (options['dimensions'] !== undefined && options['dimensions'] !== String(dimensions))
    throw invalid(`The column has ${dimensions} dimensions, not ${options['dimensions']}`);
  return {
    similarity,
    dimensions,
    optimizeFor: 'LATENCY',
    connections: ownNumber(options, 'm', ownDefaults.connections),
    beam: ownNumber(options, 'ef_construction', ownDefaults.beam),
  };
}

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
