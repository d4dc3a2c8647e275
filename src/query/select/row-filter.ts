// ALLOW FILTERING: what no key and no slice expresses, checked row by row.
import { invalid } from '../../common/errors.js';
import type { Analyzer, IndexTable } from '../../index/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import {
  type BindValue,
  type CqlType,
  compareValues,
  UNSET,
  unpackList,
  unpackMap,
  unpackSet,
} from '../../types/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import type { Conjunct, PatternConjunct } from '../restrictions/conjuncts.js';
import type { StatementIndex } from '../restrictions/index-use.js';
import {
  bindFields,
  bindIn,
  bindSingle,
  type Negation,
  type Restriction,
  type RestrictionTerm,
} from '../restrictions/restriction.js';
import type { StatementRestrictions } from '../restrictions/statement-restrictions.js';
import type { CellNode, FetchedColumns } from '../selection/node.js';
import { columnNode } from '../selection/plan-selectable.js';
import type { BindContext, Term } from '../terms/term.js';
import { isElement, isEqualTo, sameBytes } from '../values.js';
import { likePattern, matchesLike } from './like-pattern.js';
import { textPredicate } from './text-predicate.js';

type Cells = readonly (Uint8Array | null)[];
export type RowPredicate = (cells: Cells) => boolean;

export type RowFilter = {
  /** Binds the values of one execution. @throws FerrosaError INVALID for null and unset values */
  bind(context: BindContext): RowPredicate;
};

/** A conjunct with the places of its columns in a row. */
type Slotted =
  | { readonly restriction: Restriction; readonly slots: readonly number[] }
  | { readonly extra: Negation | PatternConjunct; readonly slot: number }
  | { readonly branches: readonly (readonly Slotted[])[] };

/** null when nothing is left to filter by. */
export function planFilter(
  environment: PlanEnvironment,
  restrictions: StatementRestrictions,
  fetched: FetchedColumns,
): RowFilter | null {
  const conjuncts = [...restrictions.filters, ...restrictions.extras];
  if (conjuncts.length === 0) return null;
  return filterBy(environment, conjuncts, analyzersOf(restrictions), fetched);
}

/** By column: what an index that serves the statement makes of its values before they are compared, and the index that says how they sound. */
type Analyzers = ReadonlyMap<ColumnDefinition, Analyzer> & {
  readonly sounds: ReadonlyMap<ColumnDefinition, IndexTable>;
  readonly texts: ReadonlyMap<ColumnDefinition, StatementIndex>;
};

export function analyzersOf({ usesIndex, indexes }: StatementRestrictions): Analyzers {
  const analyzers = new Map<ColumnDefinition, Analyzer>();
  const sounds = new Map<ColumnDefinition, IndexTable>();
  const texts = new Map<ColumnDefinition, StatementIndex>();
  for (const index of indexes) {
    const { target, analyzer, kind } = index;
    if (usesIndex && analyzer !== null) analyzers.set(target.column, analyzer);
    if (kind === 'phonetic') sounds.set(target.column, index);
    if (kind === 'fulltext') texts.set(target.column, index);
  }
  return Object.assign(analyzers, { sounds, texts });
}

/** Rows that satisfy all of the conjuncts. */
export function filterBy(
  environment: PlanEnvironment,
  conjuncts: readonly Conjunct[],
  analyzers: Analyzers,
  fetched: FetchedColumns,
): RowFilter {
  const slotOf = (column: ColumnDefinition) => (columnNode(environment, column.name, fetched) as CellNode).slot;
  const slotted = conjuncts.map((conjunct) => slottedOf(conjunct, slotOf));
  return {
    bind(context) {
      const predicates = bindConjunct(slotted[0]!, context, analyzers);
      for (let i = 1; i < slotted.length; i++) predicates.push(...bindConjunct(slotted[i]!, context, analyzers));
      return allOf(predicates);
    },
  };
}

function allOf(predicates: readonly RowPredicate[]): RowPredicate {
  return predicates.length === 1 ? predicates[0]! : (cells) => predicates.every((predicate) => predicate(cells));
}

function slottedOf(conjunct: Conjunct, slotOf: (column: ColumnDefinition) => number): Slotted {
  switch (conjunct.kind) {
    case 'any':
      return { branches: conjunct.branches.map((branch) => branch.map((one) => slottedOf(one, slotOf))) };
    case 'negation':
    case 'pattern':
      return { extra: conjunct, slot: slotOf(conjunct.column) };
    default:
      return { restriction: conjunct, slots: conjunct.columns.map(slotOf) };
  }
}

