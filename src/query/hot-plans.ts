// Keeps the addon's hot plans in step with the prepared statements, with the statements that come as text, and with the schema.
import { toHex } from '../common/bytes.js';
import { FerrosaError } from '../common/errors.js';
import { hotIndexRead } from './hot-index.js';
import { encodeHotPlan, encodeTextPlan, isComputedPlan } from './hot-plan.js';
import type { Prepared } from './prepared/prepared-store.js';
import type { TextPlan } from './prepared/text-plans.js';
import type { Processor } from './processor.js';

/** Where hot plans are registered (the hot path of a thread). */
export interface HotPlanRegistry {
  /** @throws FerrosaError INVALID for bytes that are no plan, OVERLOADED when there are too many */
  register(plan: Uint8Array): number;
  /** The same for a plan of texts that only makes an EXECUTE of them (`encodeTextPlan`). */
  registerText(plan: Uint8Array): number;
  /** The same for a read of whose rows JavaScript makes the answer (`Processor.compute`). */
  registerComputed(plan: Uint8Array): number;
  unregister(number: number): void;
  /** Lets the connections of a group run a plan. */
  allow(group: number, number: number): void;
}

type Known = { readonly prepared: Prepared | TextPlan; readonly index: string | null };
type Registered = Known & { readonly number: number };

export class HotPlans {
  readonly #plans = new Map<string, Registered>();
  /** Those whose index is being built. */
  readonly #waiting = new Map<string, Known>();

  /**
   * Registers what is hot among the statements of the processor, now and later.
   * @param consistencyLevels  of a keyspace: bit n is set when level n can be run with the replicas it has
   */
  constructor(
    private readonly processor: Processor,
    private readonly registry: HotPlanRegistry,
    private readonly consistencyLevels: (keyspace: string) => number,
  ) {
    processor.prepared.onAdded = (prepared) => this.#add(prepared);
    processor.prepared.onRemoved = (prepared) => this.#remove(prepared);
    processor.texts.onAdded = (plan) => this.#add(plan);
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

  /** An index has been built, or has to be built again. @param id  UUID text of the index's table */
  indexChanged(id: string): void {
    const of = [...this.#plans.values(), ...this.#waiting.values()].filter(({ index }) => index === id);
    for (const { prepared } of of) this.#add(prepared);
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

  #add(prepared: Prepared | TextPlan): void {
    this.#remove(prepared);
    const [table] = prepared.planned.tables;
    if (table === undefined) return;
    const { coordinator } = this.processor.services;
    const select = prepared.planned.plan;
    const read = select.kind === 'select' ? hotIndexRead(select) : null;
    const index = read?.index.index.id ?? null;
    const isWaiting = index !== null && !coordinator.isIndexBuilt(index);
    if (isWaiting) this.#waiting.set(toHex(prepared.id), { prepared, index });
    const example = 'example' in prepared ? prepared.example : '';
    const levels = this.consistencyLevels(table.keyspace);
    const plan = isWaiting
      ? null
      : encodeHotPlan(prepared, levels, example, index === null ? [] : coordinator.indexBuckets);
    // A text that the addon cannot run it can still hand on as an EXECUTE.
    if (plan === null && example === '') return;
    const { registry } = this;
    try {
      const number =
        plan === null
          ? registry.registerText(encodeTextPlan(prepared, example))
          : isComputedPlan(plan)
            ? registry.registerComputed(plan)
            : registry.register(plan);
      this.#plans.set(toHex(prepared.id), { prepared, index, number });
    } catch (error) {
      // Without a hot plan the statement runs in JavaScript.
      if (!(error instanceof FerrosaError)) throw error;
    }
  }

  #remove({ id }: Prepared): void {
    this.#waiting.delete(toHex(id));
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
