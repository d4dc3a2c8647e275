// Plans of statements that come as text: of shapes that come again, and no larger than the memory that their number stands for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedStatement } from '../../../src/query/plan.js';
import { TextPlans } from '../../../src/query/prepared/text-plans.js';

const planned = {
  plan: { kind: 'select' },
  fullyQualified: true,
  bindColumns: [],
  partitionKeyIndexes: [],
  resultColumns: [],
  isConditional: false,
} as unknown as PlannedStatement;

test('a shape has a plan from its second text on, a text of more than 16 KiB has none', () => {
  const plans = new TextPlans(10, () => planned);
  plans.onAdded = () => {};
  const note = (shape: number, values: number) =>
    plans.note(`SELECT v FROM k.t WHERE k IN (${new Array(values).fill('1').join(', ')})`, shape, planned, null);
  assert.equal(note(1, 3), undefined);
  assert.match(note(1, 3)!.query, /IN \(\?, \?, \?\)/);
  for (let i = 0; i < 3; i++) assert.equal(note(2, 6_000), undefined);
  assert.equal(plans.size, 1);
});
