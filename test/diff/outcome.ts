// What a statement came to, on either side, and whether two outcomes agree.
import type { Line } from './corpus.js';

export type Outcome =
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | {
      readonly kind: string;
      readonly columns: readonly string[];
      /** One text a row, cells in hexadecimal; `--` where a page ends. */
      readonly rows: readonly string[];
      readonly warnings: readonly string[];
    };

export interface Target {
  readonly name: string;
  run(line: Line): Promise<Outcome>;
  close(): Promise<void>;
}

export const hex = (cell: Uint8Array | null): string => (cell === null ? 'null' : Buffer.from(cell).toString('hex'));

export type Described = {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: unknown;
};

export function preparedOutcome(
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

/** An empty page at the end, and where pages end, may differ: only rows count. */
function rowsOf(outcome: Outcome): string {
  return 'rows' in outcome ? outcome.rows.filter((row) => row !== '--').join('\n') : '';
}

/**
 * A message without what says nothing: the piece of the statement that a syntax error shows in parentheses at its end,
 * and the order of signatures, which is another one in every process of Cassandra.
 */
function leading(message: string): string {
  if (message.startsWith('line ')) return message.replace(/ \(.*\)$/s, '');
  return message.replace(/(signatures: )(system\..*\) -> \w+)(?=\))/s, (_, start: string, list: string) => {
    return (
      start +
      list
        .split(/, (?=system\.)/)
        .sort()
        .join(', ')
    );
  });
}

/** null when they agree, else in what they differ. */
export function difference(line: Line, ferrosa: Outcome, cassandra: Outcome): string | null {
  if (line.mode === 'differs') return 'code' in ferrosa && ferrosa.code <= 0 ? 'server error' : null;
  if (ferrosa.kind !== cassandra.kind) return 'kind';
  if ('code' in ferrosa && 'code' in cassandra) {
    if (ferrosa.code !== cassandra.code) return 'code';
    return line.mode !== 'code' && leading(ferrosa.message) !== leading(cassandra.message) ? 'message' : null;
  }
  if (!('rows' in ferrosa) || !('rows' in cassandra)) return null;
  if (ferrosa.columns.join() !== cassandra.columns.join()) return 'columns';
  if (line.mode === 'shape') return ferrosa.rows.length === cassandra.rows.length ? null : 'row count';
  if (rowsOf(ferrosa) !== rowsOf(cassandra)) return 'rows';
  const distinct = (warnings: readonly string[]) => [...new Set(warnings)].join();
  return distinct(ferrosa.warnings) === distinct(cassandra.warnings) ? null : 'warnings';
}

/** An outcome for people: cells of printable characters as text. */
export function show(outcome: Outcome): string {
  if ('code' in outcome) return `error 0x${outcome.code.toString(16)} ${outcome.message}`;
  const warnings = outcome.warnings.length > 0 ? ` warnings: ${outcome.warnings.join('; ')}` : '';
  return `${outcome.kind} (${outcome.columns.join(', ')}) ${outcome.rows.slice(0, 12).map(readable).join(' / ')}${warnings}`;
}

function readable(row: string): string {
  const cell = (text: string) => {
    const value = /^([0-9a-f]{2})+$/.test(text) ? Buffer.from(text, 'hex').toString('latin1') : '';
    return /^[\x20-\x7e]+$/.test(value) ? `'${value}'` : text;
  };
  return row.split(' ').map(cell).join(' ');
}
