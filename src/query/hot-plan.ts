// Which prepared statements the addon can run by itself, and the bytes that tell it how (docs/format/hot-plan.md).
import { BufferWriter } from '../common/bytes.js';
import type { IndexTable } from '../index/index.js';
import { writeRowsMetadata } from '../protocol/index.js';
import { isCompact } from '../schema/index.js';
import { ByteWriter, noLimit, type ReadColumn, Selected } from '../storage/index.js';
import { type CqlType, encodeDescriptorType } from '../types/index.js';
import { type ColumnSpec, Consistency } from './api.js';
import { hotIndexRead } from './hot-index.js';
import {
  addEquality,
  addKeys,
  type HotConditions,
  type HotIndex,
  type HotLayout,
  HotTerms,
  type HotView,
  type HotViewKey,
  hotFlags,
  hotKinds,
  hotTargets,
  noRead,
  noWrite,
  singleOf,
} from './hot-terms.js';
import { writeLayout } from './hot-write.js';
import type { Prepared } from './prepared/prepared-store.js';
import { canComputeRead } from './select/computed-read.js';
import type { FoldedSelect, SelectPlan } from './select/select-plan.js';
import { ConstantTerm, type Term } from './terms/term.js';
import { readInt32 } from './values.js';
import { tableIdBytes } from './write/mutations.js';
import type { WritePlan } from './write/write-plan.js';

const format = 5;
const outputKinds = { count: 0, sum: 1, average: 2, best: 3 } as const;
/** What the addon reads of a row by itself. */
const hotColumns: ReadonlySet<number> = new Set([
  Selected.partitionKey,
  Selected.clustering,
  Selected.token,
  Selected.value,
  Selected.writetime,
  Selected.ttl,
  Selected.maxWritetime,
]);
const sliceBits = { startInclusive: 1, endInclusive: 2 } as const;

/**
 * The hot plan of a prepared statement; null when it is not hot.
 * @param consistencyLevels  bit n: level n can be run with the replicas that the keyspace has
 * @param example  for a plan of statements that come as text: one of them, with a value for each marker of `prepared`
 * @param buckets  by shard: the partition of the entries of its rows. Without them no read by an index is hot
 */
export function encodeHotPlan(
  prepared: Prepared,
  consistencyLevels: number,
  example = '',
  buckets: readonly { readonly key: Uint8Array }[] = [],
): Uint8Array | null {
  const { plan } = prepared.planned;
  const markers = prepared.bindColumns.length;
  if (plan.kind === 'write') {
    const layout = writeLayout(plan, markers);
    return layout === null ? null : encode(prepared, hotTarget(plan), layout, consistencyLevels, example, buckets);
  }
  // The addon does not know who asks.
  if (plan.kind !== 'select' || plan.masked !== null) return null;
  // A text goes on as an EXECUTE instead.
  const mayCompute = example === '' && prepared.planned.functionNames.size === 0;
  const layout = readLayout(plan, markers) ?? (mayCompute ? computedLayout(plan, markers) : null);
  if (layout === null || (layout.index !== null && buckets.length === 0)) return null;
  return encode(prepared, hotTarget(plan), layout, consistencyLevels, example, buckets);
}

/** Whether a plan is of a read of whose rows JavaScript makes the answer. */
export const isComputedPlan = (plan: Uint8Array): boolean => plan[1] === hotKinds.computedRead;

/** A statement of no table. */
const noTable = new Uint8Array(16);

/**
 * The plan of statements that come as text and that JavaScript runs: the addon makes the EXECUTE of `prepared` of them.
 * @param example  one of them, with a value for each marker
 */
export function encodeTextPlan(prepared: Prepared, example: string): Uint8Array {
  const terms = new HotTerms(prepared.bindColumns.length);
  for (const [i, { type }] of prepared.bindColumns.entries()) {
    // An increment is written as a whole number.
    const written: CqlType = type.kind === 'counter' ? { kind: 'bigint' } : type;
    terms.binds[i] = { target: hotTargets.value, which: i, type: written };
  }
  const layout = { ...noRead, ...noWrite, kind: hotKinds.prepared, flags: 0, terms };
  return encode(prepared, { tableId: noTable, version: 0, defaultTtl: 0 }, layout, 0, example, []);
}

/** Whether the addon can run a statement by itself, once it is prepared. */
export function isHotPlan(plan: { readonly kind: string }, markers: number): boolean {
  if (plan.kind === 'write') return writeLayout(plan as WritePlan, markers) !== null;
  return plan.kind === 'select' && readLayout(plan as SelectPlan, markers) !== null;
}

