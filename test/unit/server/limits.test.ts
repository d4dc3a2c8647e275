// What a server refuses or puts off when it has too much to do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient, CqlError } from '../../support/cql-client.js';
import { encode, Opcode } from '../../support/cql-frames.js';
import { RawClient } from '../../support/raw-client.js';
import { startTestServer } from '../../support/server.js';

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
const query = (text: string): Buffer => Buffer.concat([encode.longString(text), Buffer.from([0, 1, 0])]);

test('connections over the limit of all or of one address are closed, and a place that is free again is given', async () => {
  for (const limits of [{ connectionsMax: 1 }, { connectionsPerAddressMax: 1 }]) {
    const server = await startTestServer({ limits });
    const first = await RawClient.start(server.port, 4);
    const second = await RawClient.connect(server.port);
    await second.closed();
    assert.equal(server.services.metrics.connectionsRefused, 1);
    first.destroy();
    await until(() => server.services.budget.connections === 0);
    (await RawClient.start(server.port, 4)).destroy();
    await server.stop();
  }
});

test('a client that asked for it gets Overloaded, and its connection works on', async () => {
  const server = await startTestServer({ limits: { requestsMax: 2 } });
  const client = await CqlClient.connect({ port: server.port, version: 4, startup: { THROW_ON_OVERLOAD: '1' } });
  const waiting = [client.query('WAIT'), client.query('WAIT')];
  await assert.rejects(client.query('SELECT 1'), (error) => error instanceof CqlError && error.code === 0x1001);
  server.processor.release();
  await Promise.all(waiting);
  assert.equal((await client.query('SELECT 1')).rows.length, 1);
  await client.close();
  await server.stop();
});

test('any other client waits: its requests are read when there is room, and all are answered', async () => {
  const server = await startTestServer({ limits: { requestBytesMax: 400 } });
  const client = await CqlClient.connect({ port: server.port, version: 4 });
  const answers = Promise.all(Array.from({ length: 50 }, () => client.query(`WAIT ${'x'.repeat(150)}`)));
  let answered = false;
  void answers.then(() => {
    answered = true;
  });
  let most = 0;
  await until(() => {
    most = Math.max(most, server.processor.waiting);
    server.processor.release();
    return answered;
  });
  assert.ok(most <= 3, `${most} ran at a time`);
  assert.ok(server.services.metrics.overloads > 0);
  await client.close();
  await server.stop();
});

test('requests of one connection over its limit wait', async () => {
  const server = await startTestServer({ limits: { requestsPerConnectionMax: 4 } });
  const client = await CqlClient.connect({ port: server.port, version: 4 });
  const answers = Array.from({ length: 20 }, () => client.query('WAIT'));
  await until(() => server.processor.waiting === 4);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.processor.waiting, 4);
  const releasing = setInterval(() => server.processor.release(), 1);
  await Promise.all(answers);
  clearInterval(releasing);
  await client.close();
  await server.stop();
});

test('a client that does not read stops being read, and gets every answer when it reads again', async () => {
  const server = await startTestServer({ limits: { outputBytesMax: 1024 * 1024 } });
  const client = await RawClient.start(server.port, 4);
  const before = client.bytes.length;
  client.pause();
  const count = 200;
  for (let i = 0; i < count; i++) client.sendEnvelope(4, Opcode.QUERY, i, query('SELECT 100000'));
  await until(() => server.services.metrics.pauses > 0);
  assert.ok(server.services.metrics.statements['QUERY']! < count);
  client.resume();
  const answerBytes = 9 + 4 + 8 + 8 + 7 + 5 + 2 + 4 + 4 + 100_000;
  await client.received(before + count * answerBytes);
  assert.equal(server.services.metrics.statements['QUERY'], count);
  client.destroy();
  await server.stop();
});

test('a server that stops answers what is in flight and ends every connection', async () => {
  const server = await startTestServer();
  const client = await CqlClient.connect({ port: server.port, version: 5 });
  const idle = await RawClient.start(server.port, 4);
  const slow = client.query('WAIT');
  await until(() => server.processor.waiting === 1);
  const stopped = server.server.stop(60_000);
  await idle.closed();
  server.processor.release();
  assert.equal((await slow).kind, 'void');
  await stopped;
  await assert.rejects(RawClient.connect(server.port));
});

test('an idle connection is closed after the idle timeout', async () => {
  const server = await startTestServer({ limits: { idleTimeoutMs: 20 } });
  const client = await RawClient.start(server.port, 4);
  await client.closed();
  await server.stop();
});
