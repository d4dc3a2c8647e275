// TLS on the CQL ports against a real process: versions, plain clients, client certificates, reload under load, production mode.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type ConnectOptions, CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';
import { NodeProcess } from '../support/node-process.js';

// dist/test/integration -> test/fixtures
const fixtures = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test', 'fixtures', 'tls');
const pem = (name: string): Buffer => readFileSync(join(fixtures, name));
const trust = { ca: pem('ca.pem') };
const clientOf = (name: string) => ({ ...trust, cert: pem(`${name}.pem`), key: pem(`${name}.key`) });

const folder = mkdtempSync(join(tmpdir(), 'ferrosa-tls-'));
/** What the nodes are given: files that a test may replace. */
function use(name: string): void {
  cpSync(join(fixtures, `${name}.pem`), join(folder, 'certificate.pem'));
  cpSync(join(fixtures, `${name}.key`), join(folder, 'private.key'));
}
use('server');
cpSync(join(fixtures, 'ca.pem'), join(folder, 'ca.pem'));

const settings = {
  client_encryption_options_enabled: 'true',
  client_encryption_options_certificate: join(folder, 'certificate.pem'),
  client_encryption_options_private_key: join(folder, 'private.key'),
  client_encryption_options_trusted_certificates: join(folder, 'ca.pem'),
};
const connect = (port: number, tls: ConnectionOptions | null, options: Partial<ConnectOptions> = {}) =>
  CqlClient.connect({ port, ...(tls === null ? {} : { tls }), ...options });

/** The certificate and protocol of a new connection. */
async function handshake(
  port: number,
  options: ConnectionOptions = trust,
): Promise<{ name: string; protocol: string }> {
  const socket: TLSSocket = tlsConnect({ host: '127.0.0.1', port, ...options });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return { name: String(socket.getPeerCertificate().subject.CN), protocol: socket.getProtocol()! };
  } finally {
    socket.destroy();
  }
}

after(() => rmSync(folder, { recursive: true, force: true }));

test('with TLS on, both ports speak TLS 1.2 and 1.3 and nothing else', async () => {
  const node = await Ferrosa.start(settings);
  try {
    for (const port of [node.port, node.shardAwarePort]) {
      for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
        const only = { ...trust, minVersion: protocol, maxVersion: protocol };
        assert.deepEqual(await handshake(port, only), { name: 'server', protocol });
      }
      await assert.rejects(handshake(port, { ...trust, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }));
      await assert.rejects(connect(port, null));
      for (const version of [4, 5] as const) {
        const client = await connect(port, trust, { version });
        const rows = await client.query('SELECT ssl_enabled, ssl_protocol, ssl_cipher_suite FROM system_views.clients');
        const own = rows.objects().find((row) => row['ssl_enabled'] === true)!;
        assert.equal(own['ssl_protocol'], 'TLSv1.3');
        assert.match(String(own['ssl_cipher_suite']), /^TLS_/);
        await client.close();
      }
    }
  } finally {
    await node.remove();
  }
});

test('only the versions that are accepted are spoken', async () => {
  const node = await Ferrosa.start({ ...settings, client_encryption_options_accepted_protocols: 'TLSv1.3' });
  try {
    assert.equal((await handshake(node.port)).protocol, 'TLSv1.3');
    await assert.rejects(handshake(node.port, { ...trust, maxVersion: 'TLSv1.2' }));
  } finally {
    await node.remove();
  }
});

