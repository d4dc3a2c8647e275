// A bound on waiting.
import type { FerrosaError } from '../common/errors.js';

/** The promise, or the error once `ms` milliseconds have passed; what was begun goes on. */
export async function within<T>(work: Promise<T>, ms: number, timedOut: () => FerrosaError): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut()), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
