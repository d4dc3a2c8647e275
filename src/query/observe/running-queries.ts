// The statements that run now: LIST QUERIES, KILL QUERY, system_views.queries. Those that the addon runs by itself are not among them:
// they end within microseconds, or come here when they need more.
import { FerrosaError, invalid } from '../../common/errors.js';
import type { ClientState } from '../api.js';

export type RunningQuery = {
  readonly id: number;
  /** QUERY, EXECUTE or BATCH: how it came. */
  readonly request: string;
  readonly text: string;
  readonly keyspace: string | null;
  readonly client: ClientState;
  /** Monotonic microseconds. */
  readonly startedMicros: number;
  killed: boolean;
};

export class RunningQueries {
  readonly #running = new Map<number, RunningQuery>();
  #next = 1;

  begin({ request, text, keyspace, client, startedMicros }: Omit<RunningQuery, 'id' | 'killed'>): RunningQuery {
    const running = { id: this.#next++, request, text, keyspace, client, startedMicros, killed: false };
    this.#running.set(running.id, running);
    return running;
  }

  end({ id }: RunningQuery): void {
    this.#running.delete(id);
  }

  /** In the order in which they began. */
  all(): readonly RunningQuery[] {
    return [...this.#running.values()];
  }

  /**
   * @param ofAll  whether it may be a query of another user
   * @throws FerrosaError INVALID when there is no such query, UNAUTHORIZED for a query of somebody else
   */
  kill(id: number, by: ClientState, ofAll: boolean): void {
    const query = this.#running.get(id);
    if (query === undefined) throw invalid(`There is no running query ${id}`);
    if (!ofAll && query.client.user !== by.user)
      throw new FerrosaError('UNAUTHORIZED', 'Only superusers may kill queries of other users');
    query.killed = true;
  }
}

/** To be called between the steps of a query. @throws FerrosaError when nobody wants its result any more */
export function checkWanted({ client, killed, id }: RunningQuery): void {
  if (client.isGone === true) throw new FerrosaError('SERVER_ERROR', 'The client has closed its connection');
  if (killed) throw invalid(`Query ${id} was ended by KILL QUERY`);
}
