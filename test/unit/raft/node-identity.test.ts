import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseTokens, loadHostId, MetadataStore, RaftClient, registerNode } from '../../../src/raft/index.js';
import { getTable, systemSchema, virtualTable } from '../../../src/schema/index.js';

const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));

const addresses = {
  datacenter: 'dc1',
  rack: 'r1',
  releaseVersion: '5.0.9',
  broadcastAddress: '127.0.0.1',
  broadcastPort: 7000,
  listenAddress: '127.0.0.1',
  listenPort: 7000,
  nativeAddress: '127.0.0.1',
  nativePort: 9042,
};

async function openStore(folder: string): Promise<MetadataStore> {
  let now = 1n;
  const environment = { nowMicros: () => now++, randomBytes: random, report: () => {} };
  return await MetadataStore.open(RaftClient.inProcess(folder), environment);
}

function temporary(t: { after(run: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-identity-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a node keeps its host id and tokens over a restart and shows them in system.local', async (t) => {
  const folder = temporary(t);
  const hostId = loadHostId(folder, random);
  assert.match(hostId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const first = await openStore(folder);
  const node = await registerNode(first, { ...addresses, hostId, numTokens: 16 }, random);
  assert.equal(new Set(node.tokens).size, 16);
  await first.stop();

  assert.equal(loadHostId(folder, random), hostId);
  const second = await openStore(folder);
  const again = await registerNode(second, { ...addresses, hostId, numTokens: 16, nativePort: 9999 }, random);
  assert.deepEqual(again, { ...node, nativePort: 9999 });
  await second.ensureClusterName('test');
  const context = second.virtualContext({ hostId, gossipGeneration: 1, figures: {} });
  assert.equal(virtualTable(getTable(systemSchema(), 'system', 'local')).rows(context).length, 1);
  assert.deepEqual(virtualTable(getTable(systemSchema(), 'system', 'peers')).rows(context), []);
  await second.stop();
});

test('a node that moved to another rack or number of tokens does not start', async (t) => {
  const folder = temporary(t);
  const store = await openStore(folder);
  const settings = { ...addresses, hostId: loadHostId(folder, random), numTokens: 4 };
  await registerNode(store, settings, random);
  await assert.rejects(registerNode(store, { ...settings, rack: 'r2' }, random), {
    code: 'CONFIG_ERROR',
    message: 'Cannot start node if its rack (r2) differs from previous rack (r1)',
  });
  await assert.rejects(registerNode(store, { ...settings, numTokens: 8 }, random), {
    message: 'Cannot change the number of tokens from 4 to 8',
  });
  await store.stop();
});

test('a damaged host id is an error that names the file', (t) => {
  const folder = temporary(t);
  writeFileSync(join(folder, 'host_id'), 'nonsense');
  assert.throws(() => loadHostId(folder, random), { code: 'CORRUPT', message: /host_id is damaged at offset 0/ });
});

test('tokens are sorted as numbers', () => {
  const tokens = chooseTokens(256, random).map(BigInt);
  assert.ok(tokens.every((token, i) => i === 0 || tokens[i - 1]! < token));
});
