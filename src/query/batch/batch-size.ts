// Warnings and limits of batches: their size, and how many partitions they touch.
import { invalid } from '../../common/errors.js';
import type { TableDefinition } from '../../schema/index.js';
import type { QuerySettings } from '../services.js';
import type { CollectedMutation } from '../write/mutations.js';
import type { BatchPlan } from './batch-plan.js';

type OfTable = { readonly table: TableDefinition };

const tableNames = (parts: readonly OfTable[]) =>
  `[${[...new Set(parts.map(({ table }) => `${table.keyspace}.${table.name}`))].join(', ')}]`;

/** @throws FerrosaError INVALID for a batch above the failure threshold */
export function batchWarnings(
  plan: BatchPlan,
  mutations: readonly CollectedMutation[],
  settings: QuerySettings,
): string[] {
  const warnings = plan.type === 'logged' ? shortGraceWarnings(plan.statements) : [];
  if (mutations.length <= 1) return warnings;
  const size = mutations.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > settings.batchSizeFailBytes) throw invalid('Batch too large');
  const warn = settings.batchSizeWarnBytes;
  if (size > warn)
    warnings.push(
      `Batch for ${tableNames(mutations)} is of size ${size}, exceeding specified threshold of ${warn} by ${size - warn}.`,
    );
  if (plan.type !== 'logged') {
    const keys = new Set(mutations.map(({ token }) => token)).size;
    if (keys > settings.unloggedBatchAcrossPartitionsWarn) {
      const tables = new Set(mutations.map(({ table }) => table)).size;
      warnings.push(
        `Unlogged batch covering ${keys} partitions detected against table${tables === 1 ? '' : 's'} ` +
          `${tableNames(mutations)}. You should use a logged batch for atomicity, or asynchronous writes for performance.`,
      );
    }
  }
  return warnings;
}

/** The batch log's entries live as long as tombstones do; as in Cassandra, also of a batch that writes nothing. */
function shortGraceWarnings(statements: readonly OfTable[]): string[] {
  const careless = statements.filter(({ table }) => table.options.gc_grace_seconds === 0);
  if (careless.length === 0) return [];
  const tables = new Set(careless.map(({ table }) => table)).size;
  return [
    `Executing a LOGGED BATCH on table${tables === 1 ? '' : 's'} ${tableNames(careless)}, configured with a ` +
      'gc_grace_seconds of 0. The gc_grace_seconds is used to TTL batchlog entries, so setting gc_grace_seconds too ' +
      'low on tables involved in an atomic batch might cause batchlog entries to expire before being replayed.',
  ];
}
