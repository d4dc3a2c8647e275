// Vector search on a running node: what ORDER BY ... ANN OF gives is what comparing every row gives, through writes, deletes and crashes.
import assert from 'node:assert/strict';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CqlClient, CqlError } from '../support/cql-client.js';
import { connectTo, patient, startNode } from '../support/for-a-test.js';
import { Prng } from '../support/prng.js';

const seed = Number(process.env['VECTOR_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

async function createKeyspace(client: CqlClient): Promise<void> {
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('USE ks');
}

const dimensions = 8;
type Vector = readonly number[];

function randomVector(random: Prng): Vector {
  // Few numbers: equal vectors must not be in the way.
  return Array.from({ length: dimensions }, () => (random.next() % 64) - 32 + 0.5);
}

const bytesOf = (vector: Vector): Uint8Array => {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [i, number] of vector.entries()) bytes.writeFloatBE(number, i * 4);
  return bytes;
};

const intOf = (cell: Uint8Array | null | undefined): number => Buffer.from(cell!).readInt32BE();

const int = (n: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(n);
  return bytes;
};

const squared = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);

type Row = { readonly k: number; readonly c: number; readonly n: number; readonly v: Vector };
type Model = Map<string, Row>;

/** Keys of the nearest rows, those of equal distance in no order. */
function nearest(model: Model, query: Vector, count: number, wanted: (row: Row) => boolean = () => true): number[] {
  return [...model.values()]
    .filter(wanted)
    .map(({ v }) => squared(v, query))
    .sort((a, b) => a - b)
    .slice(0, count);
}

/** Distances of the rows that the node gives; each row must be in the model as it is there. */
async function ask(client: CqlClient, model: Model, query: Vector, count: number, where = ''): Promise<number[]> {
  const { rows } = await client.query(`SELECT k, c FROM t ${where} ORDER BY v ANN OF [${query.join()}] LIMIT ${count}`);
  const keys = rows.map((row) => row.map(intOf));
  const found = keys.map(([k, c]) => {
    const row = model.get(`${k}/${c}`);
    assert.ok(row !== undefined, `row ${k}/${c} is not there`);
    return squared(row.v, query);
  });
  assert.equal(new Set(keys.map(([k, c]) => `${k}/${c}`)).size, rows.length, 'a row came twice');
  return found;
}

async function check(client: CqlClient, model: Model, random: Prng): Promise<void> {
  const query = randomVector(random);
  const close = (found: readonly number[], expected: readonly number[], what: string) =>
    assert.deepEqual(found, expected, `${what}, VECTOR_SEED=${seed}`);
  close(await ask(client, model, query, 7), nearest(model, query, 7), 'all');
  const k = random.next() % 8;
  close(
    await ask(client, model, query, 5, `WHERE k = ${k}`),
    nearest(model, query, 5, (row) => row.k === k),
    'partition',
  );
  const n = random.next() % 4;
  close(
    await ask(client, model, query, 5, `WHERE n = ${n}`),
    nearest(model, query, 5, (row) => row.n === n),
    'filter',
  );
  close(
    await ask(client, model, query, 3, `WHERE k = ${k} AND c >= 3`),
    nearest(model, query, 3, (row) => row.k === k && row.c >= 3),
    'slice',
  );
  close(await ask(client, model, query, 1000), nearest(model, query, 1000), 'everything');
}

async function write(client: CqlClient, model: Model, random: Prng): Promise<void> {
  const [k, c, n] = [random.next() % 8, random.next() % 8, random.next() % 4];
  const v = randomVector(random);
  const name = `${k}/${c}`;
  switch (random.next() % 12) {
    case 0:
      await client.query(`DELETE FROM t WHERE k = ${k} AND c = ${c}`);
      model.delete(name);
      break;
    case 1:
      await client.query(`DELETE v FROM t WHERE k = ${k} AND c = ${c}`);
      model.delete(name);
      break;
    case 2:
      await client.query(`DELETE FROM t WHERE k = ${k} AND c > ${c}`);
      for (const row of [...model.values()]) if (row.k === k && row.c > c) model.delete(`${row.k}/${row.c}`);
      break;
    case 3:
      if (random.next() % 3 > 0) break;
      await client.query(`DELETE FROM t WHERE k = ${k}`);
      for (const row of [...model.values()]) if (row.k === k) model.delete(`${row.k}/${row.c}`);
      break;
    case 4: {
      // An old write changes nothing that is there.
      if (!model.has(name)) break;
      await client.query(`UPDATE t USING TIMESTAMP 1 SET v = [${v.join()}] WHERE k = ${k} AND c = ${c}`);
      break;
    }
    case 5:
      await client.query(
        `BEGIN BATCH INSERT INTO t (k, c, n, v) VALUES (${k}, ${c}, ${n}, [${v.join()}]); ` +
          `INSERT INTO other (k) VALUES (${k}); APPLY BATCH`,
      );
      model.set(name, { k, c, n, v });
      break;
    default:
      await client.query(`INSERT INTO t (k, c, n, v) VALUES (${k}, ${c}, ${n}, [${v.join()}])`);
      model.set(name, { k, c, n, v });
  }
}

