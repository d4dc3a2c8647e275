// What the random comparison with Cassandra takes for the same cell, and what not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainCell, typeOfColumn } from '../../grammar/plain-cell.js';

const decimal = (scale: string, unscaled: string): string => `000000${scale}${unscaled}`;
const part = (hex: string): string => (hex.length / 2).toString(16).padStart(8, '0') + hex;
const set = (...elements: string[]): string =>
  elements.length.toString(16).padStart(8, '0') + elements.map(part).join('');
const plain = (column: string, cell: string, isKey = false): string => plainCell(typeOfColumn(column)!, cell, isKey);

test('a type is read behind a name with spaces, with fields of user types inside', () => {
  assert.deepEqual(typeOfColumn('C 3 30<f0 3, f1 22<6>, f2 30<f0 21<11, c>>>'), {
    code: '30',
    inner: [
      { code: '3', inner: [] },
      { code: '22', inner: [{ code: '6', inner: [] }] },
      {
        code: '30',
        inner: [
          {
            code: '21',
            inner: [
              { code: '11', inner: [] },
              { code: 'c', inner: [] },
            ],
          },
        ],
      },
    ],
  });
  assert.equal(typeOfColumn('name'), null);
});

test('equal decimals are one in sets, keys and clustering columns, and are told apart elsewhere', () => {
  const [zero, zeros, one] = [decimal('00', '00'), decimal('03', '00'), decimal('01', '0a')];
  const column = 'C 3 30<f0 3, f1 22<6>>';
  assert.equal(plain(column, part('0102') + part(set(zero, one))), plain(column, part('0102') + part(set(one, zeros))));
  assert.notEqual(plain(column, part('0102') + part(set(zero))), plain(column, part('0103') + part(set(zero))));
  assert.notEqual(plain('v 6', zero), plain('v 6', zeros));
  assert.equal(plain('c1 6', zero, true), plain('c1 6', zeros, true));
  const map = 'm 21<6, 6>';
  assert.equal(plain(map, `00000001${part(zero)}${part(one)}`), plain(map, `00000001${part(zeros)}${part(one)}`));
  assert.notEqual(plain(map, `00000001${part(zero)}${part(zero)}`), plain(map, `00000001${part(zero)}${part(zeros)}`));
});

test('bytes that are no value of the type stay as they are', () => {
  assert.equal(plain('s 22<6>', '000000ff00'), '000000ff00');
  assert.equal(plain('t 31<6, 9>', '00'), '00');
});
