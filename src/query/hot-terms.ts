// What the values of a hot plan are for, and which of them are bound and which are constant (docs/format/hot-plan.md).
import type { IndexTable } from '../index/index.js';
import type { ColumnDefinition } from '../schema/index.js';
import { noLimit, type ReadColumn } from '../storage/index.js';
import type { CqlType } from '../types/index.js';
import type { ColumnSpec } from './api.js';
import type { Restriction, RestrictionTerm } from './restrictions/restriction.js';
import type { RestrictionSet } from './restrictions/restriction-set.js';
import type { FoldedSelect } from './select/select-plan.js';
import { ConstantTerm, MarkerTerm, type Term } from './terms/term.js';

export const hotTargets = {
  partitionKey: 0,
  clustering: 1,
  value: 2,
  ttl: 3,
  timestamp: 4,
  limit: 5,
  sliceStart: 6,
  sliceEnd: 7,
  term: 8,
  operationKey: 9,
  operationValue: 10,
  condition: 11,
  computed: 12,
} as const;

/** Types whose values the addon cannot check. */
const coldTypes: readonly CqlType['kind'][] = ['tuple', 'udt', 'custom', 'empty', 'duration'];

/** Whether the addon can check values of the type. */
export function isHotType(type: CqlType): boolean {
  if (type.kind === 'map') return isHotType(type.key) && isHotType(type.value);
  if (type.kind === 'list' || type.kind === 'set') return isHotType(type.element);
  return !coldTypes.includes(type.kind);
}

/** What is bound and what is constant, as the addon takes it. A statement with anything else is not hot. */
export class HotTerms {
  readonly binds: { target: number; which: number; type: CqlType }[] = [];
  readonly constants: { target: number; which: number; value: Uint8Array | null }[] = [];

  /** Columns that were given a whole value. */
  readonly written: ColumnDefinition[] = [];

  constructor(markers: number) {
    this.binds.length = markers;
  }

  /** False when the term is neither a marker nor known. */
  add(term: Term, target: number, which: number, type: CqlType): boolean {
    if (term instanceof MarkerTerm) {
      if (!isHotType(type) || this.binds[term.index] !== undefined) return false;
      this.binds[term.index] = { target, which, type };
      return true;
    }
    if (!(term instanceof ConstantTerm) || typeof term.value === 'symbol') return false;
    // A blob is taken for a tinyint and for a tuple: JavaScript knows where it may stand.
    if (type.kind === 'tinyint' && (term.value?.length ?? 1) !== 1) return false;
    if (type.kind === 'tuple' && target === hotTargets.partitionKey) return false;
    this.constants.push({ target, which, value: term.value as Uint8Array | null });
    return true;
  }

  /** A whole value of a column. False when the term is neither a marker nor known. */
  addValue(term: Term, column: ColumnDefinition): boolean {
    this.written.push(column);
    return this.add(term, hotTargets.value, column.id, column.type);
  }

  /** What is bound beside is for JavaScript alone. */
  addOthers(): void {
    for (let i = 0; i < this.binds.length; i++)
      this.binds[i] ??= { target: hotTargets.computed, which: 0, type: { kind: 'blob' } };
  }

  get complete(): boolean {
    for (let i = 0; i < this.binds.length; i++) if (this.binds[i] === undefined) return false;
    return true;
  }
}

export const singleOf = (term: RestrictionTerm): Term | null => ('single' in term ? term.single : null);

/** Every column restricted by one plain equality. */
export function addKeys(
  terms: HotTerms,
  set: RestrictionSet,
  columns: readonly ColumnDefinition[],
  target: number,
): boolean {
  return columns.every((column) => addEquality(terms, set.get(column), target, column));
}

export function addEquality(
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

export type HotLayout = {
  readonly kind: number;
  readonly flags: number;
  readonly terms: HotTerms;
  readonly operations: readonly HotOperation[];
  readonly conditions: HotConditions | null;
  readonly indexes: readonly HotIndex[];
  readonly views: readonly HotView[];
  readonly sliceFlags: number;
  readonly rowLimit: number;
  readonly perPartitionLimit: number;
  /** Of a read: what it shows, or what is folded. Of a conditional write: what its answer shows, and times. */
  readonly columns: readonly ReadColumn[];
  readonly folded: FoldedSelect | null;
  readonly index: IndexTable | null;
};

/** What a write has of a read. */
export const noRead = {
  sliceFlags: 0,
  rowLimit: noLimit,
  perPartitionLimit: noLimit,
  columns: [],
  folded: null,
  index: null,
} as const;

/** What a read has of a write. */
export const noWrite = { operations: [], conditions: null, indexes: [], views: [] } as const;

/** What a write does to a column beside giving it a whole value. */
export type HotOperation = { readonly kind: number; readonly column: ColumnDefinition };

/** What has to hold for a write, and how it is answered. */
export type HotConditions = {
  readonly mode: number;
  readonly comparisons: readonly { readonly comparison: number; readonly column: ColumnDefinition }[];
  /** What is shown beside [applied] when they do not hold. */
  readonly shown: readonly ReadColumn[];
  /** Times that a write must be later than. */
  readonly times: readonly ReadColumn[];
  readonly applied: readonly ColumnSpec[];
  readonly notApplied: readonly ColumnSpec[];
};

/** An index whose entries a write brings. */
export type HotIndex = {
  /** 16 bytes. */
  readonly tableId: Uint8Array;
  readonly permanent: number;
  readonly expiring: number;
  readonly source: number;
  readonly which: number;
  readonly flags: number;
};

/** A materialized view that a write is followed by, and where in its base the view's keys and values are. */
export type HotView = {
  /** 16 bytes. */
  readonly tableId: Uint8Array;
  readonly partitionKey: readonly HotViewKey[];
  readonly clustering: readonly HotViewKey[];
  /** Ids of columns. */
  readonly values: readonly { readonly column: number; readonly base: number }[];
};

/** `which`: a position in the base's key, or the id of a column. */
export type HotViewKey = { readonly source: number; readonly which: number };

export const hotKinds = { write: 1, read: 2, indexRead: 3, prepared: 4, computedRead: 5 } as const;

export const hotFlags = {
  insert: 1,
  notDurable: 2,
  reversed: 4,
  staticOnly: 8,
  deletesRow: 16,
  deletesPartition: 32,
  counter: 64,
} as const;
