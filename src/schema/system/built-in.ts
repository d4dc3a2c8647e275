// The keyspaces that every node has, made from their tables' texts when the process starts.
import assert from 'node:assert';
import { parseCqlType } from '../../types/index.js';
import { buildTable, defaultTableOptions } from '../build.js';
import type { ColumnDefinition, KeyspaceDefinition, Schema, TableDefinition } from '../model.js';
import { localStrategy, simpleStrategy } from '../options/replication.js';
import { schemaOf } from '../schema-version.js';
import type { BuiltInTable } from './built-in-table.js';
import { systemAuthTables, systemDistributedTables, systemTracesTables } from './tables-distributed.js';
import { systemObservabilityTables } from './tables-observability.js';
import { systemSchemaTables, systemVirtualSchemaTables } from './tables-schema.js';
import { systemTables } from './tables-system.js';
import { systemViewsTables } from './tables-views.js';

/** Tables of keyspace system whose rows are made from what the process knows; the others are stored. */
const providedSystemTables: ReadonlySet<string> = new Set(['local', 'peers', 'peers_v2', 'IndexInfo']);

/** Parts between the commas that are not inside <>. */
function splitColumns(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '<') depth++;
    else if (text[i] === '>') depth--;
    else if ((text[i] === ',' && depth === 0) || i === text.length) {
      if (i > start) parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts;
}

function parseColumns(keyspace: string, text: string, kind: ColumnDefinition['kind'], firstId: number) {
  return splitColumns(text).map((part, i): ColumnDefinition => {
    const match = /^(\S+) (.+?)( desc| static)?$/.exec(part);
    assert(match !== null);
    const type = parseCqlType(match[2]!, keyspace, () => undefined);
    const isStatic = match[3] === ' static';
    const position = kind === 'regular' ? -1 : i;
    const reversed = match[3] === ' desc';
    return { name: match[1]!, id: firstId + i, kind: isStatic ? 'static' : kind, position, type, reversed };
  });
}

function makeTable(keyspace: string, table: BuiltInTable, virtual: boolean): TableDefinition {
  const key = parseColumns(keyspace, table.key, 'partition_key', 0);
  const clustering = parseColumns(keyspace, table.clustering ?? '', 'clustering', key.length);
  const others = parseColumns(keyspace, table.columns ?? '', 'regular', key.length + clustering.length);
  const columns = [...key, ...clustering, ...others];
  const dropped = parseColumns(keyspace, table.dropped ?? '', 'regular', columns.length).map((column) => {
    const { name, id, kind, type } = column;
    return { name, id, kind, type, droppedAt: 2n ** 63n - 1n };
  });
  return buildTable({
    keyspace,
    name: table.name,
    id: table.id,
    version: 1,
    isCounter: false,
    flags: ['compound'],
    columns,
    dropped,
    nextColumnId: columns.length + dropped.length,
    options: { ...defaultTableOptions, ...table.options, comment: table.comment },
    indexes: [],
    virtual,
  });
}

type KeyspaceKind = 'local' | 'virtual' | number;

/** @param kind  where its rows are: on this node, made up, or on that many nodes (SimpleStrategy) */
function makeKeyspace(
  name: string,
  kind: KeyspaceKind,
  tables: readonly BuiltInTable[],
  isProvided: (table: string) => boolean,
): KeyspaceDefinition {
  const made = tables.map((table) => makeTable(name, table, isProvided(table.name)));
  return {
    name,
    durableWrites: true,
    replication:
      typeof kind === 'number' ? { class: simpleStrategy, replication_factor: String(kind) } : { class: localStrategy },
    tables: new Map(made.map((table) => [table.name, table])),
    types: new Map(),
    functions: new Map(),
    virtual: kind === 'virtual',
  };
}

let builtIn: Schema | null = null;

/**
 * The schema of a new node: keyspaces system, system_schema, system_auth, system_distributed, system_traces, and the
 * virtual ones system_views, system_virtual_schema and (Ferrosa's own) system_observability.
 */
export function systemSchema(): Schema {
  if (builtIn !== null) return builtIn;
  const all = (): boolean => true;
  const none = (): boolean => false;
  const keyspaces = [
    makeKeyspace('system', 'local', systemTables, (table) => providedSystemTables.has(table)),
    makeKeyspace('system_schema', 'local', systemSchemaTables, all),
    makeKeyspace('system_auth', 1, systemAuthTables, none),
    makeKeyspace('system_distributed', 3, systemDistributedTables, none),
    makeKeyspace('system_traces', 2, systemTracesTables, none),
    makeKeyspace('system_views', 'virtual', systemViewsTables, all),
    makeKeyspace('system_observability', 'virtual', systemObservabilityTables, all),
    makeKeyspace('system_virtual_schema', 'virtual', systemVirtualSchemaTables, all),
  ];
  builtIn = schemaOf(new Map(keyspaces.map((keyspace) => [keyspace.name, keyspace])));
  return builtIn;
}
