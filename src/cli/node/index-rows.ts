// Rows about secondary indexes: what there is, what is built, what is asked.
import {
  analysisOf,
  type IndexDefinition,
  indexKind,
  indexTarget,
  isSai,
  type PlainRow,
  type TableDefinition,
  termTypes,
} from '../../schema/index.js';
import type { VectorGraphStats } from '../../shard/index.js';
import type { CqlType } from '../../types/index.js';
import type { Latencies } from './latencies.js';
import type { NodeStorage } from './storage.js';

type Indexed = { readonly table: TableDefinition; readonly index: IndexDefinition };

function indexesOf({ metadata }: NodeStorage): Indexed[] {
  return [...metadata.catalogue.schema.keyspaces.values()].flatMap(({ tables }) =>
    [...tables.values()].flatMap((table) => table.indexes.map((index) => ({ table, index }))),
  );
}

const nameOf = ({ table, index }: Indexed) => ({
  keyspace_name: table.keyspace,
  table_name: table.name,
  index_name: index.name,
});

/** As Cassandra shows the analysis of an index. */
function analyzerText({ options }: IndexDefinition): string {
  const analysis = analysisOf(options);
  if (analysis === null) return 'NoOpAnalyzer';
  const { caseSensitive, normalize, ascii } = analysis;
  return `NonTokenizingAnalyzer{caseSensitive=${caseSensitive}, normalized=${normalize}, ascii=${ascii}}`;
}

const literals: readonly CqlType['kind'][] = ['ascii', 'text', 'boolean', 'list', 'set', 'map', 'tuple', 'udt'];

/** system_views.sai_column_indexes. Source: IndexTermType.isLiteral for is_string. */
export function saiRows(storage: NodeStorage): PlainRow[] {
  return indexesOf(storage)
    .filter(({ index }) => isSai(index))
    .map(({ table, index }) => {
      const target = indexTarget(table, index);
      const types = termTypes(target);
      const built = storage.builds.isBuilt(index.id);
      return {
        ...nameOf({ table, index }),
        analyzer: analyzerText(index),
        column_name: target.column.name,
        is_building: !built,
        is_queryable: built,
        is_string: types.length > 1 || literals.includes(types[0]!.kind),
      };
    });
}

/** Of the graphs of all shards; nulls for an index that has none. */
function graphSums(graphs: readonly VectorGraphStats[]): PlainRow {
  const sum = (field: 'vectors' | 'waiting' | 'bytes'): number | null =>
    graphs.length === 0 ? null : graphs.reduce((total, graph) => total + graph[field], 0);
  return { vector_bytes: sum('bytes'), vectors: sum('vectors'), vectors_waiting: sum('waiting') };
}

/** system_observability.secondary_indexes. */
export async function indexRows(storage: NodeStorage): Promise<PlainRow[]> {
  const graphs = (await storage.shards.stats()).flatMap(({ vectorGraphs }) => vectorGraphs);
  const running = new Map(storage.builds.running.map((build) => [build.id, build.rows]));
  return indexesOf(storage).map(({ table, index }) => ({
    ...nameOf({ table, index }),
    built: storage.builds.isBuilt(index.id),
    kind: indexKind(index),
    rows_read: running.get(index.id) ?? null,
    target: index.options['target']!,
    ...graphSums(graphs.filter((graph) => graph.index === index.id)),
  }));
}

/** system_observability.index_usage. */
export async function indexUsageRows(storage: NodeStorage, latencies: Latencies): Promise<PlainRow[]> {
  await latencies.refresh(); // the addon's reads are counted with its latencies
  return indexesOf(storage).flatMap(({ table, index }) => {
    const use = storage.builds.use(index.id);
    return use === null ? [] : [{ ...nameOf({ table, index }), count: use.count, last_seen: use.lastSeenMs }];
  });
}
