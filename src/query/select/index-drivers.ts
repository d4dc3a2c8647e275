// What a statement asks indexes for: the ranges of terms that one of its conjuncts means.
import type { IndexTable } from '../../index/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { type CqlType, compareValues } from '../../types/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import type { AnyConjunct, Conjunct, PatternConjunct } from '../restrictions/conjuncts.js';
import { inBranches, servesOne } from '../restrictions/index-support.js';
import type { StatementIndex } from '../restrictions/index-use.js';
import { type Bound, bindIn, bindSingle, type Negation, type Restriction } from '../restrictions/restriction.js';
import type { StatementRestrictions } from '../restrictions/statement-restrictions.js';
import type { FetchedColumns } from '../selection/node.js';
import type { BindContext, Term } from '../terms/term.js';
import { afterPrefix, likePattern, matchesLike } from './like-pattern.js';
import { analyzersOf, filterBy, type RowFilter } from './row-filter.js';

/** Terms between two bounds; of a point both are the same. Without values a bound is open. */
export type TermRange = {
  readonly start: readonly Uint8Array[];
  readonly startInclusive: boolean;
  readonly end: readonly Uint8Array[];
  readonly endInclusive: boolean;
};

/** The terms of one execution. */
export type TermSet = {
  /** Disjoint and ascending. */
  readonly ranges: readonly TermRange[];
  /** Each range is one term: its entries are in the order of the result. */
  readonly arePoints: boolean;
  /** Which terms of the ranges are wanted; null: all of them. */
  readonly accepts: ((term: readonly Uint8Array[]) => boolean) | null;
};

/** One index and what is asked of it. */
export type IndexLeaf = {
  readonly kind: 'leaf';
  readonly index: IndexTable;
  /** The less the better. */
  readonly cost: number;
  /** For EXPLAIN. */
  readonly text: string;
  /** Rows that the index should have: an entry of another is stale. Null: only that of a row that is not there. */
  readonly own: RowFilter | null;
  /** REQUIRES: the filter of the statement was bound, which refuses null. */
  terms(context: BindContext): TermSet;
};

/** Branches that are joined by OR, each with its searches: one of them is enough. */
export type IndexAny = {
  readonly kind: 'any';
  readonly cost: number;
  readonly branches: readonly (readonly IndexSearch[])[];
};

/** A way to find rows; those of different conjuncts find the same rows. */
export type IndexSearch = (IndexLeaf | IndexAny) & {
  /** Which conjunct of the statement it is of. */ readonly of: number;
};

/** Of an index: cheapest first. One of rows costs less than one of partitions. */
const costs = { point: 0, points: 2, range: 4, all: 8, partitions: 1 } as const;

type Found = Pick<IndexLeaf, 'cost' | 'text' | 'terms'> & {
  /** What each of the terms means of its row; null when a row may be another and its entry none the less right. */
  readonly means: Conjunct | null;
};

const pointOf = (values: readonly Uint8Array[]): TermRange => ({
  start: values,
  startInclusive: true,
  end: values,
  endInclusive: true,
});

const everything: TermRange = { start: [], startInclusive: true, end: [], endInclusive: true };

function point(terms: readonly Term[], index: IndexTable, name: string): Pick<Found, 'cost' | 'text' | 'terms'> {
  return {
    cost: costs.point,
    text: `${name} by value`,
    terms: (context) => ({
      ranges: [pointOf(terms.map((term, i) => index.termsOf(term.bind(context) as Uint8Array, i)[0]!))],
      arePoints: true,
      accepts: null,
    }),
  };
}

/** Several values, each a point. */
function pointsOf(index: IndexTable, values: readonly Uint8Array[]): TermSet {
  return {
    ranges: values.flatMap((value) => index.termsOf(value)).map((term) => pointOf([term])),
    arePoints: true,
    accepts: null,
  };
}

const analysed = ({ analyzer }: IndexTable, value: Uint8Array): Uint8Array =>
  analyzer === null ? value : analyzer(value);

function between(start: Bound | null, end: Bound | null): IndexLeaf['terms'] {
  const bind = (bound: Bound | null, context: BindContext): Uint8Array[] =>
    bound === null ? [] : [bindSingle(bound.term, context) as Uint8Array];
  return (context) => ({
    ranges: [
      {
        start: bind(start, context),
        startInclusive: start?.inclusive ?? true,
        end: bind(end, context),
        endInclusive: end?.inclusive ?? true,
      },
    ],
    arePoints: false,
    accepts: null,
  });
}

