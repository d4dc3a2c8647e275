// Tables whose rows are made when somebody reads them.
import { murmurToken } from '../../native/index.js';
import { compareValues } from '../../types/index.js';
import type { ColumnDefinition, Schema, TableDefinition } from '../model.js';
import { encodePlain, type PlainValue } from './values.js';

/** A row of serialized values in the order of `columnsOf`. */
export type VirtualRow = readonly (Uint8Array | null)[];

/** A row by column name; what is left out is null. */
export type PlainRow = Readonly<Record<string, PlainValue>>;

/** What system.local and system.peers say of a node. */
export type NodeInfo = {
  readonly hostId: string;
  readonly datacenter: string;
  readonly rack: string;
  readonly tokens: readonly string[];
  readonly releaseVersion: string;
  readonly broadcastAddress: string;
  readonly broadcastPort: number;
  readonly listenAddress: string;
  readonly listenPort: number;
  readonly nativeAddress: string;
  readonly nativePort: number;
};

/**
 * Figures of the process, by table of system_views: rows by column name, in any order. A table without a function has
 * no rows. Numbers are true or left out.
 */
export type NodeFigures = Readonly<Record<string, (() => readonly PlainRow[]) | undefined>>;

/** What the providers look at: as it is at the moment of the read. */
export type VirtualContext = {
  readonly schema: Schema;
  readonly clusterName: string;
  /** Seconds: when this node started. */
  readonly gossipGeneration: number;
  readonly local: NodeInfo;
  /** The other nodes, with the schema version that each has. */
  readonly peers: readonly (NodeInfo & { readonly schemaVersion: string })[];
  readonly figures: NodeFigures;
};

export interface VirtualTable {
  readonly definition: TableDefinition;
  /** Every row, partitions and rows in the order in which Cassandra returns them. */
  rows(context: VirtualContext): readonly VirtualRow[];
}

/** Columns of a table in the order of its virtual rows: partition key, clustering, static, regular. */
export function columnsOf(table: TableDefinition): readonly ColumnDefinition[] {
  return [...table.partitionKey, ...table.clustering, ...table.statics, ...table.regulars];
}

/** A partition key as it is hashed: the value, or each with its length and a zero byte. */
function serializedKey(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  return Buffer.concat(
    parts.flatMap((part) => [Uint8Array.of(part.length >>> 8, part.length & 0xff), part, Uint8Array.of(0)]),
  );
}

type SortedRow = { readonly row: VirtualRow; readonly token: bigint };

function compareRows(table: TableDefinition): (a: SortedRow, b: SortedRow) => number {
  const columns = [...table.partitionKey, ...table.clustering];
  return (a, b) => {
    if (a.token !== b.token) return a.token < b.token ? -1 : 1;
    for (const [i, column] of columns.entries()) {
      const order = compareValues(column.type, a.row[i]!, b.row[i]!);
      if (order !== 0) return column.reversed ? -order : order;
    }
    return 0;
  };
}

/**
 * Serializes and sorts rows.
 * @param byToken  stored tables have their partitions by token, those of the virtual keyspaces by the values of the key
 */
export function serializeRows(table: TableDefinition, rows: readonly PlainRow[], byToken: boolean): VirtualRow[] {
  const columns = columnsOf(table);
  const keys = table.partitionKey.length;
  const serialized = rows.map((plain) => {
    const row = columns.map((column) => encodePlain(column.type, plain[column.name]));
    return { row, token: byToken ? murmurToken(serializedKey(row.slice(0, keys) as Uint8Array[])) : 0n };
  });
  return serialized.sort(compareRows(table)).map(({ row }) => row);
}
