// EXPLAIN: how a statement is run, step by step; with ANALYZE it is run, and each step tells what it met.
import { utf8Bytes } from '../../common/bytes.js';
import { encodeInt, encodeLong } from '../../types/index.js';
import type { ColumnSpec, QueryResult } from '../api.js';
import type { BatchPlan } from '../batch/batch-plan.js';
import { columnsOf } from '../restrictions/conjuncts.js';
import { type IndexSearch, searchText } from '../select/index-drivers.js';
import type { SelectPlan } from '../select/select-plan.js';
import { packCells } from '../values.js';
import type { WritePlan } from '../write/write-plan.js';

export type ExplainedPlan = SelectPlan | WritePlan | BatchPlan;

/** What a step has met; left out without ANALYZE, and where a step has none of it. */
export type StepFigures = {
  readonly rows?: number;
  readonly tombstones?: number;
  readonly sstables?: number;
  readonly micros?: number;
};

type Step = { readonly operation: string; readonly detail: string; readonly figures: StepFigures };

/** What ANALYZE has measured. */
export type Analysis = {
  /** Of reads from storage: how many, their time, what they met. */
  readonly reads: number;
  readonly readMicros: number;
  readonly liveRows: number;
  readonly tombstones: number;
  readonly sstables: number;
  readonly totalMicros: number;
  readonly result: QueryResult;
};

const column = (name: string, kind: 'int' | 'text' | 'bigint'): ColumnSpec => ({
  keyspace: 'system_observability',
  table: 'explain',
  name,
  type: { kind },
});

export const explainColumns: readonly ColumnSpec[] = [
  column('step', 'int'),
  column('operation', 'text'),
  column('detail', 'text'),
  column('rows', 'bigint'),
  column('tombstones', 'bigint'),
  column('sstables', 'int'),
  column('micros', 'bigint'),
];

/** @param isHot  the statement, prepared, is run by the addon alone; @param analysis  null without ANALYZE */
export function explain(plan: ExplainedPlan, isHot: boolean, analysis: Analysis | null): QueryResult {
  const steps = plan.kind === 'select' ? selectSteps(plan, analysis) : writeSteps(plan, analysis);
  const path = isHot ? 'prepared, it is run by the addon alone' : 'planned and run in JavaScript';
  const total: StepFigures = analysis === null ? {} : { micros: analysis.totalMicros };
  const all = [...steps, { operation: 'Total', detail: path, figures: total }];
  const long = (value: number | undefined) => (value === undefined ? null : encodeLong(BigInt(Math.round(value))));
  const rows = all.map(({ operation, detail, figures }, i) =>
    packCells([
      encodeInt(i + 1),
      utf8Bytes(operation),
      utf8Bytes(detail),
      long(figures.rows),
      long(figures.tombstones),
      figures.sstables === undefined ? null : encodeInt(figures.sstables),
      long(figures.micros),
    ]),
  );
  return { kind: 'rows', columns: explainColumns, rowCount: rows.length, rows, pagingState: null };
}

function selectSteps(plan: SelectPlan, analysis: Analysis | null): Step[] {
  const { table } = plan;
  const read: StepFigures =
    analysis === null
      ? {}
      : {
          rows: analysis.liveRows,
          tombstones: analysis.tombstones,
          sstables: analysis.sstables,
          micros: analysis.readMicros,
        };
  const steps: Step[] = [{ operation: readOperation(plan), detail: readDetail(plan), figures: read }];
  const add = (operation: string, detail: string): void => {
    steps.push({ operation, detail, figures: {} });
  };
  if (plan.filter !== null) add('Filter', filteredNames(plan).join(', '));
  if (plan.grouping !== null) add('Group', `by the key of ${table.keyspace}.${table.name}`);
  if (plan.isAggregate) add('Aggregate', 'all rows into one');
  if (plan.ordering !== null) add('Sort', 'rows of several partitions, in memory');
  if (plan.direct === null) add('Compute', plan.resultColumns.map(({ name }) => name).join(', '));
  const given = analysis?.result.kind === 'rows' ? analysis.result.rowCount : undefined;
  const rest = analysis === null ? {} : { micros: Math.max(0, analysis.totalMicros - analysis.readMicros) };
  steps.push({
    operation: 'Return',
    detail: plan.limit === null ? 'all rows of a page' : 'up to LIMIT',
    figures: given === undefined ? {} : { rows: given, ...rest },
  });
  return steps;
}

const filteredNames = ({ restrictions: { filters, extras } }: SelectPlan): string[] => [
  ...new Set([...filters, ...extras].flatMap((one) => columnsOf(one).map(({ name }) => name))),
];

function readOperation({ table, restrictions, searches, ann }: SelectPlan): string {
  if (table.virtual) return 'Virtual table scan';
  if (ann !== null) return 'Vector search';
  if (searches.length > 0) return 'Index search';
  if (restrictions.isKeyRange) return restrictions.token === null ? 'Full table scan' : 'Token range scan';
  if (restrictions.keyIsIn) return 'Partitions by key';
  const wholeRow = restrictions.clustering.size === table.clustering.length && restrictions.clustering.hasOnlyEquality;
  if (table.clustering.length === 0 || (wholeRow && !restrictions.clustering.hasIn)) return 'Row by key';
  return restrictions.hasClustering ? 'Slice of a partition' : 'Whole partition';
}

function readDetail({ table, restrictions, searches, ann, reversed, fetched, direct }: SelectPlan): string {
  const names = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => name).join(', ');
  const parts = [`${table.keyspace}.${table.name}`];
  if (ann !== null) parts.push(`graph of ${ann.index.index.name}`);
  if (searches.length > 0) parts.push(searchesText(searches));
  if (!restrictions.isKeyRange) parts.push(`partition key (${names(restrictions.partitionKey.columns)})`);
  if (restrictions.hasClustering) parts.push(`clustering (${names(restrictions.clustering.columns)})`);
  if (reversed) parts.push('in reverse');
  parts.push(`${(direct ?? fetched).length} columns`);
  return parts.join(', ');
}

/** The search that is taken, and those of other conjuncts that may be taken with it. */
function searchesText(searches: readonly IndexSearch[]): string {
  const [best] = searches;
  const others = searches.filter(({ of }, i) => of !== best!.of && searches.findIndex((one) => one.of === of) === i);
  const also = others.length === 0 ? '' : `, also ${others.map(searchText).join(', ')}`;
  return `index ${searchText(best!)}${also}`;
}

function writeSteps(plan: WritePlan | BatchPlan, analysis: Analysis | null): Step[] {
  const statements = plan.kind === 'batch' ? plan.statements : [plan];
  const micros: StepFigures = analysis === null ? {} : { micros: analysis.totalMicros };
  const steps: Step[] = [];
  if (statements.some(({ requiresRead }) => requiresRead))
    steps.push({
      operation: 'Read before write',
      detail: 'lists whose elements are named by place or value',
      figures: analysis === null ? {} : { rows: analysis.liveRows, micros: analysis.readMicros },
    });
  if (statements.some(({ conditions }) => conditions !== null))
    steps.push({ operation: 'Check conditions', detail: 'IF: serially, with what is there', figures: {} });
  const named = statements.map(({ type, table }) => `${type} ${table.keyspace}.${table.name}`);
  const detail = plan.kind === 'batch' ? `${plan.type} batch: ${[...new Set(named)].join('; ')}` : named[0]!;
  steps.push({ operation: 'Write', detail: `${detail}: commit log and memtable`, figures: micros });
  return steps;
}
