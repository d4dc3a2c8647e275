// Which prepared statements the addon can run by itself, and the bytes that tell it how (docs/format/hot-plan.md).
import { BufferWriter } from '../common/bytes.js';
import type { IndexTable } from '../index/index.js';
import { writeRowsMetadata } from '../protocol/index.js';
import { type ColumnDefinition, isCompact } from '../schema/index.js';
import { ByteWriter, noLimit, type ReadColumn, Selected } from '../storage/index.js';
import { type CqlType, encodeDescriptorType } from '../types/index.js';
import { hotIndexRead } from './hot-index.js';
import type { Prepared } from './prepared/prepared-store.js';
import type { Restriction, RestrictionTerm } from './restrictions/restriction.js';
import type { RestrictionSet } from './restrictions/restriction-set.js';
import type { FoldedSelect, SelectPlan } from './select/select-plan.js';
import { ConstantTerm, MarkerTerm, type Term } from './terms/term.js';
import { readInt32, readInt64 } from './values.js';
import { ttlMax } from './write/attributes.js';
import { tableIdBytes } from './write/mutations.js';
import { DeleteColumn, SetColumn } from './write/operations.js';
import type { WritePlan } from './write/write-plan.js';

const format = 3;
const kinds = { write: 1, read: 2, indexRead: 3, prepared: 4 } as const;
const flagBits = {
  insert: 1,
  notDurable: 2,
  reversed: 4,
  staticOnly: 8,
  deletesRow: 16,
  deletesPartition: 32,
} as const;
const targets = {
  partitionKey: 0,
  clustering: 1,
  value: 2,
  ttl: 3,
  timestamp: 4,
  limit: 5,
  sliceStart: 6,
  sliceEnd: 7,
  term: 8,
} as const;
const outputKinds = { count: 0, sum: 1, average: 2, best: 3 } as const;
const sliceBits = { startInclusive: 1, endInclusive: 2 } as const;

/** Types whose values the addon cannot check. */
const coldTypes: readonly CqlType['kind'][] = [
  'list',
  'set',
  'map',
  'tuple',
  'udt',
  'custom',
  'empty',
  'duration',
  'counter',
];

/** What is bound and what is constant, as the addon takes it. A statement with anything else is not hot. */
class HotTerms {
  readonly binds: { target: number; which: number; type: CqlType }[] = [];
  readonly constants: { target: number; which: number; value: Uint8Array | null }[] = [];

  constructor(markers: number) {
    this.binds.length = markers;
  }

  /** False when the term is neither a marker nor known. */
  add(term: Term, target: number, which: number, type: CqlType): boolean {
    if (term instanceof MarkerTerm) {
      if (coldTypes.includes(type.kind) || this.binds[term.index] !== undefined) return false;
      this.binds[term.index] = { target, which, type };
      return true;
    }
    if (!(term instanceof ConstantTerm) || typeof term.value === 'symbol') return false;
    this.constants.push({ target, which, value: term.value as Uint8Array | null });
    return true;
  }

  get complete(): boolean {
    for (let i = 0; i < this.binds.length; i++) if (this.binds[i] === undefined) return false;
    return true;
  }
}

const singleOf = (term: RestrictionTerm): Term | null => ('single' in term ? term.single : null);

/** Every column restricted by one plain equality. */
function addKeys(terms: HotTerms, set: RestrictionSet, columns: readonly ColumnDefinition[], target: number): boolean {
  return columns.every((column) => addEquality(terms, set.get(column), target, column));
}

function addEquality(
  terms: HotTerms,
  restriction: Restriction | undefined,
  target: number,
  column: ColumnDefinition,
): boolean {
  if (restriction?.kind !== 'eq') return false;
  const single = singleOf(restriction.term);
  // A null constant is an error, which JavaScript tells.
  if (single === null || (single instanceof ConstantTerm && !(single.value instanceof Uint8Array))) return false;
  return terms.add(single, target, column.position, column.type);
}

