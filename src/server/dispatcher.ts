// Runs decoded requests on the query layer and says what goes back. The same for every connection.
import { createHash } from 'node:crypto';
import type { ClientLogs, StatementMessage } from '../audit/index.js';
import { toHex } from '../common/bytes.js';
import { FerrosaError, protocolError } from '../common/errors.js';
import type { QueryParameters, ResultBody } from '../protocol/index.js';
import {
  type ClientState,
  type ColumnSpec,
  type PreparedStatement,
  planOf,
  type QueryOptions,
  type QueryProcessor,
  type QueryResult,
  type RowsResult,
  type StatementWatch,
  type Tracer,
} from '../query/index.js';
import { typeToCql } from '../types/index.js';
import type { ServerLog } from './services.js';

/** Who follows a statement. */
export type Followers = { readonly tracer: Tracer | null; readonly watch?: StatementWatch | null };
export type Answer = { readonly result: ResultBody; readonly warnings: readonly string[] };

/** UNPREPARED (0x2500) with the id that the client has to prepare again. */
export function unprepared(id: Uint8Array): FerrosaError {
  const text =
    `Prepared query with ID ${toHex(id)} not found (either the query was not prepared on this host (maybe the host has ` +
    'been restarted?) or you have prepared too many queries and it has been evicted from the internal cache)';
  return new FerrosaError('UNPREPARED', text, { preparedId: id });
}

/** What the client is told; an error that nobody expected is logged and told as a server error. */
export function asFerrosaError(error: unknown, client: ClientState, log: ServerLog): FerrosaError {
  if (error instanceof FerrosaError) return error;
  const { name, message, stack } = error as Error;
  log.error({ stack, client: client.address }, 'Unexpected error during a request');
  return new FerrosaError('SERVER_ERROR', `${name}: ${message}`);
}

/**
 * Runs one statement.
 * @throws FerrosaError what the client gets as ERROR
 */
export async function runStatement(
  processor: QueryProcessor,
  message: StatementMessage,
  client: ClientState,
  followers: Followers,
): Promise<Answer> {
  switch (message.kind) {
    case 'QUERY':
      return wholeAnswer(await processor.query(message.query, client, queryOptions(message.parameters, followers)));
    case 'PREPARE': {
      const prepared = await processor.prepare(message.query, client, message.keyspace);
      const plan = followers.watch == null ? null : planOf(prepared);
      if (plan !== null) followers.watch?.planned(plan);
      return { result: { kind: 'prepared', ...preparedBody(prepared) }, warnings: prepared.warnings ?? noWarnings };
    }
    case 'EXECUTE': {
      const prepared = processor.lookup(message.id);
      if (prepared === null) throw unprepared(message.id);
      const result = await processor.execute(prepared, client, queryOptions(message.parameters, followers));
      return executedAnswer(message, prepared, result);
    }
    case 'BATCH': {
      for (const { query } of message.queries)
        if (typeof query !== 'string' && processor.lookup(query) === null) throw unprepared(query);
      const batch = { type: message.type, entries: message.queries };
      return wholeAnswer(await processor.batch(batch, client, queryOptions(message.parameters, followers)));
    }
  }
}

/**
 * Runs one statement and tells the logs of it before it is answered.
 * @throws FerrosaError what the client gets as ERROR
 */
export async function runLogged(
  { processor, logs, log }: { readonly processor: QueryProcessor; readonly logs: ClientLogs; readonly log: ServerLog },
  message: StatementMessage,
  client: ClientState,
  tracer: Tracer | null,
): Promise<Answer> {
  const watch = logs.begin(message, client);
  let answer: Answer;
  try {
    answer = await runStatement(processor, message, client, { tracer, watch });
  } catch (error) {
    const known = asFerrosaError(error, client, log);
    await watch.failed(known);
    throw known;
  }
  await watch.done();
  return answer;
}

const preparedBody = (prepared: PreparedStatement) => ({
  id: prepared.id,
  resultMetadataId: prepared.resultMetadataId,
  bindColumns: prepared.bindColumns,
  partitionKeyIndexes: prepared.partitionKeyIndexes,
  resultColumns: prepared.resultColumns,
});

function executedAnswer(
  { parameters, resultMetadataId }: Extract<StatementMessage, { kind: 'EXECUTE' }>,
  prepared: PreparedStatement,
  result: QueryResult,
): Answer {
  if (result.kind !== 'rows') return wholeAnswer(result);
  return answerOf(result, metadataRule(prepared, result, parameters.skipMetadata, resultMetadataId));
}

type MetadataRule = { readonly skip: boolean; readonly changedId: Uint8Array | null };
const noSkip: MetadataRule = { skip: false, changedId: null };

/**
 * Whether the columns go with the rows (v5 spec section 4.2.5.2; Cassandra's ExecuteMessage). From v5 on the client's id decides; before,
 * the columns must be those that PREPARE told. Conditional statements always get theirs: they differ from answer to answer.
 */
function metadataRule(
  prepared: PreparedStatement,
  result: RowsResult,
  skipMetadata: boolean,
  clientId: Uint8Array | null,
): MetadataRule {
  if (prepared.isConditional) return noSkip;
  const asPrepared = prepared.resultColumns !== null && sameColumns(prepared.resultColumns, result.columns);
  if (clientId === null) return { skip: skipMetadata && asPrepared, changedId: null };
  const currentId = asPrepared ? prepared.resultMetadataId : columnsId(result.columns);
  const known = Buffer.compare(currentId, clientId) === 0;
  return known ? { skip: skipMetadata, changedId: null } : { skip: false, changedId: currentId };
}

function sameColumns(a: readonly ColumnSpec[], b: readonly ColumnSpec[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((column, i) => sameColumn(column, b[i]!));
}

function sameColumn(a: ColumnSpec, b: ColumnSpec): boolean {
  if (a === b) return true;
  return a.name === b.name && (a.type === b.type || typeToCql(a.type) === typeToCql(b.type));
}

/** Stands for columns that no prepared statement has: the same columns, the same id. */
function columnsId(columns: readonly ColumnSpec[]): Uint8Array {
  const hash = createHash('md5');
  for (const column of columns) hash.update(`${column.name}\0${typeToCql(column.type)}\0`);
  return hash.digest();
}

const noWarnings: readonly string[] = [];
const wholeAnswer = (result: QueryResult): Answer => answerOf(result, noSkip);

function answerOf(result: QueryResult, rule: MetadataRule): Answer {
  const warnings = result.warnings ?? noWarnings;
  if (result.kind !== 'rows') return { result, warnings };
  const metadata = { columns: result.columns, pagingState: result.pagingState, ...rule };
  return { result: { kind: 'rows', metadata, rowCount: result.rowCount, rows: result.rows }, warnings };
}

function queryOptions(parameters: QueryParameters, { tracer, watch = null }: Followers): QueryOptions {
  const { pageSize } = parameters;
  if (pageSize === 0) throw protocolError('The page size cannot be 0');
  return {
    consistency: parameters.consistency,
    serialConsistency: parameters.serialConsistency,
    values: parameters.values,
    names: parameters.names,
    pageSize: pageSize === null || pageSize < 0 ? 0 : pageSize,
    pagingState: parameters.pagingState,
    timestamp: parameters.timestamp,
    nowInSeconds: parameters.nowInSeconds,
    keyspace: parameters.keyspace,
    tracer,
    watch,
  };
}
