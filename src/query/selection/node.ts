// A planned item of a SELECT list: what it is called, its type, and how its value comes from the cells that were read.
import { invalid } from '../../common/errors.js';
import type { UserFunction } from '../../schema/index.js';
import type { Fold, FoldKind, ReadColumn, SelectedKind } from '../../storage/index.js';
import { type CqlType, UNSET } from '../../types/index.js';
import type { AggregateFunction, FoldedAggregate, ScalarFunction } from '../function-api.js';
import type { BindContext, Term } from '../terms/term.js';

type Cells = readonly (Uint8Array | null)[];

/** The columns that a statement reads, each once; nodes name them by slot. */
export class FetchedColumns {
  readonly columns: ReadColumn[] = [];
  /** What bound values must satisfy whether or not there are rows. */
  readonly checks: ((bind: BindContext) => void)[] = [];
  readonly #slots = new Map<number, number>();

  /** Where the cell of `what` will be in the row. */
  slot(what: SelectedKind, which: number): number {
    const name = what * 0x10000 + which;
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.columns.length;
      this.columns.push({ what, which });
      this.#slots.set(name, slot);
    }
    return slot;
  }
}

/** Aggregates that a statement leaves to storage, each once; nodes name them by slot. */
export class FoldedColumns {
  readonly folds: Fold[] = [];
  readonly #fetched = new FetchedColumns();

  get columns(): readonly ReadColumn[] {
    return this.#fetched.columns;
  }

  /** Where the result of `kind` over a column (null: over whole rows) will be. */
  slot(kind: FoldKind, of: ReadColumn | null): number {
    const column = of === null ? 0 : this.#fetched.slot(of.what, of.which);
    const known = this.folds.findIndex((fold) => fold.kind === kind && fold.column === column);
    return known >= 0 ? known : this.folds.push({ kind, column }) - 1;
  }
}

/** Collects the rows of a group. */
export interface NodeInstance {
  add(cells: Cells): void;
  output(): Uint8Array | null;
}

export interface SelectionNode {
  /** As the unaliased result column is called. */
  readonly name: string;
  readonly type: CqlType;
  readonly isAggregate: boolean;
  /** A user function is called: values come from user-calls.ts, not from `evaluate` and `instance`. */
  readonly callsUser: boolean;
  /** What the storage layer can give by itself, null when it must be computed. */
  readonly direct: ReadColumn | null;
  /** The value for one row; not for aggregates. */
  evaluate(cells: Cells, bind: BindContext): Uint8Array | null;
  /** For a group of rows: aggregates take all of them, everything else the first. */
  instance(bind: BindContext): NodeInstance;
  /** The node over rows of folds in place of the rows themselves; null when it needs those. */
  folded(columns: FoldedColumns): SelectionNode | null;
}

/** Nodes that look at one row only. */
abstract class RowNode implements SelectionNode {
  readonly isAggregate: boolean = false;
  readonly callsUser = false;
  readonly direct: ReadColumn | null = null;
  abstract readonly name: string;
  abstract readonly type: CqlType;
  abstract evaluate(cells: Cells, bind: BindContext): Uint8Array | null;

  instance(bind: BindContext): NodeInstance {
    return new FirstRow(this, bind);
  }

  folded(_columns: FoldedColumns): SelectionNode | null {
    return null;
  }
}

class FirstRow implements NodeInstance {
  #value: Uint8Array | null = null;
  #isSet = false;

  constructor(
    private readonly node: SelectionNode,
    private readonly bind: BindContext,
  ) {}

  add(cells: Cells): void {
    if (this.#isSet) return;
    this.#isSet = true;
    const value = this.node.evaluate(cells, this.bind);
    // The row's bytes belong to a page that may go before the group ends.
    this.#value = value === null ? null : value.slice();
  }

  output(): Uint8Array | null {
    return this.#value;
  }
}

/** A cell as it was read: a column, its write time, its time to live. */
export class CellNode extends RowNode {
  constructor(
    override readonly name: string,
    override readonly type: CqlType,
    readonly slot: number,
    override readonly direct: ReadColumn,
  ) {
    super();
  }

  override evaluate(cells: Cells): Uint8Array | null {
    return cells[this.slot]!;
  }
}

/** A literal, a bound value, or a call that depends on no row. */
export class TermNode extends RowNode {
  constructor(
    override readonly name: string,
    override readonly type: CqlType,
    readonly term: Term,
  ) {
    super();
  }

  override evaluate(_cells: Cells, bind: BindContext): Uint8Array | null {
    const value = this.term.bind(bind);
    if (value === UNSET) throw invalid(`Invalid unset value for selection`);
    return value;
  }

  override instance(bind: BindContext): NodeInstance {
    const value = this.evaluate([], bind);
    return { add: () => {}, output: () => value };
  }

  override folded(): SelectionNode {
    return this;
  }
}

/** Something computed from the values of other nodes. */
export class ComputedNode implements SelectionNode {
  readonly direct = null;
  readonly isAggregate: boolean;
  readonly callsUser: boolean;

