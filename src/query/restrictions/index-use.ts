// Which indexes a statement may use, told by its relations alone: a partial index when they imply its WHERE, a composite one when they give its
// first columns. What a bound value will be is not known then: a marker implies nothing.
import type { Relation, Term } from '../../cql/index.js';
import { type IndexTable, indexTablesOf } from '../../index/index.js';
import {
  type ColumnDefinition,
  clauseHolds,
  type PredicateClause,
  type TableDefinition,
  termBytes,
} from '../../schema/index.js';
import { compareValues } from '../../types/index.js';

/** An index as one statement may use it. */
export type StatementIndex = IndexTable & {
  /** Columns of a composite index whose relations it serves, from the first on. */
  readonly servedColumns: ReadonlySet<ColumnDefinition>;
  /** Columns whose relations its WHERE says already. */
  readonly covered: ReadonlySet<ColumnDefinition>;
};

type ColumnRelation = Extract<Relation, { kind: 'column' }>;

/** The values of a relation, null when they are not constants. */
function constantsOf(relation: ColumnRelation, { type, name }: ColumnDefinition): Uint8Array[] | null {
  if (relation.inMarker) return null;
  const values: Uint8Array[] = [];
  for (const term of relation.values) {
    const value = constant(term, type, name);
    if (value === null) return null;
    values.push(value);
  }
  return values;
}

function constant(term: Term, type: ColumnDefinition['type'], name: string): Uint8Array | null {
  try {
    return termBytes(term, type, name);
  } catch {
    return null; // no literal of the type: planning the statement tells
  }
}

const isLower = (op: string): boolean => op === '>' || op === '>=';
const isUpper = (op: string): boolean => op === '<' || op === '<=';

/** Whether every value that satisfies the relation satisfies the clause. */
function implies(relation: ColumnRelation, clause: PredicateClause): boolean {
  const { column, op } = clause;
  if (op === 'IS NOT') return true; // no relation is satisfied by null
  const values = constantsOf(relation, column);
  if (values === null || values.length === 0) return false;
  switch (relation.op) {
    case '=':
    case 'IN':
      return values.every((value) => clauseHolds(clause, value));
    case 'BETWEEN':
      return (isLower(op) || isUpper(op)) && values.every((value) => clauseHolds(clause, value));
    case '!=':
      return op === '!=' && compareValues(column.type, values[0]!, clause.values[0]!) === 0;
    case '<':
    case '<=':
    case '>':
    case '>=': {
      if (isLower(relation.op) ? !isLower(op) : !isUpper(op)) return false;
      // `> 5` implies `>= 5`, and `> 5` too.
      const inclusive = relation.op === '<=' || relation.op === '>=';
      const order = compareValues(column.type, values[0]!, clause.values[0]!);
      return order === 0 ? !inclusive || op === '<=' || op === '>=' : isLower(op) ? order > 0 : order < 0;
    }
    default:
      return false;
  }
}

/** Both say the same. */
function isClause(relation: ColumnRelation, clause: PredicateClause): boolean {
  if (relation.op !== clause.op) return false;
  const values = constantsOf(relation, clause.column);
  const same = (a: Uint8Array, b: Uint8Array): boolean => compareValues(clause.column.type, a, b) === 0;
  if (values === null) return false;
  const includes = (all: readonly Uint8Array[], value: Uint8Array): boolean => all.some((other) => same(value, other));
  return (
    values.every((value) => includes(clause.values, value)) && clause.values.every((value) => includes(values, value))
  );
}

function servedBy({ columns }: IndexTable, relations: readonly ColumnRelation[]): Set<ColumnDefinition> {
  const served = new Set<ColumnDefinition>();
  for (const column of columns) {
    const own = relations.filter((relation) => relation.column === column.name);
    const isPoint = own.length === 1 && (own[0]!.op === '=' || (own[0]!.op === 'IN' && isSingle(own[0]!)));
    const isRange = own.length > 0 && own.every(({ op }) => isLower(op) || isUpper(op) || op === 'BETWEEN');
    if (isPoint || isRange) served.add(column);
    if (!isPoint) break;
  }
  return served;
}

const isSingle = ({ values, inMarker }: ColumnRelation): boolean => !inMarker && values.length === 1;

/** The indexes of a table that a SELECT with these relations may use. */
export function usableIndexes(table: TableDefinition, relations: readonly Relation[]): StatementIndex[] {
  const single = relations.filter((relation) => relation.kind === 'column');
  return indexTablesOf(table).flatMap((index) => {
    const clauses = index.predicate ?? [];
    const of = ({ column }: PredicateClause) => single.filter((relation) => relation.column === column.name);
    if (!clauses.every((clause) => of(clause).some((relation) => implies(relation, clause)))) return [];
    const servedColumns = index.kind === 'composite' ? servedBy(index, single) : new Set<ColumnDefinition>();
    const asked = single.some((relation) => relation.column === index.target.column.name);
    const covered = new Set<ColumnDefinition>();
    if (asked)
      for (const clause of clauses)
        if (
          of(clause).every((relation) => clauses.some((one) => one.column === clause.column && isClause(relation, one)))
        )
          covered.add(clause.column);
    return [{ ...index, servedColumns, covered }];
  });
}
