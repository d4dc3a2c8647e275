// What executing a write is given.
import type { Coordinator } from '../coordinator.js';
import type { Denylist } from '../guardrails/denylist.js';
import type { CoordinatorFigures } from '../observe/coordinator-figures.js';
import type { QuerySettings } from '../services.js';
import type { ListPaths } from './list-paths.js';

export type WriteEnvironment = {
  readonly coordinator: Coordinator;
  /** Null for whom no partition is denied. */
  readonly denylist: Denylist | null;
  /** Called when conditions hold, before what they guard is applied. @throws FerrosaError what the statement ends with */
  readonly onHeld: (() => void) | null;
  readonly settings: QuerySettings;
  readonly figures: CoordinatorFigures;
  readonly paths: ListPaths;
  readonly consistency: number;
  readonly serialConsistency: number;
  /** Microseconds: the client's, else the server's. */
  readonly timestamp: bigint;
  readonly nowSeconds: number;
};
