// WHERE clauses that the schema keeps: of views and of partial indexes.
import { type Relation, termText, tupleText } from '../../cql/index.js';
import { quoteIfNeeded } from '../../types/index.js';

/** The WHERE clause as system_schema.views and DESCRIBE show it. */
export function whereText(relations: readonly Relation[]): string {
  return relations
    .map((relation) => {
      if (relation.kind !== 'column') throw new Error('a schema has relations of single columns');
      const name = quoteIfNeeded(relation.column);
      if (relation.op === 'IS NOT') return `${name} IS NOT NULL`;
      const values = relation.values.map(termText);
      return `${name} ${relation.op} ${relation.op === 'IN' ? tupleText(values) : values.join(' AND ')}`;
    })
    .join(' AND ');
}
