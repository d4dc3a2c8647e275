// What a DDL statement needs beside its text and the schema, and what it makes of them.
import { FerrosaError, invalid } from '../../common/errors.js';
import type { MaskNode, QualifiedName, Relation } from '../../cql/index.js';
import type { CqlType } from '../../types/index.js';
import type { ColumnMask, Schema, SchemaChange, TableDefinition } from '../model.js';
import type { Topology } from '../options/replication.js';
import { isLocalSystemKeyspace, isReplicatedSystemKeyspace } from '../schema-version.js';

/** Everything that is not in the statement: DDL is a function of its arguments, so that every node gets the same. */
export type DdlContext = {
  /** Keyspace of the session (USE), or null. */
  readonly keyspace: string | null;
  readonly topology: Topology;
  /** Microseconds: drop times. */
  readonly nowMicros: bigint;
  /** Functions may be made (user_defined_functions_enabled). */
  readonly userFunctionsEnabled: boolean;
  /** What a MASKED WITH stands for; null when masking is off (dynamic_data_masking_enabled). */
  readonly resolveMask: ResolveMask | null;
  /** Looks through the WHERE of a view of `base`; null where nothing plans. @throws FerrosaError INVALID */
  readonly checkViewWhere: CheckViewWhere | null;
  /** A new table's id: UUID text. */
  newTableId(): string;
};

/** A column that gets a mask. */
export type MaskedColumn = {
  readonly schema: Schema;
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
};

/** Finds the function of a mask. @throws FerrosaError INVALID when it cannot mask the column */
export type ResolveMask = (column: MaskedColumn, mask: MaskNode) => ColumnMask;

export type CheckViewWhere = (schema: Schema, base: TableDefinition, relations: readonly Relation[]) => void;

/** What applying a statement made, before it is compared with what was there. */
export type Applied = {
  readonly schema: Schema;
  /** What the client is told when something changed. */
  readonly change: SchemaChange;
  readonly warnings?: readonly string[];
};

/** The keyspace a name means. @throws FerrosaError INVALID when neither the name nor the session has one */
export function keyspaceOf(name: QualifiedName, context: DdlContext): string {
  const keyspace = name.keyspace ?? context.keyspace;
  if (keyspace === null)
    throw invalid('No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename');
  return keyspace;
}

export type Permission = 'CREATE' | 'ALTER' | 'DROP';

/**
 * Keeps clients from what is built in.
 * @param resource  as Cassandra prints it, e.g. `<table ks.t>`
 * @throws FerrosaError UNAUTHORIZED
 */
export function checkModifiable(keyspace: string, permission: Permission, resource: string): void {
  const lower = keyspace.toLowerCase();
  if (isLocalSystemKeyspace(lower))
    throw new FerrosaError('UNAUTHORIZED', `${keyspace} keyspace is not user-modifiable.`);
  const isKeyspace = resource.startsWith('<keyspace ');
  if (isReplicatedSystemKeyspace(lower) && !(permission === 'ALTER' && isKeyspace))
    throw new FerrosaError('UNAUTHORIZED', `Cannot ${permission} ${resource}`);
}

/** Longest name of a keyspace; Cassandra's limit. */
export const keyspaceNameCharactersMax = 48;
/** Longest name of a table: a folder's 255 characters less the table's id and a dash. */
export const tableNameCharactersMax = 222;

/** @throws FerrosaError INVALID */
export function checkKeyspaceName(name: string): void {
  if (isLocalSystemKeyspace(name.toLowerCase())) throw invalid(`System keyspace '${name}' is not user-modifiable`);
  if (!/^\w+$/.test(name))
    throw invalid(
      'Keyspace name must not be empty and must contain alphanumeric or underscore characters only ' +
        `(got "${name}")`,
    );
  if (name.length > keyspaceNameCharactersMax)
    throw invalid(
      `Keyspace name must not be more than ${keyspaceNameCharactersMax} characters long ` +
        `(got ${name.length} characters for "${name}")`,
    );
}

export function alreadyExists(keyspace: string, table: string): FerrosaError {
  const message =
    table === ''
      ? `Cannot add existing keyspace "${keyspace}"`
      : `Cannot add already existing table "${table}" to keyspace "${keyspace}"`;
  return new FerrosaError('ALREADY_EXISTS', message, { keyspace, table });
}
