// Rows that an index finds: its entries are read in the order of the result, and each is looked up in the table, which decides.
import { entryColumns, type IndexTable } from '../../index/index.js';
import { murmurToken } from '../../native/index.js';
import {
  cellsOf,
  decodePosition,
  encodeReadCommand,
  MutationBuilder,
  noLimit,
  RowStream,
  rowName,
  rowsOf,
  sliceOf,
} from '../../storage/index.js';
import { wholeRing } from '../restrictions/token-restriction.js';
import { int64Bytes } from '../values.js';
import { type Candidate, type CandidateRange, type CandidateStream, sameTarget } from './index-candidates.js';
import type { IndexLeaf } from './index-drivers.js';
import { builtSearches, SearchOpener } from './index-search.js';
import type { PagingState } from './paging-state.js';
import type { RowPredicate } from './row-filter.js';
import { Scan } from './scan.js';
import type { SelectPlan } from './select-plan.js';
import { decodedRows, type RowSource, type SelectContext, type SelectTarget, type SourceRow } from './types.js';
import { inSlices } from './virtual-rows.js';

/** Entries that are looked up together: few at first, since a page may want few. */
const batchMin = 32;
const batchMax = 512;
/** Partitions that are read at the same time. */
const readsInFlightMax = 16;

function rangeOf({ partitions }: SelectTarget, state: PagingState | null): Omit<CandidateRange, 'wholePartitions'> {
  const position = state === null || state.position.length === 0 ? null : decodePosition(state.position);
  const after = position === null ? null : { ...position };
  if (!('keys' in partitions)) return { tokens: partitions.range, key: null, after };
  // IN on the partition key does not go with indexes.
  const key = partitions.keys[0]!;
  return { tokens: wholeRing, key: { key, token: murmurToken(key) }, after };
}

/** The rows of a statement that uses an index; null when its table must be scanned instead. */
export async function indexSource(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
): Promise<RowSource | null> {
  const matches = target.matches ?? (() => true);
  const source = { coordinator: context.coordinator, read: context.read, nowSeconds: context.nowSeconds };
  const opener = new SearchOpener(plan.table, context, source, rangeOf(target, state));
  const found = await opener.open(builtSearches(plan, context));
  if (found === null) return null;
  if (!found.ofRows) return partitionRows(plan, context, target, state, found.stream, matches);
  return rowsFound(plan, context, target, found.stream, matches);
}

/** Batches of candidates, each target once. */
async function* batches(
  { table }: SelectPlan,
  stream: CandidateStream,
  context: SelectContext,
  ofRows: boolean,
): AsyncGenerator<Candidate[]> {
  let last: Candidate | null = null;
  for (let count = batchMin; ; count = Math.min(batchMax, count * 2)) {
    context.read.check?.();
    const batch: Candidate[] = [];
    while (batch.length < count) {
      if (!stream.ready) await stream.fill(count);
      if (stream.head === null) break;
      const taken = stream.take();
      const candidate = ofRows ? taken : { ...taken, clustering: [] };
      if (last === null || !sameTarget(table, last, candidate)) batch.push(candidate);
      last = candidate;
    }
    if (batch.length === 0) return;
    yield batch;
  }
}

/** Entries that point at partitions: their rows are read as those of keys that were given. */
async function* partitionRows(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
  candidates: CandidateStream,
  matches: RowPredicate,
): RowSource {
  let position = state === null || state.position.length === 0 ? null : state.position;
  for await (const batch of batches(plan, candidates, context, false)) {
    const keys = batch.map(({ key }) => key);
    const begun = position !== null && Buffer.compare(decodePosition(position).key, keys[0]!) === 0;
    const scan = new Scan(
      context.coordinator,
      context.read,
      { ...target, partitions: { keys } },
      begun ? position : null,
    );
    position = null;
    const firsts = new Map<string, SourceRow['cells']>();
    while (!scan.done) {
      const stream = await scan.next(noLimit);
      context.tombstones.note(stream);
      const rows = [...decodedRows(stream, target.columns.length, null)];
      for (const { key, cells } of rows) if (!firsts.has(nameOf(key))) firsts.set(nameOf(key), cells);
      if (scan.done && context.mayClean)
        await forgetPartitions(context, target, begun ? batch.slice(1) : batch, firsts);
      yield rows.filter(({ cells }) => matches(cells));
    }
  }
}

