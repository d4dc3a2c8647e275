// The values of LIMIT and PER PARTITION LIMIT.
import { invalid } from '../../common/errors.js';
import { noLimit } from '../../storage/index.js';
import { UNSET } from '../../types/index.js';
import type { BindContext, Term } from '../terms/term.js';
import { readInt32 } from '../values.js';

/** Rows at most; noLimit for no limit. @throws FerrosaError INVALID for null, and for what is not above 0 */
export function limitOf(term: Term | null, bind: BindContext): number {
  if (term === null) return noLimit;
  const value = term.bind(bind);
  if (value === null) throw invalid('Invalid null value of limit');
  if (value === UNSET) return noLimit;
  const limit = value.length === 4 ? readInt32(value) : 0;
  if (limit <= 0) throw invalid('LIMIT must be strictly positive');
  return limit;
}
