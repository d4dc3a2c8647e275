// The two servers of a run: a Ferrosa and a Cassandra of its own unless the command line names others.
import type { Target } from '../diff/outcome.js';
import { Remote } from '../diff/remote.js';
import { ownOracle } from '../sstables/oracle.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';

/** A busy machine is no difference. */
const patience = Object.fromEntries(
  ['read', 'range', 'write', 'counter_write', 'truncate'].map((kind) => [`${kind}_request_timeout`, '60000ms']),
);
/** Nothing of a run is kept: no snapshot of what is dropped, no flush of the schema at each change. */
const settings = [
  'auto_snapshot=false',
  'dynamic_data_masking_enabled=true',
  'cas_contention_timeout=60000ms',
  'native_transport_timeout=600000ms',
  // An increment that a deletion hides is still in that cache, and comes back with the next one.
  'counter_cache_size=0MiB',
  ...Object.entries(patience).map(([name, time]) => `${name}=${time}`),
];
const jvm = '-Dcassandra.test.flush_local_schema_changes=false -Dcassandra.unsafesystem=true';

/** The value behind the flag `name`. */
export function option(args: readonly string[], name: string, otherwise: string): string {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : args[at + 1]!;
}

export const connection = (name: string, address: string): Remote => {
  const [host, port] = address.split(':');
  return new Remote(name, Number(port), false, host);
};

export type FerrosaNode = { readonly address: string; stop(): Promise<void> };

/** A Ferrosa with an empty data folder, which `stop` removes. */
export async function freshFerrosa(): Promise<FerrosaNode> {
  const folder = temporaryDataDir();
  const node = await NodeProcess.start(folder.path, { ...patience, dynamic_data_masking_enabled: 'true' });
  const stop = async (): Promise<void> => {
    await node.stop();
    folder.remove();
  };
  return { address: `127.0.0.1:${node.port}`, stop };
}

export type Servers = { readonly ferrosa: string; readonly cassandra: string; stop(): Promise<void> };

/** The servers that `--ferrosa`, `--cassandra` and $CASSANDRA name, those that they do not name started. */
export async function startServers(args: readonly string[]): Promise<Servers> {
  const given = option(args, '--cassandra', process.env['CASSANDRA'] ?? '');
  const oracle = given === '' ? ownOracle('grammar', settings, jvm) : null;
  const address = option(args, '--ferrosa', '');
  const node = address === '' ? await freshFerrosa() : null;
  const stop = async (): Promise<void> => {
    await node?.stop();
    oracle?.stop();
  };
  return { ferrosa: node?.address ?? address, cassandra: oracle ? `${oracle.host}:${oracle.port}` : given, stop };
}

/** Sends a statement. @returns the code and the message of an error, else '' */
export async function execute(target: Target, cql: string): Promise<string> {
  const outcome = await target.run({ number: 0, cql, mode: 'exact', pageSize: 0, binds: null });
  return 'code' in outcome ? `${outcome.code} ${outcome.message}` : '';
}

export async function freshKeyspace(target: Target, keyspace: string): Promise<void> {
  for (const cql of [
    `DROP KEYSPACE IF EXISTS ${keyspace}`,
    `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `USE ${keyspace}`,
  ]) {
    const error = await execute(target, cql);
    if (error !== '') throw new Error(`${target.name}: ${cql}: ${error}`);
  }
}
