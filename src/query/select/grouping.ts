// GROUP BY: which rows belong together.
import { invalid } from '../../common/errors.js';
import type { SelectStatement } from '../../cql/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { compareValues } from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { signatureText } from '../functions/build.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import type { StatementRestrictions } from '../restrictions/statement-restrictions.js';
import { FetchedColumns, type SelectionNode } from '../selection/node.js';
import { columnNode, planSelectable } from '../selection/plan-selectable.js';
import { resolveSelectable } from '../selection/selectable-types.js';
import type { BindContext } from '../terms/term.js';
import { copyCells, sameBytes } from '../values.js';

/** Rows of one partition whose parts are equal form a group. */
export type Grouping = {
  /** Clustering columns, the last perhaps under a function. */
  readonly parts: readonly SelectionNode[];
};

const wrongOrder =
  'Group by currently only support groups of columns following their declared order in the PRIMARY KEY';

/** null when the statement has no GROUP BY. @throws FerrosaError INVALID */
export function planGrouping(
  given: PlanEnvironment,
  statement: SelectStatement,
  restrictions: StatementRestrictions,
  fetched: FetchedColumns,
): Grouping | null {
  if (statement.groupBy.length === 0) return null;
  // Groups are made of the values themselves, also for those who see masks.
  const environment = { ...given, masked: false };
  const { table } = environment;
  const keyColumns = [...table.partitionKey, ...table.clustering];
  const parts: SelectionNode[] = [];
  let next = 0;
  let afterFunction = false;
  for (const selectable of statement.groupBy) {
    const part = planPart(environment, selectable, fetched);
    if (afterFunction) throw invalid('Functions are only supported on the last element of the GROUP BY clause');
    afterFunction = part.node !== null;
    for (;;) {
      const keyColumn = keyColumns[next++];
      if (keyColumn === undefined) throw invalid(wrongOrder);
      if (keyColumn.kind === 'clustering')
        parts.push(
          keyColumn === part.column && part.node !== null
            ? part.node
            : columnNode(environment, keyColumn.name, fetched),
        );
      if (keyColumn === part.column) break;
      if (!restrictions.isRestrictedByEq(keyColumn)) throw invalid(wrongOrder);
    }
  }
  if (keyColumns[next]?.kind === 'partition_key')
    throw invalid('Group by is not supported on only a part of the partition key');
  if (parts.length > 0 && statement.distinct)
    throw invalid('Grouping on clustering columns is not allowed for SELECT DISTINCT queries');
  return { parts };
}

/** Native functions that keep the order of their argument, by their names without underscores. */
const monotonicNatives: ReadonlySet<string> = new Set(['floor', 'todate', 'totimestamp', 'tounixtimestamp']);

const isMonotonic = (fn: ScalarFunction): boolean =>
  fn.user?.monotonic ?? monotonicNatives.has(fn.name.replaceAll('_', '').toLowerCase());

function planPart(
  environment: PlanEnvironment,
  selectable: SelectStatement['groupBy'][number],
  fetched: FetchedColumns,
) {
  const { table } = environment;
  if (selectable.kind === 'column') {
    const column = existingColumn(table, selectable.name);
    if (column.position < 0)
      throw invalid(`Group by is currently only supported on the columns of the PRIMARY KEY, got ${column.name}`);
    return { column, node: null };
  }
  if (selectable.kind !== 'call') throw invalid('GROUP BY supports columns and functions only');
  const fn = resolveSelectable(environment, selectable);
  if (fn?.kind === 'aggregate')
    throw invalid(`Aggregate functions are not supported within the GROUP BY clause, got: ${fn.displayName}`);
  const names = selectable.args.flatMap((arg) => (arg.kind === 'column' ? [arg.name] : []));
  if (fn !== null && !isMonotonic(fn) && names.length === 1) checkClustering(existingColumn(table, names[0]!));
  if (fn !== null && !isMonotonic(fn))
    throw invalid(`Only monotonic functions are supported in the GROUP BY clause. Got: ${signatureText(fn)} `);
  const own = new FetchedColumns();
  planSelectable(environment, selectable, null, own);
  if (names.length === 0) throw invalid('GROUP BY functions must have one clustering column name as parameter');
  if (names.length > 1)
    throw invalid(`GROUP BY functions accept only one clustering column as parameter, got: ${names.join(',')}`);
  const column = existingColumn(table, names[0]!);
  checkClustering(column);
  return { column, node: planSelectable(environment, selectable, null, fetched) };
}

function checkClustering({ kind, name }: ColumnDefinition): void {
  if (kind !== 'clustering') throw invalid(`Group by functions are only supported on clustering columns, got ${name}`);
}

/** Tells where one group ends and the next begins. */
export class GroupMaker {
  #key: Uint8Array | null = null;
  #values: (Uint8Array | null)[] = [];

  constructor(
    private readonly grouping: Grouping,
    private readonly bind: BindContext,
  ) {}

  /** True when the row begins another group than the row before; also for the first. */
  isNew(key: Uint8Array, cells: readonly (Uint8Array | null)[]): boolean {
    const values = this.grouping.parts.map((part) => part.evaluate(cells, this.bind));
    return this.isNewWith(key, values);
  }

  /** The same with the values of the parts. */
  isNewWith(key: Uint8Array, values: readonly (Uint8Array | null)[]): boolean {
    const same = this.#key !== null && sameBytes(this.#key, key) && values.every((value, i) => this.#isEqual(value, i));
    if (same) return false;
    this.#key = key.slice();
    this.#values = copyCells(values);
    return true;
  }

  /** Equal values may have other bytes: 0 and 0.00. */
  #isEqual(value: Uint8Array | null, i: number): boolean {
    const last = this.#values[i]!;
    if (sameBytes(value, last)) return true;
    return value !== null && last !== null && compareValues(this.grouping.parts[i]!.type, value, last) === 0;
  }
}
