import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatement } from '../../../src/cql/index.js';
import { Fingerprints } from '../../../src/query/observe/fingerprints.js';

const note = (
  fingerprints: Fingerprints,
  text: string,
  atMs: number,
  shape: number | null = parseStatement(text).shape,
) => fingerprints.note(text, shape, 10, 1, false, atMs);

test('calls of one shape are counted together, prepared or not, whatever the length of their lists', () => {
  const fingerprints = new Fingerprints(10);
  note(fingerprints, 'SELECT a FROM t WHERE k IN (1, 2)', 1);
  note(fingerprints, 'SELECT a FROM t WHERE k IN (1, 2, 3)', 2);
  note(fingerprints, 'SELECT a FROM t WHERE k IN (?)', 3, null);
  const [only, ...others] = fingerprints.all();
  assert.equal(others.length, 0);
  assert.equal(only!.calls, 3);
  assert.equal(only!.rows, 3);
  assert.equal(only!.lastSeenMs, 3);
});

test('there are never more shapes than are kept, and those used lately stay', () => {
  const fingerprints = new Fingerprints(8);
  for (let i = 0; i < 100; i++) {
    note(fingerprints, 'SELECT hot FROM t', i);
    note(fingerprints, `SELECT c${i} FROM t`, i);
    assert.ok(fingerprints.all().length <= 8);
  }
  assert.equal(fingerprints.all().find(({ statement }) => statement === 'SELECT hot FROM t')!.calls, 100);
});
