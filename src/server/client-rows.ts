// system_views.clients: who is connected.
import type { Connection } from './connection.js';

/** A row of system_views.clients by column name. */
export type ClientRow = {
  readonly address: string;
  readonly port: number;
  readonly client_options: Readonly<Record<string, string>>;
  readonly connection_stage: string;
  readonly driver_name: string | null;
  readonly driver_version: string | null;
  readonly hostname: string;
  readonly keyspace_name: string | null;
  readonly protocol_version: number;
  readonly request_count: bigint;
  readonly ssl_enabled: boolean;
  readonly ssl_protocol: string | null;
  readonly ssl_cipher_suite: string | null;
  readonly username: string;
};

export function clientRows(connections: Iterable<Connection>): ClientRow[] {
  return [...connections].map(({ client, startup, stage, protocolVersion, requestCount, tls }) => ({
    address: client.address,
    port: client.port,
    client_options: Object.fromEntries(startup?.options ?? []),
    connection_stage: stage.toLowerCase(),
    driver_name: startup?.driverName ?? null,
    driver_version: startup?.driverVersion ?? null,
    hostname: client.address,
    keyspace_name: client.keyspace,
    protocol_version: protocolVersion,
    request_count: BigInt(requestCount),
    ssl_enabled: tls !== null,
    ssl_protocol: tls?.protocol ?? null,
    ssl_cipher_suite: tls?.cipherSuite ?? null,
    username: client.user ?? 'anonymous',
  }));
}
