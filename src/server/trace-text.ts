// What system_traces.sessions says about a request: Cassandra's titles and parameters.
import type { QueryParameters } from '../protocol/index.js';
import { Consistency, type QueryProcessor } from '../query/index.js';
import type { StatementMessage } from './dispatcher.js';

const titles = {
  QUERY: 'Execute CQL3 query',
  PREPARE: 'Preparing CQL3 query',
  EXECUTE: 'Execute CQL3 prepared query',
  BATCH: 'Execute batch of CQL3 queries',
} as const;

const consistencyNames = new Map<number, string>(Object.entries(Consistency).map(([name, code]) => [code, name]));

export const traceTitle = (message: StatementMessage): string => titles[message.kind];

export function traceParameters(message: StatementMessage, processor: QueryProcessor): Map<string, string> {
  const parameters = new Map<string, string>();
  if (message.kind === 'PREPARE') return parameters.set('query', message.query);
  addOptions(parameters, message.parameters);
  if (message.kind === 'QUERY') parameters.set('query', message.query);
  if (message.kind === 'EXECUTE') {
    const prepared = processor.lookup(message.id);
    if (prepared !== null) parameters.set('query', prepared.query);
    prepared?.bindColumns.forEach((column, i) => {
      const value = message.parameters.values[i];
      if (value instanceof Uint8Array) parameters.set(`bound_var_${i}_${column.name}`, boundText(value));
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

const boundBytesMax = 500;

function boundText(value: Uint8Array): string {
  const shown = Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, boundBytesMax));
  return `0x${shown.toString('hex')}${value.length > boundBytesMax ? '...' : ''}`;
}
