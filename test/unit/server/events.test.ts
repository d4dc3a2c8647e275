// Events reach who registered, once each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventNotifier, type EventReceiver } from '../../../src/server/index.js';
import { CqlClient } from '../../support/cql-client.js';
import { startTestServer } from '../../support/server.js';

const own = { address: Uint8Array.of(127, 0, 0, 1), port: 9042 };
const other = { address: Uint8Array.of(127, 0, 0, 2), port: 9042 };

function receiver(): EventReceiver & { words: string[] } {
  const words: string[] = [];
  return {
    words,
    protocolVersion: 4,
    sendEvent(envelope) {
      words.push(
        Buffer.from(envelope)
          .toString('latin1')
          .match(/(UP|DOWN|NEW_NODE|REMOVED_NODE|MOVED_NODE|CREATED)/)![0],
      );
    },
  };
}

test('the same status twice in a row is told once, and each change is told', () => {
  const notifier = new EventNotifier(() => own);
  const client = receiver();
  notifier.register(client, ['STATUS_CHANGE', 'TOPOLOGY_CHANGE']);
  notifier.topologyChanged('NEW_NODE', other);
  notifier.topologyChanged('NEW_NODE', other);
  notifier.statusChanged('UP', other);
  notifier.statusChanged('UP', other);
  notifier.statusChanged('DOWN', other);
  notifier.topologyChanged('REMOVED_NODE', other);
  notifier.topologyChanged('NEW_NODE', other);
  notifier.statusChanged('DOWN', other);
  assert.deepEqual(client.words, ['NEW_NODE', 'UP', 'DOWN', 'REMOVED_NODE', 'NEW_NODE', 'DOWN']);
});

test('nothing is told about a node that has the own address, to types not asked for, or after leaving', () => {
  const notifier = new EventNotifier(() => own);
  const client = receiver();
  notifier.register(client, ['STATUS_CHANGE']);
  notifier.statusChanged('UP', own);
  notifier.topologyChanged('NEW_NODE', other);
  notifier.unregister(client);
  notifier.statusChanged('UP', other);
  assert.deepEqual(client.words, []);
});

for (const version of [4, 5] as const) {
  test(`v${version}: a connection that registered for schema changes gets them on stream -1`, async () => {
    const server = await startTestServer();
    const client = await CqlClient.connect({ port: server.port, version });
    const deaf = await CqlClient.connect({ port: server.port, version });
    await client.register('TOPOLOGY_CHANGE', 'STATUS_CHANGE', 'SCHEMA_CHANGE');
    server.services.events.schemaChanged({ change: 'CREATED', target: 'TABLE', keyspace: 'k', name: 't' });
    await client.query('SELECT 1');
    await deaf.query('SELECT 1');
    assert.equal(client.events.length, 1);
    assert.ok(client.events[0]!.toString('latin1').includes('SCHEMA_CHANGE'));
    assert.equal(deaf.events.length, 0);
    await client.close();
    await deaf.close();
    await server.stop();
  });
}
