// A query layer of a few statements, for tests of the server alone.
import { createHash } from 'node:crypto';
import { utf8Bytes } from '../../src/common/bytes.js';
import { invalid } from '../../src/common/errors.js';
import type {
  BatchRequest,
  ClientState,
  ColumnSpec,
  PreparedStatement,
  QueryOptions,
  QueryProcessor,
  QueryResult,
} from '../../src/query/index.js';

const column = (name: string): ColumnSpec => ({ keyspace: 'system', table: 'local', name, type: { kind: 'text' } });
const md5 = (text: string): Uint8Array => createHash('md5').update(text).digest();
const cell = (value: Uint8Array): Uint8Array => {
  const bytes = Buffer.alloc(4 + value.length);
  bytes.writeInt32BE(value.length);
  bytes.set(value, 4);
  return bytes;
};

/**
 * SELECT gives one row of a text column `key`; `SELECT <n> BYTES` one of n bytes; WAIT answers when `release` is called; FAIL throws what
 * is no FerrosaError; USE and `?` work as ever.
 */
export class FakeProcessor implements QueryProcessor {
  readonly prepared = new Map<string, PreparedStatement>();
  columnName = 'key';
  lastOptions: QueryOptions | null = null;
  lastBatch: BatchRequest | null = null;
  #waiting: (() => void)[] = [];

  compute(): null {
    return null;
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async query(text: string, client: ClientState, options: QueryOptions): Promise<QueryResult> {
    this.lastOptions = options;
    const [verb = '', argument = ''] = text.split(' ');
    switch (verb) {
      case 'SELECT':
        return this.#rows(/^\d+$/.test(argument) ? Buffer.alloc(Number(argument), 'x') : utf8Bytes('local'));
      case 'WARN':
        return { kind: 'void', warnings: ['be careful'] };
      case 'WAIT':
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        return { kind: 'void' };
      case 'USE':
        client.keyspace = argument;
        return { kind: 'setKeyspace', keyspace: argument };
      case 'CREATE':
        return { kind: 'schemaChange', change: { change: 'CREATED', target: 'TABLE', keyspace: 'ks', name: 't' } };
      case 'FAIL':
        throw new TypeError('a bug');
      case 'VOID':
        return { kind: 'void' };
      default:
        throw invalid(`no such statement: ${verb}`);
    }
  }

  async prepare(text: string): Promise<PreparedStatement> {
    const isSelect = text.startsWith('SELECT');
    const resultColumns = isSelect ? [column(this.columnName)] : null;
    const statement: PreparedStatement = {
      id: md5(text),
      resultMetadataId: md5(`columns ${this.columnName}`),
      query: text,
      keyspace: null,
      bindColumns: text.includes('?') ? [column('key')] : [],
      partitionKeyIndexes: text.includes('?') ? [0] : [],
      resultColumns,
      isConditional: text.includes(' IF '),
    };
    this.prepared.set(Buffer.from(statement.id).toString('hex'), statement);
    return statement;
  }

  lookup(id: Uint8Array): PreparedStatement | null {
    return this.prepared.get(Buffer.from(id).toString('hex')) ?? null;
  }

  execute(prepared: PreparedStatement, client: ClientState, options: QueryOptions): Promise<QueryResult> {
    return this.query(prepared.query, client, options);
  }

  async batch(batch: BatchRequest, _client: ClientState, options: QueryOptions): Promise<QueryResult> {
    this.lastBatch = batch;
    this.lastOptions = options;
    return { kind: 'void' };
  }

  #rows(value: Uint8Array): QueryResult {
    return { kind: 'rows', columns: [column(this.columnName)], rowCount: 1, rows: [cell(value)], pagingState: null };
  }
}
