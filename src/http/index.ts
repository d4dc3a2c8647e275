export type { ApiSources, ConnectionInfo } from './api.js';
export { createMetrics, type MetricSources, type ServingFigures } from './metrics.js';
export type * from './node-control.js';
export { WebServer, type WebServices } from './web-server.js';
