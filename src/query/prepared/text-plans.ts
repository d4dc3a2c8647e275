// Statements that come as text with their values in it: those that come again and again, with other values each time, are prepared here
// with a marker for each value, so that the addon can run the next ones by itself, or hand them on as an EXECUTE.

import { createHash } from 'node:crypto';
import { toHex } from '../../common/bytes.js';
import { FerrosaError } from '../../common/errors.js';
import { parseStatement, withMarkers } from '../../cql/index.js';
import type { CqlType } from '../../types/index.js';
import type { PlannedStatement } from '../plan.js';
import { type Prepared, resultMetadataId } from './prepared-store.js';

/** A statement with markers, and one of those that it stands for. */
export type TextPlan = Prepared & { readonly example: string };

/** Types of values whose texts the addon reads. */
const writtenTypes: ReadonlySet<CqlType['kind']> = new Set([
  'ascii',
  'text',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'counter',
  'timestamp',
  'float',
  'double',
  'uuid',
  'timeuuid',
  'blob',
  'boolean',
]);

/** Longer ones have no plan: it would take many times as much, and their number is bounded, not their size. */
const textLengthMax = 16 * 1024;
/** Shapes that have come once, remembered for the second time. */
const seenMax = 4_096;

/** A value among what is selected names a column of the result. */
const selectsValue = ({ statement }: ReturnType<typeof parseStatement>): boolean =>
  statement.kind === 'select' && JSON.stringify(statement.selectors).includes('"kind":"marker"');

export class TextPlans {
  readonly #byShape = new Map<string, TextPlan>();
  readonly #byId = new Map<string, TextPlan>();
  /** Of shapes without a plan: whether they can have one. */
  readonly #seen = new Map<string, 'once' | 'cold'>();
  /** Called with each that comes, and with each that goes. */
  onAdded: ((plan: TextPlan) => void) | null = null;
  onRemoved: (plan: TextPlan) => void = () => {};

  /**
   * @param plansMax  shapes with a plan; the oldest makes room. 0: none has one
   * @param plan  plans a statement in a keyspace
   */
  constructor(
    private readonly plansMax: number,
    private readonly plan: (parsed: ReturnType<typeof parseStatement>, keyspace: string | null) => PlannedStatement,
  ) {}

  get size(): number {
    return this.#byShape.size;
  }

  byId(id: Uint8Array): TextPlan | undefined {
    return this.#byId.get(toHex(id));
  }

  /**
   * Takes note of a statement that JavaScript has run; returns the plan of its shape, if it has one.
   * @param shape  of ParsedStatement
   */
  note(text: string, shape: number, planned: PlannedStatement, keyspace: string | null): TextPlan | undefined {
    const { kind } = planned.plan;
    if (text.length > textLengthMax) return undefined;
    if (this.onAdded === null || this.plansMax === 0 || (kind !== 'select' && kind !== 'write')) return undefined;
    const within = planned.fullyQualified ? null : keyspace;
    const key = within === null ? `${shape}` : `${shape} ${within}`;
    const known = this.#byShape.get(key);
    if (known !== undefined) return known;
    const seen = this.#seen.get(key);
    if (seen === 'cold') return undefined;
    if (seen === undefined) {
      this.#remember(key, 'once');
      return undefined;
    }
    const made = this.#make(text, within);
    if (made === null) this.#seen.set(key, 'cold');
    else this.#add(key, made);
    return made ?? undefined;
  }

  /** Forgets all: the schema is another. */
  clear(): void {
    this.#seen.clear();
    this.#byShape.clear();
    for (const plan of this.#byId.values()) this.onRemoved(plan);
    this.#byId.clear();
  }

  #remember(key: string, what: 'once'): void {
    this.#seen.set(key, what);
    if (this.#seen.size <= seenMax) return;
    const [oldest] = this.#seen.keys();
    this.#seen.delete(oldest!);
  }

  #add(key: string, plan: TextPlan): void {
    this.#seen.delete(key);
    const [oldest] = this.#byShape;
    if (oldest !== undefined && this.#byShape.size >= this.plansMax) {
      this.#byShape.delete(oldest[0]);
      this.#byId.delete(toHex(oldest[1].id));
      this.onRemoved(oldest[1]);
    }
    this.#byShape.set(key, plan);
    this.#byId.set(toHex(plan.id), plan);
    this.onAdded?.(plan);
  }

  /** Null when such statements cannot be prepared, or are others then. */
  #make(example: string, keyspace: string | null): TextPlan | null {
    const query = withMarkers(example);
    if (query === null) return null;
    try {
      const parsed = parseStatement(query);
      if (selectsValue(parsed)) return null;
      const planned = this.plan(parsed, keyspace);
      if (!planned.bindColumns.every(({ type }) => writtenTypes.has(type.kind))) return null;
      return {
        id: createHash('md5')
          .update(`text\0${keyspace ?? ''}\0${query}`)
          .digest(),
        resultMetadataId: resultMetadataId(planned.resultColumns),
        query,
        keyspace,
        bindColumns: planned.bindColumns,
        partitionKeyIndexes: planned.partitionKeyIndexes,
        resultColumns: planned.resultColumns,
        isConditional: planned.isConditional,
        planned,
        example,
      };
    } catch (error) {
      // With a marker where only a value may stand.
      if (error instanceof FerrosaError) return null;
      throw error;
    }
  }
}
