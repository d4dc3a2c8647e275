// A request in words, as those see it who watch.
import type { BatchRequest, ClientState, QueryOptions } from '../api.js';
import { consistencyName } from '../consistency.js';
import type { Plan } from '../plan.js';
import type { ObservedStatement } from './observer.js';

export type RequestText = Pick<ObservedStatement, 'request' | 'text' | 'shape'> & {
  /** Of an EXECUTE. */
  readonly id?: Uint8Array;
  /** Of a BATCH. */
  readonly batch?: BatchRequest;
};

/** A request as Cassandra prints it (QueryMessage, ExecuteMessage, BatchMessage). @param shown  the text, as others may see it */
function taskText({ request, id, batch }: RequestText, shown: string, options: QueryOptions): string {
  const at = `at consistency ${consistencyName(options.consistency)}`;
  if (batch !== undefined) {
    const entries = batch.entries.map(({ query, values }) => {
      const of = typeof query === 'string' ? query : Buffer.from(query).toString('hex');
      return `${of} with ${values.length} values`;
    });
    return `BATCH of [${entries.join(', ')}] ${at}`;
  }
  if (request === 'EXECUTE' && id !== undefined)
    return `EXECUTE ${Buffer.from(id).toString('hex')} with ${options.values.length} values ${at}`;
  return `QUERY ${shown} [pageSize = ${options.pageSize > 0 ? options.pageSize : -1}] ${at}`;
}

/** What is watched of a statement that a request brought. */
export function observed(of: RequestText, plan: Plan, client: ClientState, options: QueryOptions): ObservedStatement {
  const keyspace = options.keyspace ?? client.keyspace;
  const { request, text, shape } = of;
  const task = (shown: string) => taskText(of, shown, options);
  return { request, text, shape, plan, client, keyspace, consistency: options.consistency, task };
}

/** A batch of the protocol as the statement that it is. */
export function batchText({ type, entries }: BatchRequest, textOf: (id: Uint8Array) => string | undefined): string {
  const kind = type === 'logged' ? '' : `${type.toUpperCase()} `;
  const texts = new Set(entries.map(({ query }) => (typeof query === 'string' ? query : (textOf(query) ?? ''))));
  return `BEGIN ${kind}BATCH ${[...texts].join('; ')}; APPLY BATCH`;
}
