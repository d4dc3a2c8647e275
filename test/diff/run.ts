// Runs the corpus on Ferrosa and on a real Cassandra and compares columns, rows, codes and messages.
//   node dist/test/diff/run.js [--cassandra HOST:PORT] [--ferrosa HOST:PORT] [--verbose] [NAME ...]
// Without --ferrosa the statements run in this process. A file of the corpus has one statement a line:
//   `# text`    a comment
//   `~ cql`     values differ by nature (times): only columns and the number of rows are compared
//   `? cql`     the code of an error is compared, not its message
//   `@n cql`    pages of n rows
//   `> cql`     PREPARE: ids, bind markers, routing, result columns
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BufferWriter } from '../../src/common/bytes.js';
import { errorTable, FerrosaError } from '../../src/common/errors.js';
import type { ColumnSpec } from '../../src/query/index.js';
import { type CqlType, encodeTypeOption } from '../../src/types/index.js';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { BodyReader } from '../support/cql-frames.js';
import { readType } from '../support/cql-values.js';
import { cellsOfResult, InProcessNode, Session } from '../support/in-process-node.js';

const keyspace = 'ferrosa_diff';
const corpus = fileURLToPath(new URL('../../../test/diff/corpus/', import.meta.url));

type Outcome =
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | {
      readonly kind: string;
      readonly columns: readonly string[];
      readonly rows: readonly string[];
      readonly warnings: readonly string[];
    };

interface Target {
  run(cql: string, pageSize: number): Promise<Outcome>;
  prepare(cql: string): Promise<Outcome>;
  close(): Promise<void>;
}

const hex = (cell: Uint8Array | null) => (cell === null ? 'null' : Buffer.from(cell).toString('hex'));

class Remote implements Target {
  private constructor(private readonly client: CqlClient) {}

  static async connect(address: string): Promise<Remote> {
    const [host, port] = address.split(':');
    return new Remote(await CqlClient.connect({ host: host!, port: Number(port), version: 5 }));
  }

  async run(cql: string, pageSize: number): Promise<Outcome> {
    try {
      const rows: string[] = [];
      const warnings: string[] = [];
      let pagingState: Uint8Array | null = null;
      for (;;) {
        const result = await this.client.query(cql, [], pageSize > 0 ? { pageSize, pagingState } : {});
        rows.push(...result.rows.map((row) => row.map(hex).join(' ')));
        warnings.push(...result.warnings);
        pagingState = result.pagingState;
        if (pagingState === null)
          return { kind: result.kind, columns: result.columns.map(({ name }) => name), rows, warnings };
        rows.push('--');
      }
    } catch (error) {
      if (error instanceof CqlError) return { kind: 'error', code: error.code, message: error.message };
      throw error;
    }
  }