function bindConjunct(slotted: Slotted, context: BindContext, analyzers: Analyzers): RowPredicate[] {
  if ('restriction' in slotted) return bindRestriction(slotted.restriction, slotted.slots, context, analyzers);
  if ('branches' in slotted) {
    const branches = slotted.branches.map((branch) => branch.flatMap((one) => bindConjunct(one, context, analyzers)));
    return [(cells) => branches.some((branch) => branch.every((predicate) => predicate(cells)))];
  }
  const { extra, slot } = slotted;
  if (extra.kind === 'negation') return [bindNegation(extra, slot, context, analyzers.get(extra.column))];
  if (extra.op === 'SOUNDS LIKE') return [bindSound(extra, slot, context, analyzers.sounds.get(extra.column)!)];
  if (extra.op === 'MATCHES') {
    const query = filterValue(extra.term.bind(context), extra.column);
    return [compared(slot, textPredicate(analyzers.texts.get(extra.column)!, query))];
  }
  return [bindPattern(extra, slot, context, analyzers.get(extra.column))];
}

function bindSound(
  { term, column }: PatternConjunct,
  slot: number,
  context: BindContext,
  index: IndexTable,
): RowPredicate {
  const codes = index.termsOf(filterValue(term.bind(context), column));
  return compared(slot, (cell) => index.termsOf(cell).some((code) => codes.some((other) => sameBytes(code, other))));
}

function bindPattern(
  { term, column }: PatternConjunct,
  slot: number,
  context: BindContext,
  analyzer: Analyzer | undefined,
): RowPredicate {
  const value = filterValue(term.bind(context), column);
  const { mode, text } = likePattern(value);
  if (analyzer === undefined) return compared(slot, matchesLike({ mode, text }));
  const matches = matchesLike({ mode, text: analyzer(text) });
  return compared(slot, (cell) => matches(analyzer(cell)));
}

function filterValue(value: BindValue, column: ColumnDefinition): Uint8Array {
  if (value === null) throw invalid(`Unsupported null value for column ${column.name}`);
  if (value === UNSET) throw invalid(`Unsupported unset value for column ${column.name}`);
  return value;
}

function entryValue(value: BindValue, column: ColumnDefinition, what: 'key' | 'value'): Uint8Array {
  if (value === null) throw invalid(`Unsupported null map ${what} for column ${column.name}`);
  if (value === UNSET) throw invalid(`Unsupported unset map ${what} for column ${column.name}`);
  return value;
}

function bindRestriction(
  restriction: Restriction,
  slots: readonly number[],
  context: BindContext,
  analyzers: Analyzers,
): RowPredicate[] {
  const column = restriction.columns[0]!;
  const slot = slots[0]!;
  switch (restriction.kind) {
    case 'eq':
      return bindEquality(restriction.columns, slots, restriction.term, context, analyzers);
    case 'in': {
      if (restriction.columns.length > 1) throw invalid('Multicolumn IN filters are not supported');
      // Cassandra asks one value after the other, and not behind a null.
      const bound = bindIn(restriction.values, context).map(([value]) => value ?? null);
      const end = bound.indexOf(null);
      const values = bound.slice(0, end < 0 ? bound.length : end).map((value) => filterValue(value, column));
      return [compared(slot, (cell) => values.some((value) => compareValues(column.type, cell, value) === 0))];
    }
    case 'slice': {
      if (restriction.multi) throw invalid('Multi-column slice restrictions cannot be used for filtering.');
      const predicates: RowPredicate[] = [];
      for (const side of ['start', 'end'] as const) {
        const bound = restriction[side];
        if (bound === null) continue;
        const value = filterValue(bindSingle(bound.term, context), column);
        const sign = side === 'start' ? 1 : -1;
        predicates.push(
          compared(slot, (cell) => {
            const order = compareValues(column.type, cell, value) * sign;
            return bound.inclusive ? order >= 0 : order > 0;
          }),
        );
      }
      return predicates;
    }
    case 'contains':
      return bindContains(column, slot, restriction, context, analyzers.get(column));
  }
}

