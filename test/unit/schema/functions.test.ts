// CREATE and DROP of functions and aggregates. The texts are those that a real 5.0.9 gave (LANGUAGE java there).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import { parseStatement } from '../../../src/cql/index.js';
import {
  applyDdl,
  applyDelta,
  describe,
  diffSchemas,
  type Schema,
  type SchemaStatement,
  systemSchema,
} from '../../../src/schema/index.js';
import { testContext } from './recorded.js';

const f = (rest: string, language = 'javascript') =>
  `CREATE FUNCTION k.${rest} RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE ${language} AS 'return 1;'`;

/** Statement and what comes of it: the event, '' for nothing, or the message. */
const steps: [cql: string, outcome: string][] = [
  ["CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}", 'CREATED KEYSPACE k'],
  ['CREATE TYPE k.u (a int, b text)', 'CREATED TYPE u'],
  [f('f (a int)'), 'CREATED FUNCTION f(int)'],
  [f('f (a int)'), "Function 'f' already exists"],
  [f('f (a int)').replace('FUNCTION', 'FUNCTION IF NOT EXISTS'), ''],
  [
    f('f (a int)').replace('FUNCTION', 'FUNCTION IF NOT EXISTS').replace('CREATE', 'CREATE OR REPLACE'),
    "Cannot use both 'OR REPLACE' and 'IF NOT EXISTS' directives",
  ],
  [
    "CREATE OR REPLACE FUNCTION k.f (a int) CALLED ON NULL INPUT RETURNS int LANGUAGE javascript AS '1'",
    "Function 'f' must have CALLED ON NULL INPUT directive",
  ],
  [
    "CREATE OR REPLACE FUNCTION k.f (a int) RETURNS NULL ON NULL INPUT RETURNS bigint LANGUAGE javascript AS '1'",
    "Cannot replace function 'f', the new return type bigint is not compatible with the return type int of existing function",
  ],
  [f('f (a int)').replace('CREATE', 'CREATE OR REPLACE').replace('1;', '2;'), 'UPDATED FUNCTION f(int)'],
  [f('dup (a int, a int)'), 'Duplicate argument names for given function dup with argument names [a, a]'],
  [
    f('fz (a frozen<list<int>>)'),
    "Argument 'frozen<list<int>>' cannot be frozen; remove frozen<> modifier from 'frozen<list<int>>'",
  ],
  [f('fz (a frozen<tuple<int>>)'), 'CREATED FUNCTION fz(tuple<int>)'],
  [f('fz2 (a frozen<u>)'), "Argument 'frozen<u>' cannot be frozen; remove frozen<> modifier from 'frozen<u>'"],
  [f('li (a list<int>)'), 'CREATED FUNCTION li(list<int>)'],
  [f('ud (a u)'), 'CREATED FUNCTION ud(u)'],
  [
    f('tp (a tuple<int, text>, b map<text, frozen<list<int>>>)'),
    'CREATED FUNCTION tp(tuple<int, text>, map<text, frozen<list<int>>>)',
  ],
  [f('f (a int)').replace('k.f', 'nope.f'), "Keyspace 'nope' doesn't exist"],
  [f('f (a int)').replace('k.f', 'system.f'), "System keyspace 'system' is not user-modifiable"],
  [
    f('f (a int)').replace('k.f', 'f'),
    'No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename',
  ],
  [
    f('j (a int)', 'java'),
    'Java functions cannot run on this server. Write the function in JavaScript (LANGUAGE javascript), ' +
      'or compile it to WebAssembly (LANGUAGE wasm)',
  ],
  [f('j (a int)', 'lua'), "Unknown language 'lua'; functions are written in javascript or wasm"],
  [f('f (a text)'), 'CREATED FUNCTION f(text)'],
  [f('add2 (s int, v int)').replace('RETURNS NULL', 'CALLED'), 'CREATED FUNCTION add2(int, int)'],
  [f('add3 (s int, v int)'), 'CREATED FUNCTION add3(int, int)'],
  ['CREATE AGGREGATE k.sum2 (int) SFUNC add2 STYPE int', 'CREATED AGGREGATE sum2(int)'],
  ['CREATE AGGREGATE k.sum2 (int) SFUNC add2 STYPE int', "Aggregate 'sum2' already exists"],
  ['CREATE AGGREGATE IF NOT EXISTS k.sum2 (int) SFUNC add2 STYPE int', ''],
  ['CREATE OR REPLACE AGGREGATE k.sum2 (int) SFUNC add2 STYPE int INITCOND 5', 'UPDATED AGGREGATE sum2(int)'],
  [
    'CREATE AGGREGATE k.sum3 (int) SFUNC add3 STYPE int',
    "Cannot create aggregate 'sum3' without INITCOND because state function k.add3 does not accept 'null' arguments",
  ],
  [
    "CREATE AGGREGATE k.sum3 (int) SFUNC add3 STYPE int INITCOND 'x'",
    'Invalid STRING constant (x) for "(dummy)" of type int',
  ],
  [
    'CREATE AGGREGATE k.sumx (int) SFUNC nosuch STYPE int INITCOND 0',
    "State function k.nosuch(int, int) doesn't exist",
  ],
  [
    'CREATE AGGREGATE k.sumx (int) SFUNC add3 STYPE bigint INITCOND 0',
    "State function k.add3(bigint, int) doesn't exist",
  ],
  [
    'CREATE AGGREGATE k.sumx (int) SFUNC add3 STYPE int FINALFUNC nosuch INITCOND 0',
    "Final function k.nosuch(int) doesn't exist",
  ],
  [
    'CREATE AGGREGATE k.sumx (int) SFUNC add3 STYPE int FINALFUNC sum2 INITCOND 0',
    "Final function k.sum2(int) isn't a scalar function",
  ],
  [
    'CREATE AGGREGATE k.sumx (int) SFUNC add3 STYPE frozen<list<int>> INITCOND 0',
    "State type 'frozen<list<int>>' cannot be frozen; remove frozen<> modifier from 'frozen<list<int>>'",
  ],
  ['CREATE AGGREGATE k.f (int) SFUNC add3 STYPE int INITCOND 0', "Aggregate 'f' cannot replace a function"],
  [
    "CREATE FUNCTION k.su (s u, v int) CALLED ON NULL INPUT RETURNS u LANGUAGE javascript AS 's'",
    'CREATED FUNCTION su(u, int)',
  ],
  ['CREATE AGGREGATE k.ofu (int) SFUNC su STYPE u', 'CREATED AGGREGATE ofu(int)'],
  [
    'ALTER TYPE k.u RENAME a TO aa',
    'UPDATED TYPE u; UPDATED FUNCTION ud(u); UPDATED FUNCTION su(u, int); UPDATED AGGREGATE ofu(int)',
  ],
  ["CREATE OR REPLACE AGGREGATE k.ofu (int) SFUNC su STYPE u INITCOND {aa: 1, b: 'x'}", 'UPDATED AGGREGATE ofu(int)'],
  ['ALTER TYPE k.u RENAME aa TO a', 'Cannot alter user type k.u as it is still used in INITCOND by aggregates k.ofu'],
  ['DROP AGGREGATE k.ofu', 'DROPPED AGGREGATE ofu(int)'],
  ['ALTER TYPE k.u RENAME aa TO a', 'UPDATED TYPE u; UPDATED FUNCTION ud(u); UPDATED FUNCTION su(u, int)'],
  ['DROP FUNCTION k.su', 'DROPPED FUNCTION su(u, int)'],
  [f('sum2 (a int)'), "Function 'sum2' cannot replace an aggregate"],
  ['DROP FUNCTION k.f (int, int)', "Function 'k.f(int, int)' doesn't exist"],
  ['DROP FUNCTION IF EXISTS k.f (int, int)', ''],
  [
    'DROP FUNCTION k.f',
    "'DROP FUNCTION f' matches multiple function definitions; specify the argument types by issuing a statement like " +
      "'DROP FUNCTION f (type, type, ...)'. You can use cqlsh 'DESCRIBE FUNCTION f' command to find all overloads",
  ],
  ['DROP FUNCTION k.add2', "Function 'k.add2' is still referenced by aggregates k.sum2"],
  ['DROP FUNCTION k.sum2', "Function 'k.sum2' doesn't exist"],
  ['DROP AGGREGATE k.f (text)', "Aggregate 'k.f(text)' doesn't exist"],
  ['DROP FUNCTION nope.f', "Function 'nope.f' doesn't exist"],
  ['DROP FUNCTION IF EXISTS nope.f', ''],
  [
    'DROP FUNCTION k.li (frozen<list<int>>)',
    "Argument 'frozen<list<int>>' cannot be frozen; remove frozen<> modifier from 'frozen<list<int>>'",
  ],
  ['DROP FUNCTION k.li (list<int>)', 'DROPPED FUNCTION li(list<int>)'],
  ['DROP TYPE k.u', "Cannot drop user type 'k.u' as it is still used by functions k.ud"],
  ['ALTER TYPE k.u ADD c int', 'UPDATED TYPE u; UPDATED FUNCTION ud(u)'],
  ['DROP FUNCTION k.ud', 'DROPPED FUNCTION ud(u)'],
  ['DROP AGGREGATE k.sum2', 'DROPPED AGGREGATE sum2(int)'],
  ['DROP FUNCTION k.add2', 'DROPPED FUNCTION add2(int, int)'],
];

