// Which requests are traced, and what system_traces.sessions says about them: Cassandra's titles and parameters.
import type { StatementMessage } from '../audit/index.js';
import { withoutPassword } from '../cql/index.js';
import { EnvelopeFlag, type Frame, type QueryParameters } from '../protocol/index.js';
import { Consistency, type QueryProcessor } from '../query/index.js';
import { type CqlType, toCqlLiteral } from '../types/index.js';
import type { ServerServices, TraceSession } from './services.js';

const titles = {
  QUERY: 'Execute CQL3 query',
  PREPARE: 'Preparing CQL3 query',
  EXECUTE: 'Execute CQL3 prepared query',
  BATCH: 'Execute batch of CQL3 queries',
} as const;

const consistencyNames = new Map<number, string>(Object.entries(Consistency).map(([name, code]) => [code, name]));

const isAsked = (frame: Frame): boolean => (frame.flags & EnvelopeFlag.TRACING) !== 0;

/** The session of a request that asks for one, or that is one of those that are traced unasked. */
export function beginTrace(
  { traces, processor }: ServerServices,
  frame: Frame,
  message: StatementMessage,
  client: string,
): TraceSession | null {
  if (traces === null || (!isAsked(frame) && !traces.sample())) return null;
  const parameters = traceParameters(message, processor);
  return traces.begin({ command: 'QUERY', request: titles[message.kind], client, parameters });
}

/** For the answer: only who asked gets the id. */
export const tracingIdFor = (frame: Frame, trace: TraceSession | null): Uint8Array | null =>
  trace !== null && isAsked(frame) ? trace.sessionId : null;

function traceParameters(message: StatementMessage, processor: QueryProcessor): Map<string, string> {
  const parameters = new Map<string, string>();
  if (message.kind === 'PREPARE') return parameters.set('query', withoutPassword(message.query));
  addOptions(parameters, message.parameters);
  if (message.kind === 'QUERY') parameters.set('query', withoutPassword(message.query));
  if (message.kind === 'EXECUTE') {
    const prepared = processor.lookup(message.id);
    if (prepared !== null) parameters.set('query', withoutPassword(prepared.query));
    prepared?.bindColumns.forEach((column, i) => {
      const value = message.parameters.values[i];
      if (value === null || value instanceof Uint8Array)
        parameters.set(`bound_var_${i}_${column.name}`, boundText(column.type, value));
    });
  }
  return parameters;
}

function addOptions(parameters: Map<string, string>, options: QueryParameters): void {
  const consistency = consistencyNames.get(options.consistency);
  const serial = consistencyNames.get(options.serialConsistency);
  if (consistency !== undefined) parameters.set('consistency_level', consistency);
  if (serial !== undefined) parameters.set('serial_consistency_level', serial);
  if (options.pageSize !== null && options.pageSize > 0) parameters.set('page_size', String(options.pageSize));
}

const boundTextMax = 1_000;

/** As CQL has it, cut where it is long; what is no value of the type as its bytes. */
function boundText(type: CqlType, value: Uint8Array | null): string {
  if (value === null) return 'null';
  let text: string;
  try {
    text = toCqlLiteral(type, value);
  } catch {
    text = `0x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`;
  }
  return text.length <= boundTextMax ? text : `${text.slice(0, boundTextMax)}...'`;
}
