// Goal: values of custom types are read, checked and ordered as Cassandra 5.0.9 does. Method: what a real one answered
// to the same texts, and the order in which it gave them back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../../src/common/bytes.js';
import {
  type CqlType,
  compareValues,
  encodeConstant,
  encodeDescriptorType,
  encodeText,
  parseClassName,
  validateValue,
} from '../../../src/types/index.js';

const context = { nowMs: () => 0 };
const composite = parseClassName('CompositeType(UTF8Type,Int32Type)').type;
const dynamic = parseClassName('DynamicCompositeType(s=>UTF8Type,i=>Int32Type)').type;
const lexical = parseClassName('LexicalUUIDType').type;
const hexOf = (type: CqlType, text: string): string => toHex(encodeText(type, text, context));

test('the text of a composite is its components between colons', () => {
  assert.equal(hexOf(composite, 'bb:1'), '000262620000040000000100');
  assert.equal(hexOf(composite, 'a\\:b!'), '0003613a6200');
  assert.equal(hexOf(composite, 'a:2:!'), '0001610000040000000201');
  assert.equal(hexOf(composite, ':'), '000000000000');
  assert.equal(hexOf(composite, ''), '');
  assert.throws(() => hexOf(composite, 'a:x'), { message: "Unable to make int from 'x'" });
  assert.throws(() => hexOf(composite, 'a:1:2'), { code: 'INVALID' });
});

test('a component of a dynamic composite names its type, by alias or by class', () => {
  assert.equal(hexOf(dynamic, 's@abc:i@5'), '8073000361626300806900040000000500');
  assert.equal(hexOf(dynamic, 'Int32Type@7'), '0009496e7433325479706500040000000700');
  assert.equal(hexOf(dynamic, 's'), '8073000000');
  for (const text of ['x@1', 's@a@b', 'abc', 'DurationType@1h', 'ListType(Int32Type)@'])
    assert.throws(() => hexOf(dynamic, text), { code: 'INVALID' }, text);
});

test('bytes of a bound value are checked through and through, those of a constant by their form', () => {
  const wrong = ['0001', '000161', '0001610000', '00016101000000', '0001ff00', '00016100000300000000'];
  for (const bytes of wrong) assert.throws(() => validateValue(composite, fromHex(bytes)!), { code: 'INVALID' }, bytes);
  for (const bytes of ['', '00016100', '000161ff', 'ffff00016100']) validateValue(composite, fromHex(bytes)!);
  const constant = (bytes: string) => encodeConstant('hex', `0x${bytes}`, composite, 'c', context);
  constant('0001ff00');
  assert.throws(() => constant('000161'), { code: 'INVALID' });
  assert.throws(() => validateValue(dynamic, fromHex('8071000100')!), { code: 'INVALID' });
  assert.throws(() => validateValue(lexical, fromHex('01')!), { message: 'UUID should be 16 or 0 bytes (1)' });
});

test('composites are ordered component by component, UUIDs of this class as Java orders them', () => {
  const ascending: [CqlType, string[]][] = [
    [
      composite,
      [
        '',
        'ffff0001610000040000000200',
        '000000000000',
        '000161ff',
        '00016100',
        '000161000004fffffffe00',
        '0001610000040000000200',
        '0001610000040000000201',
        '00016101',
        '00016105',
        '00036161610000040000000200',
      ],
    ],
    [
      dynamic,
      [
        '',
        '8069000000',
        '80690004fffffffb00',
        '8069000400000005008073000361626300',
        '0009496e7433325479706500040000000700',
        '00286f72672e6170616368652e63617373616e6472612e64622e6d61727368616c2e4c6f6e67547970650008000000000000000700807300017800',
        '8073000000',
        '8073000361626300',
        '8073000361626300806900040000000500',
        '807300027a7a01',
      ],
    ],
    [
      lexical,
      ['', 'fa1c395eb41f41e59f22ba0be0483c18', '0a1c395eb41f41e59f22ba0be0483c18', '0a1c395eb41f41e51f22ba0be0483c18'],
    ],
  ];
  for (const [type, values] of ascending)
    for (const [i, value] of values.entries())
      for (const [j, other] of values.entries())
        assert.equal(
          Math.sign(compareValues(type, fromHex(value)!, fromHex(other)!)),
          Math.sign(i - j),
          `${value} ${other}`,
        );
});

test('the descriptor of a custom type has the types of its components', () => {
  const kinds = (type: CqlType) => encodeDescriptorType(type)[0];
  assert.deepEqual([composite, dynamic, lexical].map(kinds), [0x82, 0x83, 0x84]);
  assert.equal(kinds(parseClassName('PartitionerDefinedOrder').type), 0x03);
});
