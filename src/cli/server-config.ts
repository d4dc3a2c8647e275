// Settings of the CQL server as the server takes them.
import { defaultServerLimits, type ServerLimits } from '../server/index.js';
import type { Config } from './settings.js';

export const serverLimitsOf = (config: Config): ServerLimits => ({
  ...defaultServerLimits,
  connectionsMax: config.native_transport_max_concurrent_connections,
  connectionsPerAddressMax: config.native_transport_max_concurrent_connections_per_ip,
  frameBytesMax: config.native_transport_max_frame_size,
  requestBytesMax: config.native_transport_max_request_data_in_flight,
  requestBytesPerAddressMax: config.native_transport_max_request_data_in_flight_per_ip,
  outputBytesMax: config.native_transport_max_answer_data_per_connection,
  idleTimeoutMs: config.native_transport_idle_timeout,
});
