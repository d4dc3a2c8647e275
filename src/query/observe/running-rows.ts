// LIST QUERIES: the running statements as rows.
import { utf8Bytes } from '../../common/bytes.js';
import { encodeInt, encodeLong, parseInet } from '../../types/index.js';
import type { ColumnSpec, QueryResult } from '../api.js';
import { packCells } from '../values.js';
import type { RunningQuery } from './running-queries.js';

const column = (name: string, kind: 'bigint' | 'inet' | 'int' | 'text'): ColumnSpec => ({
  keyspace: 'system_observability',
  table: 'active_queries',
  name,
  type: { kind },
});

export const runningColumns: readonly ColumnSpec[] = [
  column('query_id', 'bigint'),
  column('client_address', 'inet'),
  column('client_port', 'int'),
  column('username', 'text'),
  column('keyspace', 'text'),
  column('query_text', 'text'),
  column('elapsed_micros', 'bigint'),
];

/** @param nowMicros  monotonic */
export function runningRows(queries: readonly RunningQuery[], nowMicros: number): QueryResult {
  const rows = queries.map(({ id, client, keyspace, text, startedMicros }) =>
    packCells([
      encodeLong(BigInt(id)),
      parseInet(client.address),
      encodeInt(client.port),
      client.user === null ? null : utf8Bytes(client.user),
      keyspace === null ? null : utf8Bytes(keyspace),
      utf8Bytes(text),
      encodeLong(BigInt(Math.max(0, Math.round(nowMicros - startedMicros)))),
    ]),
  );
  return { kind: 'rows', columns: runningColumns, rowCount: rows.length, rows, pagingState: null };
}
