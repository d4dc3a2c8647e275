// How many statements of a connection run at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestsInFlight } from '../../../src/server/in-flight.js';
import { defaultServerLimits } from '../../../src/server/limits.js';

const limits = { ...defaultServerLimits, requestsPerConnectionMax: 100, outputBytesMax: 1_000_000 };

/** Begins as many as there is room for; how many are in flight then. */
function fill(requests: RequestsInFlight): number {
  while (!requests.isFull) requests.begin();
  return requests.count;
}

test('before the first answer few begin; then it goes by the size of the answers', () => {
  const requests = new RequestsInFlight(limits);
  assert.equal(fill(requests), 8);
  requests.end(200_000);
  while (requests.count > 0) requests.end(200_000);
  assert.equal(fill(requests), 5);
});

test('small answers are bounded by their number', () => {
  const requests = new RequestsInFlight(limits);
  requests.begin();
  requests.end(50);
  assert.equal(fill(requests), 100);
  requests.end(50);
  assert.equal(requests.isFull, false);
});

test('one may run however large its answer was, and small answers make up for it', () => {
  const requests = new RequestsInFlight(limits);
  requests.begin();
  requests.end(50_000_000);
  assert.equal(fill(requests), 1);
  for (let i = 0; i < 300; i++) {
    requests.end(50);
    requests.begin();
  }
  assert.ok(fill(requests) > 50, `${requests.count}`);
});
