// Consistency levels: their names, and which may be used for what.
import { FerrosaError, invalid } from '../common/errors.js';
import type { TableDefinition } from '../schema/index.js';
import { Consistency } from './api.js';

const names = Object.fromEntries(Object.entries(Consistency).map(([name, code]) => [code, name])) as Readonly<
  Record<number, string>
>;

/** As Cassandra prints it. */
export const consistencyName = (code: number): string => names[code] ?? String(code);

/** Reads and decisions that see every earlier conditional update. */
export const isSerial = (code: number) => code === Consistency.SERIAL || code === Consistency.LOCAL_SERIAL;

/** @throws FerrosaError INVALID for a level that reads cannot have, PROTOCOL_ERROR for an unknown one */
export function checkReadConsistency(code: number): void {
  checkKnown(code);
  if (code === Consistency.ANY) throw invalid('ANY ConsistencyLevel is only supported for writes');
}

/** @throws FerrosaError INVALID for a level that writes cannot have, PROTOCOL_ERROR for an unknown one */
export function checkWriteConsistency(code: number, table: TableDefinition): void {
  checkKnown(code);
  if (table.isCounter) {
    if (code === Consistency.ANY)
      throw invalid(`Consistency level ANY is not yet supported for counter table ${table.name}`);
    if (isSerial(code)) throw invalid('Counter operations are inherently non-serializable');
    return;
  }
  if (isSerial(code)) throw invalid('You must use conditional updates for serializable writes');
}

/**
 * @param serial  of the decision
 * @param commit  of what it writes
 * @throws FerrosaError INVALID for levels that conditional updates cannot have
 */
export function checkCasConsistency(serial: number, commit: number): void {
  checkKnown(commit);
  checkKnown(serial);
  if (!isSerial(serial))
    throw invalid('Invalid consistency for conditional update. Must be one of SERIAL or LOCAL_SERIAL');
  if (isSerial(commit))
    throw invalid(
      `${consistencyName(commit)} is not supported as conditional update commit consistency. Use ANY if you mean ` +
        '"make sure it is accepted but I don\'t care how many replicas commit it for non-SERIAL reads"',
    );
}

function checkKnown(code: number): void {
  if (names[code] === undefined)
    throw new FerrosaError('PROTOCOL_ERROR', `Unknown code ${code} for a consistency level`);
}
