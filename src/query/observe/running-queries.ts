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
  /** What system_views.queries tells of it, around its text: in Cassandra's words. */
  readonly task: (text: string) => string;
  /** Monotonic microseconds. */
  readonly startedMicros: number;
  killed: boolean;
};

/** In a list, to be taken out without a search. */
type Entry = RunningQuery & { before: Entry | null; after: Entry | null };

export class RunningQueries {
  #first: Entry | null = null;
  #last: Entry | null = null;
  #next = 1;

  begin({ request, text, keyspace, client, task, startedMicros }: Omit<RunningQuery, 'id' | 'killed'>): RunningQuery {
    const before = this.#last;
    const id = this.#next++;
    const entry: Entry = {
      id,
      request,
      text,
      keyspace,
      client,
      task,
      startedMicros,
      killed: false,
      before,
      after: null,
    };
    if (before === null) this.#first = entry;
    else before.after = entry;
    this.#last = entry;
    return entry;
  }

  /** REQUIRES: `begin` gave it, and it has not ended. */
  end(query: RunningQuery): void {
    const { before, after } = query as Entry;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
  }

  /** In the order in which they began. */
  all(): readonly RunningQuery[] {
    const all: RunningQuery[] = [];
    for (let entry = this.#first; entry !== null; entry = entry.after) all.push(entry);
    return all;
  }

  /**
   * @param ofAll  whether it may be a query of another user
   * @throws FerrosaError INVALID when there is no such query, UNAUTHORIZED for a query of somebody else
   */
  kill(id: number, by: ClientState, ofAll: boolean): void {
    const query = this.all().find((one) => one.id === id);
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
