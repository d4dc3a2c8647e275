// A server under comparison, over its protocol.
import { type BindValue, type CqlType, fromJson, UNSET } from '../../src/types/index.js';
import { CqlClient, CqlError, type CqlResult, type RequestOptions } from '../support/cql-client.js';
import type { WireType } from '../support/cql-values.js';
import type { Line } from './corpus.js';
import { hex, type Outcome, preparedOutcome, type Target } from './outcome.js';

/** Far beyond any answer: machines may be busy with other things, and processes stopped meanwhile. */
const answerMsMax = 900_000;

const nativeKinds = new Map<number, string>([
  [0x01, 'ascii'],
  [0x02, 'bigint'],
  [0x03, 'blob'],
  [0x04, 'boolean'],
  [0x05, 'counter'],
  [0x06, 'decimal'],
  [0x07, 'double'],
  [0x08, 'float'],
  [0x09, 'int'],
  [0x0b, 'timestamp'],
  [0x0c, 'uuid'],
  [0x0d, 'text'],
  [0x0e, 'varint'],
  [0x0f, 'timeuuid'],
  [0x10, 'inet'],
  [0x11, 'date'],
  [0x12, 'time'],
  [0x13, 'smallint'],
  [0x14, 'tinyint'],
  [0x15, 'duration'],
]);

function cqlType({ id, className, params, fields }: WireType): CqlType {
  const [first, second] = params.map(cqlType);
  if (id === 0x20) return { kind: 'list', element: first!, frozen: true };
  if (id === 0x21) return { kind: 'map', key: first!, value: second!, frozen: true };
  if (id === 0x22) return { kind: 'set', element: first!, frozen: true };
  if (id === 0x31) return { kind: 'tuple', fields: params.map(cqlType) };
  if (id === 0x30)
    return { kind: 'udt', keyspace: '', name: '', fieldNames: fields!, fieldTypes: params.map(cqlType), frozen: true };
  const vector = /VectorType\(.*FloatType ?, ?(\d+)\)/.exec(className ?? '');
  if (vector) return { kind: 'vector', element: { kind: 'float' }, dimensions: Number(vector[1]) };
  return { kind: (nativeKinds.get(id) ?? 'blob') as 'blob' };
}

/** `0x...` in quotes is bytes whatever the type: values that no JSON gives. */
function bindValue(type: WireType, json: string): BindValue {
  if (json === '{"unset": true}') return UNSET;
  const raw = /^"0x([0-9a-f]*)"$/.exec(json);
  return raw ? Buffer.from(raw[1]!, 'hex') : fromJson(cqlType(type), json, { nowMs: () => 0 });
}

/**
 * @param prepareAll  statements without binds are prepared and executed too, so that the hot path runs what it can
 * @param user  whom to log in as; the password is the same
 */
export class Remote implements Target {
  #client: CqlClient | null = null;
  #keyspace = '';

  constructor(
    readonly name: string,
    private readonly port: number,
    private readonly prepareAll: boolean,
    private readonly host = '127.0.0.1',
    private readonly user: string | null = null,
  ) {}

  async run(line: Line): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    try {
      this.#client ??= await this.#connect();
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('no answer')), answerMsMax);
      });
      return await Promise.race([this.#answer(this.#client, line), silence]);
    } catch (error) {
      if (error instanceof CqlError) return { kind: 'error', code: error.code, message: error.message };
      // A connection that ended, an answer that cannot be read: told as a difference; the next statement gets a new one.
      await this.#client?.close();
      this.#client = null;
      return { kind: 'error', code: -1, message: String(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(): Promise<CqlClient> {
    const keyspace = this.#keyspace === '' ? {} : { keyspace: this.#keyspace };
    const user = this.user === null ? {} : { credentials: { user: this.user, password: this.user } };
    return CqlClient.connect({ host: this.host, port: this.port, version: 5, ...keyspace, ...user });
  }

  async #answer(client: CqlClient, line: Line): Promise<Outcome> {
    if (line.mode === 'prepare') {
      const { id, resultMetadataId, bindColumns, partitionKeyIndexes, resultColumns } = await client.prepare(line.cql);
      return preparedOutcome(id, resultMetadataId!, bindColumns, partitionKeyIndexes, resultColumns);
    }
    const send = await this.#sender(client, line);
    const rows: string[] = [];
    const warnings: string[] = [];
    let pagingState: Uint8Array | null = null;
    for (;;) {
      const paging = line.pageSize > 0 ? { pageSize: line.pageSize, pagingState } : {};
      const result = await send({ ...line.options, ...paging });
      if (result.kind === 'setKeyspace') this.#keyspace = result.details[0]!;
      rows.push(...result.rows.map((row) => row.map(hex).join(' ')));
      warnings.push(...result.warnings);
      pagingState = result.pagingState;
      const details = result.kind === 'schemaChange' ? result.details : [];
      const columns = result.columns.map(({ name, type }) => `${name} ${typeText(type)}`);
      if (pagingState === null) return { kind: [result.kind, ...details].join(' '), columns, rows, warnings };
      rows.push('--');
    }
  }

  async #sender(client: CqlClient, line: Line): Promise<(options: RequestOptions) => Promise<CqlResult>> {
    const hot = /^\s*(select|insert|update|delete)\b/i.test(line.cql);
    if (line.binds === null && !(hot && (line.prepared ?? this.prepareAll)))
      return (options) => client.query(line.cql, [], options);
    const prepared = await client.prepare(line.cql);
    const values = (line.binds ?? []).map((json, i) => {
      const value = bindValue(prepared.bindColumns[i]?.type ?? { id: 0x0d, params: [] }, json);
      return value === UNSET ? undefined : value;
    });
    return (options) => client.execute(prepared, values as never, options);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}

function typeText({ id, className, params, fields }: WireType): string {
  const inner = params.map((param, i) => (fields === undefined ? '' : `${fields[i]} `) + typeText(param));
  return (className ?? id.toString(16)) + (inner.length > 0 ? `<${inner.join(', ')}>` : '');
}
