import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorTable } from '../../../src/common/errors.js';

test('docs/errors.md lists every error with its number and outcome', () => {
  const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| ([A-Z_]+) \| 0x([0-9A-F]{4}) \| (\S+) \|$/gm)];
  const documented = rows.map(([, code, number, outcome]) => [
    code,
    { cql: Number.parseInt(number as string, 16), outcome },
  ]);
  assert.deepEqual(Object.fromEntries(documented), errorTable);
});
