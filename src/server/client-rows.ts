// system_views.clients: who is connected.
import type { Connection } from './connection.js';

/** A row of system_views.clients by column name; columns of TLS are left out on a plain connection. */
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
  readonly username: string;
};

export function clientRows(connections: Iterable<Connection>): ClientRow[] {
  return [...connections].map(({ client, startup, stage, protocolVersion, requestCount }) => ({
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
    ssl_enabled: false,
    username: client.user ?? 'anonymous',
  }));
}
