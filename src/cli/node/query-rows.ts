// Rows about statements: what runs, what was slow, what each shape has cost.
import type { Processor } from '../../query/index.js';
import type { PlainRow } from '../../schema/index.js';
import { monotonicMicros } from './environment.js';
import type { Latencies } from './latencies.js';

/** system_views.queries: Cassandra's columns. */
export function queryRows({ observer }: Processor): PlainRow[] {
  const now = monotonicMicros();
  return observer.running.all().map(({ id, text, task, startedMicros }) => ({
    thread_id: `Native-Transport-Requests-${id}`,
    queued_micros: 0,
    running_micros: Math.max(0, Math.round(now - startedMicros)),
    task: task(text),
  }));
}

export function activeQueryRows({ observer }: Processor): PlainRow[] {
  const now = monotonicMicros();
  return observer.running.all().map(({ id, request, text, keyspace, client, startedMicros }) => ({
    query_id: id,
    client_address: client.address,
    client_port: client.port,
    elapsed_micros: Math.max(0, Math.round(now - startedMicros)),
    keyspace,
    query_text: text,
    request,
    username: client.user,
  }));
}

const ms = (micros: number): number => Math.round(micros) / 1000;

/** Complete: what the addon has run by itself is asked for first. */
export async function fingerprintRows({ observer }: Processor, latencies: Latencies): Promise<PlainRow[]> {
  await latencies.refresh();
  return observer.fingerprints.all().map(({ hash, statement, calls, errors, rows, lastSeenMs, latency }) => ({
    fingerprint: hash,
    query_text: statement,
    calls,
    errors,
    rows,
    last_seen: lastSeenMs,
    total_ms: ms(latency.sum),
    mean_ms: ms(latency.mean),
    p50th_ms: ms(latency.quantile(0.5)),
    p99th_ms: ms(latency.quantile(0.99)),
    max_ms: ms(latency.max),
  }));
}

export function slowQueryRows({ observer }: Processor): PlainRow[] {
  return observer.slow.recent.map(({ text, keyspace, clientAddress, durationMs, endedAtMs }, sequence) => ({
    ended_at: endedAtMs,
    sequence,
    client_address: clientAddress,
    duration_ms: durationMs,
    keyspace,
    query_text: text,
  }));
}
