// Where the addon sees values in a statement's text, beside where the lexer sees them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withMarkers } from '../../../src/cql/index.js';
import { literalSpans } from '../../../src/native/index.js';

/** The text with `?` where the addon sees values; null when it leaves the text alone. */
function nativeMarkers(text: string): string | null {
  const bytes = Buffer.from(text);
  const spans = literalSpans(bytes);
  if (spans === null) return null;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < spans.length; i += 2) {
    parts.push(bytes.subarray(at, spans[i]), Buffer.from('?'));
    at = spans[i + 1]!;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]).toString('utf8');
}

test('values of every kind are found, and what is in quotes is left', () => {
  const cases: [string, string][] = [
    ["INSERT INTO k.t (a, b) VALUES (1, 'it''s')", 'INSERT INTO k.t (a, b) VALUES (?, ?)'],
    ['SELECT * FROM k."T 1" WHERE a=-5 AND b > 1.5e-3', 'SELECT * FROM k."T 1" WHERE a=? AND b > ?'],
    ['SELECT a1 FROM t WHERE u = 550e8400-e29b-41d4-a716-446655440000;', 'SELECT a1 FROM t WHERE u = ?;'],
    ["UPDATE t SET b = 0xCAFE, c = True WHERE k = 'ü' AND l = ?", 'UPDATE t SET b = ?, c = ? WHERE k = ? AND l = ?'],
    ['SELECT v FROM t WHERE k = 1 LIMIT 10', 'SELECT v FROM t WHERE k = ? LIMIT ?'],
  ];
  for (const [cql, markers] of cases) assert.equal(nativeMarkers(cql), markers);
});

test('what takes more than a look is left to JavaScript', () => {
  for (const cql of [
    'SELECT 1 -- one\n',
    'SELECT /* 1 */ 2',
    'SELECT $$a$$',
    "SELECT 'open",
    'SELECT "open',
    'SELECT 1h',
    'SELECT P1Y',
    'SELECT -NaN',
    'SELECT a WHERE b = :b',
    'SELECT ü',
    'SELECT 1..2',
    'SELECT 1e',
    'SELECT 12-3',
  ])
    assert.equal(nativeMarkers(cql), null, cql);
});

test('the addon and the lexer agree on every text that the addon takes', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...[
        'SELECT',
        'v',
        'expr(',
        'true',
        'FALSE',
        'nan',
        '-nan',
        'P1Y',
        'PT5',
        'Pad',
        'null',
        'abcdef01-2345-6789-abcd-ef0123456789',
      ],
      ...[
        '12345678-1234-1234-1234-123456789012',
        '0x',
        '0xAB',
        '0',
        '1',
        '-7',
        '1.',
        '1.5',
        '1e5',
        '1E-3',
        '1e',
        '..',
        '.',
        '2h',
        '5mo',
      ],
      ...'\' " \'\' "" $$ -- // /* */ ( ) [ ] { } , ; : ? = < > <= >= != ! + - += -= * / % @ # \\ \u0001 ü'.split(' '),
      ...["'a b'", "'it''s'", '"Q"', '"a""b"', "'\n'", '\t', '\n', '\r\n'],
    ),
    fc.string({ maxLength: 3 }),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  );
  const text = fc.array(
    fc.tuple(piece, fc.constantFrom('', ' ', ' ')).map((two) => two.join('')),
    { maxLength: 12 },
  );
  let taken = 0;
  fc.assert(
    fc.property(text, (pieces) => {
      const cql = Buffer.from(pieces.join('')).toString('utf8');
      const native = nativeMarkers(cql);
      if (native === null || literalSpans(Buffer.from(cql))!.length === 0) return;
      taken++;
      assert.equal(native, withMarkers(cql));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(taken > 500, `${taken} texts were taken`);
});
