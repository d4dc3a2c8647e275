import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../src/common/bytes.js';
import {
  type CqlType,
  collectionElement,
  collectionSlice,
  compareValues,
  encodeConstant,
  encodeDecimal,
  encodeDouble,
  encodeFloat,
  encodeInt,
  encodeText,
  encodeVarint,
  formatDouble,
  formatFloat,
  fromJson,
  normalizeValue,
  packCollection,
  packList,
  packMap,
  packSet,
  packTuple,
  packVector,
  parseClassName,
  parseCqlType,
  plainText,
  testConstant,
  toCqlLiteral,
  toJson,
  unpackList,
  unpackVector,
  utc,
  type VectorType,
  validateValue,
} from '../../../src/types/index.js';

type GoldenCase = { op: string; type: string; input: string; result?: string; error?: string };
const golden = JSON.parse(
  readFileSync(new URL('../../../../test/unit/types/golden.json', import.meta.url), 'utf8'),
) as GoldenCase[];
const context = { nowMs: () => 1_700_000_000_000, zone: utc };

function answer(item: GoldenCase): string {
  const { type } = parseClassName(item.type);
  if (item.op === 'text') return toHex(encodeText(type, item.input, context));
  if (item.op === 'validate') {
    validateValue(type, fromHex(item.input)!);
    return 'ok';
  }
  const bytes = fromJson(type, item.input, context);
  return bytes === null ? 'null' : toHex(bytes);
}

for (const op of ['text', 'fromjson', 'validate']) {
  // Goal: values and messages of Cassandra 5.0.9, which answered the same questions once.
  test(`Cassandra's own answers are given for ${op}`, () => {
    const cases = golden.filter((item) => item.op === op);
    assert.ok(cases.length > 80);
    for (const item of cases) {
      const label = `${item.type} ${JSON.stringify(item.input)}`;
      if (item.error === undefined) assert.equal(answer(item), item.result, label);
      else assert.throws(() => answer(item), { name: 'FerrosaError', message: item.error }, label);
    }
  });
}

const type = (text: string): CqlType => parseCqlType(text, 'ks', () => undefined);
const hex = (text: string): Uint8Array => fromHex(text.replaceAll(' ', ''))!;

test('the word now is the time of the clock that is handed in', () => {
  assert.equal(toHex(encodeText(type('timestamp'), 'NOW', context)), '0000018bcfe56800');
});

test('a constant of the wrong kind is refused with its kind, text, receiver and type', () => {
  assert.throws(() => encodeConstant('string', 'x', type('int'), 'v', context), {
    message: 'Invalid STRING constant (x) for "v" of type int',
  });
  assert.throws(() => encodeConstant('integer', '5', type('list<int>'), 'l', context), {
    message: 'Invalid INTEGER constant (5) for "l" of type list<int>',
  });
  assert.equal(toHex(encodeConstant('integer', '5', type('double'), 'd', context)), '4014000000000000');
  assert.equal(toHex(encodeConstant('hex', '0x0aff', type('blob'), 'b', context)), '0aff');
});

test('a constant matches exactly the smallest type that holds it, and others weakly', () => {
  assert.equal(testConstant('integer', '5', type('int')), 'exact');
  assert.equal(testConstant('integer', '3000000000', type('bigint')), 'exact');
  assert.equal(testConstant('integer', '3000000000', type('int')), 'weak');
  assert.equal(testConstant('string', 'a', type('ascii')), 'exact');
  assert.equal(testConstant('string', 'é', type('text')), 'exact');
  assert.equal(testConstant('float', '1.5', type('double')), 'exact');
  assert.equal(testConstant('float', '1.00000000000000000001', type('decimal')), 'exact');
  assert.equal(testConstant('uuid', '550e8400-e29b-11d4-a716-446655440000', type('timeuuid')), 'exact');
  assert.equal(testConstant('boolean', 'true', type('int')), 'none');
});

