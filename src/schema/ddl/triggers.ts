// CREATE and DROP TRIGGER with the checks of Cassandra 5.0. A trigger is a class of Java in Cassandra's folder of triggers: there is none to be found here.
import { invalid } from '../../common/errors.js';
import type { DdlStatement } from '../../cql/index.js';
import type { Schema } from '../model.js';
import { checkKeyspaceName, type DdlContext, keyspaceOf } from './context.js';

type TriggerStatement = Extract<DdlStatement, { kind: 'createTrigger' | 'dropTrigger' }>;

/** @throws FerrosaError INVALID, unless the statement drops what need not be there */
export function refuseTrigger(schema: Schema, statement: TriggerStatement, context: DdlContext): void {
  const keyspaceName = keyspaceOf(statement.table, context);
  const { name } = statement.table;
  if (statement.kind === 'dropTrigger') {
    if (statement.ifExists) return;
    throw invalid(`Trigger '${statement.name}' on '${keyspaceName}.${name}' doesn't exist`);
  }
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw invalid(`Keyspace '${keyspaceName}' doesn't exist`);
  const table = keyspace.tables.get(name);
  if (table === undefined) throw invalid(`Table '${name}' doesn't exist`);
  if (table.view !== undefined) throw invalid('Cannot CREATE TRIGGER for a materialized view');
  throw invalid(`Trigger class '${statement.using}' couldn't be loaded`);
}
