// A fixture's table through CQL: its schema in a keyspace of another name, and its rows as rows.jsonl has them.
import fs from 'node:fs';
import path from 'node:path';
import type { CqlType } from '../../src/types/index.js';
import type { CqlClient } from '../support/cql-client.js';
import { jsonOf } from '../unit/sstable/cql-json.js';
import type { FixtureTable } from '../unit/sstable/fixture.js';

const pageRows = 1000;

/** The statements of schema.cql, USE left out. */
export function schemaOf(table: FixtureTable): string[] {
  const text = fs.readFileSync(path.join(table.folder, 'schema.cql'), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('USE'));
}

/** Creates the fixture's table as `keyspace.t`, with an id of its own; what the keyspace held is gone. */
export async function createSchema(client: CqlClient, table: FixtureTable, keyspace: string): Promise<void> {
  await client.query(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  for (const statement of schemaOf(table))
    await client.query(
      statement
        .replace(/CREATE KEYSPACE \w+/, `CREATE KEYSPACE ${keyspace}`)
        .replace(/((?:CREATE|ALTER) (?:TABLE|TYPE)) (\w+)/, `$1 ${keyspace}.$2`)
        .replace(/ WITH ID = [0-9a-f-]+ AND/, ' WITH')
        .replace(/ WITH ID = [0-9a-f-]+/, ''),
    );
}

function typeOf(table: FixtureTable, label: string, i: number): CqlType {
  const call = /^(writetime|ttl)\((.*)\)$/.exec(label);
  if (call !== null) return call[1] === 'ttl' ? { kind: 'int' } : { kind: 'bigint' };
  const column = table.columns.find((found) => found.name === label);
  if (column !== undefined) return column.type;
  const keys = table.partitionKey.length;
  return i < keys ? table.partitionKey[i]! : table.clustering[i - keys]!.type;
}

/** Every row of `<keyspace>.t` at the time at which the fixture was read, in the form of rows.jsonl without the text of floats. */
export async function selectAll(client: CqlClient, table: FixtureTable, keyspace: string): Promise<unknown[]> {
  const labels = Object.keys(table.expected[0]!);
  const rows: unknown[] = [];
  let pagingState: Uint8Array | null = null;
  do {
    const options = { pageSize: pageRows, pagingState, nowInSeconds: table.now };
    const result = await client.query(`SELECT ${labels.join(', ')} FROM ${keyspace}.t`, [], options);
    for (const row of result.rows)
      rows.push(Object.fromEntries(labels.map((label, i) => [label, jsonOf(typeOf(table, label, i), row[i]!)])));
    pagingState = result.pagingState;
  } while (pagingState !== null);
  return rows;
}
