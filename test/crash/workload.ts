// The load of the crash tests and what must hold afterwards. The ledger knows what clients were told and what they only asked for: a write
// in flight at the kill may be there or not.
import assert from 'node:assert/strict';
import { type CqlClient, CqlError, type Value } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';

const keys = 2_000;
const counterKeys = 40;
const plainWriters = 24;
/** SERVER_ERROR, timeouts and refusals end a writer as the end of the connection does; the rest is a bug. */
/** The tables have indexes, which must agree with them after each kill. */
const withIndexes = process.env['CRASH_INDEXES'] === '1';
const readFailure = 0x1300;
const expectedErrors = new Set([0x0000, 0x1000, 0x1001, 0x1100]);

/** A write or TRUNCATE of the table that is truncated under load, by the order in which things were asked and acknowledged. */
type Span = { readonly asked: number; acknowledged: number };

export class Ledger {
  /** Key to the newest version. */
  readonly acknowledged = new Map<number, number>();
  readonly asked = new Map<number, number>();
  readonly batches = new Set<number>();
  nextBatch = 0;
  /** Increments of each counter. */
  readonly counted = new Map<number, number>();
  readonly countsAsked = new Map<number, number>();
  /** Rows of the truncated table. */
  readonly rows = new Map<number, Span>();
  truncations: Span[] = [];
  nextRow = 0;
  /** Tables and columns that DDL has made: true when they were acknowledged, false when their end was. Absent: in flight. */
  readonly objects = new Map<string, boolean>();
  nextObject = 0;
  #step = 0;

  /** What is known now, for a look at a copy of the data. */
  clone(): Ledger {
    const copy = Object.assign(new Ledger(), structuredClone({ ...this }));
    copy.#step = this.#step;
    return copy;
  }

  step(): number {
    return ++this.#step;
  }
}

const bump = (map: Map<number, number>, key: number, by = 1): number => {
  const next = (map.get(key) ?? 0) + by;
  map.set(key, next);
  return next;
};

export async function createTables(client: CqlClient): Promise<void> {
  for (const statement of [
    "CREATE KEYSPACE IF NOT EXISTS crash WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE IF NOT EXISTS crash.t (k int PRIMARY KEY, version int, pad text)',
    'CREATE TABLE IF NOT EXISTS crash.pairs (side text, n int, v int, PRIMARY KEY ((side, n)))',
    'CREATE TABLE IF NOT EXISTS crash.counts (k int PRIMARY KEY, c counter)',
    'CREATE TABLE IF NOT EXISTS crash.cut (n int PRIMARY KEY, pad text)',
    'CREATE TABLE IF NOT EXISTS crash.altered (k int PRIMARY KEY)',
    ...(withIndexes
      ? [
          'CREATE INDEX IF NOT EXISTS by_version ON crash.t (version)',
          "CREATE INDEX IF NOT EXISTS by_pad ON crash.cut (pad) USING 'sai'",
          "CREATE INDEX IF NOT EXISTS by_v ON crash.pairs (v) USING 'sai'",
        ]
      : []),
  ])
    await client.query(statement);
}

type Step = () => Promise<void>;

function plainWrite(client: CqlClient, ledger: Ledger, random: () => number, id: { insert: Prepared }): Step {
  return async () => {
    const key = Math.floor(random() * keys);
    // The version is the timestamp: writes to one key may overtake each other on the way.
    const version = bump(ledger.asked, key);
    const pad = 'x'.repeat(Math.floor(random() * 400));
    const options = { timestamp: BigInt(version) };
    await client.execute(id.insert, [value.int(key), value.int(version), value.text(pad)], options);
    if (version > (ledger.acknowledged.get(key) ?? 0)) ledger.acknowledged.set(key, version);
  };
}
type Prepared = Awaited<ReturnType<CqlClient['prepare']>>;

function loggedBatch(client: CqlClient, ledger: Ledger): Step {
  const pair = 'INSERT INTO crash.pairs (side, n, v) VALUES (?, ?, ?)';
  return async () => {
    const n = ledger.nextBatch++;
    const entry = (side: string) => ({ query: pair, values: [value.text(side), value.int(n), value.int(n)] });
    // Prepared ones are the addon's, the others JavaScript's.
    const prepared = n % 2 === 0 ? await client.prepare(pair) : null;
    await client.batch(
      0,
      [entry('left'), entry('right')].map((one) => ({ ...one, query: prepared ?? one.query })),
    );
    ledger.batches.add(n);
  };
}

