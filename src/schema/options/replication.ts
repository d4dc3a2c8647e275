// The replication option of a keyspace: strategy classes, replication factors, and what Cassandra 5.0 says of bad ones.
import { configError, type FerrosaError, invalid } from '../../common/errors.js';
import { isSystemKeyspace } from '../schema-version.js';
import { parseJavaInteger } from './properties.js';

export type OptionMap = Readonly<Record<string, string>>;

/** Datacenters of the cluster and how many nodes each has. */
export type Topology = ReadonlyMap<string, number>;

const locatorPackage = 'org.apache.cassandra.locator.';
const factorKey = 'replication_factor';
/** `default_keyspace_rf` of Cassandra. */
const defaultFactor = '1';

export const simpleStrategy = `${locatorPackage}SimpleStrategy`;
export const networkTopologyStrategy = `${locatorPackage}NetworkTopologyStrategy`;
export const localStrategy = `${locatorPackage}LocalStrategy`;

function strategyClass(name: string): string {
  const full = name.includes('.') ? name : locatorPackage + name;
  if (full === `${locatorPackage}OldNetworkTopologyStrategy`)
    throw configError(
      'The support for the OldNetworkTopologyStrategy has been removed in C* version 4.0. ' +
        'The keyspace strategy should be switch to NetworkTopologyStrategy',
    );
  if (full === simpleStrategy || full === networkTopologyStrategy || full === localStrategy) return full;
  throw configError(`Unable to find replication strategy class '${full}'`);
}

/** Replicas that a text such as '3' asks for, or what is wrong with it. */
export function parseReplicationFactor(text: string): number | FerrosaError {
  const parts = text.split('/');
  if (parts.length > 2) return configError('Replication factor format is <replicas> or <replicas>/<transient>');
  const numbers: number[] = [];
  for (const part of parts) {
    const value = parseJavaInteger(part);
    if (value === null) return configError(`For input string: "${part}"`);
    numbers.push(Number(value));
  }
  const [replicas, transient = 0] = numbers as [number, number?];
  if (transient !== 0) return configError('Transient replication is not enabled on this node');
  if (replicas < 0) return configError(`Replication factor must be non-negative, found ${replicas}`);
  return replicas;
}

/** Gives each datacenter without a factor of its own the general one. */
function expandFactor(options: Record<string, string>, previous: OptionMap, topology: Topology): void {
  if (Object.keys(options).length === 0) options[factorKey] = previous[factorKey] ?? defaultFactor;
  let general = options[factorKey];
  delete options[factorKey];
  if (general === undefined) {
    if (Object.keys(options).length === 0) general = previous[factorKey];
  } else {
    // Datacenters that have a factor keep it: an ALTER with a general factor reaches only the others.
    for (const [name, factor] of Object.entries(previous)) if (name !== factorKey) options[name] ??= factor;
  }
  if (general !== undefined) {
    const replicas = parseReplicationFactor(general);
    // Cassandra lets a bad general factor pass here; what is missing is noticed by the validation.
    if (typeof replicas !== 'number') return;
    for (const name of topology.keys()) options[name] ??= String(replicas);
  }
  for (const [name, factor] of Object.entries(options)) if (factor === '0') delete options[name];
}

/**
 * The replication map as system_schema holds it.
 * @param previous  the map before an ALTER, or null
 * @throws FerrosaError CONFIG_ERROR
 */
export function replicationFromMap(given: OptionMap, previous: OptionMap | null, topology: Topology): OptionMap {
  const { class: className, ...rest } = given;
  const options: Record<string, string> = rest;
  if (className === undefined) throw configError('Missing replication strategy class');
  const full = strategyClass(className);
  const { class: _previousClass, ...previousOptions } = previous ?? {};
  if (full === simpleStrategy) options[factorKey] ??= previousOptions[factorKey] ?? defaultFactor;
  if (full === networkTopologyStrategy) expandFactor(options, previousOptions, topology);
  return { class: full, ...options };
}

function replicas(text: string): number {
  const value = parseReplicationFactor(text);
  if (typeof value !== 'number') throw value;
  return value;
}

/**
 * Checks a map that replicationFromMap made.
 * @throws FerrosaError INVALID for LocalStrategy, CONFIG_ERROR for factors and names that make no sense
 */
export function validateReplication(keyspace: string, replication: OptionMap, topology: Topology): void {
  const { class: full, ...options } = replication;
  if (full === localStrategy)
    throw invalid('Unable to use given strategy class: LocalStrategy is reserved for internal use.');
  const unknown = (name: string, strategy: string) =>
    configError(`Unrecognized strategy option {${name}} passed to ${strategy} for keyspace ${keyspace}`);
  if (full === simpleStrategy) {
    replicas(options[factorKey]!);
    for (const name of Object.keys(options)) if (name !== factorKey) throw unknown(name, 'SimpleStrategy');
    return;
  }
  for (const factor of Object.values(options)) replicas(factor);
  if (Object.keys(options).length === 0) throw configError('Configuration for at least one datacenter must be present');
  for (const name of Object.keys(options)) if (!topology.has(name)) throw unknown(name, 'NetworkTopologyStrategy');
  if (keyspace !== 'system_auth') return;
  const missing = [...topology.keys()].filter((name) => options[name] === undefined);
  if (missing.length > 0)
    throw configError(
      'Following datacenters have active nodes and must be present in replication options for keyspace ' +
        `system_auth: [${missing.join(', ')}]`,
    );
}

/** Warnings about factors above the number of nodes. */
export function replicationWarnings(keyspace: string, replication: OptionMap, topology: Topology): string[] {
  if (isSystemKeyspace(keyspace)) return [];
  const { class: full, ...options } = replication;
  const warning = (factor: number, nodes: number, where: string): string =>
    `Your replication factor ${factor} for keyspace ${keyspace} is higher than the number of nodes ${nodes}${where}`;
  if (full === simpleStrategy) {
    const nodes = [...topology.values()].reduce((sum, count) => sum + count, 0);
    const factor = replicas(options[factorKey]!);
    return factor > nodes && nodes !== 0 ? [warning(factor, nodes, '')] : [];
  }
  return Object.entries(options).flatMap(([name, text]) => {
    const nodes = topology.get(name) ?? 0;
    const factor = replicas(text);
    return factor > nodes && nodes !== 0 ? [warning(factor, nodes, ` for datacenter ${name}`)] : [];
  });
}

/** Replicas of a row over all datacenters. */
export function totalReplicas(replication: OptionMap): number {
  let total = totals.get(replication);
  if (total !== undefined) return total;
  const { class: full, ...options } = replication;
  total = full === localStrategy ? 1 : Object.values(options).reduce((sum, text) => sum + replicas(text), 0);
  totals.set(replication, total);
  return total;
}

/** Every request asks; definitions never change. */
const totals = new WeakMap<OptionMap, number>();
