// A materialized view as the writer of its base needs it: which column is which, and which rows its WHERE clause lets in.
import { invalid } from '../../common/errors.js';
import type { ColumnDefinition, Schema, TableDefinition } from '../../schema/index.js';
import { type CqlType, compareValues, type TextContext } from '../../types/index.js';
import { BindMarkers, columnReceiver } from '../binds.js';
import type { FunctionRegistry } from '../function-api.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { prepareTerm } from '../terms/prepare.js';

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

/** What the value of a column of the base must be. */
export type ViewFilter = { readonly column: ColumnDefinition; accepts(value: Uint8Array | null): boolean };

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
    filters: planFilters(input, base, table),
  };
}

function planFilters(input: ViewPlanInput, base: TableDefinition, table: TableDefinition): ViewFilter[] {
  const markers = new BindMarkers([]);
  const environment: PlanEnvironment = {
    ...input,
    keyspace: base.keyspace,
    table: base,
    markers,
    userCalls: [],
    masked: false,
  };
  const filters: ViewFilter[] = [];
  for (const relation of table.view!.relations) {
    if (relation.kind !== 'column' || relation.op === 'IS NOT') continue;
    const column = base.columns.get(relation.column)!;
    const values = relation.values.map((value) => {
      const term = prepareTerm(environment, value, columnReceiver(base, column));
      const bound = term.bind({ values: [], functions: noFunctions, json: null, user: null });
      if (!(bound instanceof Uint8Array)) throw invalid(`Invalid null value in condition for column ${column.name}`);
      return bound;
    });
    const test = comparison(relation.op, column.type, values);
    filters.push({ column, accepts: (value) => value !== null && test(value) });
  }
  return filters;
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

function comparison(op: string, type: CqlType, values: readonly Uint8Array[]): (value: Uint8Array) => boolean {
  const [first] = values;
  const order = (value: Uint8Array) => compareValues(type, value, first!);
  switch (op) {
    case '<':
      return (value) => order(value) < 0;
    case '<=':
      return (value) => order(value) <= 0;
    case '>':
      return (value) => order(value) > 0;
    case '>=':
      return (value) => order(value) >= 0;
    default:
      return (value) => values.some((one) => compareValues(type, value, one) === 0);
  }
}
