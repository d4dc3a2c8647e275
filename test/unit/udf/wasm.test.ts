// User functions in WebAssembly: the calling convention of docs/udf.md and its limits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Session } from '../../support/in-process-node.js';
import { type ModuleParts, op, type ValueType, wasmModule } from './module-builder.js';

const session = new Session();
before(async () => {
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    'CREATE TABLE t (p int PRIMARY KEY, v int, s text)',
    "INSERT INTO t (p, v, s) VALUES (1, 40, 'hello')",
  );
});
after(() => session.node.userFunctions.stop());

const create = (name: string, args: string, returns: string, body: string, onNull = 'RETURNS NULL') =>
  session.error(
    `CREATE OR REPLACE FUNCTION ${name} (${args}) ${onNull} ON NULL INPUT RETURNS ${returns} LANGUAGE wasm AS '${body}'`,
  );

const add: ModuleParts = {
  functions: [
    {
      name: 'addw',
      params: ['i32', 'i32'],
      results: ['i32'],
      code: [...op.localGet(0), ...op.localGet(1), ...op.i32Add],
    },
  ],
};
/** alloc that always gives address 16. */
const alloc = { name: 'alloc', params: ['i32'], results: ['i32'], code: op.i32Const(16) } as const;
/** Gives back the bytes it got: (address << 32) | length. */
const sameBytes = [
  ...op.localGet(0),
  ...op.i64ExtendI32U,
  ...op.i64Const(32),
  ...op.i64Shl,
  ...op.localGet(1),
  ...op.i64ExtendI32U,
  ...op.i64Or,
];

test('numbers are passed directly, in hexadecimal and in base64', async () => {
  assert.equal(await create('addw', 'a int, b int', 'int', wasmModule(add)), 'no error');
  assert.deepEqual(await session.rows('SELECT addw(v, 2), addw(v, -41) FROM t'), [['42', '-1']]);
  const base64 = Buffer.from(wasmModule(add), 'hex').toString('base64');
  assert.equal(await create('addw', 'a int, b int', 'int', base64), 'no error');
  assert.deepEqual(await session.rows('SELECT addw(v, 3) FROM t'), [['43']]);
  const code = [...op.localGet(0), ...op.localGet(0), ...op.f64Mul];
  const square = wasmModule({ functions: [{ name: 'square', params: ['f64'], results: ['f64'], code }] });
  assert.equal(await create('square', 'x double', 'double', square), 'no error');
  assert.deepEqual(await session.rows('SELECT square(1.5) FROM t'), [['2.25']]);
});

test('a number of another type than that of the result is a failure', async () => {
  const gives = (name: string, type: ValueType, code: readonly number[]) =>
    wasmModule({ functions: [{ name, params: ['i32'], results: [type], code }] });
  const call = async (name: string, returns: string, module: string): Promise<string> => {
    assert.equal(await create(name, 'x int', returns, module), 'no error');
    return session.error(`SELECT ${name}(v) FROM t`);
  };
  assert.match(
    await call('wide', 'int', gives('wide', 'i64', op.i64Const(5))),
    /FUNCTION_FAILURE: TypeError: .* gave 5/,
  );
  assert.match(await call('narrow', 'bigint', gives('narrow', 'i32', op.i32Const(5))), /FUNCTION_FAILURE: TypeError/);
  assert.match(await call('whole', 'double', gives('whole', 'i64', op.i64Const(5))), /FUNCTION_FAILURE: TypeError/);
});

test('other values go through memory, and nulls too', async () => {
  const functions = [alloc, { name: 'same', params: ['i32', 'i32'], results: ['i64'], code: sameBytes }] as const;
  const module = wasmModule({ functions, memory: { pages: 1 } });
  assert.equal(await create('same', 'x text', 'text', module), 'no error');
  assert.equal(await create('same', 'x list<int>', 'list<int>', module, 'CALLED'), 'no error');
  assert.deepEqual(await session.rows("SELECT same(s), same('') FROM t"), [["'hello'", "''"]]);
  await session.query('ALTER TABLE t ADD l list<int>');
  assert.deepEqual(await session.rows('SELECT same([1, 2]), same(l) FROM t'), [['[1, 2]', 'null']]);
});

test('an aggregate of WebAssembly functions', async () => {
  await session.query('CREATE AGGREGATE sumw (int) SFUNC addw STYPE int INITCOND 1');
  assert.deepEqual(await session.rows('SELECT sumw(v) FROM t'), [['41']]);
});

test('a module that is none, imports something or exports something else is refused', async () => {
  const cases: [body: string, message: RegExp][] = [
    ['zz', /the body is no module in hexadecimal or base64/],
    ['0061736d01000000', /exports no function "addw"/],
    [wasmModule({ ...add, imports: ['env', 'exit'] }), /imports something/],
    [
      wasmModule({ functions: [{ ...add.functions[0]!, params: ['i32'], code: op.i32Const(1) }] }),
      /1 parameters instead of 2/,
    ],
    [
      wasmModule({ functions: [{ ...add.functions[0]!, code: [...op.unreachable, 0xff] }] }),
      /WebAssembly compilation failed/,
    ],
    [wasmModule({ ...add, memory: { pages: 60_000 } }), /the memory needs more than the limit/],
    [wasmModule(add).slice(0, -4), /ends too early/],
  ];
  for (const [body, message] of cases) assert.match(await create('addw', 'a int, b int', 'int', body), message, body);
  const noAlloc = wasmModule({ functions: [{ name: 'addw', params: ['i32', 'i32'], results: ['i32'], code: op.i32Const(1) }], memory: { pages: 1 } }); // biome-ignore format: one module
  assert.match(await create('addw', 'a text', 'int', noAlloc), /exports no function "alloc"/);
});

test('traps, endless loops, growth and addresses outside the memory fail the statement and nothing else', async () => {
  const spin = (name: string, code: readonly number[]) =>
    wasmModule({ functions: [{ name, params: ['i32'], results: ['i32'], code }], memory: { pages: 1, max: 65_536 } });
  await create('trap', 'x int', 'int', spin('trap', op.unreachable));
  await create('zero', 'x int', 'int', spin('zero', [...op.localGet(0), ...op.i32Const(0), ...op.i32DivS]));
  await create('spin', 'x int', 'int', spin('spin', [...op.loopForever, ...op.unreachable]));
  // 60,000 pages are more than the limit of memory, whatever the module says.
  await create('grow', 'x int', 'int', spin('grow', [...op.i32Const(60_000), ...op.memoryGrow]));
  const call = (name: string) => session.error(`SELECT ${name}(v) FROM t`);
  assert.equal(await call('trap'), 'FUNCTION_FAILURE: RuntimeError: unreachable');
  assert.equal(await call('zero'), 'FUNCTION_FAILURE: RuntimeError: divide by zero');
  assert.equal(
    await call('spin'),
    'FUNCTION_FAILURE: User defined function k.spin : (int) -> int ran longer than 1500ms',
  );
  assert.deepEqual(await session.rows('SELECT grow(v) FROM t'), [['-1']]);
  const outside = [{ name: 'outside', params: ['i32'], results: ['i64'], code: op.i64Const(100_000) }] as const;
  await create('outside', 'x int', 'text', wasmModule({ functions: outside, memory: { pages: 1 } }));
  assert.match(await call('outside'), /FUNCTION_FAILURE: bytes 0 to 100000 are outside the memory/);
  assert.deepEqual(await session.rows('SELECT addw(v, 1) FROM t'), [['41']]);
});
