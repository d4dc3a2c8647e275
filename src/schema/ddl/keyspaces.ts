// CREATE, ALTER and DROP KEYSPACE.
import { configError, invalid } from '../../common/errors.js';
import type { DdlStatement, Options } from '../../cql/index.js';
import type { KeyspaceDefinition, Schema } from '../model.js';
import { Properties } from '../options/properties.js';
import { replicationFromMap, replicationWarnings, totalReplicas, validateReplication } from '../options/replication.js';
import { schemaOf } from '../schema-version.js';
import { type Applied, alreadyExists, checkKeyspaceName, checkModifiable, type DdlContext } from './context.js';

type Create = Extract<DdlStatement, { kind: 'createKeyspace' }>;
type Alter = Extract<DdlStatement, { kind: 'alterKeyspace' }>;
type Drop = Extract<DdlStatement, { kind: 'dropKeyspace' }>;

const knownOptions: ReadonlySet<string> = new Set(['replication', 'durable_writes']);

/** The schema with one keyspace put in or taken out (null). */
export function withKeyspace(schema: Schema, name: string, keyspace: KeyspaceDefinition | null): Schema {
  const keyspaces = new Map(schema.keyspaces);
  if (keyspace === null) keyspaces.delete(name);
  else keyspaces.set(name, keyspace);
  return schemaOf(keyspaces);
}

function readProperties(options: Options): Properties {
  const properties = new Properties(options, knownOptions);
  if (!properties.has('replication')) return properties;
  const replication = properties.map('replication');
  if (Object.keys(replication).length > 0 && replication['class'] === undefined)
    throw configError('Missing replication strategy class');
  return properties;
}

/** Null when there is nothing to do. @throws FerrosaError */
export function createKeyspace(schema: Schema, statement: Create, context: DdlContext): Applied | null {
  const { name } = statement;
  checkKeyspaceName(name);
  const properties = readProperties(statement.options);
  if (!properties.has('replication')) throw invalid("Missing mandatory option 'replication'");
  if (schema.keyspaces.has(name)) {
    if (statement.ifNotExists) return null;
    throw alreadyExists(name, '');
  }
  const durableWrites = properties.has('durable_writes') ? properties.boolean('durable_writes') : true;
  const replication = replicationFromMap(properties.map('replication'), null, context.topology);
  validateReplication(name, replication, context.topology);
  const elements = { tables: new Map(), types: new Map(), functions: new Map() };
  const keyspace = { name, durableWrites, replication, ...elements, virtual: false };
  return {
    schema: withKeyspace(schema, name, keyspace),
    change: { change: 'CREATED', target: 'KEYSPACE', keyspace: name },
    warnings: replicationWarnings(name, replication, context.topology),
  };
}

/** Null when there is nothing to do. @throws FerrosaError */
export function alterKeyspace(schema: Schema, statement: Alter, context: DdlContext): Applied | null {
  const { name } = statement;
  checkModifiable(name, 'ALTER', `<keyspace ${name}>`);
  checkKeyspaceName(name);
  const properties = readProperties(statement.options);
  const keyspace = schema.keyspaces.get(name);
  if (keyspace === undefined) {
    if (statement.ifExists) return null;
    throw invalid(`Keyspace '${name}' doesn't exist`);
  }
  const durableWrites = properties.has('durable_writes')
    ? properties.boolean('durable_writes')
    : keyspace.durableWrites;
  const given = properties.has('replication') ? properties.map('replication') : {};
  const replication =
    given['class'] === undefined
      ? keyspace.replication
      : replicationFromMap(given, keyspace.replication, context.topology);
  validateReplication(name, replication, context.topology);
  const warnings = replicationWarnings(name, replication, context.topology);
  if (totalReplicas(keyspace.replication) < totalReplicas(replication))
    warnings.push('When increasing replication factor you need to run a full (-full) repair to distribute the data.');
  return {
    schema: withKeyspace(schema, name, { ...keyspace, durableWrites, replication }),
    change: { change: 'UPDATED', target: 'KEYSPACE', keyspace: name },
    warnings,
  };
}

/** Null when there is nothing to do. @throws FerrosaError */
export function dropKeyspace(schema: Schema, statement: Drop): Applied | null {
  const { name } = statement;
  checkModifiable(name, 'DROP', `<keyspace ${name}>`);
  checkKeyspaceName(name);
  if (!schema.keyspaces.has(name)) {
    if (statement.ifExists) return null;
    throw invalid(`Keyspace '${name}' doesn't exist`);
  }
  return {
    schema: withKeyspace(schema, name, null),
    change: { change: 'DROPPED', target: 'KEYSPACE', keyspace: name },
  };
}
