// Lists of IN that are too long, or too many together: refused before they are multiplied, and the node goes on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';

let node: Ferrosa;
let client: CqlClient;
before(async () => {
  node = await Ferrosa.start({ shards: '2' });
  client = await CqlClient.connect({ port: node.port });
  await client.query("CREATE KEYSPACE i WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE i.rows (p int, a int, b int, c int, PRIMARY KEY (p, a, b, c))');
  await client.query('CREATE TABLE i.keys (a int, b int, c int, PRIMARY KEY ((a, b, c)))');
});
after(async () => {
  await client.close();
  await node.remove();
});

const invalid = 0x2200;
const list = (count: number): string => `(${Array.from({ length: count }, (_, i) => i).join(', ')})`;

test('a product of lists that no memory would hold is refused', async () => {
  const three = `a IN ${list(300)} AND b IN ${list(300)} AND c IN ${list(300)}`;
  const refused = {
    code: invalid,
    message: 'The restrictions have 27000000 combinations or more; a statement may have 250000',
  };
  await assert.rejects(client.query(`SELECT p FROM i.rows WHERE p = 1 AND ${three}`), refused);
  await assert.rejects(client.query(`DELETE FROM i.rows WHERE p = 1 AND ${three}`), refused);
  await assert.rejects(client.query(`SELECT a FROM i.keys WHERE ${three}`), refused);
  await assert.rejects(client.query(`DELETE FROM i.keys WHERE ${three}`), refused);
});

test('65,535 clustering keys are read, one more is refused', async () => {
  await client.query('INSERT INTO i.rows (p, a, b, c) VALUES (1, 2, 3, 4)');
  const read = (count: number) => client.query(`SELECT p FROM i.rows WHERE p = 1 AND a IN ${list(count)}`);
  assert.equal((await read(65_535)).rows.length, 1);
  await assert.rejects(read(65_536), {
    code: invalid,
    message: 'The restrictions ask for 65536 clustering keys or slices; a statement may ask for 65535',
  });
});
