// Turns a planned INSERT, UPDATE or DELETE and bound values into mutations.
import { invalid } from '../../common/errors.js';
import { isCompact, type TableDefinition } from '../../schema/index.js';
import type { ClusteringPrefix, ClusteringSlice } from '../../storage/index.js';
import { clusteringSlices, clusterings, partitionKeys } from '../restrictions/bounds.js';
import type { BindContext } from '../terms/term.js';
import { timestampOf, ttlOf } from './attributes.js';
import type { ListPaths } from './list-paths.js';
import { deletePartition, type MutationCollector } from './mutations.js';
import type { ExistingRows, WriteTargets } from './read-before-write.js';
import { checkTimestamp, RowWriter, type WriteParameters } from './row-writer.js';
import type { WritePlan } from './write-plan.js';

/** What executing a write needs besides its plan. */
export type WriteContext = {
  readonly bind: BindContext;
  /** Microseconds: of the batch, of the client, or the server's. */
  readonly timestamp: bigint;
  readonly nowSeconds: number;
  readonly paths: ListPaths;
};

const noRow: ClusteringPrefix = [];

/**
 * @param keys  those of the partitions, where they are known
 * @throws FerrosaError INVALID for keys that do not do
 */
export function writeTargets(
  plan: WritePlan,
  bind: BindContext,
  keys = partitionKeys(plan.restrictions, bind),
): WriteTargets {
  const { restrictions } = plan;
  if (isSliceDelete(plan)) return { keys, rows: null };
  if (!restrictions.hasClustering) return { keys, rows: [noRow] };
  return { keys, rows: clusterings(restrictions, bind) };
}

const clusteringBytesMax = 0xffff;

const isSliceDelete = ({ type, restrictions }: WritePlan) =>
  type === 'DELETE' && restrictions.hasClustering && restrictions.isColumnRange;

/**
 * Adds the write to `collector`.
 * @param existing  what was read before, null when the plan does not ask for it
 * @throws FerrosaError INVALID for values that do not do
 */
export function collectWrite(
  plan: WritePlan,
  context: WriteContext,
  targets: WriteTargets,
  existing: ExistingRows | null,
  collector: MutationCollector,
): void {
  const timestamp = timestampOf(plan.attributes, context.timestamp, context.bind);
  const slices = targets.rows === null ? clusteringSlices(plan.restrictions, context.bind) : [];
  // As in Cassandra, nobody looks at times where there is nothing to write.
  if (slices === null || targets.rows?.length === 0) return;
  checkTimestamp(timestamp);
  const parameters: WriteParameters = {
    timestamp,
    ttl: plan.table.isCounter ? 0 : ttlOf(plan.attributes, plan.table, context.nowSeconds, context.bind),
    nowSeconds: context.nowSeconds,
    paths: context.paths,
  };
  if (targets.rows === null) {
    deleteSlices(plan, parameters, targets, slices, collector);
    return;
  }
  for (const key of targets.keys) {
    const partition = collector.partition(plan.table, plan.durable, key);
    const writer = new RowWriter(partition.builder, parameters);
    for (const clustering of targets.rows) {
      checkClusteringSize(clustering);
      if (existing !== null) writer.existing = existing.row(key, clustering);
      if (plan.type === 'DELETE' && plan.regular.length === 0 && plan.statics.length === 0) {
        if (clustering.length === plan.table.clustering.length && clustering.length > 0)
          partition.builder.deleteRow(clustering, parameters.timestamp, parameters.nowSeconds);
        else deletePartition(partition, parameters.timestamp, parameters.nowSeconds);
      } else writeRow(plan, context, parameters, partition.builder, writer, clustering);
    }
  }
}

/** All values of a row's clustering together are bounded as a partition key is. */
function checkClusteringSize(clustering: ClusteringPrefix): void {
  let length = 0;
  for (const component of clustering) length += component?.length ?? 0;
  if (length > clusteringBytesMax)
    throw invalid(`Key length of ${length} is longer than maximum of ${clusteringBytesMax}`);
}

function writeRow(
  plan: WritePlan,
  context: WriteContext,
  parameters: WriteParameters,
  builder: ReturnType<MutationCollector['partition']>['builder'],
  writer: RowWriter,
  clustering: ClusteringPrefix,
): void {
  const hasRow = clustering.length > 0 || plan.table.clustering.length === 0;
  if (plan.type === 'DELETE' && plan.regular.length > 0 && !hasRow)
    throw invalid('Range deletions are not supported for specific columns');
  if (hasRow && (plan.type === 'INSERT' || plan.regular.length > 0)) {
    // A row of a compact table is there as long as its value is.
    const isMarked = plan.type === 'INSERT' && !isCompact(plan.table);
    if (isMarked) builder.insertRow(clustering, parameters.timestamp, parameters.ttl, writer.expiresAt);
    else builder.row(clustering);
    if (plan.regular.length === 0 && !isMarked) writeCompactValue(plan.table, writer);
    for (const operation of plan.regular) operation.execute(writer, context.bind);
  }
  if (plan.statics.length === 0) return;
  builder.staticRow();
  for (const operation of plan.statics) operation.execute(writer, context.bind);
}

/** The empty value of a compact table whose columns are all in the key. @throws FerrosaError INVALID when it has another */
function writeCompactValue({ regulars }: TableDefinition, writer: RowWriter): void {
  const value = regulars[0]!;
  if (value.type.kind !== 'empty') throw invalid(`Column ${value.name} is mandatory for this COMPACT STORAGE table`);
  writer.cell(value, new Uint8Array(0));
}

function deleteSlices(
  plan: WritePlan,
  parameters: WriteParameters,
  targets: WriteTargets,
  slices: readonly ClusteringSlice[],
  collector: MutationCollector,
): void {
  if (plan.regular.length > 0 || plan.statics.length > 0)
    throw invalid('Range deletions are not supported for specific columns');
  for (const key of targets.keys) {
    const { builder } = collector.partition(plan.table, plan.durable, key);
    for (const slice of slices) builder.rangeTombstone(slice, parameters.timestamp, parameters.nowSeconds);
  }
}