async function createTable(client: CqlClient): Promise<void> {
  await client.query(`CREATE TABLE t (k int, c int, n int, v vector<float, ${dimensions}>, PRIMARY KEY (k, c))`);
  await client.query('CREATE TABLE other (k int PRIMARY KEY)');
}

async function createIndexes(client: CqlClient): Promise<void> {
  await client.query("CREATE INDEX tv ON t (v) USING 'sai' WITH OPTIONS = {'similarity_function': 'euclidean'}");
  await client.query("CREATE INDEX tn ON t (n) USING 'sai'");
}

const everything = `SELECT k FROM t WHERE n = 0 ORDER BY v ANN OF [${'1,'.repeat(dimensions - 1)}1] LIMIT 1`;

/** Until the indexes can be asked. */
async function built(client: CqlClient, query = everything): Promise<void> {
  for (let i = 0; i < 600; i++) {
    try {
      await client.query(query);
      return;
    } catch (error) {
      if (!(error instanceof CqlError) || !error.message.includes('being built')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('the index is not built');
}

test('the nearest rows are those of comparing all, after any mix of writes, flushes, compactions, stops and kills', async (t) => {
  t.diagnostic(`VECTOR_SEED=${seed}`);
  const random = new Prng(seed);
  const ferrosa = await startNode({ commitlog_sync: 'batch' });
  let client = await connectTo(ferrosa);
  await createKeyspace(client);
  await createTable(client);
  const model: Model = new Map();
  for (let i = 0; i < 60; i++) await write(client, model, random);
  await createIndexes(client);
  await built(client);
  await check(client, model, random);
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 25; i++) await write(client, model, random);
    await check(client, model, random);
    if (round % 3 === 0) await ferrosa.action('flush', { keyspace: 'ks' });
    if (round % 4 === 1) await ferrosa.action('compact', { keyspace: 'ks' });
    if (round % 3 === 2) {
      await client.close();
      await ferrosa.down(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await ferrosa.up();
      client = await connectTo(ferrosa);
      await client.query('USE ks');
      await built(client);
    }
    await check(client, model, random);
  }
});

test('a graph in a file is there with the first request; one that is damaged is built from the table', async () => {
  const random = new Prng(seed);
  const ferrosa = await startNode();
  let client = await connectTo(ferrosa);
  await createKeyspace(client);
  await createTable(client);
  await createIndexes(client);
  await built(client);
  const model: Model = new Map();
  for (let i = 0; i < 100; i++) await write(client, model, random);
  const files = (): string[] =>
    readdirSync(join(ferrosa.dataDir, 'indexes')).flatMap((folder) =>
      readdirSync(join(ferrosa.dataDir, 'indexes', folder))
        .filter((name) => name.endsWith('.fvg'))
        .map((name) => join(ferrosa.dataDir, 'indexes', folder, name)),
    );
  const damages: ((path: string) => void)[] = [
    () => {},
    (path) => truncateSync(path, 60),
    (path) => writeFileSync(path, 'no graph at all'),
  ];
  for (const damage of damages) {
    await client.close();
    await ferrosa.down('SIGTERM');
    assert.equal(files().length, 2, 'each shard has a file');
    files().forEach(damage);
    await ferrosa.up();
    client = await connectTo(ferrosa);
    await client.query('USE ks');
    await built(client);
    await check(client, model, random);
    for (let i = 0; i < 10; i++) await write(client, model, random);
    await check(client, model, random);
  }
  assert.match(ferrosa.output, /the file of a vector index cannot be used/);
});

const methods = [
  "'metric': 'l2', 'm': '16'",
  "'metric': 'l2', 'method': 'ivfflat', 'lists': '40'",
  "'metric': 'l2', 'method': 'hvq'",
];
for (const options of methods)
  test(`many vectors: an index of ${options} finds nearly all of the true nearest, right after the write and when it has settled`, async (t) => {
    t.diagnostic(`VECTOR_SEED=${seed}`);
    const random = new Prng(seed);
    const ferrosa = await startNode(patient);
    const client = await connectTo(ferrosa);
    await createKeyspace(client);
    const wide = 32;
    const rows = 10_000;
    await client.query(`CREATE TABLE m (id int PRIMARY KEY, v vector<float, ${wide}>)`);
    await client.query(`CREATE CUSTOM INDEX ON m (v) USING 'vector' WITH OPTIONS = {${options}}`);
    const centres = Array.from({ length: 40 }, () => Array.from({ length: wide }, () => random.next() % 1000));
    const next = (): Vector =>
      centres[random.next() % centres.length]!.map((x) => Math.fround(x + (random.next() % 4000) / 10));
    const insert = await client.prepare('INSERT INTO m (id, v) VALUES (?, ?)');
    const all: Vector[] = [];
    for (let i = 0; i < rows; ) {
      const writes: Promise<unknown>[] = [];
      for (let k = 0; k < 100; k++, i++) {
        all.push(next());
        writes.push(client.execute(insert, [int(i), bytesOf(all[i]!)]));
      }
      await Promise.all(writes);
    }
    const select = await client.prepare('SELECT id FROM m ORDER BY v ANN OF ? LIMIT 10');
    const recall = async (): Promise<number> => {
      let found = 0;
      for (let i = 0; i < 20; i++) {
        const query = next();
        const truth = new Set(
          [...all.keys()].sort((a, b) => squared(all[a]!, query) - squared(all[b]!, query)).slice(0, 10),
        );
        const { rows: ids } = await client.execute(select, [bytesOf(query)]);
        assert.equal(ids.length, 10);
        found += ids.filter(([id]) => truth.has(intOf(id))).length;
      }
      return found / 200;
    };
    const fresh = await recall();
    assert.ok(fresh >= 0.95, `recall ${fresh}, VECTOR_SEED=${seed}`);
    for (let i = 0; i < rows; i += 200) {
      const writes: Promise<unknown>[] = [];
      for (let k = i; k < i + 100; k++) {
        all[k] = next();
        writes.push(client.execute(insert, [int(k), bytesOf(all[k]!)]));
      }
      await Promise.all(writes);
    }
    const replaced = await recall();
    assert.ok(replaced >= 0.95, `recall ${replaced} after half was replaced, VECTOR_SEED=${seed}`);
  });

// The shard reads the rows of what it finds: from memtables and, without a cache, from SSTables; rows of a mebibyte come in parts.
test('partitions of one row are found where they are, small or large, flushed or not, changed or deleted', async (t) => {
  t.diagnostic(`VECTOR_SEED=${seed}`);
  const random = new Prng(seed);
  const ferrosa = await startNode(patient);
  let client = await connectTo(ferrosa);
  await createKeyspace(client);
  await client.query(`CREATE TABLE p (k int PRIMARY KEY, n int, b blob, v vector<float, ${dimensions}>)`);
  await client.query("CREATE CUSTOM INDEX ON p (v) USING 'vector' WITH OPTIONS = {'metric': 'l2'}");
  await client.query("CREATE INDEX ON p (n) USING 'sai'");
  const insert = await client.prepare('INSERT INTO p (k, n, b, v) VALUES (?, ?, ?, ?)');
  const model = new Map<number, { readonly n: number; readonly bytes: number; readonly v: Vector }>();
  const write = async (k: number, bytes: number): Promise<void> => {
    const row = { n: random.next() % 3, bytes, v: randomVector(random) };
    await client.execute(insert, [int(k), int(row.n), new Uint8Array(bytes).fill(k), bytesOf(row.v)]);
    model.set(k, row);
  };
  const agree = async (where: string, wanted: (n: number) => boolean): Promise<void> => {
    const query = randomVector(random);
    const text = `SELECT k, n, b FROM p ${where} ORDER BY v ANN OF [${query.join()}] LIMIT 8`;
    const { rows } = await client.query(text);
    const found = rows.map(([k, n, b]) => {
      const row = model.get(intOf(k))!;
      assert.deepEqual([row.n, row.bytes], [intOf(n), b!.length]);
      return squared(row.v, query);
    });
    const kept = [...model.values()].filter(({ n }) => wanted(n));
    const expected = kept.map(({ v }) => squared(v, query)).sort((a, b) => a - b);
    assert.deepEqual(found, expected.slice(0, 8), `${text}, VECTOR_SEED=${seed}`);
  };
  const agreeAll = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await agree('', () => true);
  };
  for (let k = 0; k < 100; k++) await write(k, k % 10);
  await agreeAll();
  await ferrosa.action('flush', { keyspace: 'ks', tables: ['p'] });
  await agreeAll();
  for (let k = 0; k < 100; k += 3) await write(k, 20);
  for (let k = 1; k < 100; k += 5) {
    await client.query(`DELETE FROM p WHERE k = ${k}`);
    model.delete(k);
  }
  await agreeAll();
  await agree('WHERE n = 1', (n) => n === 1);
  // More than comes with what was found.
  for (let k = 0; k < 40; k++) await write(k, 300_000);
  await agreeAll();
  await ferrosa.action('flush', { keyspace: 'ks', tables: ['p'] });
  await client.close();
  // Nothing is cached any more.
  await ferrosa.down('SIGTERM');
  await ferrosa.up();
  client = await connectTo(ferrosa);
  await client.query('USE ks');
  await built(client, `SELECT k FROM p ORDER BY v ANN OF [${randomVector(random).join()}] LIMIT 1`);
  await agreeAll();
});

test('vectors expire, TRUNCATE empties, and an index that is dropped and made again has what the table has', async () => {
  const ferrosa = await startNode();
  const client = await connectTo(ferrosa);
  await createKeyspace(client);
  await client.query('CREATE TABLE e (k int PRIMARY KEY, v vector<float, 2>)');
  const ids = async (): Promise<number[]> =>
    (await client.query('SELECT k FROM e ORDER BY v ANN OF [1, 0] LIMIT 5')).rows.map(([k]) => intOf(k));
  await client.query("CREATE INDEX ev ON e (v) USING 'sai'");
  await built(client, 'SELECT k FROM e ORDER BY v ANN OF [1, 0] LIMIT 5');
  await client.query('INSERT INTO e (k, v) VALUES (1, [1, 0]) USING TTL 5');
  await client.query('INSERT INTO e (k, v) VALUES (2, [0, 1])');
  assert.deepEqual(await ids(), [1, 2]);
  for (let i = 0; i < 400 && (await ids()).length === 2; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(await ids(), [2]);
  await client.query('INSERT INTO e (k, v) VALUES (1, [1, 0])');
  assert.deepEqual(await ids(), [1, 2]);
  await client.query('TRUNCATE e');
  assert.deepEqual(await ids(), []);
  await client.query('INSERT INTO e (k, v) VALUES (3, [1, 1]) IF NOT EXISTS');
  assert.deepEqual(await ids(), [3]);
  await client.query('DROP INDEX ev');
  await client.query('INSERT INTO e (k, v) VALUES (4, [1, 0])');
  await client.query("CREATE INDEX ev ON e (v) USING 'sai'");
  await built(client, 'SELECT k FROM e ORDER BY v ANN OF [1, 0] LIMIT 5');
  assert.deepEqual(await ids(), [4, 3]);
});

test('writes of vectors are refused when their memory is used up; deletes and other writes are not', async () => {
  const ferrosa = await startNode({ vector_index_memory: '8MiB' });
  const client = await connectTo(ferrosa);
  await createKeyspace(client);
  await client.query('CREATE TABLE big (k int PRIMARY KEY, n int, v vector<float, 1024>)');
  await client.query("CREATE INDEX ON big (v) USING 'sai'");
  const insert = await client.prepare('INSERT INTO big (k, v) VALUES (?, ?)');
  let refused: unknown = null;
  for (let i = 0; i < 3_000 && refused === null; i += 50) {
    const writes = Array.from({ length: 50 }, (_, k) =>
      client.execute(insert, [int(i + k), bytesOf(Array.from({ length: 1024 }, (__, n) => n + i + k))]),
    );
    await Promise.all(writes).catch((error: unknown) => {
      refused = error;
    });
  }
  assert.ok(refused instanceof CqlError);
  assert.match(refused.message, /vector_index_memory/);
  await client.query('UPDATE big SET n = 1 WHERE k = 1');
  await client.query('DELETE FROM big WHERE k = 1');
});