const isStale = (context: SelectContext, { own }: IndexLeaf, cells: SourceRow['cells']): boolean =>
  own !== null && !own.bind(context.bind)(cells);

/** @param firsts  the first row of each partition that has one: what an entry of partitions says is true of all of its rows or of none */
async function forgetPartitions(
  context: SelectContext,
  { slices, unrestricted }: SelectTarget,
  batch: readonly Candidate[],
  firsts: ReadonlyMap<string, SourceRow['cells']>,
): Promise<void> {
  // Otherwise a partition may be there that shows no row.
  const showsAll = slices.length === 0 && unrestricted;
  const stale = batch.filter(({ key, leaf }) => {
    if (leaf.index.ofRows) return false;
    const cells = firsts.get(nameOf(key));
    return cells === undefined ? showsAll : isStale(context, leaf, cells);
  });
  if (stale.length > 0) await forget(context, stale);
}

/** Entries that point at rows. */
async function* rowsFound(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  candidates: CandidateStream,
  matches: RowPredicate,
): RowSource {
  const { table } = plan;
  for await (const taken of batches(plan, candidates, context, true)) {
    const batch = taken.filter(({ clustering }) => inSlices(table, target.slices, clustering));
    const rows = await lookUp(plan, context, target, batch);
    const stale: Candidate[] = [];
    const matching: SourceRow[] = [];
    for (const [i, row] of rows.entries()) {
      if (row !== null && matches(row.cells)) matching.push(row);
      else if (row === null || isStale(context, batch[i]!.leaf, row.cells)) stale.push(batch[i]!);
    }
    if (stale.length > 0 && context.mayClean) await forget(context, stale);
    yield matching;
  }
}

type Lookup = { readonly command: Uint8Array; readonly tokens: readonly bigint[] };
const nameOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');

/** Where a row is. */
export type RowPlace = Pick<Candidate, 'token' | 'key' | 'clustering' | 'bucket'>;

/** The rows that candidates point at, in their order; null for one that is not there. */
export async function lookUp(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  batch: readonly RowPlace[],
): Promise<(SourceRow | null)[]> {
  const lookups = partitionsAreRows(plan) ? byShard(target, batch) : byPartition(target, batch);
  const answers: Uint8Array[] = [];
  const read = async ({ command, tokens }: Lookup): Promise<void> => {
    answers.push(await context.coordinator.read({ command, tokens }, context.read));
  };
  for (let i = 0; i < lookups.length; i += readsInFlightMax)
    await Promise.all(lookups.slice(i, i + readsInFlightMax).map(read));
  return rowsOfAnswers(plan, context, target, answers, batch);
}

/** The partitions of the table have one row each. */
export const partitionsAreRows = ({ table }: SelectPlan): boolean => table.clustering.length === 0;

/** What `lookUp` gives, of answers to its commands. */
export function rowsOfAnswers(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  answers: readonly Uint8Array[],
  batch: readonly RowPlace[],
): (SourceRow | null)[] {
  const byPartitions = partitionsAreRows(plan);
  const found = new Map<string, SourceRow>();
  const width = target.columns.length;
  for (const bytes of answers) {
    const stream = new RowStream(bytes);
    context.tombstones.note(stream);
    for (const partition of stream.partitions())
      for (const row of rowsOf(partition, width, true)) {
        const name = byPartitions
          ? nameOf(partition.key)
          : rowName(plan.table.clustering, partition.key, decodePosition(row.position!).clustering ?? []);
        const cells = cellsOf(row.cells, width);
        found.set(name, { key: partition.key, position: row.position!, cells });
      }
  }
  return batch.map(
    ({ key, clustering }) =>
      found.get(byPartitions ? nameOf(key) : rowName(plan.table.clustering, key, clustering)) ?? null,
  );
}

