// kill -9 under conditional updates: what was told to be applied is there afterwards, and no two updates have got the same value.
//
// CRASH_ROUNDS is the number of kills in each mode (default 3), CRASH_SEED replays the moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { randomNumbers, rounds, seed } from './rounds.js';

/** Updates that are applied before the kill. */
const appliedMax = 400;
const counters = 5;
const connections = 6;
const workersPerConnection = 4;

/** What clients know of the counters. */
class Ledger {
  /** Values of each counter that somebody was told to have set. */
  readonly applied = Array.from({ length: counters }, () => new Set<number>());
  /** Values asked for whose answer never came. */
  readonly inFlight = Array.from({ length: counters }, () => new Set<number>());
  /** Called when so many more have been applied. */
  #wanted = 0;
  #reached: () => void = () => {};

  get total(): number {
    return this.applied.reduce((sum, { size }) => sum + size, 0);
  }

  /** Resolves when `more` further updates were told to be applied. */
  more(more: number): Promise<void> {
    this.#wanted = more;
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  add(key: number, value: number): void {
    this.applied[key]!.add(value);
    if (--this.#wanted === 0) this.#reached();
  }
}

/** Increments counters by compare-and-set until the connection ends. Each update also adds a row that names its value. */
async function count(client: CqlClient, ledger: Ledger, random: () => number, writer: number): Promise<void> {
  const read = await client.prepare('SELECT v FROM crash_lwt.counters WHERE k = ?');
  const update = await client.prepare(
    'BEGIN BATCH UPDATE crash_lwt.counters SET v = ? WHERE k = ? IF v = ?; ' +
      'INSERT INTO crash_lwt.counters (k, n, writer) VALUES (?, ?, ?); APPLY BATCH',
  );
  for (;;) {
    const key = Math.floor(random() * counters);
    const rows = (await client.execute(read, [value.int(key)], { consistency: 8 })).objects();
    const next = ((rows[0]?.['v'] as number | null) ?? 0) + 1;
    const old = next === 1 ? null : value.int(next - 1);
    const known = ledger.applied[key]!;
    const open = ledger.inFlight[key]!;
    open.add(next);
    const binds = [value.int(next), value.int(key), old, value.int(key), value.int(next), value.int(writer)];
    const [row] = (await client.execute(update, binds)).objects();
    if (row!['[applied]'] !== true) continue;
    assert.ok(!known.has(next), `counter ${key}: value ${next} was given twice`);
    ledger.add(key, next);
  }
}

async function check(client: CqlClient, ledger: Ledger): Promise<void> {
  for (let key = 0; key < counters; key++) {
    const rows = (await client.query(`SELECT v, n FROM crash_lwt.counters WHERE k = ${key}`)).objects();
    const reached = (rows[0]?.['v'] as number | undefined) ?? 0;
    const values = new Set(rows.map(({ n }) => n as number));
    for (const told of ledger.applied[key]!) {
      assert.ok(told <= reached, `counter ${key}: ${told} was applied, the counter is at ${reached}`);
      assert.ok(values.has(told), `counter ${key}: the row of ${told} is lost`);
    }
    for (let one = 1; one <= reached; one++) {
      assert.ok(
        values.has(one),
        `counter ${key}: the row of ${one} is not there although the counter is at ${reached}`,
      );
      assert.ok(ledger.applied[key]!.has(one) || ledger.inFlight[key]!.has(one));
      ledger.applied[key]!.add(one);
    }
  }
}

for (const mode of ['periodic', 'batch'])
  test(`${mode} mode: conditional updates survive kill -9 and never give a value twice (${rounds} kills)`, async (t) => {
    t.diagnostic(`replay with CRASH_SEED=${seed}`);
    const random = randomNumbers();
    const folder = temporaryDataDir();
    const ledger = new Ledger();
    const settings = {
      shards: '2',
      cas_contention_timeout: '20s',
      write_request_timeout: '20s',
      read_request_timeout: '60s',
      range_request_timeout: '60s',
      commitlog_sync: mode,
      commitlog_segment_size: '1MiB',
      memtable_offheap_space: '8MiB',
    };
    try {
      for (let round = 0; round <= rounds; round++) {
        const node = await NodeProcess.start(folder.path, settings);
        const client = await CqlClient.connect({ port: node.port });
        await client.query(
          "CREATE KEYSPACE IF NOT EXISTS crash_lwt WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        );
        await client.query(
          'CREATE TABLE IF NOT EXISTS crash_lwt.counters (k int, n int, v int static, writer int, PRIMARY KEY (k, n))',
        );
        await check(client, ledger);
        const opened = await Promise.all(
          Array.from({ length: connections }, () => CqlClient.connect({ port: node.port })),
        );
        const failures: Error[] = [];
        const working = opened.flatMap((one, i) =>
          Array.from({ length: workersPerConnection }, (_, worker) =>
            count(one, ledger, random, i * 100 + worker).catch((error: Error) => {
              // SERVER_ERROR and the end of the connection are the kill; all else is a failure.
              const isExpected =
                error instanceof CqlError ? error.code === 0 : !(error instanceof assert.AssertionError);
              if (!isExpected) failures.push(error);
            }),
          ),
        );
        await Promise.race([ledger.more(1 + Math.floor(random() * appliedMax)), Promise.all(working)]);
        await node.kill();
        await Promise.all(working);
        if (failures.length > 0) throw failures[0];
      }
      assert.ok(ledger.total > rounds);
      t.diagnostic(`${ledger.total} updates applied`);
    } finally {
      folder.remove();
    }
  });
