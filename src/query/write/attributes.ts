// USING TIMESTAMP and TTL.
import { invalid } from '../../common/errors.js';
import type { Using } from '../../cql/index.js';
import type { TableDefinition } from '../../schema/index.js';
import { UNSET } from '../../types/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { prepareTerm } from '../terms/prepare.js';
import type { BindContext, Term } from '../terms/term.js';
import { readInt32, readInt64 } from '../values.js';

/** 20 years. */
export const ttlMax = 630_720_000;
/** A local deletion time is an unsigned 32-bit number; its largest value means none. */
const expiryMax = 0xffff_fffe;

export type Attributes = { readonly timestamp: Term | null; readonly ttl: Term | null };

/** @param table  shown in bind metadata; `[batch]` for a batch */
export function prepareAttributes(
  environment: PlanEnvironment,
  using: Using,
  keyspace: string,
  table: string,
): Attributes {
  const of = (name: string, kind: 'bigint' | 'int') => ({ keyspace, table, name, type: { kind } as const });
  return {
    timestamp: using.timestamp === null ? null : prepareTerm(environment, using.timestamp, of('[timestamp]', 'bigint')),
    ttl: using.ttl === null ? null : prepareTerm(environment, using.ttl, of('[ttl]', 'int')),
  };
}

/** Microseconds: the statement's, else `now`. */
export function timestampOf(attributes: Attributes, now: bigint, context: BindContext): bigint {
  if (attributes.timestamp === null) return now;
  const value = attributes.timestamp.bind(context);
  if (value === null) throw invalid('Invalid null value of timestamp');
  if (value === UNSET) return now;
  return value.length === 0 ? 0n : readInt64(value);
}

/**
 * Seconds, 0 for none.
 * @throws FerrosaError INVALID out of range, or when the data would expire later than can be written
 */
export function ttlOf(
  attributes: Attributes,
  table: TableDefinition,
  nowSeconds: number,
  context: BindContext,
): number {
  const byDefault = table.options.default_time_to_live;
  const value = attributes.ttl === null ? UNSET : attributes.ttl.bind(context);
  if (value === UNSET) return checkExpiry(table, byDefault, nowSeconds, true);
  if (value === null || value.length === 0) return 0;
  const ttl = readInt32(value);
  if (ttl < 0) throw invalid(`A TTL must be greater or equal to 0, but was ${ttl}`);
  if (ttl > ttlMax) throw invalid(`ttl is too large. requested (${ttl}) maximum (${ttlMax})`);
  return checkExpiry(table, ttl, nowSeconds, false);
}

function checkExpiry(table: TableDefinition, ttl: number, nowSeconds: number, isDefault: boolean): number {
  if (ttl !== 0 && nowSeconds + ttl > expiryMax)
    throw invalid(
      `Request on table ${table.keyspace}.${table.name} with ${isDefault ? 'default ' : ''}ttl of ${ttl} seconds ` +
        'exceeds maximum supported expiration date of 2106-02-07T06:28:13+00:00. In order to avoid this use a lower TTL, ' +
        'change the expiration date overflow policy or upgrade to a version where this limitation is fixed. ' +
        'See CASSANDRA-14092 and CASSANDRA-14227 for more details.',
    );
  return ttl;
}