/** The terms of one restriction, or of a part of it. */
function ofRestriction(index: IndexTable, restriction: Restriction): Found | null {
  if (restriction.multi) return null;
  const { kind, column } = index.target;
  switch (restriction.kind) {
    case 'eq':
      if (!('single' in restriction.term)) return null;
      return { ...point([restriction.term.single], index, column.name), means: restriction };
    case 'slice':
      return {
        cost: costs.range,
        text: `${column.name} by range`,
        terms: between(restriction.start, restriction.end),
        means: restriction,
      };
    case 'contains': {
      if (kind === 'entries') {
        const entry = restriction.entries[0];
        if (entry === undefined) return null;
        const means: Restriction = { ...restriction, values: [], keys: [], entries: [entry] };
        return { ...point(entry, index, column.name), means };
      }
      const term = kind === 'keys' ? restriction.keys[0] : restriction.values[0];
      if (term === undefined) return null;
      const [values, keys] = kind === 'keys' ? [[], [term]] : [[term], []];
      return { ...point([term], index, column.name), means: { ...restriction, values, keys, entries: [] } };
    }
    case 'in': {
      const valuesOf = (context: BindContext): Uint8Array[] =>
        bindIn(restriction.values, context).flatMap(([value]) => (value == null ? [] : [value as Uint8Array]));
      return {
        cost: costs.points,
        text: `${column.name} by values`,
        terms: (context) => pointsOf(index, valuesOf(context)),
        means: restriction,
      };
    }
  }
}

/** What a statement asks of the first columns of a composite index: values, and of the last perhaps a range. */
function ofComposite(index: StatementIndex, restrictions: StatementRestrictions): Found | null {
  const columns = index.columns.filter((column) => index.servedColumns.has(column));
  const own = columns.map((column) => restrictionOf(restrictions, column));
  const values: Term[] = [];
  let range: Extract<Restriction, { kind: 'slice' }> | null = null;
  for (const one of own) {
    if (one?.kind === 'eq' && !one.multi && 'single' in one.term) values.push(one.term.single);
    else if (one?.kind === 'slice' && !one.multi) range = one;
    if (one?.kind !== 'eq') break;
  }
  if (own[0] === undefined || values.length + Number(range !== null) === 0) return null;
  const whole = values.length === index.columns.length;
  return {
    cost: whole ? costs.point : costs.range - Math.min(values.length, 1),
    text: `${columns.map(({ name }) => name).join(', ')} together`,
    terms(context) {
      const prefix = values.map((term) => term.bind(context) as Uint8Array);
      const bound = (one: Bound | null | undefined): Uint8Array[] =>
        one == null ? prefix : [...prefix, bindSingle(one.term, context) as Uint8Array];
      const start = bound(range?.start);
      const end = bound(range?.end);
      const startInclusive = range?.start?.inclusive ?? true;
      const endInclusive = range?.end?.inclusive ?? true;
      return { ranges: [{ start, startInclusive, end, endInclusive }], arePoints: whole, accepts: null };
    },
    // Its entries of other values of the last columns may be right again: only the first tells that one is stale.
    means: own[0],
  };
}

const restrictionOf = (
  { others, clustering, partitionKey }: StatementRestrictions,
  column: ColumnDefinition,
): Restriction | undefined =>
  (column.position < 0 ? others : column.kind === 'clustering' ? clustering : partitionKey).get(column);

/** What lies between values that are left out. */
function gaps(type: CqlType, values: readonly Uint8Array[]): TermRange[] {
  const sorted = [...values].sort((a, b) => compareValues(type, a, b));
  const bounds = sorted.filter((value, i) => i === 0 || compareValues(type, value, sorted[i - 1]!) !== 0);
  return [null, ...bounds].map((start, i) => {
    const end = bounds[i];
    return {
      start: start === null ? [] : [start],
      startInclusive: start === null,
      end: end === undefined ? [] : [end],
      endInclusive: end === undefined,
    };
  });
}

function ofNegation(index: IndexTable, negation: Negation): Found {
  const { column, op, values } = negation;
  const text = `${column.name} by all of its values but some`;
  // A collection that has the value may have others: its row is to be looked at.
  if (op !== 'NOT IN')
    return {
      cost: costs.all,
      text,
      terms: () => ({ ranges: [everything], arePoints: false, accepts: null }),
      means: null,
    };
  return {
    cost: costs.all,
    text,
    terms: (context) => {
      const bound = bindIn(values, context).map(([value]) => analysed(index, value as Uint8Array));
      return { ranges: gaps(column.type, bound), arePoints: false, accepts: null };
    },
    means: negation,
  };
}

