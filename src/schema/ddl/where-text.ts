// WHERE clauses that the schema keeps: of views and of partial indexes.
import { type Relation, termText, tupleText } from '../../cql/index.js';
import { quoteIfNeeded } from '../../types/index.js';

/** The WHERE clause as system_schema.views and DESCRIBE show it. */
export function whereText(relations: readonly Relation[]): string {
  return relations
    .map((relation) => {
      if (relation.kind !== 'column' && relation.kind !== 'tuple')
        throw new Error('a schema has relations of columns only');
      const name =
        relation.kind === 'column'
          ? quoteIfNeeded(relation.column)
          : tupleText(relation.columns.map((column) => quoteIfNeeded(column)));
      if (relation.op === 'IS NOT') return `${name} IS NOT NULL`;
      const values = relation.values.map((term) => termText(term));
      return `${name} ${relation.op} ${relation.op === 'IN' ? tupleText(values) : values.join(' AND ')}`;
    })
    .join(' AND ');
}
