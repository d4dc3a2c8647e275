// What was recorded of a real Cassandra, and the schema that the same statements make here.
import { readFileSync } from 'node:fs';
import { parseStatement } from '../../../src/cql/index.js';
import {
  applyDdl,
  type DdlContext,
  type Schema,
  type SchemaStatement,
  systemSchema,
} from '../../../src/schema/index.js';

export function readData(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../../test/unit/schema/data/${name}`, import.meta.url), 'utf8'));
}

/** One node in datacenter1; ids and times count up. */
export function testContext(): DdlContext {
  let nextTable = 1;
  return {
    keyspace: null,
    topology: new Map([['datacenter1', 1]]),
    nowMicros: 1_700_000_000_000_000n,
    userFunctionsEnabled: true,
    resolveMask: null,
    checkViewWhere: null,
    newTableId: () => `00000000-0000-1000-8000-${(nextTable++).toString(16).padStart(12, '0')}`,
  };
}

/** The schema of a new node after these statements. */
export function schemaAfter(statements: readonly string[]): { schema: Schema } {
  const context = testContext();
  let schema = systemSchema();
  for (const cql of statements)
    schema = applyDdl(schema, parseStatement(cql).statement as SchemaStatement, context).schema;
  return { schema };
}
