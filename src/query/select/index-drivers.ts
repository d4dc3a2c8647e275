// What a statement asks an index for: the range of terms that one restriction means.
import type { IndexTable } from '../../index/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { serves } from '../restrictions/index-support.js';
import { type Bound, bindSingle, type Restriction } from '../restrictions/restriction.js';
import type { StatementRestrictions } from '../restrictions/statement-restrictions.js';
import type { FetchedColumns } from '../selection/node.js';
import type { BindContext, Term } from '../terms/term.js';
import { analyzersOf, filterBy, type RowFilter } from './row-filter.js';

/** Terms between two bounds; of a point both are the same. */
export type TermRange = {
  readonly start: readonly Uint8Array[];
  readonly startInclusive: boolean;
  readonly end: readonly Uint8Array[];
  readonly endInclusive: boolean;
};

/** One way to find the rows of a statement. */
export type IndexDriver = {
  readonly index: IndexTable;
  /** One term: its entries are in the order of the result. */
  readonly isPoint: boolean;
  /** Rows that the index should have; what it gives beside them is stale. */
  readonly own: RowFilter;
  /** REQUIRES: the filter of the statement was bound, which refuses null. */
  range(context: BindContext): TermRange;
};

function point(terms: readonly Term[], index: IndexTable): (context: BindContext) => TermRange {
  return (context) => {
    const values = terms.map((term) => {
      const value = term.bind(context) as Uint8Array;
      return index.analyzer === null ? value : index.analyzer(value);
    });
    return { start: values, startInclusive: true, end: values, endInclusive: true };
  };
}

function between(start: Bound | null, end: Bound | null): (context: BindContext) => TermRange {
  const bind = (bound: Bound | null, context: BindContext): Uint8Array[] =>
    bound === null ? [] : [bindSingle(bound.term, context) as Uint8Array];
  return (context) => ({
    start: bind(start, context),
    startInclusive: start?.inclusive ?? true,
    end: bind(end, context),
    endInclusive: end?.inclusive ?? true,
  });
}

type Range = Pick<IndexDriver, 'isPoint' | 'range'> & { /** What the range means. */ readonly of: Restriction };

/** The range of one restriction, or of a part of it, in one index; null when the index cannot find rows by it. */
function rangeOf(index: IndexTable, restriction: Restriction): Range | null {
  if (restriction.multi || !serves(index, restriction)) return null;
  const { kind } = index.target;
  switch (restriction.kind) {
    case 'eq':
      if (!('single' in restriction.term)) return null;
      return { isPoint: true, range: point([restriction.term.single], index), of: restriction };
    case 'slice':
      return { isPoint: false, range: between(restriction.start, restriction.end), of: restriction };
    case 'contains': {
      if (kind === 'entries') {
        const entry = restriction.entries[0];
        if (entry === undefined) return null;
        const of: Restriction = { ...restriction, values: [], keys: [], entries: [entry] };
        return { isPoint: true, range: point(entry, index), of };
      }
      const term = kind === 'keys' ? restriction.keys[0] : restriction.values[0];
      if (term === undefined) return null;
      const [values, keys] = kind === 'keys' ? [[], [term]] : [[term], []];
      return { isPoint: true, range: point([term], index), of: { ...restriction, values, keys, entries: [] } };
    }
    case 'in':
      return null;
  }
}

/** The ways to find the rows of a statement that uses indexes, the best first. */
export function planDrivers(
  environment: PlanEnvironment,
  restrictions: StatementRestrictions,
  fetched: FetchedColumns,
): IndexDriver[] {
  const analyzers = analyzersOf(restrictions);
  const all = [...restrictions.others.all, ...restrictions.clustering.all, ...restrictions.partitionKey.all];
  const drivers: IndexDriver[] = [];
  for (const restriction of all)
    for (const index of restrictions.indexes) {
      const range = rangeOf(index, restriction);
      if (range === null) continue;
      const { of, ...rest } = range;
      drivers.push({
        index,
        ...rest,
        own: filterBy(environment, { filters: [of], negations: [] }, analyzers, fetched),
      });
    }
  // A row by one term costs less than a range of terms, and one of rows less than one of partitions.
  const rank = ({ isPoint, index }: IndexDriver): number => (isPoint ? 0 : 2) + (index.ofRows ? 0 : 1);
  return drivers.sort((a, b) => rank(a) - rank(b));
}
