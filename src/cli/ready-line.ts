// What is open where, as the ready line says it. Scripts read the ports out of it.
import type { Config } from './settings.js';

type Binds = Pick<Config, 'cql_bind' | 'cql_shard_aware_bind' | 'web_bind' | 'shards'>;
/** The ports that were bound, also where the system chose them. */
export type OpenPorts = { readonly cql: number; readonly aware: number; readonly web: number };

export function openAt(config: Binds, ports: OpenPorts): string {
  const { cql_bind: cql, cql_shard_aware_bind: aware, web_bind: web, shards } = config;
  // Most often both are on one host, which is then said once.
  const awareHost = aware.host === cql.host ? '' : aware.host;
  return `CQL ${cql.host}:${ports.cql} and ${awareHost}:${ports.aware}, web ${web.host}:${ports.web}, ${shards} shards`;
}