test('floating point numbers print as on the Java of Cassandra 5.0, extra digits and all', () => {
  const doubles: [number, string][] = [
    [1, '1.0'],
    [-0, '-0.0'],
    [1e7, '1.0E7'],
    [9999999, '9999999.0'],
    [0.001, '0.001'],
    [1e-4, '1.0E-4'],
    [2e23, '1.9999999999999998E23'],
    [4.9e-324, '4.9E-324'],
    [Number('-891140198508065578.255'), '-8.9114019850806554E17'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ];
  for (const [value, text] of doubles) assert.equal(formatDouble(value), text);
  assert.equal(formatFloat(1756123648), '1.75612365E9');
  assert.equal(formatFloat(Math.fround(0.1)), '0.1');
  assert.equal(formatFloat(Math.fround(4.0079535e25)), '4.0079535E25');
});

test('values print as CQL literals that Cassandra would read', () => {
  const cases: [string, string, string][] = [
    ['text', '6974277320', "'it''s '"],
    ['text', '', "''"],
    ['int', '', 'null'],
    ['blob', '', '0x'],
    ['inet', '00000000000000000000000000000001', "'0:0:0:0:0:0:0:1'"],
    ['date', '80000000', "'1970-01-01'"],
    ['time', '0000000000000001', "'00:00:00.000000001'"],
    ['timestamp', 'ffffffffffffffff', "'1969-12-31T23:59:59.999Z'"],
    ['list<int>', '00000001 00000004 00000005', '[5]'],
    ['map<int, text>', '00000001 00000004 00000005 00000001 61', "{5: 'a'}"],
    ['tuple<int, text>', '00000004 00000005 ffffffff', '(5, null)'],
    ['tuple<int, text>', '00000004 00000005', '(5)'],
    ['vector<float, 2>', '3f800000 40000000', '[1.0, 2.0]'],
    ['duration', '180448', '1y2d36ns'],
    ['decimal', '00000008 01', '1E-8'],
  ];
  for (const [name, bytes, literal] of cases) assert.equal(toCqlLiteral(type(name), hex(bytes)), literal);
});

test('JSON of a value quotes map keys, field names and non-finite numbers as Cassandra does', () => {
  const udt: CqlType = {
    kind: 'udt',
    keyspace: 'ks',
    name: 't',
    fieldNames: ['a', 'B'],
    fieldTypes: [{ kind: 'int' }, { kind: 'text' }],
    frozen: true,
  };
  assert.equal(toJson(udt, hex('00000004 00000001')), '{"a": 1, "\\"B\\"": null}');
  assert.equal(
    toJson(type('map<int, double>'), hex('00000001 00000004 00000005 00000008 7ff8000000000000')),
    '{"5": null}',
  );
  assert.equal(toJson(type('timestamp'), hex('0000000000000000')), '"1970-01-01 00:00:00.000Z"');
  assert.equal(toJson(type('text'), hex('01e9'.replace('e9', '22'))), '"\\u0001\\""');
});

test('a bound set or map is stored sorted and without duplicates, at every depth', () => {
  const ints = (...values: number[]) => packCollection(values.map(encodeInt));
  assert.deepEqual(normalizeValue(type('set<int>'), ints(3, -1, 3)), ints(-1, 3));
  const nested = normalizeValue(type('list<frozen<set<int>>>'), packList([ints(2, 1)]));
  assert.deepEqual(nested, packList([ints(1, 2)]));
  assert.throws(() => normalizeValue(type('set<int>'), packCollection([null])), {
    message: 'Null value read when not allowed',
  });
});

test('elements and slices of sets and maps are found by key', () => {
  const map = packMap(
    { kind: 'int' },
    [1, 3, 5].map((n) => [encodeInt(n), encodeInt(n * 10)] as const),
  );
  const mapType: CqlType = { kind: 'map', key: { kind: 'int' }, value: { kind: 'int' }, frozen: false };
  assert.deepEqual(collectionElement(mapType, map, encodeInt(3)), encodeInt(30));
  assert.equal(collectionElement(mapType, map, encodeInt(4)), null);
  const slice = collectionSlice(mapType, map, encodeInt(2), encodeInt(5))!;
  assert.equal(toCqlLiteral(mapType, slice), '{3: 30, 5: 50}');
  assert.equal(collectionSlice(mapType, map, encodeInt(6), null), null);
  assert.equal(toCqlLiteral(mapType, collectionSlice({ ...mapType, frozen: true }, map, encodeInt(6), null)), '{}');
});

test('the order of values is the one of Cassandra for numbers, UUIDs, tuples and collections', () => {
  const ascending: [string, string[]][] = [
    ['int', ['', '80000000', 'ffffffff', '00000000', '7fffffff']],
    ['double', ['', 'fff0000000000000', '8000000000000000', '0000000000000000', '7ff8000000000000']],
    ['varint', ['', 'ff00', 'ff', '00', '7f', '0080']],
    ['decimal', ['', '00000000ff', '0000000001', '000000010b', 'fffffff601']],
    ['boolean', ['', '00', '01']],
    [
      'timeuuid',
      ['00000000000010008000000000000080', '0000000000001000800000000000007f', '0000000100001000800000000000007f'],
    ],
    [
      'uuid',
      ['00000001000010000000000000000000', 'ffffffff000010000000000000000000', '00000000000040000000000000000000'],
    ],
    ['tuple<int, int>', ['', '00000004 00000001', '00000004 00000001 00000004 00000000', '00000004 00000002']],
    ['list<int>', ['00000000', '00000001 00000004 00000001', '00000002 00000004 00000001 00000004 00000000']],
    ['date', ['00000000', '7fffffff', '80000000', 'ffffffff']],
  ];
  for (const [name, values] of ascending) {
    for (let i = 1; i < values.length; i++) {
      const [a, b] = [hex(values[i - 1]!), hex(values[i]!)];
      assert.ok(compareValues(type(name), a, b) < 0, `${name} ${values[i - 1]} < ${values[i]}`);
      assert.ok(compareValues(type(name), b, a) > 0, `${name} ${values[i]} > ${values[i - 1]}`);
    }
  }
  assert.equal(compareValues(type('decimal'), hex('00000000 01'), hex('00000002 64')), 0);
  assert.equal(compareValues(type('tuple<int, int>'), hex('00000004 00000001'), hex('00000004 00000001 ffffffff')), 0);
});

test('decimals with enormous exponents are compared without being written out', () => {
  const big = encodeDecimal({ unscaled: 1n, scale: -2_000_000_000 });
  const small = encodeDecimal({ unscaled: 1n, scale: 2_000_000_000 });
  assert.ok(compareValues(type('decimal'), small, big) < 0);
});

test('vectors of fixed size elements have no lengths between them, others do', () => {
  const floats = type('vector<float, 2>') as VectorType;
  assert.equal(toHex(packVector(floats, [encodeFloat(1), encodeFloat(2)])), '3f80000040000000');
  const texts = type('vector<text, 2>') as VectorType;
  const packed = packVector(texts, [hex('61'), hex('6263')]);
  assert.equal(toHex(packed), '0161026263');
  assert.deepEqual(unpackVector(texts, packed).map(toHex), ['61', '6263']);
});

const plainValues: fc.Arbitrary<[CqlType, Uint8Array]> = fc.oneof(
  fc.maxSafeInteger().map((n): [CqlType, Uint8Array] => [{ kind: 'varint' }, encodeVarint(BigInt(n))]),
  fc.integer().map((n): [CqlType, Uint8Array] => [{ kind: 'int' }, encodeInt(n)]),
  fc.double().map((n): [CqlType, Uint8Array] => [{ kind: 'double' }, encodeDouble(n)]),
  fc.float().map((n): [CqlType, Uint8Array] => [{ kind: 'float' }, encodeFloat(n)]),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: -40, max: 40 }))
    .map(([unscaled, scale]): [CqlType, Uint8Array] => [{ kind: 'decimal' }, encodeDecimal({ unscaled, scale })]),
);

test('what a plain value prints as is read back as the same bytes', () => {
  fc.assert(
    fc.property(plainValues, ([valueType, bytes]) => {
      assert.deepEqual(encodeText(valueType, plainText(valueType, bytes), context), bytes);
    }),
  );
});

test('sets of any integers are sorted by value, and survive JSON', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (values) => {
      const set = packSet({ kind: 'int' }, values.map(encodeInt));
      const expected = [...new Set(values)].sort((a, b) => a - b);
      assert.deepEqual(unpackList(set), expected.map(encodeInt));
      assert.deepEqual(fromJson(type('set<int>'), toJson(type('set<int>'), set), context), set);
    }),
  );
});

test('no bytes make validation or JSON fail with anything but an error of the table', () => {
  const types = ['list<text>', 'map<int, text>', 'tuple<int, duration>', 'vector<text, 3>', 'duration', 'timeuuid'];
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 40 }), (name, bytes) => {
      try {
        validateValue(type(name), bytes);
        toJson(type(name), bytes);
        toCqlLiteral(type(name), bytes);
      } catch (error) {
        assert.equal((error as Error).name, 'FerrosaError');
      }
    }),
  );
  assert.ok(packTuple([null]).length === 4);
});