function apply(schema: Schema, cql: string): { schema: Schema; outcome: string } {
  try {
    const result = applyDdl(schema, parseStatement(cql).statement as SchemaStatement, testContext());
    const shown = result.events.map(({ change, target, keyspace, name, argumentTypes }) => {
      return `${change} ${target} ${name ?? keyspace}${argumentTypes ? `(${argumentTypes.join(', ')})` : ''}`;
    });
    return { schema: result.schema, outcome: shown.join('; ') };
  } catch (error) {
    if (!(error instanceof FerrosaError)) throw error;
    return { schema, outcome: error.message };
  }
}

test('functions and aggregates are made and dropped as in Cassandra 5.0.9, with its texts', () => {
  let schema = systemSchema();
  for (const [cql, expected] of steps) {
    const before = schema;
    const { schema: after, outcome } = apply(schema, cql);
    assert.equal(outcome, expected, cql);
    // What the metadata log keeps of the step makes the same schema.
    const delta = JSON.parse(JSON.stringify(diffSchemas(before, after))) as ReturnType<typeof diffSchemas>;
    assert.equal(applyDelta(before, delta).version, after.version, cql);
    schema = after;
  }
});

test('DESCRIBE prints statements that make the same functions again', () => {
  const statements = [
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TYPE k.u (a int)',
    'CREATE FUNCTION k.f(a int)\n    RETURNS NULL ON NULL INPUT\n    RETURNS int\n    LANGUAGE javascript\n    AS $$return a+2;$$;',
    'CREATE FUNCTION k.tp("A" tuple<int, text>, b map<text, frozen<list<int>>>)\n    CALLED ON NULL INPUT\n' +
      '    RETURNS tuple<int, text>\n    LANGUAGE javascript\n    AS $$return A;$$;',
    "CREATE FUNCTION k.quoted(a u)\n    CALLED ON NULL INPUT\n    RETURNS u\n    DETERMINISTIC MONOTONIC ON a\n    LANGUAGE javascript\n    AS 'return ''$$'';';",
    'CREATE FUNCTION k.step(s list<text>, v text)\n    CALLED ON NULL INPUT\n    RETURNS list<text>\n    LANGUAGE javascript\n    AS $$return s;$$;',
    "CREATE AGGREGATE k.agg(text)\n    SFUNC step\n    STYPE list<text>\n    INITCOND ['a', 'b'];",
  ];
  let schema = systemSchema();
  for (const cql of statements) schema = apply(schema, cql).schema;
  const context = {
    schema,
    keyspace: 'k',
    clusterName: 'c',
    snitch: 's',
    rangeOwnership: () => new Map<string, readonly string[]>(),
  };
  const text = (cql: string) => {
    const { rows } = describe(parseStatement(cql).statement as Parameters<typeof describe>[0], context);
    return rows.map((row) => Buffer.from(row.at(-1)!).toString());
  };
  assert.deepEqual(text('DESCRIBE FUNCTION k.f'), [statements[2]]);
  assert.deepEqual(text('DESCRIBE FUNCTION tp'), [statements[3]]);
  assert.deepEqual(text('DESCRIBE FUNCTION quoted'), [statements[4]]);
  assert.deepEqual(text('DESCRIBE AGGREGATE agg'), [statements[6]]);
  assert.deepEqual(text('DESCRIBE FUNCTIONS'), [
    'f(int)',
    'quoted(u)',
    'step(list<text>, text)',
    'tp(tuple<int, text>, map<text, frozen<list<int>>>)',
  ]);
});
