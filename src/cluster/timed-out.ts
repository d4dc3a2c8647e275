// What a client is told whose request did not end in time, with one replica.
import { FerrosaError } from '../common/errors.js';
import type { MutationOptions } from '../query/index.js';

/** Of a conditional update. @param contentions  others of the partition that were before it */
export function casTimedOut(consistency: number, contentions: number): FerrosaError {
  return new FerrosaError(
    'WRITE_TIMEOUT',
    `CAS operation timed out: received 0 of 1 required responses after ${contentions} contention retries`,
    { consistency, received: 0, blockFor: 1, writeType: 'CAS', contentions },
  );
}

export function readTimedOut(consistency: number): FerrosaError {
  return new FerrosaError('READ_TIMEOUT', 'Operation timed out - received only 0 responses.', {
    consistency,
    received: 0,
    blockFor: 1,
    dataPresent: false,
  });
}

export function writeTimedOut({ consistency, writeType }: MutationOptions): FerrosaError {
  return new FerrosaError('WRITE_TIMEOUT', 'Operation timed out - received only 0 responses.', {
    consistency,
    received: 0,
    blockFor: 1,
    writeType,
  });
}
