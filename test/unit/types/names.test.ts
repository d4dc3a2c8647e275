import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferWriter, toHex } from '../../../src/common/bytes.js';
import {
  type CqlType,
  encodeDescriptorType,
  encodeTypeOption,
  parseClassName,
  parseCqlType,
  type TypeSyntax,
  typeFromSyntax,
  typeToClassName,
  typeToCql,
  type UserType,
} from '../../../src/types/index.js';

const marshal = 'org.apache.cassandra.db.marshal.';
const int: CqlType = { kind: 'int' };
const address: UserType = {
  kind: 'udt',
  keyspace: 'ks',
  name: 'address',
  fieldNames: ['street', 'zips'],
  fieldTypes: [{ kind: 'text' }, { kind: 'list', element: int, frozen: true }],
  frozen: false,
};
const resolve = (_keyspace: string, name: string) => (name === 'address' ? address : undefined);
const parse = (text: string) => parseCqlType(text, 'ks', resolve);

test('every type text of system_schema.columns is read and written back', () => {
  for (const text of [
    'int',
    'list<int>',
    'frozen<list<int>>',
    'set<frozen<list<text>>>',
    'map<text, frozen<map<int, frozen<list<uuid>>>>>',
    'frozen<tuple<int, text, frozen<tuple<int, int>>>>',
    'address',
    'frozen<address>',
    'vector<float, 3>',
    'vector<frozen<list<int>>, 2>',
    'empty',
    `'${marshal}CompositeType(${marshal}Int32Type,${marshal}UTF8Type)'`,
  ]) {
    assert.equal(typeToCql(parse(text)), text);
  }
  assert.equal(typeToCql(parse('VARCHAR')), 'text');
  assert.equal(typeToCql(parse('tuple<list<int>>')), 'frozen<tuple<frozen<list<int>>>>');
  assert.equal(typeToCql({ ...address, name: 'Order' }), '"Order"');
  assert.equal(typeToCql({ ...address, name: 'order', frozen: true }), 'frozen<"order">');
});

test('types that may not nest are refused with the words of Cassandra', () => {
  const build = (syntax: TypeSyntax) => () => typeFromSyntax(syntax, { keyspace: 'ks', resolveUserType: resolve });
  const native = (name: string): TypeSyntax => ({ kind: 'native', name });
  const cases: [TypeSyntax, string][] = [
    [
      { kind: 'list', element: { kind: 'set', element: native('int') } },
      'Non-frozen collections are not allowed inside collections: list<set<int>>',
    ],
    [
      { kind: 'map', key: native('int'), value: { kind: 'user', keyspace: null, name: 'address' } },
      'Non-frozen UDTs are not allowed inside collections: map<int, address>',
    ],
    [{ kind: 'list', element: native('counter') }, 'Counters are not allowed inside collections: list<counter>'],
    [{ kind: 'set', element: native('duration') }, 'Durations are not allowed inside sets: set<duration>'],
    [
      { kind: 'map', key: native('duration'), value: native('int') },
      'Durations are not allowed as map keys: map<duration, int>',
    ],
    [{ kind: 'tuple', fields: [native('counter')] }, 'Counters are not allowed inside tuples'],
    [
      { kind: 'frozen', inner: native('int') },
      'frozen<> is only allowed on collections, tuples, and user-defined types (got int)',
    ],
    [{ kind: 'user', keyspace: null, name: 'nope' }, 'Unknown type ks.nope'],
    [{ kind: 'vector', element: native('float'), dimensions: 0 }, 'vectors may only have positive dimensions; given 0'],
    [
      { kind: 'user', keyspace: 'other', name: 'address' },
      'Statement on keyspace ks cannot refer to a user type in keyspace other; ' +
        'user types can only be used in the keyspace they are defined in',
    ],
  ];
  for (const [syntax, message] of cases) assert.throws(build(syntax), { message });
});

test('class text is the one Cassandra writes, and is read back', () => {
  const cases: [CqlType, string][] = [
    [int, `${marshal}Int32Type`],
    [
      parse('frozen<list<frozen<set<int>>>>'),
      `${marshal}FrozenType(${marshal}ListType(${marshal}SetType(${marshal}Int32Type)))`,
    ],
    [parse('map<text, int>'), `${marshal}MapType(${marshal}UTF8Type,${marshal}Int32Type)`],
    [
      parse('list<frozen<set<int>>>'),
      `${marshal}ListType(${marshal}FrozenType(${marshal}SetType(${marshal}Int32Type)))`,
    ],
    [parse('vector<float, 3>'), `${marshal}VectorType(${marshal}FloatType , 3)`],
    [
      { ...address, frozen: true },
      `${marshal}FrozenType(${marshal}UserType(ks,61646472657373,737472656574:${marshal}UTF8Type,` +
        `7a697073:${marshal}ListType(${marshal}Int32Type)))`,
    ],
  ];
  for (const [type, text] of cases) {
    assert.equal(typeToClassName(type), text);
    assert.deepEqual(typeToClassName(parseClassName(text).type), text);
  }
  assert.equal(typeToClassName(int, true), `${marshal}ReversedType(${marshal}Int32Type)`);
  assert.deepEqual(parseClassName(`${marshal}ReversedType(${marshal}Int32Type)`), { type: int, reversed: true });
  assert.deepEqual(parseClassName('Int32Type').type, int);
  assert.throws(() => parseClassName('com.example.Nope'), {
    message: "Unable to find abstract-type class 'com.example.Nope'",
  });
  for (const broken of ['ListType(', 'UserType(ks,zz)', 'VectorType(Int32Type,x)', 'ListType('.repeat(200)]) {
    assert.throws(() => parseClassName(broken), { name: 'FerrosaError' });
  }
});

test('the protocol option of a type depends on the version', () => {
  const option = (text: string, version: number) => {
    const writer = new BufferWriter();
    encodeTypeOption(writer, parse(text), version);
    return toHex(writer.finish());
  };
  const custom = (name: string) =>
    `0000${(marshal.length + name.length).toString(16).padStart(4, '0')}${Buffer.from(marshal + name).toString('hex')}`;
  assert.equal(option('text', 4), '000d');
  assert.equal(option('map<int, frozen<list<text>>>', 4), '002100090020000d');
  assert.equal(option('date', 4), '0011');
  assert.equal(option('date', 3), custom('SimpleDateType'));
  assert.equal(option('duration', 5), '0015');
  assert.equal(option('duration', 4), custom('DurationType'));
  assert.equal(option('tuple<int, tinyint>', 4), '0031000200090014');
  assert.equal(option('address', 4), '003000026b7300076164647265737300020006737472656574000d00047a69707300200009');
  assert.equal(option('vector<float, 3>', 5), custom(`VectorType(${marshal}FloatType , 3)`));
});

test('the descriptor type of the addon has kind, class name and parts', () => {
  const name = `${marshal}ListType(${marshal}Int32Type)`;
  const inner = `${marshal}Int32Type`;
  const expected = Buffer.concat([
    Buffer.from([0x20, name.length, 0]),
    Buffer.from(name),
    Buffer.from([0x09, inner.length, 0]),
    Buffer.from(inner),
  ]);
  assert.equal(toHex(encodeDescriptorType(parse('list<int>'))), expected.toString('hex'));
});
