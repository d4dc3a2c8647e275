// DESCRIBE on the server: rows, columns, errors and paging as cqlsh and the drivers expect them.
import { utf8Bytes } from '../../common/bytes.js';
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { DescribeStatement } from '../../cql/index.js';
import { type CqlType, parseUuid, quoteIfNeeded } from '../../types/index.js';
import { functionsNamed } from '../functions.js';
import type { KeyspaceDefinition, Schema } from '../model.js';
import { isSystemKeyspace } from '../schema-version.js';
import { partitionerClass } from '../virtual/node-rows.js';
import { encodePlain } from '../virtual/values.js';
import {
  baseTables,
  byElementName,
  type Element,
  functionElement,
  functionElements,
  keyspaceElement,
  keyspaceElements,
  tableElements,
  typeElement,
  viewElement,
} from './elements.js';

export type DescribeContext = {
  readonly schema: Schema;
  /** Keyspace of the session, or null. */
  readonly keyspace: string | null;
  readonly clusterName: string;
  /** Class name without its package, e.g. 'DynamicEndpointSnitch'. */
  readonly snitch: string;
  /** For DESCRIBE CLUSTER: by the token that ends a range, the `address:port` of its replicas. */
  rangeOwnership(keyspace: string): ReadonlyMap<string, readonly string[]>;
};

export type DescribeColumn = { readonly name: string; readonly type: CqlType };

export type DescribeResult = {
  /** Of keyspace `system`, table `describe`. */
  readonly columns: readonly DescribeColumn[];
  readonly rows: readonly (readonly (Uint8Array | null)[])[];
  readonly pagingState: Uint8Array | null;
};

const text: CqlType = { kind: 'text' };
const textColumns = (...names: string[]): DescribeColumn[] => names.map((name) => ({ name, type: text }));
const listColumns = textColumns('keyspace_name', 'type', 'name');
const elementColumns = textColumns('keyspace_name', 'type', 'name', 'create_statement');
const ownershipType: CqlType = {
  kind: 'map',
  key: text,
  value: { kind: 'list', element: text, frozen: true },
  frozen: true,
};

const pagingVersion = 1;
const pagingStateBytes = 26;

function findKeyspace(name: string, context: DescribeContext): KeyspaceDefinition {
  const keyspace = context.schema.keyspaces.get(name);
  if (keyspace === undefined) throw invalid(`'${name}' not found in keyspaces`);
  return keyspace;
}

/** The keyspace that a statement about one element means. */
function elementKeyspace(name: string | null | undefined, context: DescribeContext): KeyspaceDefinition {
  const keyspace = name ?? context.keyspace;
  if (keyspace === null) throw invalid('No keyspace specified and no current keyspace');
  return findKeyspace(keyspace, context);
}

const sortedKeyspaces = (context: DescribeContext): KeyspaceDefinition[] =>
  [...context.schema.keyspaces.values()].sort(byElementName);

/** Keyspaces that DESCRIBE TABLES and the like look at. */
function listedKeyspaces(context: DescribeContext): KeyspaceDefinition[] {
  return context.keyspace === null ? sortedKeyspaces(context) : [findKeyspace(context.keyspace, context)];
}

function listing(statement: DescribeStatement, context: DescribeContext): Element[] | null {
  switch (statement.what) {
    case 'keyspaces':
      return sortedKeyspaces(context).map(keyspaceElement);
    case 'tables':
      return listedKeyspaces(context).flatMap((keyspace) =>
        baseTables(keyspace).map((table) => tableElements(keyspace, table)[0]!),
      );
    case 'types':
      return listedKeyspaces(context).flatMap((keyspace) =>
        [...keyspace.types.values()].sort(byElementName).map(typeElement),
      );
    case 'functions':
      return listedKeyspaces(context).flatMap((keyspace) => functionElements(keyspace, 'function'));
    case 'aggregates':
      return listedKeyspaces(context).flatMap((keyspace) => functionElements(keyspace, 'aggregate'));
    default:
      return null;
  }
}

function tableOf(keyspace: KeyspaceDefinition, name: string): Element[] {
  const table = keyspace.tables.get(name);
  if (table === undefined || table.view !== undefined)
    throw invalid(`Table '${name}' not found in keyspace '${keyspace.name}'`);
  return tableElements(keyspace, table);
}

function indexOf(keyspace: KeyspaceDefinition, name: string): Element[] | null {
  for (const table of keyspace.tables.values())
    if (table.indexes.some((index) => index.name === name))
      return tableElements(keyspace, table).filter((element) => element.type === 'index' && element.name === name);
  return null;
}

