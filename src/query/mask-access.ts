// Who sees the values of masked columns.
import type { TableDefinition } from '../schema/index.js';
import type { ClientState } from './api.js';

/** Asked before a SELECT from a table that has masks. */
export interface MaskAccess {
  /** UNMASK: sees the values. SELECT_MASKED: may ask about them in WHERE. */
  has(client: ClientState, permission: 'UNMASK' | 'SELECT_MASKED', table: TableDefinition): Promise<boolean>;
}
