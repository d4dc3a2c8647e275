// Keeps the addon's hot plans in step with the prepared statements, with the statements that come as text, and with the schema.
import { toHex } from '../common/bytes.js';
import { FerrosaError } from '../common/errors.js';
import { encodeHotPlan, encodeTextPlan } from './hot-plan.js';
import type { Prepared } from './prepared/prepared-store.js';
import type { TextPlan } from './prepared/text-plans.js';
import type { Processor } from './processor.js';

/** Where hot plans are registered (the hot path of a thread). */
export interface HotPlanRegistry {
  /** @throws FerrosaError INVALID for bytes that are no plan, OVERLOADED when there are too many */
  register(plan: Uint8Array): number;
  /** The same for a plan of texts that only makes an EXECUTE of them (`encodeTextPlan`). */
  registerText(plan: Uint8Array): number;
  unregister(number: number): void;
  /** Lets the connections of a group run a plan. */
  allow(group: number, number: number): void;
}

type Registered = { readonly prepared: Prepared; readonly number: number };

export class HotPlans {
  readonly #plans = new Map<string, Registered>();

  /**
   * Registers what is hot among the statements of the processor, now and later.
   * @param consistencyLevels  of a keyspace: bit n is set when level n can be run with the replicas it has
   */
  constructor(
    processor: Processor,
    private readonly registry: HotPlanRegistry,
    private readonly consistencyLevels: (keyspace: string) => number,
  ) {
    processor.prepared.onAdded = (prepared) => this.#add(prepared);
    processor.prepared.onRemoved = (prepared) => this.#remove(prepared);
    processor.texts.onAdded = (plan) => this.#addText(plan);
    processor.texts.onRemoved = (plan) => this.#remove(plan);
    for (const prepared of processor.prepared.all()) this.#add(prepared);
    processor.services.catalogue.onChange(({ before, after }) => {
      for (const { prepared } of [...this.#plans.values()]) {
        const name = prepared.planned.tables[0]!.keyspace;
        const was = before.keyspaces.get(name);
        const is = after.keyspaces.get(name);
        const same =
          JSON.stringify(was?.replication) === JSON.stringify(is?.replication) &&
          was?.durableWrites === is?.durableWrites;
        if (!same) this.#renew(processor, prepared);
      }
    });
  }

  /** Lets a group's connections run a prepared statement, if it is hot. */
  allow(group: number, id: Uint8Array): void {
    const known = this.#plans.get(toHex(id));
    if (known !== undefined) this.registry.allow(group, known.number);
  }

  /** Statements that the addon runs. */
  get size(): number {
    return this.#plans.size;
  }

  #add(prepared: Prepared): void {
    this.#remove(prepared);
    const plan = this.#hotPlan(prepared);
    if (plan !== null) this.#register(prepared, () => this.registry.register(plan));
  }

  /** What the addon cannot run it can still prepare. */
  #addText(text: TextPlan): void {
    this.#remove(text);
    const plan = this.#hotPlan(text, text.example);
    this.#register(text, () =>
      plan === null ? this.registry.registerText(encodeTextPlan(text, text.example)) : this.registry.register(plan),
    );
  }

  #hotPlan(prepared: Prepared, example?: string): Uint8Array | null {
    const [table] = prepared.planned.tables;
    return table === undefined ? null : encodeHotPlan(prepared, this.consistencyLevels(table.keyspace), example);
  }

  #register(prepared: Prepared, register: () => number): void {
    try {
      this.#plans.set(toHex(prepared.id), { prepared, number: register() });
    } catch (error) {
      // Without a hot plan the statement runs in JavaScript.
      if (!(error instanceof FerrosaError)) throw error;
    }
  }

  #remove({ id }: Prepared): void {
    const known = this.#plans.get(toHex(id));
    if (known === undefined) return;
    this.#plans.delete(toHex(id));
    this.registry.unregister(known.number);
  }

  /** Durability is part of the plan: the statement is planned again. */
  #renew(processor: Processor, prepared: Prepared): void {
    this.#remove(prepared);
    processor.prepared.remove(prepared.id);
    try {
      processor.prepareIn(prepared.query, prepared.keyspace, true);
    } catch (error) {
      // The keyspace is gone: so is the statement.
      if (!(error instanceof FerrosaError)) throw error;
    }
  }
}
