// What ends calls of functions before they have ended: time of the statement, and nobody who wants the result.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { invalid } from '../../../src/common/errors.js';
import type { UserFunction } from '../../../src/schema/index.js';
import { type Caller, createUserFunctions } from '../../../src/udf/index.js';
import { Session } from '../../support/in-process-node.js';

const session = new Session();
const functions = createUserFunctions(
  {
    enabled: true,
    warnTimeoutMs: 0,
    failTimeoutMs: 60_000,
    memoryBytesMax: 32 << 20,
    statementTimeoutMs: 400,
    threads: 1,
  },
  () => {},
);
const rows = Array.from({ length: 2_000 }, (_, i) => [new Uint8Array([0, 0, i >> 8, i & 255])]);
let wait: UserFunction;
let plus: UserFunction;
before(async () => {
  const head = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
  const make = (name: string, body: string) =>
    `CREATE FUNCTION k.${name} (x int) CALLED ON NULL INPUT RETURNS int LANGUAGE javascript AS '${body}'`;
  const waiting = 'const end = Date.now() + 20; while (Date.now() < end); return x';
  await session.all(head, make('wait', waiting), make('plus', 'return x + 1'));
  const all = [...session.node.catalogue.getKeyspace('k').functions.values()] as UserFunction[];
  wait = all.find(({ name }) => name === 'wait')!;
  plus = all.find(({ name }) => name === 'plus')!;
});
after(() => Promise.all([functions.stop(), session.node.userFunctions.stop()]));

function caller(check: () => void = () => {}): Caller {
  const start = performance.now();
  return { warn: () => {}, check, elapsedMs: () => performance.now() - start };
}

test('a statement whose calls are short and many ends when its time is over', async () => {
  const start = performance.now();
  await assert.rejects(functions.map(wait, rows, caller()), {
    code: 'FUNCTION_FAILURE',
    message:
      'A statement that calls k.wait : (int) -> int ran longer than 400ms (user_defined_functions_statement_timeout)',
  });
  // All of them would be 40 s.
  assert.ok(performance.now() - start < 20_000);
});

test('calls that nobody wants any more are ended, those that wait and others in the same thread are not', async () => {
  let killed = false;
  const check = () => {
    if (killed) throw invalid('killed');
  };
  const unwanted = functions.map(wait, rows.slice(0, 1_000), caller(check));
  const waiting = functions.map(wait, rows.slice(0, 1_000), caller(check));
  const slow = { warn: () => {}, check: () => {}, elapsedMs: () => 0 };
  const others = Promise.all(Array.from({ length: 5 }, () => functions.map(plus, rows.slice(0, 3), slow)));
  setTimeout(() => {
    killed = true;
  }, 100);
  await Promise.all([assert.rejects(unwanted, { message: 'killed' }), assert.rejects(waiting, { message: 'killed' })]);
  for (const results of await others) assert.deepEqual(results[2], new Uint8Array([0, 0, 0, 3]));
});
