// The version of a schema: a UUID made from its content, so that nodes with equal schemas show equal versions.
import { createHash } from 'node:crypto';
import { formatUuid } from '../types/index.js';
import { compareNames } from './build.js';
import type { KeyspaceDefinition, Schema, TableDefinition } from './model.js';

// Definitions are immutable, so the digest of one is kept as long as it lives: a DDL statement hashes what it changed.
const tableDigests = new WeakMap<TableDefinition, Uint8Array>();
const keyspaceDigests = new WeakMap<KeyspaceDefinition, Uint8Array>();

/** JSON with sorted keys: equal values give equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString();
    if (inner instanceof Map) return [...inner].sort(([a], [b]) => compareNames(a, b));
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => compareNames(a, b)));
  });
}

function digest(text: string): Uint8Array {
  return createHash('md5').update(text).digest();
}

/** The digests of a set, whatever its order. Each names its element, so that no two are equal. */
function combine(digests: Iterable<Uint8Array>): Uint8Array {
  const sum = new Uint8Array(16);
  for (const one of digests) for (let i = 0; i < 16; i++) sum[i]! ^= one[i]!;
  return sum;
}

function digestTable(table: TableDefinition): Uint8Array {
  let known = tableDigests.get(table);
  if (known === undefined) {
    // That a table has views shows in the views.
    const { version: _version, viewNames: _viewNames, ...content } = table;
    known = digest(canonical(content));
    tableDigests.set(table, known);
  }
  return known;
}

/** True when both are the same table with the same content, whatever their versions. */
export function sameTable(a: TableDefinition, b: TableDefinition): boolean {
  return a === b || Buffer.compare(digestTable(a), digestTable(b)) === 0;
}

function digestKeyspace(keyspace: KeyspaceDefinition): Uint8Array {
  let known = keyspaceDigests.get(keyspace);
  if (known === undefined) {
    const { tables, functions, ...rest } = keyspace;
    const combined = combine([...tables.values()].map(digestTable));
    // A keyspace without functions has the version that it had before there were any.
    const content = functions.size === 0 ? rest : { ...rest, functions };
    known = digest(canonical(content) + Buffer.from(combined).toString('hex'));
    keyspaceDigests.set(keyspace, known);
  }
  return known;
}

/** A UUID of version 3 form from 16 digest bytes. */
function uuidOfDigest(digestBytes: Uint8Array): string {
  const bytes = Buffer.from(digestBytes);
  bytes[6] = (bytes[6]! & 0x0f) | 0x30;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** A schema of these keyspaces with its version. Built-in keyspaces are the same everywhere and do not count. */
export function schemaOf(keyspaces: ReadonlyMap<string, KeyspaceDefinition>): Schema {
  const counted = [...keyspaces.values()].filter((keyspace) => !isLocalSystemKeyspace(keyspace.name));
  return { keyspaces, version: uuidOfDigest(combine(counted.map(digestKeyspace))) };
}

const localSystemKeyspaces = new Set([
  'system',
  'system_schema',
  'system_views',
  'system_virtual_schema',
  'system_observability',
]);
const replicatedSystemKeyspaces = new Set(['system_auth', 'system_distributed', 'system_traces']);

/** Keyspaces of this node alone: no DDL reaches them. */
export const isLocalSystemKeyspace = (name: string): boolean => localSystemKeyspaces.has(name);
/** Built-in keyspaces whose replication may be altered. */
export const isReplicatedSystemKeyspace = (name: string): boolean => replicatedSystemKeyspaces.has(name);
export const isSystemKeyspace = (name: string): boolean =>
  isLocalSystemKeyspace(name) || isReplicatedSystemKeyspace(name);
