// Calls of user functions as statements make them: many at a time, with nulls, limits and errors as Cassandra has them.
import { FerrosaError, invalid } from '../common/errors.js';
import { userFunctionCallsMax, userFunctionJobsBytes } from '../common/limits.js';
import { functionsDisabled, type UserFunction } from '../schema/index.js';
import { type CqlType, typeToCql, typeToCqlUnfrozen } from '../types/index.js';
import { type Cell, CellReader, packCells } from './cells.js';
import { UdfFailure } from './messages.js';
import { type Job, type JobResult, UdfThreads, type UdfWork } from './pool.js';

export type { Cell } from './cells.js';

export type UserFunctionSettings = {
  /** user_defined_functions_enabled. */
  readonly enabled: boolean;
  /** user_defined_functions_warn_timeout: a call that takes longer warns the client; 0 for never. */
  readonly warnTimeoutMs: number;
  /** user_defined_functions_fail_timeout: a call that takes longer fails its statement. */
  readonly failTimeoutMs: number;
  /** user_defined_functions_memory_limit: memory of one function while it runs. */
  readonly memoryBytesMax: number;
  /** user_defined_functions_statement_timeout: a statement that calls functions fails when it takes longer; 0 for never. */
  readonly statementTimeoutMs: number;
  /** user_defined_functions_threads. */
  readonly threads: number;
};

export type Warn = (message: string) => void;

/** The statement that a function is called for. */
export type Caller = {
  readonly warn: Warn;
  /** Throws when nobody wants its result any more. */
  check(): void;
  /** Milliseconds since the statement began. */
  elapsedMs(): number;
};

/**
 * Calls user functions. Errors are FerrosaError: FUNCTION_FAILURE, also when the statement takes too long; INVALID when functions are off;
 * OVERLOADED; what `check` of the caller throws.
 */
export interface UserFunctions {
  readonly enabled: boolean;
  readonly work: UdfWork;
  /** @throws FerrosaError INVALID when the body is not one of its language */
  check(fn: UserFunction): Promise<void>;
  /** One result a row of arguments. */
  map(fn: UserFunction, rows: readonly (readonly Cell[])[], caller: Caller): Promise<Cell[]>;
  /** An aggregate's step: the function called with the state before each row's arguments. */
  fold(fn: UserFunction, state: Cell, rows: readonly (readonly Cell[])[], caller: Caller): Promise<Cell>;
  stop(): Promise<void>;
}

const nobody: Caller = { warn: () => {}, check: () => {}, elapsedMs: () => 0 };

/** Empty values of these types are values; those of others count as null. */
const canBeEmpty: readonly CqlType['kind'][] = ['text', 'ascii', 'blob'];

const isNull = (type: CqlType, cell: Cell): boolean =>
  cell === null || (cell.length === 0 && !canBeEmpty.includes(type.kind));

/** `ks.f : (int) -> int`, as messages show functions. */
function signature({ keyspace, name, argTypes, returnType }: UserFunction): string {
  return `${keyspace}.${name} : (${argTypes.map(typeToCqlUnfrozen).join(', ')}) -> ${typeToCqlUnfrozen(returnType)}`;
}

/** Rows in pieces that a thread gets at a time. */
function* chunks(rows: readonly (readonly Cell[])[]): Generator<readonly (readonly Cell[])[]> {
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < rows.length; i++) {
    for (const cell of rows[i]!) bytes += 4 + (cell?.length ?? 0);
    if (i + 1 - start < userFunctionCallsMax && bytes < userFunctionJobsBytes) continue;
    yield rows.slice(start, i + 1);
    start = i + 1;
    bytes = 0;
  }
  if (start < rows.length) yield rows.slice(start);
}

export function createUserFunctions(settings: UserFunctionSettings, log: Warn): UserFunctions {
  return new ThreadedUserFunctions(settings, log);
}

class ThreadedUserFunctions implements UserFunctions {
  readonly #threads: UdfThreads;

  constructor(
    private readonly settings: UserFunctionSettings,
    private readonly log: Warn,
  ) {
    this.#threads = new UdfThreads(settings);
  }

  get enabled(): boolean {
    return this.settings.enabled;
  }

  get work(): UdfWork {
    return this.#threads.work;
  }

  async check(fn: UserFunction): Promise<void> {
    await this.#run(fn, { kind: 'check', fn }, nobody);
  }

  async map(fn: UserFunction, rows: readonly (readonly Cell[])[], caller: Caller): Promise<Cell[]> {
    this.#checkEnabled();
    const results: Cell[] = new Array(rows.length).fill(null);
    const called: number[] = [];
    rows.forEach((row, i) => {
      if (fn.calledOnNull || !row.some((cell, arg) => isNull(fn.argTypes[arg]!, cell))) called.push(i);
    });
    let next = 0;
    for (const chunk of chunks(called.map((i) => rows[i]!))) {
      const job: Job = { kind: 'map', fn, rows: chunk.length, input: packCells(chunk.flat()) };
      const reader = new CellReader((await this.#run(fn, job, caller)).output);
      for (let i = 0; i < chunk.length; i++) results[called[next++]!] = reader.next();
    }
    return results;
  }

  async fold(fn: UserFunction, state: Cell, rows: readonly (readonly Cell[])[], caller: Caller): Promise<Cell> {
    this.#checkEnabled();
    const called = fn.calledOnNull
      ? rows
      : rows.filter((row) => !row.some((cell, arg) => isNull(fn.argTypes[arg + 1]!, cell)));
    let current = state;
    for (const chunk of chunks(called)) {
      const job: Job = { kind: 'fold', fn, rows: chunk.length, input: packCells([current, ...chunk.flat()]) };
      current = new CellReader((await this.#run(fn, job, caller)).output).next();
    }
    return current;
  }

  stop(): Promise<void> {
    return this.#threads.stop();
  }

  #checkEnabled(): void {
    if (!this.settings.enabled) throw functionsDisabled();
  }

  async #run(fn: UserFunction, job: Job, caller: Caller): Promise<JobResult> {
    const check = (): void => this.#check(fn, caller);
    try {
      check();
      const result = await this.#threads.run(job, check);
      const { warnTimeoutMs } = this.settings;
      if (warnTimeoutMs > 0 && result.slowestMs > warnTimeoutMs) {
        const message = `User defined function ${signature(fn)} ran longer than ${warnTimeoutMs}ms`;
        this.log(message);
        caller.warn(message);
      }
      return result;
    } catch (error) {
      throw error instanceof UdfFailure ? this.#translate(fn, error) : error;
    }
  }

  /** Whether the statement may go on. */
  #check(fn: UserFunction, caller: Caller): void {
    caller.check();
    const { statementTimeoutMs } = this.settings;
    if (statementTimeoutMs === 0 || caller.elapsedMs() <= statementTimeoutMs) return;
    const setting = 'user_defined_functions_statement_timeout';
    throw failed(fn, `A statement that calls ${signature(fn)} ran longer than ${statementTimeoutMs}ms (${setting})`);
  }

  #translate(fn: UserFunction, failure: UdfFailure): FerrosaError {
    if (failure.reason === 'invalid') return invalid(failure.message);
    const message =
      failure.reason === 'timeout'
        ? `User defined function ${signature(fn)} ran longer than ${this.settings.failTimeoutMs}ms`
        : failure.message;
    return failed(fn, message);
  }
}

function failed({ keyspace, name, argTypes }: UserFunction, message: string): FerrosaError {
  const argumentTypes = argTypes.map(typeToCql);
  return new FerrosaError('FUNCTION_FAILURE', message, { keyspace, functionName: name, argumentTypes });
}
