// The WHERE of a partial index: which rows have entries in it.
import { invalid } from '../../common/errors.js';
import { parseWhereText, type Relation } from '../../cql/index.js';
import { compareValues, isMulticell, quoteIfNeeded } from '../../types/index.js';
import { termBytes } from '../ddl/term-bytes.js';
import { whereText } from '../ddl/where-text.js';
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../model.js';

/** One relation of it: of a column with constants. */
export type PredicateClause = {
  readonly column: ColumnDefinition;
  readonly op: '=' | '!=' | '<' | '<=' | '>' | '>=' | 'IN' | 'IS NOT';
  readonly values: readonly Uint8Array[];
};

const operators: readonly string[] = ['=', '!=', '<', '<=', '>', '>=', 'IN', 'IS NOT'];

/** @throws FerrosaError INVALID for what cannot say which rows an index has */
export function predicateOf(table: TableDefinition, relations: readonly Relation[]): PredicateClause[] {
  return relations.map((relation) => {
    if (relation.kind !== 'column' || !operators.includes(relation.op))
      throw invalid('The WHERE of an index compares single columns with =, !=, <, <=, >, >=, IN or IS NOT NULL');
    const column = table.columns.get(relation.column);
    if (column === undefined)
      throw invalid(`Undefined column name ${quoteIfNeeded(relation.column)} in table ${table.keyspace}.${table.name}`);
    if (column.kind === 'static' || isMulticell(column.type))
      throw invalid(`The WHERE of an index cannot ask about ${column.name}: a static column or a collection`);
    const op = relation.op as PredicateClause['op'];
    if (op === 'IS NOT') return { column, op, values: [] };
    if (relation.inMarker || relation.values.some(({ kind }) => kind === 'marker'))
      throw invalid('Bind variables cannot be used in the WHERE of an index');
    return { column, op, values: relation.values.map((term) => constantOf(term, column)) };
  });
}

function constantOf(term: Parameters<typeof termBytes>[0], column: ColumnDefinition): Uint8Array {
  const value = termBytes(term, column.type, column.name);
  if (value === null) throw invalid(`Invalid null value in the WHERE of an index for column ${column.name}`);
  return value;
}

/** What the index keeps of it; null for an index of all rows. */
export function indexPredicate(table: TableDefinition, index: IndexDefinition): readonly PredicateClause[] | null {
  const text = index.options['where'];
  return text === undefined ? null : predicateOf(table, parseWhereText(text));
}

/** As it is kept in the options of the index. */
export const predicateText = (relations: readonly Relation[]): string => whereText(relations);

/** Whether a value satisfies the clause; null satisfies none. */
export function clauseHolds({ column, op, values }: PredicateClause, value: Uint8Array | null): boolean {
  if (value === null) return false;
  if (op === 'IS NOT') return true;
  const order = (other: Uint8Array): number => compareValues(column.type, value, other);
  const [first] = values;
  switch (op) {
    case 'IN':
      return values.some((other) => order(other) === 0);
    case '=':
      return order(first!) === 0;
    case '!=':
      return order(first!) !== 0;
    case '<':
      return order(first!) < 0;
    case '<=':
      return order(first!) <= 0;
    case '>':
      return order(first!) > 0;
    case '>=':
      return order(first!) >= 0;
  }
}