test('with optional TLS one port serves clients with it and without, prepared statements hot for both', async () => {
  const node = await Ferrosa.start({ ...settings, client_encryption_options_optional: 'true' });
  try {
    for (const port of [node.port, node.shardAwarePort])
      for (const tls of [null, trust]) {
        const client = await connect(port, tls);
        await client.query(
          "CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        );
        await client.query('CREATE TABLE IF NOT EXISTS ks.t (k int PRIMARY KEY, v int)');
        const key = Buffer.from([0, 0, 0, 1]);
        const write = await client.prepare('INSERT INTO ks.t (k, v) VALUES (?, ?)');
        const read = await client.prepare('SELECT v FROM ks.t WHERE k = ?');
        for (let i = 0; i < 100; i++) {
          await client.execute(write, [key, Buffer.from([0, 0, 0, i])]);
          assert.equal((await client.execute(read, [key])).rows[0]![0]![3], i);
        }
        await client.close();
      }
    const text = await (await fetch(`http://127.0.0.1:${node.webPort}/metrics`)).text();
    assert.ok(Number(/^ferrosa_hot_path_requests_total (\d+)/m.exec(text)![1]) > 0);
  } finally {
    await node.remove();
  }
});

test('a client has to show a certificate that is trusted when one is required', async () => {
  const node = await Ferrosa.start({ ...settings, client_encryption_options_require_client_auth: 'true' });
  try {
    const client = await connect(node.port, clientOf('client-nameless'));
    assert.equal((await client.query('SELECT key FROM system.local')).rows.length, 1);
    await client.close();
    await assert.rejects(connect(node.port, trust));
    await assert.rejects(connect(node.port, clientOf('client-stranger')));
  } finally {
    await node.remove();
  }
});

test('certificates that change on disk are used for new connections, and open ones go on under load', async () => {
  const node = await Ferrosa.start(settings);
  try {
    const clients = await Promise.all([1, 2, 3, 4].map(() => connect(node.port, trust)));
    let stopped = false;
    const load = clients.map(async (client) => {
      let count = 0;
      for (; !stopped; count++) await client.query('SELECT key FROM system.local');
      return count;
    });
    use('renewed');
    assert.equal((await handshake(node.port)).name, 'server');
    await node.action('reloadssl');
    assert.equal((await handshake(node.port)).name, 'renewed');
    // A key that does not belong to the certificate: what was there is used on.
    cpSync(join(fixtures, 'server.key'), join(folder, 'private.key'));
    await assert.rejects(node.action('reloadssl'), /stay as they were/);
    assert.equal((await handshake(node.port)).name, 'renewed');
    use('server');
    process.kill(node.pid, 'SIGHUP');
    while ((await handshake(node.port)).name !== 'server') await new Promise((resolve) => setImmediate(resolve));
    stopped = true;
    for (const count of await Promise.all(load)) assert.ok(count > 0);
    for (const client of clients) await client.close();
  } finally {
    use('server');
    await node.remove();
  }
});

test('a client with a certificate is the role that its identity is bound to', async () => {
  const node = await Ferrosa.start({
    ...settings,
    authenticator: 'MutualTlsWithPasswordFallbackAuthenticator',
    authorizer: 'CassandraAuthorizer',
  });
  try {
    const admin = await connect(node.port, trust, { credentials: { user: 'cassandra', password: 'cassandra' } });
    await admin.query('CREATE ROLE ann WITH LOGIN = true');
    await admin.query("ADD IDENTITY 'spiffe://test/ann' TO ROLE 'ann'");
    const any = { credentials: { user: 'x', password: 'x' } };
    const ann = await connect(node.port, clientOf('client-ann'), any);
    await assert.rejects(ann.query('SELECT * FROM system_auth.roles'), /User ann has no SELECT permission/);
    await ann.close();
    const refused = async (name: string, message: RegExp) =>
      assert.rejects(connect(node.port, clientOf(name), any), message);
    await refused('client-nobody', /Certificate identity 'spiffe:\/\/test\/nobody' not authorized/);
    await refused('client-nameless', /Unable to extract client identity from certificate for authentication/);
    // Nobody trusts who signed it: it counts as none.
    await refused('client-stranger', /Provided username x and\/or password are incorrect/);
    await admin.query('ALTER ROLE ann WITH LOGIN = false');
    await refused('client-ann', /ann is not permitted to log in/);
    await admin.query("DROP IDENTITY 'spiffe://test/ann'");
    await refused('client-ann', /not authorized/);
    await admin.close();
  } finally {
    await node.remove();
  }
});

test('production mode starts with authentication and TLS only, where others can reach the port', async () => {
  const refuse = async (more: Readonly<Record<string, string>>, message: RegExp): Promise<void> => {
    const node = NodeProcess.spawn(join(folder, 'data'), { mode: 'production', ...more });
    assert.notEqual((await node.ended).code, 0);
    assert.match(node.output, message);
  };
  const login = { authenticator: 'PasswordAuthenticator' };
  const open = { cql_bind: '0.0.0.0:0' };
  await refuse(open, /needs authentication/);
  await refuse({ ...login, ...open }, /needs TLS on cql_bind/);
  await refuse({ ...login, ...open, ...settings, client_encryption_options_optional: 'true' }, /needs TLS on cql_bind/);
  await refuse({ ...login, cql_shard_aware_bind: '0.0.0.0:0' }, /needs TLS on cql_shard_aware_bind/);
  await refuse({ ...login, web_bind: '0.0.0.0:0' }, /needs web_bind on the loopback address/);
  const node = await NodeProcess.start(join(folder, 'data'), { mode: 'production', ...login, ...open, ...settings });
  await node.kill();
});

test('settings of TLS that cannot work are refused at the start', async () => {
  const refuse = async (more: Readonly<Record<string, string>>, message: RegExp): Promise<void> => {
    const node = NodeProcess.spawn(join(folder, 'data'), more);
    assert.notEqual((await node.ended).code, 0);
    assert.match(node.output, message);
  };
  await refuse({ client_encryption_options_enabled: 'true' }, /needs client_encryption_options_certificate/);
  await refuse({ authenticator: 'MutualTlsAuthenticator' }, /requires client_encryption_options_enabled/);
  await refuse(
    { ...settings, client_encryption_options_certificate: join(folder, 'none.pem') },
    /TLS on the CQL port: client_encryption_options_certificate: .*none\.pem/,
  );
  await refuse(
    { ...settings, client_encryption_options_private_key: join(fixtures, 'renewed.key') },
    /TLS on the CQL port: .*mismatch/i,
  );
});
