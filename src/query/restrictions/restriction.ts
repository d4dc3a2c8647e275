// One restriction of a WHERE clause and how two on the same column combine.
import { invalid } from '../../common/errors.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { type BindValue, UNSET } from '../../types/index.js';
import type { BindContext, Term, TupleTerm } from '../terms/term.js';

/** A value, or the values of several columns. */
export type RestrictionTerm = { readonly single: Term } | { readonly tuple: TupleTerm };

/** IN: the terms, or one marker for all of them. */
export type InTerms = { readonly terms: readonly RestrictionTerm[] } | { readonly marker: InMarker };

export interface InMarker {
  /** The rows of values; each has one value a column. */
  bind(context: BindContext): BindValue[][];
}

export type Bound = { readonly term: RestrictionTerm; readonly inclusive: boolean };

type Common = {
  /** In the order of the relation; one unless `multi`. */
  readonly columns: readonly ColumnDefinition[];
  readonly multi: boolean;
};
export type EqRestriction = Common & { readonly kind: 'eq'; readonly term: RestrictionTerm };
export type InRestriction = Common & { readonly kind: 'in'; readonly values: InTerms };
export type SliceRestriction = Common & {
  readonly kind: 'slice';
  readonly start: Bound | null;
  readonly end: Bound | null;
};
export type ContainsRestriction = Common & {
  readonly kind: 'contains';
  readonly values: readonly Term[];
  readonly keys: readonly Term[];
  readonly entries: readonly (readonly [Term, Term])[];
};
export type Restriction = EqRestriction | InRestriction | SliceRestriction | ContainsRestriction;

/** What a column must not be, or not hold; `!=` is NOT IN of one. */
export type Negation = {
  readonly kind: 'negation';
  readonly column: ColumnDefinition;
  readonly op: 'NOT IN' | 'NOT CONTAINS' | 'NOT CONTAINS KEY';
  readonly values: InTerms;
};

/** The values of a term, one a column; null for a tuple that is null. */
export function bindFields(term: RestrictionTerm, context: BindContext): BindValue[] | null {
  return 'single' in term ? [term.single.bind(context)] : term.tuple.bindFields(context);
}

/** The single value of a one-column restriction. */
export function bindSingle(term: RestrictionTerm, context: BindContext): BindValue {
  const fields = bindFields(term, context);
  return fields === null ? null : fields[0]!;
}

/** Rows of values of an IN. */
export function bindIn(values: InTerms, context: BindContext): BindValue[][] {
  if ('marker' in values) return values.marker.bind(context);
  return values.terms.map((term) => bindFields(term, context) ?? [null]);
}

/** A value that must be there. @throws FerrosaError INVALID for null and unset */
export function checkValue(value: BindValue, column: ColumnDefinition, multi: boolean): Uint8Array {
  if (value === null)
    throw invalid(
      multi
        ? `Invalid null value for column ${column.name}`
        : `Invalid null value in condition for column ${column.name}`,
    );
  if (value === UNSET) throw invalid(`Invalid unset value for column ${column.name}`);
  return value;
}

const firstOf = (restriction: Restriction) => restriction.columns[0]!;

function common(a: Restriction, b: Restriction): string {
  return a.columns
    .filter((column) => b.columns.includes(column))
    .map((column) => column.name)
    .join(' ,');
}

/** `existing` and `added` restrict the same column. @throws FerrosaError INVALID when they exclude each other */
export function mergeRestrictions(existing: Restriction, added: Restriction): Restriction {
  const multi = existing.multi || (added.multi && existing.kind !== 'contains');
  const name = multi ? common(existing, added) : firstOf(existing).name;
  switch (existing.kind) {
    case 'eq':
      throw invalid(`${name} cannot be restricted by more than one relation if it includes an Equal`);
    case 'in':
      throw invalid(`${name} cannot be restricted by more than one relation if it includes a IN`);
    case 'slice':
      return mergeSlices(existing, added, name);
    case 'contains':
      if (added.kind !== 'contains')
        throw invalid(
          `Collection column ${name} can only be restricted by CONTAINS, CONTAINS KEY, or map-entry equality`,
        );
      return {
        ...existing,
        values: [...existing.values, ...added.values],
        keys: [...existing.keys, ...added.keys],
        entries: [...existing.entries, ...added.entries],
      };
  }
}

function mergeSlices(existing: SliceRestriction, added: Restriction, name: string): SliceRestriction {
  if (added.kind !== 'slice')
    throw invalid(`Column "${name}" cannot be restricted by both an equality and an inequality relation`);
  if (firstOf(existing) !== firstOf(added)) {
    const later = firstOf(existing).position > firstOf(added).position ? firstOf(existing) : firstOf(added);
    throw invalid(`Column "${later.name}" cannot be restricted by two inequalities not starting with the same column`);
  }
  if (existing.start !== null && added.start !== null)
    throw invalid(`More than one restriction was found for the start bound on ${name}`);
  if (existing.end !== null && added.end !== null)
    throw invalid(`More than one restriction was found for the end bound on ${name}`);
  return {
    kind: 'slice',
    columns: existing.columns.length >= added.columns.length ? existing.columns : added.columns,
    multi: existing.multi || added.multi,
    start: existing.start ?? added.start,
    end: existing.end ?? added.end,
  };
}
