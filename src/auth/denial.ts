// The words for those who may not.
import { FerrosaError } from '../common/errors.js';

/** The user of a client that nobody has asked who it is. */
export const anonymous = 'anonymous';
export const unauthorized = (message: string): FerrosaError => new FerrosaError('UNAUTHORIZED', message);

export function ensureNotAnonymous(user: string): void {
  if (user === anonymous) throw unauthorized('You have to be logged in and not anonymous to perform this request');
}
