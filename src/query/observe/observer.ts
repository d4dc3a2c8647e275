// Looks at every statement that JavaScript runs: latencies by table, what runs now, what was slow, what each shape of statement costs.
import { withoutPassword } from '../../cql/index.js';
import type { ClientState, QueryResult } from '../api.js';
import type { Plan } from '../plan.js';
import type { QueryClock, QuerySettings } from '../services.js';
import { CoordinatorFigures } from './coordinator-figures.js';
import { Fingerprints } from './fingerprints.js';
import { RunningQueries, type RunningQuery } from './running-queries.js';
import { SlowQueries } from './slow-queries.js';

export type ObservedStatement = {
  /** QUERY, EXECUTE or BATCH. */
  readonly request: string;
  readonly text: string;
  /** Of the text, null when only the text itself tells. */
  readonly shape: number | null;
  readonly plan: Plan;
  readonly keyspace: string | null;
  readonly client: ClientState;
  readonly consistency: number;
  /** The request in Cassandra's words, around the text. */
  readonly task: (text: string) => string;
};

export class StatementObserver {
  readonly figures: CoordinatorFigures;
  readonly running = new RunningQueries();
  readonly slow: SlowQueries;
  readonly fingerprints: Fingerprints;
  readonly #clock: QueryClock;

  /** @param tableExists  whether there is a table with this id */
  constructor(settings: QuerySettings, clock: QueryClock, tableExists: (table: string) => boolean) {
    this.figures = new CoordinatorFigures(tableExists);
    this.slow = new SlowQueries(settings.slowQueryMs, settings.slowQueriesKept);
    this.fingerprints = new Fingerprints(settings.queryFingerprintsMax);
    this.#clock = clock;
  }

  /** Runs a statement; `work` is given what KILL QUERY knows it by. */
  run(statement: ObservedStatement, work: (query: RunningQuery) => Promise<QueryResult>): Promise<QueryResult> {
    const { request, keyspace, client, task } = statement;
    const text = shownText(statement);
    const startedMicros = this.#clock.monotonicMicros();
    const query = this.running.begin({ request, text, keyspace, client, task, startedMicros });
    const failed = (error: unknown): never => {
      this.#end(query, statement, 0, true);
      throw error;
    };
    let result: Promise<QueryResult>;
    try {
      result = work(query);
    } catch (error) {
      return failed(error);
    }
    return result.then((done) => {
      this.#end(query, statement, done.kind === 'rows' ? done.rowCount : 0, false);
      return done;
    }, failed);
  }

  #end(query: RunningQuery, statement: ObservedStatement, rows: number, failed: boolean): void {
    this.running.end(query);
    this.#note(statement, Math.round(this.#clock.monotonicMicros() - query.startedMicros), rows, failed);
  }

  #note(
    { plan, consistency, text, shape, keyspace, client }: ObservedStatement,
    micros: number,
    rows: number,
    failed: boolean,
  ) {
    this.figures.note(plan, consistency, micros);
    const isSlow = this.slow.timeoutMs > 0 && micros >= this.slow.timeoutMs * 1000;
    if (!isSlow && !this.fingerprints.isOn) return;
    const nowMs = this.#clock.nowMs();
    this.fingerprints.note(text, shape, micros, rows, failed, nowMs);
    if (isSlow)
      this.slow.note({
        text: shownText({ plan, text }),
        keyspace,
        clientAddress: client.address,
        durationMs: micros / 1000,
        endedAtMs: nowMs,
      });
  }
}

/** What others may see of it. */
const shownText = ({ plan, text }: Pick<ObservedStatement, 'plan' | 'text'>): string =>
  plan.kind === 'auth' ? withoutPassword(text) : text;
