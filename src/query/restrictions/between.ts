// BETWEEN a AND b, as Cassandra has it after 5.0: the bounds may come in either order.
import { type BindValue, type CqlType, compareValues } from '../../types/index.js';
import type { BindContext, Term, TupleTerm } from '../terms/term.js';

const isValue = (value: BindValue | undefined): value is Uint8Array => value instanceof Uint8Array;

/** The lesser or the greater of two values; one that is null or unset comes through and is refused as a bound. */
export class BetweenTerm implements Term {
  readonly constant = false;
  readonly hasMarker: boolean;

  constructor(
    private readonly type: CqlType,
    private readonly terms: readonly [Term, Term],
    private readonly isStart: boolean,
  ) {
    this.hasMarker = terms.some((term) => term.hasMarker);
  }

  bind(context: BindContext): BindValue {
    const a: BindValue = this.terms[0].bind(context);
    const b: BindValue = this.terms[1].bind(context);
    if (!isValue(a)) return a;
    if (!isValue(b)) return b;
    return compareValues(this.type, a, b) <= 0 === this.isStart ? a : b;
  }
}

/** The same of two tuples of columns. */
export class BetweenTuple implements TupleTerm {
  readonly constant = false;
  readonly hasMarker: boolean;

  constructor(
    private readonly types: readonly CqlType[],
    private readonly terms: readonly [TupleTerm, TupleTerm],
    private readonly isStart: boolean,
  ) {
    this.hasMarker = terms.some((term) => term.hasMarker);
  }

  bind(context: BindContext): BindValue {
    return this.terms[0].bind(context);
  }

  bindFields(context: BindContext): BindValue[] | null {
    const [a, b] = [this.terms[0].bindFields(context), this.terms[1].bindFields(context)];
    if (a === null || b === null) return null;
    return this.#compare(a, b) <= 0 === this.isStart ? a : b;
  }

  #compare(a: readonly BindValue[], b: readonly BindValue[]): number {
    for (const [i, type] of this.types.entries()) {
      const x = a[i];
      const y = b[i];
      if (!isValue(x) || !isValue(y)) return isValue(y) ? -1 : 1;
      const order = compareValues(type, x, y);
      if (order !== 0) return order;
    }
    return 0;
  }
}
