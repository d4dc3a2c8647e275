// Latencies by table, as the coordinator sees them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoordinatorFigures } from '../../../src/query/observe/coordinator-figures.js';
import type { Plan } from '../../../src/query/plan.js';

const write = (id: string): Plan => ({ kind: 'write', table: { id }, conditions: null }) as unknown as Plan;

test('a statement that ends after its table was dropped leaves nothing behind', () => {
  const tables = new Set(['kept', 'dropped']);
  const figures = new CoordinatorFigures((table) => tables.has(table));
  figures.note(write('kept'), 1, 10);
  figures.note(write('dropped'), 1, 10);
  assert.equal(figures.tables.get('dropped')?.write.count, 1);
  tables.delete('dropped');
  figures.forget('dropped');
  figures.note(write('dropped'), 1, 10);
  figures.note(write('kept'), 1, 10);
  assert.deepEqual([...figures.tables.keys()], ['kept']);
  assert.equal(figures.tables.get('kept')?.write.count, 2);
});
