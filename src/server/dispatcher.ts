// Runs decoded requests on the query layer and says what goes back. The same for every connection.
import { createHash } from 'node:crypto';
import type { ClientLogs, StatementMessage } from '../audit/index.js';
import { equalBytes, toHex } from '../common/bytes.js';
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
  type ReadRows,
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

/** Who waits for the answer to a statement; exactly one of the two is called, and never before the statement was begun. */
export interface AnswerSink {
  answered(answer: Answer): void;
  failed(error: unknown): void;
}

/** Begins one statement. What is thrown at it goes to the sink too. */
export function runStatement(
  processor: QueryProcessor,
  message: StatementMessage,
  client: ClientState,
  followers: Followers,
  sink: AnswerSink,
): void {
  try {
    beginStatement(processor, message, client, followers, sink);
  } catch (error) {
    sink.failed(error);
  }
}

/** One promise between the processor and the sink. */
function beginStatement(
  processor: QueryProcessor,
  message: StatementMessage,
  client: ClientState,
  followers: Followers,
  sink: AnswerSink,
): void {
  const failed = (error: unknown) => sink.failed(error);
  switch (message.kind) {
    case 'QUERY': {
      const options = queryOptions(message.parameters, followers);
      const run = processor.query(message.query, client, options);
      run.then((result) => tell(sink, () => wholeAnswer(result)), failed);
      return;
    }
    case 'PREPARE': {
      const run = processor.prepare(message.query, client, message.keyspace);
      run.then((prepared) => tell(sink, () => preparedAnswer(prepared, followers.watch)), failed);
      return;
    }
    case 'EXECUTE': {
      const prepared = processor.lookup(message.id);
      if (prepared === null) throw unprepared(message.id);
      const run = processor.execute(prepared, client, queryOptions(message.parameters, followers));
      run.then((result) => tell(sink, () => executedAnswer(message, prepared, result)), failed);
      return;
    }
    case 'BATCH': {
      for (const { query } of message.queries)
        if (typeof query !== 'string' && processor.lookup(query) === null) throw unprepared(query);
      const batch = { type: message.type, entries: message.queries };
      const run = processor.batch(batch, client, queryOptions(message.parameters, followers));
      run.then((result) => tell(sink, () => wholeAnswer(result)), failed);
    }
  }
}

/** The answer to an EXECUTE whose rows were read; null when it has to be executed. */
export function computedAnswer(
  processor: QueryProcessor,
  message: Extract<StatementMessage, { kind: 'EXECUTE' }>,
  read: ReadRows,
): Answer | null {
  const prepared = processor.lookup(message.id);
  if (prepared === null) return null;
  const result = processor.compute(prepared, queryOptions(message.parameters, { tracer: null }), read);
  return result === null ? null : executedAnswer(message, prepared, result);
}

function tell(sink: AnswerSink, make: () => Answer): void {
  let answer: Answer;
  try {
    answer = make();
  } catch (error) {
    sink.failed(error);
    return;
  }
  sink.answered(answer);
}

/** Runs one statement and tells the logs of it before it is answered. */
export function runLogged(
  { processor, logs, log }: { readonly processor: QueryProcessor; readonly logs: ClientLogs; readonly log: ServerLog },
  message: StatementMessage,
  client: ClientState,
  tracer: Tracer | null,
  sink: AnswerSink,
): void {
  const watch = logs.begin(message, client);
  const answered = async (answer: Answer) => {
    await watch.done();
    sink.answered(answer);
  };
  const failed = async (error: unknown) => {
    const known = asFerrosaError(error, client, log);
    await watch.failed(known);
    sink.failed(known);
  };
  const logged: AnswerSink = {
    answered: (answer) => void answered(answer).catch((error) => sink.failed(error)),
    failed: (error) => void failed(error).catch((other) => sink.failed(other)),
  };
  runStatement(processor, message, client, { tracer, watch }, logged);
}

function preparedAnswer(prepared: PreparedStatement, watch: StatementWatch | null | undefined): Answer {
  const plan = watch == null ? null : planOf(prepared);
  if (plan !== null) watch?.planned(plan);
  return { result: { kind: 'prepared', ...preparedBody(prepared) }, warnings: prepared.warnings ?? noWarnings };
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
  const known = equalBytes(currentId, clientId);
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
