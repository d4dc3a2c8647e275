// Traces: the id comes back when it was asked for, and the rows that drivers poll are written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueryOptions } from '../../../src/query/index.js';
import { QueryTraceStore } from '../../../src/server/index.js';
import { CqlClient } from '../../support/cql-client.js';
import { FakeProcessor } from '../../support/fake-processor.js';
import { startTestServer } from '../../support/server.js';

class RecordingProcessor extends FakeProcessor {
  readonly inserts: { text: string; options: QueryOptions }[] = [];

  override async query(...[text, client, options]: Parameters<FakeProcessor['query']>) {
    if (text.startsWith('INSERT INTO system_traces')) {
      this.inserts.push({ text, options });
      return { kind: 'void' as const };
    }
    options.tracer?.event('Parsing');
    return super.query(text, client, options);
  }
}

function traceStore(): QueryTraceStore {
  let ids = 0;
  let micros = 0;
  return new QueryTraceStore({
    nowMs: () => 1_700_000_000_000,
    monotonicMicros: () => (micros += 10),
    nextTimeUuid: () => new Uint8Array(16).fill(++ids),
    random: () => 0.3,
    node: { address: '127.0.0.1', port: 7000 },
    log: { warn: () => {}, error: () => {} },
  });
}

test('a traced query gives its session id, and events and session are written, the session last', async () => {
  const processor = new RecordingProcessor();
  const traces = traceStore();
  traces.attach(processor);
  const server = await startTestServer({ processor, traces });
  const client = await CqlClient.connect({ port: server.port, version: 5 });
  const result = await client.query('SELECT 1', [], { tracing: true });
  assert.deepEqual(result.tracingId, Buffer.alloc(16, 1));
  assert.equal((await client.query('SELECT 1')).tracingId, null);
  const [event, session] = processor.inserts;
  assert.equal(processor.inserts.length, 2);
  assert.match(event!.text, /system_traces\.events/);
  assert.match(session!.text, /system_traces\.sessions/);
  const texts = session!.options.values.map((value) =>
    Buffer.from((value as Uint8Array | null) ?? []).toString('latin1'),
  );
  assert.equal(texts[2], 'QUERY');
  assert.equal(texts[7], 'Execute CQL3 query');
  assert.ok(texts[6]!.includes('consistency_level') && texts[6]!.includes('SELECT 1'));
  await client.close();
  await server.stop();
});

test('sampled requests are traced without an id in the answer', async () => {
  const processor = new RecordingProcessor();
  const traces = traceStore();
  traces.attach(processor);
  traces.probability = 0.5;
  const server = await startTestServer({ processor, traces });
  const client = await CqlClient.connect({ port: server.port, version: 4 });
  assert.equal((await client.query('SELECT 1')).tracingId, null);
  assert.equal(processor.inserts.length, 2);
  traces.probability = 0.2;
  await client.query('SELECT 1');
  assert.equal(processor.inserts.length, 2);
  await client.close();
  await server.stop();
});
