// What a node tells of itself without telling anybody: versions, and the rates of a cache.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FifteenMinuteRate } from '../../../src/cli/node/cache-rates.js';
import { Gossip, type GossipValues } from '../../../src/cli/node/gossip.js';

const values: GossipValues = {
  host_id: 'h',
  native_address_and_port: 'n',
  rpc_address: 'r',
  release_version: '5',
  sstable_versions: 'bti-da',
  dc: 'd',
  rack: 'r',
  tokens: '1,2',
  status_with_port: 's',
  status: 's',
  rpc_ready: 'true',
  schema: 'one',
  index_status: null,
  load: '1.0',
};

test('states have versions in the order of the start, and the version of the heartbeat once they change', () => {
  const gossip = new Gossip();
  const first = gossip.columns(values, 10);
  assert.deepEqual([first['host_id_version'], first['tokens_version'], first['load_version']], [1, 8, 13]);
  assert.ok(!('index_status_version' in first) && !('tokens' in first));
  assert.equal(first['heartbeat'], 24);
  const second = gossip.columns({ ...values, schema: 'two', index_status: '{}' }, 60);
  assert.deepEqual([second['schema_version'], second['index_status_version']], [74, 75]);
  assert.equal(second['heartbeat'], 75);
  assert.equal(second['host_id_version'], 1);
});

test('a rate of fifteen minutes begins with what there is and follows slowly', () => {
  const rate = new FifteenMinuteRate();
  assert.equal(rate.value, 0);
  rate.tick(500);
  assert.equal(rate.value, 100);
  rate.tick(500);
  assert.ok(rate.value > 99 && rate.value < 100);
});
