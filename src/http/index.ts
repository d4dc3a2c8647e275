export type { ApiSources, ConnectionInfo } from './api.js';
export { createMetrics, type MetricSources } from './metrics.js';
export type * from './node-control.js';
export { WebServer, type WebServices } from './web-server.js';
