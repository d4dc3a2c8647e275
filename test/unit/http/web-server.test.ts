// The web port as orchestrators, Prometheus and ferrosa-ctl see it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loginOf, startTestWeb, type TestWeb } from '../../support/web.js';

let web: TestWeb;
before(async () => {
  web = await startTestWeb();
});
after(() => web.stop());

const get = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${web.port}${path}`, init);
const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  get(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

test('a node that waits is alive and not ready, and says for what', async () => {
  web.control.ready = { ready: false, waitingFor: 'replay', detail: 'commit log' };
  assert.equal((await get('/livez')).status, 200);
  for (const path of ['/readyz', '/health']) {
    const response = await get(path);
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), { ready: false, waiting_for: 'replay', detail: 'commit log' });
  }
  web.control.ready = { ready: true };
  assert.deepEqual(await (await get('/readyz')).json(), { ready: true });
});

test('metrics are those of the moment, scrape after scrape', async () => {
  const value = (text: string, metric: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${metric} `))
      ?.slice(metric.length + 1);
  web.server.plainRequests = 5;
  const first = await (await get('/metrics')).text();
  assert.equal(value(first, 'ferrosa_up'), '1');
  assert.equal(value(first, 'ferrosa_cql_requests_total'), '5');
  assert.equal(value(first, 'ferrosa_listener_up{listener="cql"}'), '1');
  assert.equal(value(first, 'ferrosa_storage_sstable_count{keyspace="ks",table="t"}'), '3');
  assert.ok(Number(value(first, 'ferrosa_process_resident_memory_bytes')) > 0);
  web.server.plainRequests = 9;
  assert.equal(value(await (await get('/metrics')).text(), 'ferrosa_cql_requests_total'), '9');
});

test('actions take what they need and refuse the rest', async () => {
  assert.equal((await post('/api/v1/flush', '{"keyspace":"ks","tables":["t"]}')).status, 200);
  assert.deepEqual(web.control.calls.at(-1), ['flush', 'ks', ['t']]);
  assert.equal((await post('/api/v1/flush', '')).status, 200);
  assert.deepEqual(web.control.calls.at(-1), ['flush', null, []]);
  const refused: [string, string, number][] = [
    ['/api/v1/flush', '{"tables":["t"]}', 400],
    ['/api/v1/flush', '{"keyspace":7}', 400],
    ['/api/v1/flush', 'no json', 400],
    ['/api/v1/flush', '[]', 400],
    ['/api/v1/settraceprobability', '{"probability":3}', 400],
    ['/api/v1/nothing', '{}', 404],
    ['/api/v1/__proto__', '{}', 404],
    ['/api/v1/nodes', '{}', 405],
    ['/metrics', '{}', 405],
  ];
  for (const [path, body, status] of refused) assert.equal((await post(path, body)).status, status, path);
  assert.equal((await get('/api/v1/flush')).status, 405);
  assert.equal((await get('/nothing')).status, 404);
  assert.equal((await post('/api/v1/flush', `{"x":"${'x'.repeat(70_000)}"}`)).status, 400);
});

test('a web page cannot act on the node of who reads it', async () => {
  const before = web.control.calls.length;
  assert.equal((await post('/api/v1/stop', '{}', { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await post('/api/v1/stop', '{}', { origin: 'http://elsewhere.example' })).status, 403);
  assert.equal(web.control.calls.length, before);
});

test('with authentication the API wants a superuser, health and metrics do not', async () => {
  const guarded = await startTestWeb(loginOf({ admin: 'pass:word' }, { app: 'secret' }));
  const status = async (path: string, credentials?: string): Promise<number> => {
    const headers: Record<string, string> =
      credentials === undefined ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    return (await fetch(`http://127.0.0.1:${guarded.port}${path}`, { headers })).status;
  };
  assert.equal(await status('/livez'), 200);
  assert.equal(await status('/metrics'), 200);
  assert.equal(await status('/api/v1/nodes'), 401);
  assert.equal(await status('/api/v1/nodes', 'admin:wrong'), 401);
  assert.equal(await status('/api/v1/nodes', 'app:secret'), 403);
  assert.equal(await status('/api/v1/nodes', 'admin:pass:word'), 200);
  await guarded.stop();
});