type Layout = {
  readonly kind: number;
  readonly flags: number;
  readonly terms: HotTerms;
  readonly sliceFlags: number;
  readonly rowLimit: number;
  readonly perPartitionLimit: number;
  /** Of a read: what it shows, or what is folded. */
  readonly columns: readonly ReadColumn[];
  readonly folded: FoldedSelect | null;
  readonly index: IndexTable | null;
};

const noRead = {
  sliceFlags: 0,
  rowLimit: noLimit,
  perPartitionLimit: noLimit,
  columns: [],
  folded: null,
  index: null,
} as const;

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
  const layout = readLayout(plan, markers);
  if (layout === null || (layout.index !== null && buckets.length === 0)) return null;
  return encode(prepared, hotTarget(plan), layout, consistencyLevels, example, buckets);
}

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
    terms.binds[i] = { target: targets.value, which: i, type: written };
  }
  const layout = { ...noRead, kind: kinds.prepared, flags: 0, terms };
  return encode(prepared, { tableId: noTable, version: 0, defaultTtl: 0 }, layout, 0, example, []);
}

/** Whether the addon can run a statement by itself, once it is prepared. */
export function isHotPlan(plan: { readonly kind: string }, markers: number): boolean {
  if (plan.kind === 'write') return writeLayout(plan as WritePlan, markers) !== null;
  return plan.kind === 'select' && readLayout(plan as SelectPlan, markers) !== null;
}

function writeLayout(plan: WritePlan, markers: number): Layout | null {
  const { table, restrictions, type } = plan;
  const cold =
    plan.timeoutMs !== null ||
    plan.conditions !== null ||
    (table.viewNames ?? []).length > 0 ||
    table.virtual ||
    table.isCounter ||
    plan.requiresRead;
  // The entries of indexes are made in JavaScript.
  if (cold || table.indexes.length > 0 || plan.statics.length > 0 || isCompact(table)) return null;
  const terms = new HotTerms(markers);
  if (!addKeys(terms, restrictions.partitionKey, table.partitionKey, targets.partitionKey)) return null;
  const wholeDelete = type === 'DELETE' && plan.regular.length === 0;
  const deletesPartition = wholeDelete && !restrictions.hasClustering;
  if (!deletesPartition && !addKeys(terms, restrictions.clustering, table.clustering, targets.clustering)) return null;
  if (!addValues(terms, plan)) return null;
  const { timestamp, ttl } = plan.attributes;
  if (!inRange(timestamp, 8, (value) => readInt64(value) !== -(2n ** 63n))) return null;
  if (!inRange(ttl, 4, (value) => readInt32(value) >= 0 && readInt32(value) <= ttlMax)) return null;
  if (timestamp !== null && !terms.add(timestamp, targets.timestamp, 0, { kind: 'bigint' })) return null;
  if (ttl !== null && !terms.add(ttl, targets.ttl, 0, { kind: 'int' })) return null;
  if (!terms.complete) return null;
  const flags =
    (type === 'INSERT' ? flagBits.insert : 0) |
    (plan.durable ? 0 : flagBits.notDurable) |
    (wholeDelete && !deletesPartition ? flagBits.deletesRow : 0) |
    (deletesPartition ? flagBits.deletesPartition : 0);
  return { ...noRead, kind: kinds.write, flags, terms };
}

/** False for a constant that JavaScript refuses or takes for something else; the addon looks at bound values only. */
function inRange(term: Term | null, bytes: number, accepts: (value: Uint8Array) => boolean): boolean {
  if (!(term instanceof ConstantTerm)) return true;
  return term.value instanceof Uint8Array && term.value.length === bytes && accepts(term.value);
}

function addValues(terms: HotTerms, { regular }: WritePlan): boolean {
  const columns = new Set(regular.map(({ column }) => column));
  if (columns.size !== regular.length) return false;
  return regular.every((operation) => {
    const { type, id } = operation.column;
    if (coldTypes.includes(type.kind)) return false;
    if (operation instanceof DeleteColumn) return terms.add(new ConstantTerm(null), targets.value, id, type);
    return operation instanceof SetColumn && terms.add(operation.term, targets.value, id, type);
  });
}