  constructor(
    readonly name: string,
    readonly type: CqlType,
    readonly args: readonly SelectionNode[],
    readonly compute: (args: Cells, bind: BindContext) => Uint8Array | null,
  ) {
    this.isAggregate = args.some((arg) => arg.isAggregate);
    this.callsUser = args.some((arg) => arg.callsUser);
  }

  evaluate(cells: Cells, bind: BindContext): Uint8Array | null {
    return this.compute(
      this.args.map((arg) => arg.evaluate(cells, bind)),
      bind,
    );
  }

  instance(bind: BindContext): NodeInstance {
    const args = this.args.map((arg) => arg.instance(bind));
    return {
      add: (cells) => {
        for (const arg of args) arg.add(cells);
      },
      output: () =>
        this.compute(
          args.map((arg) => arg.output()),
          bind,
        ),
    };
  }

  folded(columns: FoldedColumns): SelectionNode | null {
    const args: SelectionNode[] = [];
    for (const arg of this.args) {
      const folded = arg.folded(columns);
      if (folded === null) return null;
      args.push(folded);
    }
    return new ComputedNode(this.name, this.type, args, this.compute);
  }
}

const notByRow = (): never => {
  throw new Error('a user function is called for many rows at a time');
};

/** A call of a user function. */
export class UserCallNode implements SelectionNode {
  readonly direct = null;
  readonly callsUser = true;
  readonly isAggregate: boolean;
  readonly type: CqlType;
  readonly evaluate = notByRow;
  readonly instance = notByRow;

  constructor(
    readonly name: string,
    readonly fn: UserFunction,
    readonly args: readonly SelectionNode[],
  ) {
    this.type = fn.returnType;
    this.isAggregate = args.some((arg) => arg.isAggregate);
  }

  folded(): null {
    return null;
  }
}

/** A call of a scalar function. */
export function scalarNode(fn: ScalarFunction, args: readonly SelectionNode[]): SelectionNode {
  const name = fn.columnName(args.map((arg) => arg.name));
  if (fn.user !== undefined) return new UserCallNode(name, fn.user, args);
  return new ComputedNode(name, fn.returnType, args, (values, bind) => fn.execute(values, bind.functions));
}

/** A call of an aggregate. */
export class AggregateNode implements SelectionNode {
  readonly isAggregate = true;
  readonly direct = null;
  readonly callsUser: boolean;
  readonly name: string;
  readonly type: CqlType;

  constructor(
    readonly fn: AggregateFunction,
    readonly args: readonly SelectionNode[],
  ) {
    if (args.some((arg) => arg.isAggregate))
      throw invalid('aggregate functions cannot be used as arguments of aggregate functions');
    this.name = fn.columnName(args.map((arg) => arg.name));
    this.type = fn.returnType;
    this.callsUser = fn.user !== undefined || args.some((arg) => arg.callsUser);
  }

  evaluate(): Uint8Array | null {
    throw new Error('an aggregate has no value for one row');
  }

  instance(bind: BindContext): NodeInstance {
    const accumulator = this.fn.create();
    return {
      add: (cells) => accumulator.add(this.args.map((arg) => arg.evaluate(cells, bind))),
      output: () => accumulator.result(),
    };
  }

  folded(columns: FoldedColumns): SelectionNode | null {
    const { folded } = this.fn;
    const of = this.args[0]?.direct;
    if (folded === null || of === null) return null;
    const parts = folded.folds.map((kind) => columns.slot(kind, of ?? null));
    const partNodes = parts.map((slot) => new FoldNode(this.name, slot));
    return new FoldedNode(new AggregateNode(folded.combined, partNodes), this.name, this.type, {
      ...folded.output,
      folds: parts,
    });
  }
}

/** The result of a fold. */
class FoldNode extends RowNode {
  override readonly type: CqlType = { kind: 'blob' };
  constructor(
    override readonly name: string,
    private readonly slot: number,
  ) {
    super();
  }

  override evaluate(cells: Cells): Uint8Array | null {
    return cells[this.slot]!;
  }
}

/** Another name or type for a node. */
export class RenamedNode implements SelectionNode {
  readonly isAggregate: boolean;
  readonly callsUser: boolean;
  readonly direct: ReadColumn | null;

  constructor(
    readonly of: SelectionNode,
    readonly name: string,
    readonly type: CqlType,
  ) {
    this.isAggregate = of.isAggregate;
    this.callsUser = of.callsUser;
    this.direct = of.direct;
  }

  evaluate(cells: Cells, bind: BindContext): Uint8Array | null {
    return this.of.evaluate(cells, bind);
  }

  instance(bind: BindContext): NodeInstance {
    return this.of.instance(bind);
  }

  folded(columns: FoldedColumns): SelectionNode | null {
    const of = this.of.folded(columns);
    return of === null ? null : new RenamedNode(of, this.name, this.type);
  }
}

/** How the result of an aggregate comes from the folds in `folds`. */
export type FoldOutput = FoldedAggregate['output'] & { readonly folds: readonly number[] };

/** An aggregate over rows of folds. */
export class FoldedNode extends RenamedNode {
  constructor(
    of: SelectionNode,
    name: string,
    type: CqlType,
    readonly output: FoldOutput,
  ) {
    super(of, name, type);
  }
}
