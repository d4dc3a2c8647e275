// A table gets a column that stands before the others: the rows that were in memory stay what they were.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';

/** What was lost depended on what lay behind an array in memory: some of so many tables showed it. */
const tables = 12;

test('rows that are in memory keep all their values when their table gets another column', async () => {
  const node = await Ferrosa.start();
  const client = await CqlClient.connect({ port: node.port, version: 5 });
  try {
    await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    for (let n = 0; n < tables; n++) {
      const table = `ks.t${n}`;
      await client.query(
        `CREATE TABLE ${table} (k int, c int, z map<int, timestamp>, list date, v list<blob> static, u int, x text, ` +
          '"Q" map<timeuuid, blob> static, m timeuuid, PRIMARY KEY (k, c))',
      );
      await client.query(
        `INSERT INTO ${table} (k, c, z, list, v, u, x) VALUES (1, 1, {1: -1}, '2020-02-29', [0x01], 5, 'x') USING TIMESTAMP 100`,
      );
      await client.query(`ALTER TABLE ${table} ADD "C 3" double`);
      const [row] = (await client.query(`SELECT z, u, x FROM ${table}`)).rows;
      assert.ok(
        row?.every((cell) => cell !== null),
        `${table} lost a value`,
      );
    }
  } finally {
    await client.close();
    await node.remove();
  }
});
