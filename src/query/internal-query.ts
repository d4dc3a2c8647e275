// Statements that the server itself runs: roles and traces.
import { BufferReader, BufferWriter } from '../common/bytes.js';
import { FerrosaError } from '../common/errors.js';
import { type ClientState, Consistency, type QueryOptions, type QueryProcessor } from './api.js';

/** Asks without an address or a user of its own. */
export const internalClient = (): ClientState => ({
  keyspace: null,
  user: null,
  address: '127.0.0.1',
  port: 0,
  protocolVersion: 5,
  isInternal: true,
});

const optionsWith = (values: readonly (Uint8Array | null)[], consistency: number): QueryOptions => ({
  consistency,
  serialConsistency: Consistency.SERIAL,
  values,
  names: null,
  pageSize: 0,
  pagingState: null,
  timestamp: null,
  nowInSeconds: null,
  keyspace: null,
  tracer: null,
});

/** Serialized cells of each row, by column name; empty for statements without rows. */
export async function internalQuery(
  processor: QueryProcessor,
  text: string,
  values: readonly (Uint8Array | null)[] = [],
  consistency: number = Consistency.LOCAL_ONE,
): Promise<Map<string, Uint8Array | null>[]> {
  const result = await processor.query(text, internalClient(), optionsWith(values, consistency));
  if (result.kind !== 'rows') return [];
  const reader = new BufferReader(
    Buffer.concat(result.rows),
    (wanted, left) =>
      new FerrosaError('SERVER_ERROR', `Short row of an internal query: ${wanted} wanted, ${left} left`),
  );
  const rows: Map<string, Uint8Array | null>[] = [];
  for (let row = 0; row < result.rowCount; row++)
    rows.push(new Map(result.columns.map((column) => [column.name, reader.value()])));
  return rows;
}

export function int32(value: number): Uint8Array {
  const writer = new BufferWriter(4);
  writer.i32(value);
  return writer.finish();
}

export function int64(value: bigint): Uint8Array {
  const writer = new BufferWriter(8);
  writer.i64(value);
  return writer.finish();
}
