// A CQL fuzzer: mutated statements for a running node, as text, prepared with random values, and in batches, many in flight; paging states
// too are damaged. Each must be answered, none by a server error; the node must stay alive, answer a plain query afterwards, and give its
// memory back. Usage: node dist/test/fuzz/cql.js [COUNT] [SEED]; FUZZ_COUNT and FUZZ_SEED are the same.
import { CqlClient, CqlError, type CqlResult, type Prepared } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';
import { Prng } from '../support/prng.js';
import { MemoryWatch } from './memory-watch.js';
import { ddl, mutateStatement, tableNames, templates } from './statements.js';
import { randomBytes, randomValue } from './values.js';

const count = Number(process.argv[2] ?? process.env['FUZZ_COUNT'] ?? 1_000_000);
const seed = Number(process.argv[3] ?? process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_007);
const inFlight = Number(process.env['FUZZ_IN_FLIGHT'] ?? 128);
const preparedMax = 200;
const answerMsMax = 30_000;
/** Statements after which the tables are made again, should one have been dropped, and emptied: scans would get slower and slower. */
const renewEvery = 20_000;

class Fuzzer {
  readonly #prng = new Prng(seed);
  readonly #prepared: Prepared[] = [];
  readonly #pagingStates: Buffer[] = [];
  readonly outcomes = new Map<string, number>();
  readonly serverErrors = new Map<string, string>();
  /** What waits for an answer. */
  readonly open = new Set<string>();

  constructor(readonly client: CqlClient) {}

  async prepareTemplates(): Promise<void> {
    for (const text of templates) {
      try {
        this.#prepared.push(await this.client.prepare(text));
      } catch (error) {
        throw new Error(`${text}: ${(error as Error).message}`);
      }
    }
  }

