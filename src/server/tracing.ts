// Traces of requests, written to system_traces when the answer is out. Source: Cassandra's TraceKeyspace.
import { BufferWriter, utf8Bytes } from '../common/bytes.js';
import { int32, int64, internalQuery, type QueryProcessor } from '../query/index.js';
import { parseInet } from '../types/index.js';
import type { ServerLog, TraceRequest, TraceSession, TraceStore } from './services.js';

/** trace_type_query_ttl: a day. */
const ttlSeconds = 86_400;
const eventsPerSessionMax = 1_000;
/** Sessions that are being written; more are not kept, for a trace must not slow down what it watches. */
const sessionsWritingMax = 64;

const insertSession =
  'INSERT INTO system_traces.sessions (session_id, client, command, coordinator, coordinator_port, duration, parameters, request, ' +
  `started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ${ttlSeconds}`;
const insertEvent =
  'INSERT INTO system_traces.events (session_id, event_id, activity, source, source_elapsed, source_port, thread) ' +
  `VALUES (?, ?, ?, ?, ?, ?, ?) USING TTL ${ttlSeconds}`;

export type TraceEnvironment = {
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Monotonic microseconds. */
  readonly monotonicMicros: () => number;
  readonly nextTimeUuid: () => Uint8Array;
  /** 0 to below 1. */
  readonly random: () => number;
  /** The address and port between nodes that name this node. */
  readonly node: { readonly address: string; readonly port: number };
  readonly log: ServerLog;
};

type TraceEvent = { readonly id: Uint8Array; readonly activity: string; readonly elapsedMicros: number };

export class QueryTraceStore implements TraceStore {
  /** Part of all requests that is traced without being asked: nodetool settraceprobability. */
  probability = 0;
  #writing = 0;
  #processor: QueryProcessor | null = null;
  readonly #environment: TraceEnvironment;

  constructor(environment: TraceEnvironment) {
    this.#environment = environment;
  }

  /** The query layer comes after the store. */
  attach(processor: QueryProcessor): void {
    this.#processor = processor;
  }

  get isSampling(): boolean {
    return this.probability > 0;
  }

  sample(): boolean {
    return this.probability > 0 && this.#environment.random() < this.probability;
  }

  begin(request: TraceRequest): TraceSession {
    const { nextTimeUuid, monotonicMicros, nowMs } = this.#environment;
    const sessionId = nextTimeUuid();
    const startedAtMs = nowMs();
    const startMicros = monotonicMicros();
    const events: TraceEvent[] = [];
    let finished = false;
    return {
      sessionId,
      event: (activity) => {
        if (finished || events.length >= eventsPerSessionMax) return;
        events.push({ id: nextTimeUuid(), activity, elapsedMicros: Math.round(monotonicMicros() - startMicros) });
      },
      finish: () => {
        if (finished) return;
        finished = true;
        const durationMicros = Math.max(1, Math.round(monotonicMicros() - startMicros));
        void this.#write(sessionId, request, startedAtMs, durationMicros, events);
      },
    };
  }

  async #write(
    sessionId: Uint8Array,
    request: TraceRequest,
    startedAtMs: number,
    durationMicros: number,
    events: readonly TraceEvent[],
  ): Promise<void> {
    const processor = this.#processor;
    if (processor === null || this.#writing >= sessionsWritingMax) return;
    this.#writing++;
    const { node, log } = this.#environment;
    const source = parseInet(node.address);
    const port = int32(node.port);
    try {
      for (const event of events) {
        const elapsed = int32(event.elapsedMicros);
        const values = [sessionId, event.id, utf8Bytes(event.activity), source, elapsed, port, utf8Bytes('main')];
        await internalQuery(processor, insertEvent, values);
      }
      // Last, for drivers wait for the duration and then read the events.
      await internalQuery(processor, insertSession, [
        sessionId,
        parseInet(request.client),
        utf8Bytes(request.command),
        source,
        port,
        int32(durationMicros),
        textMap(request.parameters),
        utf8Bytes(request.request),
        int64(BigInt(Math.round(startedAtMs))),
      ]);
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'A trace could not be written');
    } finally {
      this.#writing--;
    }
  }
}

function textMap(map: ReadonlyMap<string, string>): Uint8Array {
  const writer = new BufferWriter();
  writer.i32(map.size);
  for (const [key, value] of map) {
    writer.value(utf8Bytes(key));
    writer.value(utf8Bytes(value));
  }
  return writer.finish();
}