function bindEquality(
  columns: readonly ColumnDefinition[],
  slots: readonly number[],
  term: RestrictionTerm,
  context: BindContext,
  analyzers: Analyzers,
): RowPredicate[] {
  const values = bindFields(term, context) ?? [];
  return columns.map((column, i) => {
    const value = filterValue(values[i] ?? null, column);
    const analyzer = analyzers.get(column);
    if (analyzer !== undefined) {
      const analyzed = analyzer(value);
      return compared(slots[i]!, (cell) => sameBytes(analyzer(cell), analyzed));
    }
    return compared(slots[i]!, (cell) => compareValues(column.type, cell, value) === 0);
  });
}

/** As for the other operators, a null cell satisfies nothing. */
function bindNegation(
  { column, op, values }: Negation,
  slot: number,
  context: BindContext,
  analyzer: Analyzer | undefined,
): RowPredicate {
  const { type } = column;
  const bound = bindIn(values, context).map((row) => filterValue(row[0] ?? null, column));
  const differsFrom = (value: Uint8Array, of: CqlType): ((other: Uint8Array) => boolean) => {
    if (analyzer === undefined) return (other) => compareValues(of, other, value) !== 0;
    const analyzed = analyzer(value);
    return (other) => !sameBytes(analyzer(other), analyzed);
  };
  if (op === 'NOT IN') {
    const differs = bound.map((value) => differsFrom(value, type));
    return compared(slot, (cell) => differs.every((from) => from(cell)));
  }
  const isKey = op === 'NOT CONTAINS KEY' && type.kind === 'map';
  const of = isKey ? type.key : valueType(type);
  const partsOf = (cell: Uint8Array) => (isKey ? unpackMap(cell).map(([key]) => key) : elementsOf(type, cell));
  const differs = differsFrom(bound[0]!, of);
  return compared(slot, (cell) => partsOf(cell).every(differs));
}

/** A null cell satisfies nothing. */
function compared(slot: number, test: (cell: Uint8Array) => boolean): RowPredicate {
  return (cells) => {
    const cell = cells[slot];
    return cell !== null && cell !== undefined && test(cell);
  };
}

function bindContains(
  column: ColumnDefinition,
  slot: number,
  restriction: Extract<Restriction, { kind: 'contains' }>,
  context: BindContext,
  analyzer: Analyzer | undefined,
): RowPredicate[] {
  const bound = (term: Term) => filterValue(term.bind(context), column);
  const predicates: RowPredicate[] = [];
  for (const term of restriction.values) {
    const value = bound(term);
    if (analyzer !== undefined) {
      const analyzed = analyzer(value);
      const isSame = (element: Uint8Array) => sameBytes(analyzer(element), analyzed);
      predicates.push(compared(slot, (cell) => elementsOf(column.type, cell).some(isSame)));
      continue;
    }
    const isSame = isElement(column.type, valueType(column.type), value);
    predicates.push(compared(slot, (cell) => elementsOf(column.type, cell).some(isSame)));
  }
  for (const term of restriction.keys) {
    const value = bound(term);
    const { key } = column.type as Extract<CqlType, { kind: 'map' }>;
    if (analyzer !== undefined) {
      const analyzed = analyzer(value);
      const isSame = ([entryKey]: readonly [Uint8Array, Uint8Array]) => sameBytes(analyzer(entryKey), analyzed);
      predicates.push(compared(slot, (cell) => unpackMap(cell).some(isSame)));
      continue;
    }
    predicates.push(compared(slot, (cell) => unpackMap(cell).some(([entryKey]) => isEqualTo(key, value)(entryKey))));
  }
  for (const [keyTerm, valueTerm] of restriction.entries) {
    const key = entryValue(keyTerm.bind(context), column, 'key');
    const value = entryValue(valueTerm.bind(context), column, 'value');
    const type = column.type as Extract<CqlType, { kind: 'map' }>;
    predicates.push(
      compared(slot, (cell) =>
        unpackMap(cell).some(
          ([k, v]) => compareValues(type.key, k, key) === 0 && compareValues(type.value, v, value) === 0,
        ),
      ),
    );
  }
  return predicates;
}

function valueType(type: CqlType): CqlType {
  if (type.kind === 'map') return type.value;
  return type.kind === 'list' || type.kind === 'set' ? type.element : type;
}

function elementsOf(type: CqlType, cell: Uint8Array): Uint8Array[] {
  if (type.kind === 'map') return unpackMap(cell).map(([, value]) => value);
  return type.kind === 'set' ? unpackSet(cell) : unpackList(cell);
}
