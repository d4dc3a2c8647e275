export * from './authenticator.js';
export { Connection, type ConnectionStage } from './connection.js';
export { CqlServer, type ListenAddress } from './cql-server.js';
export { EventNotifier, type EventReceiver } from './events.js';
export { cqlVersion } from './handshake.js';
export { defaultServerLimits, ServerBudget, type ServerLimits } from './limits.js';
export { ServerMetrics } from './metrics.js';
export type * from './services.js';