function readLayout(plan: SelectPlan, markers: number): HotLayout | null {
  if (plan.searches.length > 0) return indexLayout(plan, markers);
  const { direct, folded } = plan;
  if (direct === null && (folded?.outputs == null || plan.json !== null)) return null;
  const terms = new HotTerms(markers);
  const part = addPartition(terms, plan, direct ?? folded!.columns);
  const rowLimit = addLimit(terms, plan.limit, 0);
  const perPartitionLimit = addLimit(terms, plan.perPartitionLimit, 1);
  if (part === null || rowLimit === null || perPartitionLimit === null || !terms.complete) return null;
  const shared = { ...part, kind: hotKinds.read, rowLimit, perPartitionLimit };
  return direct === null ? { ...shared, folded } : shared;
}

/** A read of whose rows the answer is computed here. */
function computedLayout(plan: SelectPlan, markers: number): HotLayout | null {
  if (!canComputeRead(plan)) return null;
  const terms = new HotTerms(markers);
  const part = addPartition(terms, plan, plan.fetched);
  // Rows that a filter lets through are counted behind it.
  const rowLimit = plan.filter === null ? addLimit(terms, plan.limit, 0) : noLimit;
  if (part === null || rowLimit === null) return null;
  terms.addOthers();
  return { ...part, kind: hotKinds.computedRead, rowLimit };
}

/** What a read of rows of one partition has; null when it is of something else. */
function addPartition(terms: HotTerms, plan: SelectPlan, columns: readonly ReadColumn[]): HotLayout | null {
  const { table, restrictions } = plan;
  if (plan.timeoutMs !== null || plan.distinct || restrictions.isKeyRange || restrictions.token !== null) return null;
  if (columns.some(({ what }) => !hotColumns.has(what)) || isCompact(table)) return null;
  if (!addKeys(terms, restrictions.partitionKey, table.partitionKey, hotTargets.partitionKey)) return null;
  const sliceFlags = addClustering(terms, plan);
  if (sliceFlags === null) return null;
  const flags = (plan.reversed ? hotFlags.reversed : 0) | (restrictions.returnsStaticOnly ? hotFlags.staticOnly : 0);
  return { ...noRead, ...noWrite, kind: hotKinds.read, flags, terms, sliceFlags, columns };
}

function indexLayout(plan: SelectPlan, markers: number): HotLayout | null {
  const read = hotIndexRead(plan);
  if (read === null || plan.timeoutMs !== null || isCompact(plan.table)) return null;
  const { index, term, columns } = read;
  const { id, type } = index.target.column;
  if (term instanceof ConstantTerm && !(term.value instanceof Uint8Array && term.value.length > 0)) return null;
  const terms = new HotTerms(markers);
  if (!terms.add(term, hotTargets.term, id, type)) return null;
  const rowLimit = addLimit(terms, plan.limit, 0);
  if (rowLimit === null || !terms.complete) return null;
  return { ...noRead, ...noWrite, kind: hotKinds.indexRead, flags: 0, terms, rowLimit, columns, index };
}

/** Equalities of the first columns, then perhaps one slice. Returns the slice's flags; null when it is something else. */
function addClustering(terms: HotTerms, { restrictions, table }: SelectPlan): number | null {
  for (const column of table.clustering) {
    const restriction = restrictions.clustering.get(column);
    if (restriction === undefined) return restrictions.clustering.size === column.position ? 0 : null;
    if (restriction.multi) return null;
    if (restriction.kind === 'slice') {
      if (restrictions.clustering.size !== column.position + 1) return null;
      const [start, end] = column.reversed
        ? [restriction.end, restriction.start]
        : [restriction.start, restriction.end];
      for (const [bound, target] of [
        [start, hotTargets.sliceStart],
        [end, hotTargets.sliceEnd],
      ] as const) {
        const term = bound === null ? null : singleOf(bound.term);
        if (term === null) continue;
        if (term instanceof ConstantTerm && !(term.value instanceof Uint8Array)) return null;
        if (!terms.add(term, target, column.position, column.type)) return null;
      }
      return (start?.inclusive ? sliceBits.startInclusive : 0) | (end?.inclusive ? sliceBits.endInclusive : 0);
    }
    if (!addEquality(terms, restriction, hotTargets.clustering, column)) return null;
  }
  return 0;
}

/** The limit when it is known, noLimit when it is bound or missing; null when it is not hot. */
function addLimit(terms: HotTerms, term: Term | null, which: number): number | null {
  if (term === null) return noLimit;
  if (term instanceof ConstantTerm) {
    const limit = term.value instanceof Uint8Array && term.value.length === 4 ? readInt32(term.value) : 0;
    return limit > 0 ? limit : null;
  }
  return terms.add(term, hotTargets.limit, which, { kind: 'int' }) ? noLimit : null;
}

/** What a plan is made for. */
type HotTarget = {
  readonly tableId: Uint8Array;
  readonly version: number;
  readonly defaultTtl: number;
};

function hotTarget(plan: SelectPlan | WritePlan): HotTarget {
  const { table } = plan;
  return {
    tableId: tableIdBytes(table),
    version: table.version,
    defaultTtl: table.options.default_time_to_live,
  };
}