function increment(client: CqlClient, ledger: Ledger, random: () => number): Step {
  return async () => {
    const key = Math.floor(random() * counterKeys);
    bump(ledger.countsAsked, key);
    await client.query(`UPDATE crash.counts SET c = c + 1 WHERE k = ${key}`);
    bump(ledger.counted, key);
  };
}

function truncatedWrite(client: CqlClient, ledger: Ledger): Step {
  return async () => {
    const n = ledger.nextRow++;
    const span = { asked: ledger.step(), acknowledged: Infinity };
    ledger.rows.set(n, span);
    await client.query(`INSERT INTO crash.cut (n, pad) VALUES (${n}, 'row ${n}')`);
    span.acknowledged = ledger.step();
  };
}

function truncate(client: CqlClient, ledger: Ledger, random: () => number): Step {
  return async () => {
    await pause(random() * 400);
    const span = { asked: ledger.step(), acknowledged: Infinity };
    ledger.truncations.push(span);
    await client.query('TRUNCATE crash.cut');
    span.acknowledged = ledger.step();
  };
}

function ddl(client: CqlClient, ledger: Ledger, random: () => number): Step {
  const table = async (n: number): Promise<void> => {
    const name = `made_${n}`;
    await client.query(`CREATE TABLE crash.${name} (k int PRIMARY KEY)`);
    ledger.objects.set(name, true);
    await client.query(`INSERT INTO crash.${name} (k) VALUES (${n})`);
    if (random() < 0.7) {
      ledger.objects.delete(name);
      await client.query(`DROP TABLE crash.${name}`);
      ledger.objects.set(name, false);
    }
  };
  return async () => {
    await pause(random() * 150);
    const n = ledger.nextObject++;
    if (random() < 0.7) return table(n);
    await client.query(`ALTER TABLE crash.altered ADD made_${n} int`);
    ledger.objects.set(`altered.made_${n}`, true);
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Until the connection breaks. @throws CqlError that a node must not answer with */
async function forever(step: Step): Promise<void> {
  for (;;)
    try {
      await step();
    } catch (error) {
      if (error instanceof CqlError && !expectedErrors.has(error.code)) throw error;
      return;
    }
}

/** Writes of every kind until the connection breaks. */
export async function load(client: CqlClient, ledger: Ledger, random: () => number): Promise<void> {
  const insert = await client
    .prepare('INSERT INTO crash.t (k, version, pad) VALUES (?, ?, ?)')
    .catch((error: Error) => (error instanceof CqlError ? Promise.reject(error) : null));
  if (insert === null) return;
  const id = { insert };
  const steps = [
    ...Array.from({ length: plainWriters }, () => plainWrite(client, ledger, random, id)),
    loggedBatch(client, ledger),
    loggedBatch(client, ledger),
    increment(client, ledger, random),
    increment(client, ledger, random),
    truncatedWrite(client, ledger),
    truncatedWrite(client, ledger),
    truncate(client, ledger, random),
    ddl(client, ledger, random),
  ];
  await Promise.all(steps.map(forever));
}

/** What is there is what was acknowledged, and nothing that nobody asked for; then takes it as the new state. */
export async function check(client: CqlClient, ledger: Ledger): Promise<void> {
  if (withIndexes) await checkIndexes(client);
  await checkVersions(client, ledger);
  await checkPairs(client, ledger);
  await checkCounters(client, ledger);
  await checkTruncated(client, ledger);
  await checkObjects(client, ledger);
}

const rowsOf = async <Row>(client: CqlClient, query: string): Promise<Row[]> =>
  (await client.query(query)).objects() as Row[];

/** The rows that indexes find, asked again while they are being built. */
async function found(client: CqlClient, query: string, values: Value[]): Promise<Record<string, unknown>[]> {
  const prepared = await client.prepare(query);
  for (;;)
    try {
      return (await client.execute(prepared, values)).objects();
    } catch (error) {
      if (!(error instanceof CqlError) || error.code !== readFailure) throw error;
      await pause(20);
    }
}

/** Indexes find all rows of their values and no others. */
async function checkIndexes(client: CqlClient): Promise<void> {
  const rows = await rowsOf<{ k: number; version: number }>(client, 'SELECT k, version FROM crash.t');
  const byVersion = new Map<number, number[]>();
  for (const { k, version } of rows) byVersion.set(version, [...(byVersion.get(version) ?? []), k]);
  for (let version = 1; version <= Math.max(0, ...byVersion.keys()) + 1; version++) {
    const keysFound = await found(client, 'SELECT k FROM crash.t WHERE version = ?', [value.int(version)]);
    const wanted = byVersion.get(version) ?? [];
    assert.deepEqual(
      keysFound.map(({ k }) => k),
      wanted,
      `version ${version}`,
    );
  }
  const cut = await rowsOf<{ n: number; pad: string }>(client, 'SELECT n, pad FROM crash.cut');
  for (const { n, pad } of cut)
    assert.deepEqual(await found(client, 'SELECT n FROM crash.cut WHERE pad = ?', [value.text(pad)]), [{ n }]);
  const pairs = await rowsOf<{ side: string; n: number }>(client, 'SELECT side, n FROM crash.pairs');
  assert.deepEqual(await found(client, 'SELECT side, n FROM crash.pairs WHERE v >= ?', [value.int(0)]), pairs);
}

async function checkVersions(client: CqlClient, { acknowledged, asked }: Ledger): Promise<void> {
  const rows = await rowsOf<{ k: number; version: number }>(client, 'SELECT k, version FROM crash.t');
  const found = new Map(rows.map(({ k, version }) => [k, version]));
  for (const [key, version] of acknowledged) {
    const there = found.get(key) ?? 0;
    assert.ok(there >= version, `key ${key}: version ${version} was acknowledged, ${there} is there`);
  }
  for (const [key, version] of found)
    assert.ok(version <= (asked.get(key) ?? 0), `key ${key} has version ${version}, which nobody wrote`);
  for (const [key, version] of found) acknowledged.set(key, version);
}

async function checkPairs(client: CqlClient, { batches }: Ledger): Promise<void> {
  const sides = await rowsOf<{ side: string; n: number }>(client, 'SELECT side, n FROM crash.pairs');
  const of = (side: string) => new Set(sides.filter((row) => row.side === side).map(({ n }) => n));
  const [left, right] = [of('left'), of('right')];
  for (const n of batches) assert.ok(left.has(n) && right.has(n), `batch ${n} was acknowledged and is not whole`);
  assert.deepEqual([...left].sort(), [...right].sort(), 'a logged batch was applied in part');
}

async function checkCounters(client: CqlClient, { counted, countsAsked }: Ledger): Promise<void> {
  const rows = await rowsOf<{ k: number; c: bigint }>(client, 'SELECT k, c FROM crash.counts');
  const found = new Map(rows.map(({ k, c }) => [k, Number(c)]));
  for (const [key, most] of countsAsked) {
    const there = found.get(key) ?? 0;
    const least = counted.get(key) ?? 0;
    assert.ok(there >= least && there <= most, `counter ${key} is ${there}, not ${least} to ${most}`);
    counted.set(key, there);
    countsAsked.set(key, there);
  }
}

async function checkTruncated(client: CqlClient, ledger: Ledger): Promise<void> {
  const rows = await rowsOf<{ n: number }>(client, 'SELECT n FROM crash.cut');
  const found = new Set(rows.map(({ n }) => n));
  for (const [n, row] of ledger.rows) {
    const gone = ledger.truncations.some((t) => t.acknowledged < Infinity && t.asked > row.acknowledged);
    const mayBeGone = ledger.truncations.some((t) => t.acknowledged > row.asked);
    if (gone) assert.ok(!found.has(n), `row ${n} was truncated and is there again`);
    else if (row.acknowledged < Infinity && !mayBeGone)
      assert.ok(found.has(n), `row ${n} was written after the last TRUNCATE and is not there`);
  }
  for (const n of found) assert.ok(ledger.rows.has(n), `row ${n} was written by nobody`);
  ledger.rows.clear();
  for (const n of found) ledger.rows.set(n, { asked: 0, acknowledged: 0 });
  ledger.truncations = [];
}

async function checkObjects(client: CqlClient, { objects }: Ledger): Promise<void> {
  const tables = await rowsOf<{ table_name: string }>(
    client,
    "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'crash'",
  );
  const columns = await rowsOf<{ column_name: string }>(
    client,
    "SELECT column_name FROM system_schema.columns WHERE keyspace_name = 'crash' AND table_name = 'altered'",
  );
  const found = new Set([
    ...tables.map(({ table_name }) => table_name),
    ...columns.map(({ column_name }) => `altered.${column_name}`),
  ]);
  for (const [name, there] of objects)
    assert.equal(found.has(name), there, `crash.${name} should ${there ? '' : 'not '}be there`);
  // A table that was made and could be written to can still be.
  for (const [name, there] of objects)
    if (there && !name.includes('.')) {
      const rows = await rowsOf<{ k: number }>(client, `SELECT k FROM crash.${name}`);
      assert.ok(rows.length <= 1);
      await client.query(`DROP TABLE crash.${name}`);
      objects.set(name, false);
    }
}
