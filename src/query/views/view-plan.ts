// A materialized view as the writer of its base needs it: which column is which, and which rows its WHERE clause lets in.
import { invalid } from '../../common/errors.js';
import type { Relation } from '../../cql/index.js';
import type { ColumnDefinition, Schema, TableDefinition } from '../../schema/index.js';
import {
  type BindValue,
  type CqlType,
  compareValues,
  type TextContext,
  unpackList,
  unpackMap,
} from '../../types/index.js';
import { BindMarkers } from '../binds.js';
import type { FunctionRegistry } from '../function-api.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { unsupported } from '../restrictions/relation-checks.js';
import { toRestriction } from '../restrictions/relations.js';
import {
  bindFields,
  bindIn,
  type ContainsRestriction,
  checkValue,
  type Restriction,
} from '../restrictions/restriction.js';
import { analyseWhere } from '../restrictions/statement-restrictions.js';
import type { BindContext, Term } from '../terms/term.js';
import { isElement, isEqualTo } from '../values.js';

/** A column of the view and where its value is in the base. */
export type ViewColumn = { readonly view: ColumnDefinition; readonly base: ColumnDefinition };

export type ViewPlan = {
  readonly table: TableDefinition;
  readonly base: TableDefinition;
  readonly partitionKey: readonly ViewColumn[];
  readonly clustering: readonly ViewColumn[];
  readonly regulars: readonly ViewColumn[];
  /** The column of the view's key that is not of the base's; null when there is none. */
  readonly extraKey: ColumnDefinition | null;
  readonly filters: readonly ViewFilter[];
};

/** What the values of columns of the base must be. */
export type ViewFilter = {
  readonly columns: readonly ColumnDefinition[];
  /** @param values  of `columns`; a null satisfies nothing */
  accepts(values: readonly Uint8Array[]): boolean;
};

export type ViewPlanInput = {
  readonly schema: Schema;
  readonly functions: FunctionRegistry;
  readonly text: TextContext;
};

/** @throws FerrosaError INVALID when a term of the WHERE clause is not one of its column */
export function planView(input: ViewPlanInput, base: TableDefinition, table: TableDefinition): ViewPlan {
  const pair = (view: ColumnDefinition): ViewColumn => ({ view, base: base.columns.get(view.name)! });
  const keys = [...table.partitionKey, ...table.clustering].map(pair);
  return {
    table,
    base,
    partitionKey: table.partitionKey.map(pair),
    clustering: table.clustering.map(pair),
    regulars: table.regulars.map(pair),
    extraKey: keys.find((column) => column.base.position < 0)?.base ?? null,
    filters: planFilters(environmentOf(input, base), table.view!.relations),
  };
}

/** Markers are refused before. */
const environmentOf = (input: ViewPlanInput, base: TableDefinition): PlanEnvironment => ({
  ...input,
  keyspace: base.keyspace,
  table: base,
  markers: new BindMarkers([]),
  userCalls: [],
  masked: false,
});

/**
 * Checks the WHERE clause of a view that is to be made, as that of a SELECT from its base with ALLOW FILTERING.
 * @throws FerrosaError INVALID with Cassandra's texts; for a comparison with null, after which Cassandra refuses every write of the base
 */
export function checkViewWhere(input: ViewPlanInput, base: TableDefinition, relations: readonly Relation[]): void {
  const environment = environmentOf(input, base);
  const asked = relations.filter(({ op }) => op !== 'IS NOT');
  for (const relation of asked) if (relation.op === '!=') unsupported(relation);
  const { extras } = analyseWhere(environment, asked, {
    type: 'SELECT',
    onlyStatics: false,
    allowFiltering: true,
    ann: null,
  });
  if (extras.length > 0) throw invalid('Negations and patterns are not supported in the WHERE of materialized views');
  planFilters(environment, relations);
}

function planFilters(environment: PlanEnvironment, relations: readonly Relation[]): ViewFilter[] {
  return relations.flatMap((relation) => {
    const isAsked = relation.op !== 'IS NOT' && relation.kind !== 'token' && relation.kind !== 'any';
    return isAsked ? [filterOf(toRestriction(environment, relation))] : [];
  });
}

function filterOf(restriction: Restriction): ViewFilter {
  const { columns } = restriction;
  const order = (values: readonly Uint8Array[], others: readonly Uint8Array[]): number => {
    for (const [i, other] of others.entries()) {
      const difference = compareValues(columns[i]!.type, values[i]!, other);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const constants = (values: readonly BindValue[] | null): Uint8Array[] =>
    columns.map((column, i) => checkValue(values?.[i] ?? null, column, restriction.multi));
  switch (restriction.kind) {
    case 'eq': {
      const wanted = constants(bindFields(restriction.term, noBinds));
      return { columns, accepts: (values) => order(values, wanted) === 0 };
    }
    case 'in': {
      const wanted = bindIn(restriction.values, noBinds).map(constants);
      return { columns, accepts: (values) => wanted.some((one) => order(values, one) === 0) };
    }
    case 'slice': {
      const [start, end] = [restriction.start, restriction.end].map((bound) =>
        bound === null ? null : { wanted: constants(bindFields(bound.term, noBinds)), inclusive: bound.inclusive },
      );
      const above = (difference: number, inclusive: boolean) => difference > 0 || (inclusive && difference === 0);
      return {
        columns,
        accepts: (values) =>
          (start == null || above(order(values, start.wanted), start.inclusive)) &&
          (end == null || above(-order(values, end.wanted), end.inclusive)),
      };
    }
    case 'contains':
      return containing(restriction);
  }
}

/** Of a frozen collection in the key of the base. */
function containing({ columns, values, keys }: ContainsRestriction): ViewFilter {
  const [column] = columns;
  const type = column!.type as Extract<CqlType, { kind: 'list' | 'set' | 'map' }>;
  const wanted = (terms: readonly Term[]) => terms.map((term) => checkValue(term.bind(noBinds), column!, false));
  const [wantedValues, wantedKeys] = [wanted(values), wanted(keys)];
  const all = (tests: readonly ((part: Uint8Array) => boolean)[], parts: readonly Uint8Array[]): boolean =>
    tests.every((test) => parts.some(test));
  const isWantedValue = wantedValues.map((one) =>
    isElement(type, type.kind === 'map' ? type.value : type.element, one),
  );
  const isWantedKey = type.kind === 'map' ? wantedKeys.map((one) => isEqualTo(type.key, one)) : [];
  return {
    columns,
    accepts([cell]) {
      if (type.kind !== 'map') return all(isWantedValue, unpackList(cell!, type.kind));
      const entries = unpackMap(cell!);
      const [mapKeys, mapValues] = [entries.map(([key]) => key), entries.map(([, value]) => value)];
      return all(isWantedKey, mapKeys) && all(isWantedValue, mapValues);
    },
  };
}

const noFunctions = {
  get nowMicros(): bigint {
    throw invalid('a materialized view cannot depend on the time');
  },
  nextTimeUuid(): Uint8Array {
    throw invalid('a materialized view cannot depend on the time');
  },
  randomBytes(): Uint8Array {
    throw invalid('a materialized view cannot depend on chance');
  },
};

const noBinds: BindContext = { values: [], functions: noFunctions, json: null, user: null };
