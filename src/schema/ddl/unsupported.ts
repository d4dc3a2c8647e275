// Elements that this server does not have yet: creating one is refused by name; dropping finds none, as in Cassandra.
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { DdlStatement, QualifiedName } from '../../cql/index.js';
import { type DdlContext, keyspaceOf } from './context.js';

export type UnsupportedStatement = Extract<
  DdlStatement,
  {
    kind: 'createTrigger' | 'dropTrigger';
  }
>;

const unsupported = (what: string): FerrosaError => invalid(`${what} is not supported yet`);

/** @throws FerrosaError INVALID, unless the statement drops what need not be there */
export function refuseUnsupported(statement: UnsupportedStatement, context: DdlContext): void {
  const full = (name: QualifiedName): string => `${keyspaceOf(name, context)}.${name.name}`;
  switch (statement.kind) {
    case 'createTrigger':
      throw unsupported('CREATE TRIGGER');
    case 'dropTrigger':
      if (statement.ifExists) return;
      throw invalid(`Trigger '${statement.name}' on '${full(statement.table)}' doesn't exist`);
  }
}