  async prepare(cql: string): Promise<Outcome> {
    try {
      const { id, resultMetadataId, bindColumns, partitionKeyIndexes, resultColumns } = await this.client.prepare(cql);
      return preparedOutcome(id, resultMetadataId!, bindColumns, partitionKeyIndexes, resultColumns);
    } catch (error) {
      if (error instanceof CqlError) return { kind: 'error', code: error.code, message: error.message };
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

type Described = { readonly keyspace: string; readonly table: string; readonly name: string; readonly type: unknown };

function preparedOutcome(
  id: Uint8Array,
  resultMetadataId: Uint8Array,
  bindColumns: readonly Described[],
  partitionKeyIndexes: readonly number[],
  resultColumns: readonly Described[],
): Outcome {
  const column = ({ keyspace, table, name, type }: Described) => `${keyspace}.${table}.${name} ${JSON.stringify(type)}`;
  return {
    kind: 'prepared',
    columns: bindColumns.map(column),
    rows: [hex(id), hex(resultMetadataId), partitionKeyIndexes.join(), ...resultColumns.map(column)],
    warnings: [],
  };
}

/** A type as a client reads it from the wire. */
function wireType(type: CqlType): unknown {
  const writer = new BufferWriter(64);
  encodeTypeOption(writer, type, 5);
  return readType(new BodyReader(Buffer.from(writer.finish())));
}

class Local implements Target {
  readonly #session = new Session(new InProcessNode());

  async run(cql: string, pageSize: number): Promise<Outcome> {
    try {
      const rows: string[] = [];
      const warnings: string[] = [];
      let pagingState: Uint8Array | null = null;
      for (;;) {
        const result = await this.#session.query(cql, [], { pageSize, pagingState });
        rows.push(...cellsOfResult(result).map((row) => row.map(hex).join(' ')));
        warnings.push(...(result.warnings ?? []));
        pagingState = result.kind === 'rows' ? result.pagingState : null;
        const columns = result.kind === 'rows' ? result.columns.map(({ name }) => name) : [];
        if (pagingState === null) return { kind: result.kind, columns, rows, warnings };
        rows.push('--');
      }
    } catch (error) {
      if (error instanceof FerrosaError)
        return { kind: 'error', code: errorTable[error.code].cql, message: error.message };
      return {
        kind: 'error',
        code: -1,
        message: String((error as Error).stack)
          .split('\n')
          .slice(0, 3)
          .join(' | '),
      };
    }
  }

  async prepare(cql: string): Promise<Outcome> {
    try {
      const found = await this.#session.node.processor.prepare(cql, this.#session.client, null);
      const wire = (column: ColumnSpec) => ({ ...column, type: wireType(column.type) });
      const { id, resultMetadataId, partitionKeyIndexes } = found;
      const results = (found.resultColumns ?? []).map(wire);
      return preparedOutcome(id, resultMetadataId, found.bindColumns.map(wire), partitionKeyIndexes, results);
    } catch (error) {
      if (!(error instanceof FerrosaError)) throw error;
      return { kind: 'error', code: errorTable[error.code].cql, message: error.message };
    }
  }

  async close(): Promise<void> {}
}

type Line = { readonly cql: string; readonly mode: 'exact' | 'shape' | 'code' | 'prepare'; readonly pageSize: number };

function parseLine(text: string): Line | null {
  const line = text.trim();
  if (line === '' || line.startsWith('#')) return null;
  if (line.startsWith('~')) return { cql: line.slice(1).trim(), mode: 'shape', pageSize: 0 };
  if (line.startsWith('?')) return { cql: line.slice(1).trim(), mode: 'code', pageSize: 0 };
  if (line.startsWith('>')) return { cql: line.slice(1).trim(), mode: 'prepare', pageSize: 0 };
  const paged = /^@(\d+) (.*)$/.exec(line);
  if (paged) return { cql: paged[2]!, mode: 'exact', pageSize: Number(paged[1]) };
  return { cql: line, mode: 'exact', pageSize: 0 };
}

/** An empty page at the end, and where pages end, may differ: only rows count, and that no page is longer than asked. */
function rowsOf(outcome: Outcome): string {
  return 'rows' in outcome ? outcome.rows.filter((row) => row !== '--').join('\n') : '';
}

/** null when they agree. */
function difference(line: Line, ferrosa: Outcome, cassandra: Outcome): string | null {
  if (ferrosa.kind !== cassandra.kind) return 'kind';
  if ('code' in ferrosa && 'code' in cassandra) {
    if (ferrosa.code !== cassandra.code) return 'code';
    return line.mode !== 'code' && ferrosa.message !== cassandra.message ? 'message' : null;
  }
  if (!('rows' in ferrosa) || !('rows' in cassandra)) return null;
  if (ferrosa.columns.join() !== cassandra.columns.join()) return 'columns';
  if (line.mode === 'shape') return ferrosa.rows.length === cassandra.rows.length ? null : 'row count';
  if (rowsOf(ferrosa) !== rowsOf(cassandra)) return 'rows';
  const distinct = (warnings: readonly string[]) => [...new Set(warnings)].join();
  return distinct(ferrosa.warnings) === distinct(cassandra.warnings) ? null : 'warnings';
}

function show(outcome: Outcome): string {
  if ('code' in outcome) return `error 0x${outcome.code.toString(16)} ${outcome.message}`;
  const warnings = outcome.warnings.length > 0 ? ` warnings: ${outcome.warnings.join('; ')}` : '';
  return `${outcome.kind} (${outcome.columns.join(', ')}) ${outcome.rows.slice(0, 12).join(' / ')}${warnings}`;
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const option = (name: string, otherwise: string): string => {
    const at = args.indexOf(name);
    return at < 0 ? otherwise : args.splice(at, 2)[1]!;
  };
  const cassandra = await Remote.connect(option('--cassandra', process.env['CASSANDRA'] ?? '127.0.0.1:19142'));
  const address = option('--ferrosa', '');
  const ferrosa: Target = address === '' ? new Local() : await Remote.connect(address);
  const files = readdirSync(corpus)
    .filter((name) => name.endsWith('.cql') && (args.length === 0 || args.some((arg) => name.startsWith(arg))))
    .sort();
  let agreed = 0;
  let differed = 0;
  for (const file of files) {
    for (const target of [cassandra, ferrosa]) {
      await target.run(`DROP KEYSPACE IF EXISTS ${keyspace}`, 0);
      await target.run(
        `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
        0,
      );
      await target.run(`USE ${keyspace}`, 0);
    }
    for (const [index, text] of readFileSync(join(corpus, file), 'utf8').split('\n').entries()) {
      const line = parseLine(text);
      if (line === null) continue;
      const run = (target: Target) =>
        line.mode === 'prepare' ? target.prepare(line.cql) : target.run(line.cql, line.pageSize);
      const [theirs, ours] = [await run(cassandra), await run(ferrosa)];
      const differs = difference(line, ours, theirs);
      if (differs === null) {
        agreed++;
        continue;
      }
      differed++;
      console.log(
        `${file}:${index + 1} ${differs}: ${line.cql}\n  Ferrosa    ${show(ours)}\n  Cassandra  ${show(theirs)}`,
      );
    }
  }
  console.log(`${agreed} statements agree, ${differed} differ, in ${files.length} files`);
  await Promise.all([cassandra.close(), ferrosa.close()]);
  process.exitCode = differed === 0 ? 0 : 1;
}

await main();
