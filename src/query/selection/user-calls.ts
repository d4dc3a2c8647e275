// Values of SELECT items that call user functions: those of many rows at a time, since the calls are made in another thread.
import type { BindContext } from '../terms/term.js';
import {
  AggregateNode,
  ComputedNode,
  type NodeInstance,
  RenamedNode,
  type SelectionNode,
  UserCallNode,
} from './node.js';

type Cell = Uint8Array | null;
type Cells = readonly Cell[];

/** The values of an item for these rows. Not for aggregates. */
export async function evaluateAll(node: SelectionNode, rows: readonly Cells[], bind: BindContext): Promise<Cell[]> {
  if (!node.callsUser) return rows.map((cells) => node.evaluate(cells, bind));
  if (node instanceof RenamedNode) return evaluateAll(node.of, rows, bind);
  const args = await argumentRows(node as ComputedNode | UserCallNode, rows, bind);
  if (node instanceof UserCallNode) return bind.user!.map(node.fn, args);
  return args.map((values) => (node as ComputedNode).compute(values, bind));
}

/** The arguments of a call for each of these rows. */
async function argumentRows(
  { args }: { readonly args: readonly SelectionNode[] },
  rows: readonly Cells[],
  bind: BindContext,
): Promise<Cell[][]> {
  const columns = await Promise.all(args.map((arg) => evaluateAll(arg, rows, bind)));
  return rows.map((_, row) => columns.map((column) => column[row]!));
}

/** Collects the rows of a group, many at a time. */
export interface BulkInstance {
  addAll(rows: readonly Cells[]): Promise<void>;
  output(): Promise<Cell>;
}

/** As SelectionNode.instance, for items that may call user functions. */
export function bulkInstance(node: SelectionNode, bind: BindContext): BulkInstance {
  if (!node.callsUser) return new SyncInstance(node.instance(bind));
  if (node instanceof RenamedNode) return bulkInstance(node.of, bind);
  if (node instanceof AggregateNode)
    return node.fn.user === undefined ? new NativeAggregate(node, bind) : new UserAggregate(node, bind);
  return new CallInstance(node as ComputedNode | UserCallNode, bind);
}

class SyncInstance implements BulkInstance {
  constructor(private readonly instance: NodeInstance) {}

  async addAll(rows: readonly Cells[]): Promise<void> {
    for (const cells of rows) this.instance.add(cells);
  }

  async output(): Promise<Cell> {
    return this.instance.output();
  }
}

/** A native aggregate of what user functions give. */
class NativeAggregate implements BulkInstance {
  readonly #accumulator;

  constructor(
    private readonly node: AggregateNode,
    private readonly bind: BindContext,
  ) {
    this.#accumulator = node.fn.create();
  }

  async addAll(rows: readonly Cells[]): Promise<void> {
    for (const args of await argumentRows(this.node, rows, this.bind)) this.#accumulator.add(args);
  }

  async output(): Promise<Cell> {
    return this.#accumulator.result();
  }
}

class UserAggregate implements BulkInstance {
  #state: Cell;

  constructor(
    private readonly node: AggregateNode,
    private readonly bind: BindContext,
  ) {
    this.#state = node.fn.user!.initial;
  }

  async addAll(rows: readonly Cells[]): Promise<void> {
    const args = await argumentRows(this.node, rows, this.bind);
    this.#state = await this.bind.user!.fold(this.node.fn.user!.state, this.#state, args);
  }

  async output(): Promise<Cell> {
    const { final } = this.node.fn.user!;
    if (final === null) return this.#state;
    const [result] = await this.bind.user!.map(final, [[this.#state]]);
    return result!;
  }
}

/** A call for a whole group: its arguments are aggregates, or values of the group's first row. */
class CallInstance implements BulkInstance {
  readonly #args: readonly BulkInstance[];

  constructor(
    private readonly node: ComputedNode | UserCallNode,
    private readonly bind: BindContext,
  ) {
    this.#args = node.args.map((arg) => bulkInstance(arg, bind));
  }

  async addAll(rows: readonly Cells[]): Promise<void> {
    await Promise.all(this.#args.map((arg) => arg.addAll(rows)));
  }

  async output(): Promise<Cell> {
    const args = await Promise.all(this.#args.map((arg) => arg.output()));
    if (this.node instanceof ComputedNode) return this.node.compute(args, this.bind);
    const [result] = await this.bind.user!.map(this.node.fn, [args]);
    return result!;
  }
}
