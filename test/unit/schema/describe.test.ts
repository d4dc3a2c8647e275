// Goal: DESCRIBE prints what Cassandra prints. Method: data/describe.json holds DDL statements and what a real 5.0.9
// answered to DESCRIBE statements after them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import { parseStatement } from '../../../src/cql/index.js';
import { type DescribeContext, describe } from '../../../src/schema/index.js';
import { readData, schemaAfter } from './recorded.js';

type Answer = {
  cql: string;
  keyspace?: string;
  columns?: string[];
  rows?: unknown[][];
  code?: number;
  message?: string;
};

const recorded = readData('describe.json') as { statements: string[]; answers: Answer[] };
const { schema } = schemaAfter(recorded.statements);

function contextOf(keyspace: string | null): DescribeContext {
  const rangeOwnership = () => new Map([['-9', ['/127.0.0.1:7000']]]);
  return { schema, keyspace, clusterName: 'oracle', snitch: 'DynamicEndpointSnitch', rangeOwnership };
}

function run(cql: string, keyspace: string | null, pageSize = 0, pagingState: Uint8Array | null = null) {
  const { statement } = parseStatement(cql);
  assert(statement.kind === 'describe');
  return describe(statement, contextOf(keyspace), pageSize, pagingState);
}

const texts = (rows: readonly (readonly (Uint8Array | null)[])[]): string[][] =>
  rows.map((row) => row.map((value) => Buffer.from(value!).toString()));

for (const { cql, keyspace, columns, rows, message } of recorded.answers)
  test(`${cql}${keyspace === undefined ? '' : ` in ${keyspace}`} is answered as by Cassandra 5.0.9`, () => {
    const answer = () => run(cql, keyspace ?? null);
    if (message !== undefined) {
      assert.throws(
        answer,
        (error) => error instanceof FerrosaError && error.code === 'INVALID' && error.message === message,
      );
      return;
    }
    const result = answer();
    assert.deepEqual(
      result.columns.map((column) => column.name),
      columns,
    );
    if (columns!.includes('range_ownership')) {
      assert.deepEqual(texts([result.rows[0]!.slice(0, 3)]), [rows![0]!.slice(0, 3)]);
      return;
    }
    // The index that Cassandra's Paxos keeps for itself is not here.
    assert.deepEqual(
      texts(result.rows),
      rows!.filter((row) => row[2] !== '"PaxosUncommittedIndex"'),
    );
  });

test('pages of a DESCRIBE put together are the whole', () => {
  const whole = texts(run('DESCRIBE KEYSPACE schema_t', null).rows);
  const got: string[][] = [];
  let state: Uint8Array | null = null;
  do {
    const page = run('DESCRIBE KEYSPACE schema_t', null, 10, state);
    got.push(...texts(page.rows));
    state = page.pagingState;
  } while (state !== null);
  assert.deepEqual(got, whole);
});

test('a page after the schema changed is refused', () => {
  const { pagingState } = run('DESCRIBE KEYSPACE schema_t', null, 10);
  const changed = Buffer.from(pagingState!);
  changed[5]! ^= 1;
  assert.throws(
    () => run('DESCRIBE KEYSPACE schema_t', null, 10, changed),
    /^FerrosaError: The schema has changed since/,
  );
  assert.throws(() => run('DESCRIBE KEYSPACE schema_t', null, 10, Buffer.of(1)), /Incompatible paging state/);
});
