// The world as the functions of one statement see it.
import type { FunctionContext } from './function-api.js';

/** Where the moment and the chance of statements come from. */
export type World = { nowMicros(): bigint } & Omit<FunctionContext, 'nowMicros'>;

/** One moment for all of a statement, which is looked at when it is asked for. */
export class StatementFunctions implements FunctionContext {
  #nowMicros: bigint | null = null;

  constructor(private readonly world: World) {}

  get nowMicros(): bigint {
    this.#nowMicros ??= this.world.nowMicros();
    return this.#nowMicros;
  }

  nextTimeUuid(): Uint8Array {
    return this.world.nextTimeUuid();
  }

  randomBytes(count: number): Uint8Array {
    return this.world.randomBytes(count);
  }
}
