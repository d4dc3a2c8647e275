// What differs from Cassandra on purpose: the page, the list that the random statements go by, and the corpus say the same.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCorpus } from '../../diff/corpus.js';
import { knownDifferences } from '../../grammar/known.js';

const reasonsMax = 20;
// dist/test/unit/query -> the root of the checkout
const file = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

type Row = { readonly number: number; readonly what: string; readonly why: string };

function rowsOfThePage(): Row[] {
  const lines = readFileSync(file('docs/differences.md'), 'utf8').split('\n');
  return lines
    .filter((line) => /^\| \d+ \|/.test(line))
    .map((line) => {
      const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());
      return { number: Number(cells[0]), what: cells[1]!, why: cells.at(-1)! };
    });
}

test('docs/differences.md has twenty reasons at most, numbered, each with a why', () => {
  const rows = rowsOfThePage();
  assert.ok(rows.length > 0 && rows.length <= reasonsMax, `${rows.length} reasons`);
  assert.deepEqual(
    rows.map(({ number }) => number),
    rows.map((_, i) => i + 1),
  );
  for (const { number, why } of rows) assert.ok(why.length > 3, `reason ${number} has no why`);
});

test('the list of known differences is that of docs/differences.md', () => {
  const rows = rowsOfThePage();
  assert.deepEqual(
    knownDifferences.map(({ reason }) => reason),
    rows.map(({ number }) => number),
  );
  for (const [i, { what }] of knownDifferences.entries())
    assert.ok(rows[i]!.what.startsWith(what), `reason ${i + 1}: ${what} / ${rows[i]!.what}`);
});

test('each statement of the corpus that differs names a reason', () => {
  const numbers = new Set(rowsOfThePage().map(({ number }) => number));
  const unexplained = readCorpus([], 'ferrosa_diff').flatMap(({ name, lines }) =>
    lines
      .filter(({ mode, reason }) => mode === 'differs' && !numbers.has(reason ?? 0))
      .map(({ number }) => `${name}:${number}`),
  );
  assert.deepEqual(unexplained, []);
});

test('the table of pages names each file of the corpus, and no other', () => {
  const table = readFileSync(file('test/diff/corpus/README.md'), 'utf8');
  const named = new Set([...table.matchAll(/\]\(([\w-]+\.cql)\)/g)].map(([, name]) => name!));
  const present = readdirSync(file('test/diff/corpus')).filter((name) => name.endsWith('.cql'));
  assert.deepEqual([...named].sort(), present.sort());
});