function readLayout(plan: SelectPlan, markers: number): Layout | null {
  if (plan.searches.length > 0) return indexLayout(plan, markers);
  const { table, restrictions, direct, folded } = plan;
  if (
    (direct === null && (folded?.outputs == null || plan.json !== null)) ||
    plan.timeoutMs !== null ||
    plan.distinct ||
    restrictions.isKeyRange ||
    restrictions.token !== null
  )
    return null;
  if (direct?.some(({ what }) => what === Selected.paths) || isCompact(table)) return null;
  const terms = new HotTerms(markers);
  if (!addKeys(terms, restrictions.partitionKey, table.partitionKey, targets.partitionKey)) return null;
  const sliceFlags = addClustering(terms, plan);
  if (sliceFlags === null) return null;
  const rowLimit = addLimit(terms, plan.limit, 0);
  const perPartitionLimit = addLimit(terms, plan.perPartitionLimit, 1);
  if (rowLimit === null || perPartitionLimit === null || !terms.complete) return null;
  const flags = (plan.reversed ? flagBits.reversed : 0) | (restrictions.returnsStaticOnly ? flagBits.staticOnly : 0);
  const columns = direct ?? folded!.columns;
  const shared = { ...noRead, kind: kinds.read, flags, terms, sliceFlags, rowLimit, perPartitionLimit, columns };
  return direct === null ? { ...shared, folded } : shared;
}

function indexLayout(plan: SelectPlan, markers: number): Layout | null {
  const read = hotIndexRead(plan);
  if (read === null || plan.timeoutMs !== null || isCompact(plan.table)) return null;
  const { index, term, columns } = read;
  const { id, type } = index.target.column;
  if (term instanceof ConstantTerm && !(term.value instanceof Uint8Array && term.value.length > 0)) return null;
  const terms = new HotTerms(markers);
  if (!terms.add(term, targets.term, id, type)) return null;
  const rowLimit = addLimit(terms, plan.limit, 0);
  if (rowLimit === null || !terms.complete) return null;
  return { ...noRead, kind: kinds.indexRead, flags: 0, terms, rowLimit, columns, index };
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
        [start, targets.sliceStart],
        [end, targets.sliceEnd],
      ] as const) {
        const term = bound === null ? null : singleOf(bound.term);
        if (term === null) continue;
        if (term instanceof ConstantTerm && !(term.value instanceof Uint8Array)) return null;
        if (!terms.add(term, target, column.position, column.type)) return null;
      }
      return (start?.inclusive ? sliceBits.startInclusive : 0) | (end?.inclusive ? sliceBits.endInclusive : 0);
    }
    if (!addEquality(terms, restriction, targets.clustering, column)) return null;
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
  return terms.add(term, targets.limit, which, { kind: 'int' }) ? noLimit : null;
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
  layout: Layout,
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
  out.u16(consistencyLevels);
  out.u32(layout.rowLimit);
  out.u32(layout.perPartitionLimit);
  out.u16(layout.columns.length);
  for (const { what, which } of layout.columns) {
    out.u8(what);
    out.u16(which);
  }
  writeFolds(out, layout.folded);
  if (layout.index !== null) writeIndex(out, layout.index, buckets);
  writeMetadata(out, prepared, 4);
  writeMetadata(out, prepared, 5);
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

function writeMetadata(out: ByteWriter, { resultColumns }: Prepared, version: number): void {
  if (resultColumns === null) {
    out.u32(0);
    return;
  }
  const writer = new BufferWriter(256);
  writeRowsMetadata(writer, { columns: resultColumns, pagingState: null, skip: false, changedId: null }, version);
  const bytes = writer.finish();
  out.u32(bytes.length);
  out.raw(bytes);
}
