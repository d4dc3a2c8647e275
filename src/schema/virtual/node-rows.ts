// Rows of system.local, system.peers and system.peers_v2: what this node and the others are.
import type { PlainRow, VirtualContext } from './virtual-table.js';

/** Of the CQL this node speaks; drivers and cqlsh read it. */
export const cqlVersion = '3.4.7';
/** The newest native protocol that is not beta. */
export const nativeProtocolVersion = '5';
export const partitionerClass = 'org.apache.cassandra.dht.Murmur3Partitioner';

function localRows(context: VirtualContext): PlainRow[] {
  const { local } = context;
  return [
    {
      key: 'local',
      bootstrapped: 'COMPLETED',
      broadcast_address: local.broadcastAddress,
      broadcast_port: local.broadcastPort,
      cluster_name: context.clusterName,
      cql_version: cqlVersion,
      data_center: local.datacenter,
      gossip_generation: context.gossipGeneration,
      host_id: local.hostId,
      listen_address: local.listenAddress,
      listen_port: local.listenPort,
      native_protocol_version: nativeProtocolVersion,
      partitioner: partitionerClass,
      rack: local.rack,
      release_version: local.releaseVersion,
      rpc_address: local.nativeAddress,
      rpc_port: local.nativePort,
      schema_version: context.schema.version,
      tokens: local.tokens,
    },
  ];
}

function peerRows(context: VirtualContext): PlainRow[] {
  return context.peers.map((peer) => ({
    peer: peer.broadcastAddress,
    peer_port: peer.broadcastPort,
    data_center: peer.datacenter,
    host_id: peer.hostId,
    native_address: peer.nativeAddress,
    native_port: peer.nativePort,
    preferred_ip: peer.listenAddress,
    preferred_port: peer.listenPort,
    rack: peer.rack,
    release_version: peer.releaseVersion,
    // system.peers calls the address so.
    rpc_address: peer.nativeAddress,
    schema_version: peer.schemaVersion,
    tokens: peer.tokens,
  }));
}

/** By provided table of keyspace system. */
export const systemNodeRows: Readonly<Record<string, (context: VirtualContext) => PlainRow[]>> = {
  local: localRows,
  peers: peerRows,
  peers_v2: peerRows,
  // What is built is known to whoever builds.
  IndexInfo: ({ figures }) => [...((figures['IndexInfo']?.() ?? []) as PlainRow[])],
};