/** A command for rows of tables whose partitions are rows, without its keys. */
export const keylessCommand = (target: SelectTarget): Uint8Array => commandOf(target, [], null);

const commandOf = (target: SelectTarget, keys: readonly Uint8Array[], rows: readonly RowPlace[] | null): Uint8Array =>
  encodeReadCommand({
    tableId: target.tableId,
    nowSeconds: target.nowSeconds,
    columns: target.columns,
    partitions: { keys },
    slices: rows === null ? [] : rows.map(({ clustering }) => sliceOf(clustering)),
    positions: true,
    unrestricted: false,
  });

/** Tables whose partitions are rows: one command for all keys of a shard, bounded by the size of their answer. */
function byShard(target: SelectTarget, batch: readonly RowPlace[]): Lookup[] {
  const shards = new Map<number, RowPlace[]>();
  for (const candidate of batch) {
    const list = shards.get(candidate.bucket);
    if (list === undefined) shards.set(candidate.bucket, [candidate]);
    else list.push(candidate);
  }
  return [...shards.values()].map((list) => ({
    command: commandOf(
      target,
      list.map(({ key }) => key),
      null,
    ),
    tokens: list.map(({ token }) => token),
  }));
}

/** One command for the rows of each partition. */
function byPartition(target: SelectTarget, batch: readonly RowPlace[]): Lookup[] {
  const lookups: Lookup[] = [];
  for (let i = 0; i < batch.length; ) {
    const { key, token } = batch[i]!;
    let end = i + 1;
    while (end < batch.length && batch[end]!.token === token && Buffer.compare(batch[end]!.key, key) === 0) end++;
    lookups.push({ command: commandOf(target, [key], batch.slice(i, end)), tokens: [token] });
    i = end;
  }
  return lookups;
}

/**
 * Deletes entries that the table does not bear out, each at its own time: one that was written meanwhile is later and stays. Nothing
 * depends on it, so that nobody waits for it to be durable.
 */
export async function forget(context: SelectContext, stale: readonly Candidate[]): Promise<void> {
  for (const index of new Set(stale.map(({ leaf }) => leaf.index)))
    await forgetIn(
      context,
      index,
      stale.filter(({ leaf }) => leaf.index === index),
    );
}

async function forgetIn(context: SelectContext, index: IndexTable, stale: readonly Candidate[]): Promise<void> {
  const column = index.table.columns.get(entryColumns.permanent)!.id;
  const length = index.table.columns.get(entryColumns.length);
  const { coordinator, nowSeconds, read } = context;
  for (const [number, bucket] of coordinator.indexBuckets.entries()) {
    const own = stale.filter((candidate) => candidate.bucket === number && candidate.writtenAt !== null);
    if (own.length === 0) continue;
    const builder = new MutationBuilder(index.tableId, bucket.token, bucket.key);
    for (const { term, token, key, clustering, writtenAt } of own) {
      builder.row([...term, int64Bytes(token), key, ...clustering]);
      builder.cellTombstone(column, writtenAt!, nowSeconds);
      if (length === undefined) continue;
      // A text that is not there is not to be counted: its entries were written together.
      builder.row([new Uint8Array(0), int64Bytes(token), key, ...clustering]);
      builder.cellTombstone(column, writtenAt!, nowSeconds);
      builder.cellTombstone(length.id, writtenAt!, nowSeconds);
    }
    const { consistency, timeoutMs } = read;
    await coordinator
      .mutate([{ token: bucket.token, bytes: builder.finish() }], {
        consistency,
        writeType: 'SIMPLE',
        timeoutMs,
        durable: true,
      })
      .catch(() => {}); // the next reader finds them again
  }
}
