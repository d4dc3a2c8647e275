// What answers clients, for those who look at it; put together after the processor that they ask through.
import type { RoleAccess } from '../../auth/index.js';
import type { Processor } from '../../query/index.js';
import type { CqlServer, ServerServices } from '../../server/index.js';
import type { Latencies } from './latencies.js';

export type Serving = {
  readonly processor: Processor;
  readonly server: CqlServer;
  readonly services: ServerServices;
  readonly latencies: Latencies;
  readonly access: RoleAccess;
};