function encode(
  prepared: Prepared,
  { tableId, version, defaultTtl }: HotTarget,
  layout: HotLayout,
  consistencyLevels: number,
  example: string,
  buckets: readonly { readonly key: Uint8Array }[],
): Uint8Array {
  const out = new ByteWriter(512);
  out.u8(format);
  out.u8(layout.kind);
  out.u8(layout.flags);
  out.raw(prepared.id);
  out.raw(tableId);
  out.u32(version);
  out.u16(layout.operations.length);
  for (const { kind, column } of layout.operations) {
    out.u8(kind);
    out.u16(column.id);
  }
  writeConditions(out, layout.conditions);
  writeIndexes(out, layout.indexes);
  writeViews(out, layout.views);
  out.u16(layout.terms.binds.length);
  for (const { target, which, type } of layout.terms.binds) {
    out.u8(target);
    out.u16(which);
    out.raw(encodeDescriptorType(type));
  }
  out.u16(layout.terms.constants.length);
  for (const { target, which, value } of layout.terms.constants) {
    out.u8(target);
    out.u16(which);
    out.u32(value === null ? 0xffffffff : value.length);
    if (value !== null) out.raw(value);
  }
  out.u8(layout.sliceFlags);
  out.u32(defaultTtl);
  const { conditions } = layout;
  // Whether a decision may be committed at EACH_QUORUM depends on the keyspace's strategy.
  out.u16(conditions === null ? consistencyLevels : consistencyLevels & ~(1 << Consistency.EACH_QUORUM));
  out.u32(layout.rowLimit);
  out.u32(layout.perPartitionLimit);
  out.u16(layout.columns.length);
  for (const { what, which } of layout.columns) {
    out.u8(what);
    out.u16(which);
  }
  writeFolds(out, layout.folded);
  if (layout.index !== null) writeIndex(out, layout.index, buckets);
  const answer = conditions === null ? prepared.resultColumns : conditions.notApplied;
  writeMetadata(out, answer, 4);
  writeMetadata(out, answer, 5);
  out.raw(prepared.resultMetadataId);
  const text = Buffer.from(example);
  out.u32(text.length);
  out.raw(text);
  const keyspace = Buffer.from(prepared.keyspace ?? '');
  out.u16(keyspace.length);
  out.raw(keyspace);
  return out.finish();
}

function writeFolds(out: ByteWriter, folded: FoldedSelect | null): void {
  const folds = folded?.folds ?? [];
  const outputs = folded?.outputs ?? [];
  out.u16(folds.length);
  for (const { kind, column } of folds) {
    out.u8(kind);
    out.u16(column);
  }
  out.u16(outputs.length);
  for (const { kind, width, folds: of } of outputs) {
    out.u8(outputKinds[kind]);
    out.u8(width);
    out.u16(of[0]!);
    out.u16(of[1] ?? 0);
  }
}

function writeIndex(out: ByteWriter, index: IndexTable, buckets: readonly { readonly key: Uint8Array }[]): void {
  out.raw(index.tableId);
  out.u16(index.target.column.id);
  out.u16(buckets.length);
  for (const { key } of buckets) {
    out.u16(key.length);
    out.raw(key);
  }
}

function writeMetadata(out: ByteWriter, columns: readonly ColumnSpec[] | null, version: number): void {
  if (columns === null) {
    out.u32(0);
    return;
  }
  const writer = new BufferWriter(256);
  writeRowsMetadata(writer, { columns, pagingState: null, skip: false, changedId: null }, version);
  const bytes = writer.finish();
  out.u32(bytes.length);
  out.raw(bytes);
}

function writeConditions(out: ByteWriter, conditions: HotConditions | null): void {
  out.u8(conditions?.mode ?? 0);
  if (conditions === null) return;
  out.u16(conditions.shown.length);
  out.u16(conditions.comparisons.length);
  for (const { comparison, column } of conditions.comparisons) {
    out.u8(comparison);
    out.u16(column.id);
  }
  writeMetadata(out, conditions.applied, 4);
  writeMetadata(out, conditions.applied, 5);
}

function writeIndexes(out: ByteWriter, indexes: readonly HotIndex[]): void {
  out.u16(indexes.length);
  for (const { tableId, permanent, expiring, source, which, flags } of indexes) {
    out.raw(tableId);
    out.u16(permanent);
    out.u16(expiring);
    out.u8(source);
    out.u16(which);
    out.u8(flags);
  }
}

function writeViews(out: ByteWriter, views: readonly HotView[]): void {
  const writeKey = (parts: readonly HotViewKey[]) => {
    out.u8(parts.length);
    for (const { source, which } of parts) {
      out.u8(source);
      out.u16(which);
    }
  };
  out.u16(views.length);
  for (const { tableId, partitionKey, clustering, values } of views) {
    out.raw(tableId);
    writeKey(partitionKey);
    writeKey(clustering);
    out.u16(values.length);
    for (const { column, base } of values) {
      out.u16(column);
      out.u16(base);
    }
  }
}
