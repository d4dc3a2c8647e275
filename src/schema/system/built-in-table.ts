// How a built-in table is written down.
import type { TableOptions } from '../model.js';

/** A built-in table in short: columns are `name type`, clustering ones with `desc` where that is their order. */
export type BuiltInTable = {
  readonly name: string;
  readonly id: string;
  readonly comment: string;
  readonly key: string;
  readonly clustering?: string;
  readonly columns?: string;
  /** Columns that old versions had; nothing of them is ever read. */
  readonly dropped?: string;
  readonly options?: Partial<TableOptions>;
};