  /** One request; resolves with what it was, for a report. */
  async step(): Promise<void> {
    const prng = this.#prng;
    const kind = prng.below(8);
    let what = '';
    const asking = (text: string): void => {
      what = text;
      this.open.add(what);
    };
    let outcome = 'ok';
    const startedMs = performance.now();
    try {
      if (kind < 4) {
        asking(mutateStatement(prng));
        this.#keep(await this.client.query(what, [], { pageSize: 1 + prng.below(100), ...this.#paging() }));
      } else if (kind === 4) {
        asking(mutateStatement(prng));
        const prepared = await this.client.prepare(what);
        if (this.#prepared.length < preparedMax) this.#prepared.push(prepared);
        else this.#prepared[templates.length + prng.below(preparedMax - templates.length)] = prepared;
      } else if (kind < 7) {
        const prepared = prng.pick(this.#prepared);
        const values = this.#values(prepared);
        asking(`EXECUTE ${prepared.bindColumns.map((c) => c.name)} ${describe(values)}`);
        this.#keep(await this.client.execute(prepared, values, { pageSize: 1 + prng.below(5), ...this.#paging() }));
      } else {
        const entries = Array.from({ length: 1 + prng.below(4) }, () => {
          const query = prng.below(8) === 0 ? mutateStatement(prng) : prng.pick(this.#prepared);
          return { query, values: typeof query === 'string' ? [] : this.#values(query) };
        });
        asking(`BATCH ${entries.map((e) => describe(e.values))}`);
        await this.client.batch(prng.pick([0, 1, 1, 2]), entries);
      }
    } catch (error) {
      if (!(error instanceof CqlError)) throw new Error(`after ${what.slice(0, 2000)}: ${(error as Error).message}`);
      outcome = `0x${error.code.toString(16)}`;
      if (error.code === 0 && !this.serverErrors.has(error.message)) {
        this.serverErrors.set(error.message, what);
        console.log(`server error for ${JSON.stringify(what.slice(0, 2000))}: ${error.message}`);
      }
    }
    this.open.delete(what);
    if (inFlight === 1 && performance.now() - startedMs > 200)
      console.log(`slow: ${Math.round(performance.now() - startedMs)} ms for ${what.slice(0, 2000)}`);
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  #values(prepared: Prepared) {
    const prng = this.#prng;
    const wild = prng.below(2) === 0;
    const values = prepared.bindColumns.map(({ type }) => randomValue(prng, type, 0, wild));
    if (!wild) return values;
    if (prng.below(64) === 0) values.pop();
    if (prng.below(64) === 0) values.push(randomBytes(prng, prng.below(9)));
    return values;
  }

  #keep({ pagingState }: CqlResult): void {
    if (pagingState === null) return;
    if (this.#pagingStates.length < 100) this.#pagingStates.push(pagingState);
    else this.#pagingStates[this.#prng.below(100)] = pagingState;
  }

  /** Now and then a paging state: one of another statement, a damaged one, or noise. */
  #paging(): { pagingState?: Buffer } {
    const prng = this.#prng;
    if (prng.below(12) > 0) return {};
    if (prng.below(4) === 0 || this.#pagingStates.length === 0)
      return { pagingState: randomBytes(prng, prng.below(80)) };
    const state = Buffer.from(prng.pick(this.#pagingStates));
    const how = prng.below(4);
    if (how === 0) return { pagingState: state };
    if (how === 1) return { pagingState: state.subarray(0, prng.below(state.length)) };
    if (how === 2) return { pagingState: Buffer.concat([state, randomBytes(prng, 3)]) };
    if (state.length > 0) state[prng.below(state.length)]! ^= 1 << prng.below(8);
    return { pagingState: state };
  }
}

const describe = (values: readonly unknown[]): string =>
  values.map((v) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex').slice(0, 200) : String(v))).join(' ');

async function main(): Promise<void> {
  console.log(`cql fuzzer: ${count} statements, seed ${seed}`);
  const settings = { memtable_offheap_space: '32MiB', auto_snapshot: 'false', commitlog_total_space: '128MiB' };
  const ferrosa = await Ferrosa.start(settings);
  const client = await CqlClient.connect({ port: ferrosa.port });
  const renew = async () => {
    for (const statement of [...ddl, ...tableNames.map((name) => `TRUNCATE ${name}`)]) await client.query(statement);
  };
  await renew();
  const fuzzer = new Fuzzer(client);
  await fuzzer.prepareTemplates();
  let sent = 0;
  let answered = 0;
  const memory = new MemoryWatch(ferrosa.pid, count);
  let renewing: Promise<void> | null = null;
  const worker = async (): Promise<void> => {
    while (sent < count) {
      sent++;
      if (sent % renewEvery === 0) renewing = renew();
      await renewing;
      await fuzzer.step();
      answered++;
      memory.at(answered);
    }
  };
  let seen = -1;
  const watch = setInterval(() => {
    if (answered === seen) {
      console.log(
        `failed: no answer in ${answerMsMax} ms to ${[...fuzzer.open].slice(0, 20).join('\n')}\n${ferrosa.output}`,
      );
      process.kill(ferrosa.pid, 'SIGKILL');
      process.exit(1);
    }
    seen = answered;
  }, answerMsMax);
  try {
    await Promise.all(Array.from({ length: inFlight }, worker));
  } catch (error) {
    console.log(`failed: ${(error as Error).message}\n${ferrosa.output}`);
    await ferrosa.remove();
    process.exit(1);
  }
  clearInterval(watch);
  const { rows } = await client.query('SELECT key FROM system.local');
  await client.close();
  const log = ferrosa.output;
  await ferrosa.remove();
  console.log(`outcomes: ${JSON.stringify(Object.fromEntries(fuzzer.outcomes))}`);
  console.log(memory.toString());
  const serverErrors = fuzzer.outcomes.get('0x0') ?? 0;
  const grown = memory.hasGrown;
  if (serverErrors > 0) console.log(log.slice(-20_000));
  if (grown) console.log('failed: memory grew');
  if (rows.length !== 1) console.log('failed: the plain query has no answer');
  const failed = serverErrors + (grown ? 1 : 0) + (rows.length === 1 ? 0 : 1);
  console.log(`${count - serverErrors} passed, ${failed} failed`);
  if (failed > 0) process.exit(1);
}

await main();