function ofLike(index: IndexTable, conjunct: PatternConjunct): Found {
  const { term, column } = conjunct;
  return {
    cost: costs.all,
    text: `${column.name} by pattern`,
    terms(context) {
      const { mode, text: written } = likePattern(term.bind(context) as Uint8Array);
      const text = analysed(index, written);
      if (mode === 'matches') return { ranges: [pointOf([text])], arePoints: true, accepts: null };
      if (mode === 'prefix') {
        const after = afterPrefix(text);
        const range = {
          start: [text],
          startInclusive: true,
          end: after === null ? [] : [after],
          endInclusive: after === null,
        };
        return { ranges: [range], arePoints: false, accepts: null };
      }
      const matches = matchesLike({ mode, text });
      return { ranges: [everything], arePoints: false, accepts: ([value]) => matches(value!) };
    },
    means: conjunct,
  };
}

function ofSound(index: IndexTable, conjunct: PatternConjunct): Found {
  const { term, column } = conjunct;
  return {
    cost: costs.point,
    text: `${column.name} by sound`,
    terms: (context) => pointsOf(index, [term.bind(context) as Uint8Array]),
    means: conjunct,
  };
}

function ofPattern(index: IndexTable, conjunct: PatternConjunct): Found {
  if (conjunct.op === 'LIKE') return ofLike(index, conjunct);
  if (conjunct.op === 'SOUNDS LIKE') return ofSound(index, conjunct);
  // Its rows are ranked (ranked-rows.ts).
  return {
    cost: -1,
    text: `${conjunct.column.name} by words, the best first`,
    terms: () => ({ ranges: [], arePoints: true, accepts: null }),
    means: conjunct,
  };
}

/** What a conjunct asks of an index; null when the index cannot find rows by it. */
function foundBy(
  index: StatementIndex,
  conjunct: Exclude<Conjunct, AnyConjunct>,
  restrictions: StatementRestrictions,
): Found | null {
  if (!servesOne(index, conjunct)) return null;
  if (conjunct.kind === 'negation') return ofNegation(index, conjunct);
  if (conjunct.kind === 'pattern') return ofPattern(index, conjunct);
  if (index.kind === 'composite')
    return conjunct.columns[0] === index.target.column ? ofComposite(index, restrictions) : null;
  return ofRestriction(index, conjunct);
}

type Planning = {
  readonly indexes: readonly StatementIndex[];
  readonly restrictions: StatementRestrictions;
  filterOf(conjunct: Conjunct): RowFilter;
};

function searchesOf(planning: Planning, conjunct: Conjunct, of: number): IndexSearch[] {
  const { restrictions, filterOf, indexes } = planning;
  if (conjunct.kind === 'any') {
    const inner = { ...planning, indexes: inBranches(indexes) };
    const branches = conjunct.branches.map((branch) =>
      branch.flatMap((one) => searchesOf(inner, one, of)).sort(byCost),
    );
    if (branches.some((branch) => branch.length === 0)) return [];
    const cost = Math.max(...branches.map(([best]) => best!.cost)) + costs.points;
    return [{ kind: 'any', cost, branches, of }];
  }
  const searches: IndexSearch[] = [];
  for (const index of indexes) {
    const found = foundBy(index, conjunct, restrictions);
    if (found === null) continue;
    const { means, cost, ...rest } = found;
    searches.push({
      kind: 'leaf',
      index,
      ...rest,
      cost: cost + (index.ofRows ? 0 : costs.partitions),
      own: means === null ? null : filterOf(means),
      of,
    });
  }
  return searches;
}

const byCost = (a: IndexSearch, b: IndexSearch): number => a.cost - b.cost;

/** The ways to find the rows of a statement that uses indexes, the best first. */
export function planSearches(
  environment: PlanEnvironment,
  restrictions: StatementRestrictions,
  fetched: FetchedColumns,
): IndexSearch[] {
  const analyzers = analyzersOf(restrictions);
  const filterOf = (conjunct: Conjunct) => filterBy(environment, [conjunct], analyzers, fetched);
  const planning = { restrictions, filterOf, indexes: restrictions.indexes };
  const all: Conjunct[] = [
    ...restrictions.others.all,
    ...restrictions.clustering.all,
    ...restrictions.partitionKey.all,
    ...restrictions.extras,
  ];
  return all.flatMap((conjunct, i) => searchesOf(planning, conjunct, i)).sort(byCost);
}

/** The indexes of a search. */
export function indexesOf(search: IndexSearch): IndexTable[] {
  if (search.kind === 'leaf') return [search.index];
  return search.branches.flat().flatMap(indexesOf);
}

/** A search as EXPLAIN shows it. */
export function searchText(search: IndexSearch): string {
  if (search.kind === 'leaf') return `${search.index.index.name} (${search.text})`;
  return `any of: ${search.branches.map(([best]) => searchText(best!)).join('; ')}`;
}
