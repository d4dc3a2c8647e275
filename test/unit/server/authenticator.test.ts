// Logging in with a password, with Cassandra's exchange and texts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashSync } from '@node-rs/bcrypt';
import { failedLoginsPerMinuteMax, PasswordAuthenticator, type RoleCredentials } from '../../../src/auth/index.js';
import { CqlClient, type CqlError } from '../../support/cql-client.js';
import { encode, Opcode } from '../../support/cql-frames.js';
import { RawClient, readError } from '../../support/raw-client.js';
import { startTestServer } from '../../support/server.js';

const roles = new Map<string, RoleCredentials>([
  ['cassandra', { canLogin: true, saltedHash: hashSync('cassandra', 4) }],
  ['nologin', { canLogin: false, saltedHash: hashSync('secret', 4) }],
  ['nopassword', { canLogin: true, saltedHash: null }],
  ['broken', { canLogin: true, saltedHash: 'no hash at all' }],
]);

async function withServer(run: (port: number, clock: { nowMs: number }) => Promise<void>): Promise<void> {
  const clock = { nowMs: 0 };
  const authenticator = new PasswordAuthenticator(
    async (name) => roles.get(name) ?? null,
    () => clock.nowMs,
  );
  const server = await startTestServer({ authenticator });
  try {
    await run(server.port, clock);
  } finally {
    await server.stop();
  }
}

const errorOf = (port: number, user: string, password: string): Promise<{ code: number; message: string }> =>
  CqlClient.connect({ port, version: 5, credentials: { user, password } }).then(
    () => assert.fail('logged in'),
    (error: CqlError) => ({ code: error.code, message: error.message }),
  );

for (const version of [4, 5] as const) {
  test(`v${version}: the right password opens the connection`, () =>
    withServer(async (port) => {
      const client = await CqlClient.connect({ port, version });
      assert.equal((await client.query('SELECT 1')).rows.length, 1);
      await client.close();
    }));
}

test('what is wrong is refused with bad credentials and the words of Cassandra', () =>
  withServer(async (port) => {
    const incorrect = (user: string) => ({
      code: 0x0100,
      message: `Provided username ${user} and/or password are incorrect`,
    });
    assert.deepEqual(await errorOf(port, 'cassandra', 'wrong'), incorrect('cassandra'));
    assert.deepEqual(await errorOf(port, 'nobody', 'x'), incorrect('nobody'));
    assert.deepEqual(await errorOf(port, 'nopassword', 'x'), incorrect('nopassword'));
    assert.deepEqual(await errorOf(port, 'broken', 'x'), incorrect('broken'));
    assert.deepEqual(await errorOf(port, 'nologin', 'secret'), {
      code: 0x0100,
      message: 'nologin is not permitted to log in',
    });
    assert.deepEqual(await errorOf(port, 'cassandra', ''), { code: 0x0100, message: 'Password must not be null' });
    assert.deepEqual(await errorOf(port, '', 'x'), { code: 0x0100, message: 'Authentication ID must not be null' });
    assert.match((await errorOf(port, 'a\0b', 'x')).message, /^Credential format error/);
  }));

test('before the password nothing runs, and a second try may be right', () =>
  withServer(async (port) => {
    const client = await RawClient.connect(port);
    client.sendEnvelope(4, Opcode.STARTUP, 1, encode.stringMap({ CQL_VERSION: '3.0.0' }));
    const authenticate = await client.answer();
    assert.equal(authenticate.opcode, Opcode.AUTHENTICATE);
    assert.equal(authenticate.body.toString('utf8', 2), 'org.apache.cassandra.auth.PasswordAuthenticator');
    client.sendEnvelope(4, Opcode.QUERY, 2, Buffer.concat([encode.longString('SELECT 1'), Buffer.from([0, 1, 0])]));
    assert.equal(readError(await client.answer()).message, 'Unexpected message QUERY, expecting SASL_RESPONSE');
    client.sendEnvelope(4, Opcode.AUTH_RESPONSE, 3, encode.value(Buffer.from('\0cassandra\0wrong')));
    assert.equal(readError(await client.answer()).code, 0x0100);
    client.sendEnvelope(4, Opcode.AUTH_RESPONSE, 4, encode.value(Buffer.from('\0cassandra\0cassandra')));
    const success = await client.answer();
    assert.deepEqual([success.opcode, success.stream], [Opcode.AUTH_SUCCESS, 4]);
    client.destroy();
  }));

test('an address that fails too often waits for a minute, then it may try again', () =>
  withServer(async (port, clock) => {
    for (let i = 0; i < failedLoginsPerMinuteMax; i++) await errorOf(port, 'cassandra', 'wrong');
    assert.match((await errorOf(port, 'cassandra', 'cassandra')).message, /^Too many failed logins/);
    clock.nowMs += 60_000;
    await (await CqlClient.connect({ port, version: 5 })).close();
  }));

test('who logs in as himself is forgiven his own failures, not those with the names of others', () =>
  withServer(async (port) => {
    roles.set('bob', { canLogin: true, saltedHash: hashSync('bob', 4) });
    const logIn = async () =>
      (await CqlClient.connect({ port, version: 5, credentials: { user: 'bob', password: 'bob' } })).close();
    for (let i = 0; i < 3; i++) {
      for (let j = 1; j < failedLoginsPerMinuteMax; j++) await errorOf(port, 'bob', 'wrong');
      await logIn();
    }
    for (let i = 1; i < failedLoginsPerMinuteMax; i++) {
      assert.match((await errorOf(port, 'cassandra', 'a guess')).message, /^Provided username cassandra/);
      await logIn();
    }
    await errorOf(port, 'cassandra', 'a guess');
    assert.match((await errorOf(port, 'cassandra', 'cassandra')).message, /^Too many failed logins/);
  }));