/** DESCRIBE name: a keyspace, a table or an index, in this order. */
function generic(statement: DescribeStatement, context: DescribeContext): Element[] {
  const { keyspace: given, name } = statement.name!;
  if (given === null && context.schema.keyspaces.has(name)) return keyspaceElements(findKeyspace(name, context), false);
  const keyspace = findKeyspace(given ?? context.keyspace ?? name, context);
  const table = keyspace.tables.get(name);
  if (table?.view !== undefined) return [viewElement(table)];
  if (table !== undefined) return tableOf(keyspace, name);
  const index = indexOf(keyspace, name);
  if (index !== null) return index;
  throw invalid(`'${name}' not found in keyspace '${keyspace.name}'`);
}

function elements(statement: DescribeStatement, context: DescribeContext): Element[] {
  if (statement.what === 'schema')
    return sortedKeyspaces(context)
      .filter((keyspace) => statement.full || !isSystemKeyspace(keyspace.name))
      .flatMap((keyspace) => keyspaceElements(keyspace, false));
  if (statement.what === 'generic') return generic(statement, context);
  if (statement.what === 'keyspace')
    return keyspaceElements(elementKeyspace(statement.name?.name, context), statement.only);

  const keyspace = elementKeyspace(statement.name!.keyspace, context);
  const { name } = statement.name!;
  const missing = (what: string): FerrosaError => invalid(`${what} '${name}' not found in '${keyspace.name}'`);
  switch (statement.what) {
    case 'table':
      return tableOf(keyspace, name);
    case 'type': {
      const type = keyspace.types.get(name);
      if (type === undefined) throw missing('User defined type');
      return [typeElement(type)];
    }
    case 'index': {
      const index = indexOf(keyspace, name);
      if (index === null) throw missing('Table for existing index');
      return index;
    }
    case 'view': {
      const view = keyspace.tables.get(name);
      if (view?.view === undefined) throw missing('Materialized view');
      return [viewElement(view)];
    }
    default: {
      const kind = statement.what === 'function' ? 'function' : 'aggregate';
      const found = functionsNamed(keyspace, name).filter((fn) => fn.kind === kind);
      if (found.length === 0) throw missing(`User defined ${kind}`);
      return found.map(functionElement);
    }
  }
}

function cluster(context: DescribeContext): DescribeResult {
  const partitioner = partitionerClass.slice(partitionerClass.lastIndexOf('.') + 1);
  const row: (Uint8Array | null)[] = [context.clusterName, partitioner, context.snitch].map(utf8Bytes);
  const columns = textColumns('cluster', 'partitioner', 'snitch');
  if (context.keyspace !== null && !isSystemKeyspace(context.keyspace)) {
    columns.push({ name: 'range_ownership', type: ownershipType });
    row.push(encodePlain(ownershipType, context.rangeOwnership(context.keyspace)));
  }
  return { columns, rows: [row], pagingState: null };
}

/** Bytes: u16 version, 16 bytes schema version, u64 offset of the next row. */
function pagingStateAt(offset: number, context: DescribeContext): Uint8Array {
  const state = Buffer.alloc(pagingStateBytes);
  state.writeUInt16BE(pagingVersion);
  state.set(parseUuid(context.schema.version)!, 2);
  state.writeBigUInt64BE(BigInt(offset), 18);
  return state;
}

function offsetOf(pagingState: Uint8Array | null, context: DescribeContext): number {
  if (pagingState === null) return 0;
  const state = Buffer.from(pagingState.buffer, pagingState.byteOffset, pagingState.length);
  if (state.length !== pagingStateBytes || state.readUInt16BE() !== pagingVersion)
    throw invalid('Incompatible paging state');
  if (!state.subarray(2, 18).equals(parseUuid(context.schema.version)!))
    throw invalid(
      'The schema has changed since the previous page of the DESCRIBE statement result. ' +
        'Please retry the DESCRIBE statement.',
    );
  return Number(state.readBigUInt64BE(18));
}

/**
 * Answers a DESCRIBE statement.
 * @param pageSize     rows a page; 0 for all
 * @param pagingState  of the page before, or null
 * @throws FerrosaError INVALID with Cassandra's text for what is not there
 */
export function describe(
  statement: DescribeStatement,
  context: DescribeContext,
  pageSize = 0,
  pagingState: Uint8Array | null = null,
): DescribeResult {
  if (statement.what === 'cluster') return cluster(context);
  const offset = offsetOf(pagingState, context);
  const listed = listing(statement, context);
  const all = listed ?? elements(statement, context);
  const page = pageSize > 0 ? all.slice(offset, offset + pageSize) : all.slice(offset);
  const rows = page.map((element) => {
    const isSignature = element.type === 'function' || element.type === 'aggregate';
    const name = isSignature ? element.name : quoteIfNeeded(element.name);
    const row = [quoteIfNeeded(element.keyspace), element.type, name];
    if (listed === null) row.push(element.text(statement.internals));
    return row.map(utf8Bytes);
  });
  return {
    columns: listed === null ? elementColumns : listColumns,
    rows,
    pagingState: pageSize > 0 && page.length === pageSize ? pagingStateAt(offset + pageSize, context) : null,
  };
}
