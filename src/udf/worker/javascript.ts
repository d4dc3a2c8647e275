// JavaScript functions: QuickJS in WebAssembly. Nothing of Node.js is in reach of the code in it; every job has a fresh runtime, so that
// nothing is left for the next.
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import type { UserFunction } from '../../schema/index.js';
import {
  type CqlType,
  decodeByte,
  decodeDouble,
  decodeFloat,
  decodeInt,
  decodeLong,
  decodeShort,
  decodeVarint,
  plainText,
} from '../../types/index.js';
import type { Cell } from '../cells.js';
import { UdfFailure } from '../messages.js';
import { fromTagged, isNull, toTagged } from './js-values.js';
import type { CallWatch, Sandbox } from './sandbox.js';
import { bridgeSource, type Tagged } from './tagged.js';
import { webAssembly } from './webassembly.js';

/** Bytes of QuickJS's stack; the thread's own must hold what the interpreter needs for that. */
const stackBytesMax = 256 * 1024;
const memoryPageBytes = 65_536;
/** What the build of QuickJS declares for its memory: 16 MiB, which its stack and data are part of, up to 2 GiB. */
const memoryPagesAtStart = 256;
const memoryPagesMax = 32_768;
const messageCharactersMax = 1_000;
/** Milliseconds for making a text of an error, whose getters are the function's. */
const tellMsMax = 100;

export class JavaScriptEngine {
  private constructor(
    private readonly module: QuickJSWASMModule,
    private readonly memoryBytesMax: number,
    private readonly failTimeoutMs: number,
  ) {}

  static async load(memoryBytesMax: number, failTimeoutMs: number): Promise<JavaScriptEngine> {
    // Its declarations are those of its CommonJS form, with one `default` too many.
    const imported = await import('@jitl/quickjs-wasmfile-release-sync');
    const variant = imported.default as unknown as QuickJSSyncVariant;
    // QuickJS compiled to WebAssembly counts allocations, but not how large they are: its own limit holds for each of them alone.
    const maximum = Math.min(memoryPagesMax, memoryPagesAtStart + Math.ceil(memoryBytesMax / memoryPageBytes));
    const wasmMemory = new webAssembly.Memory({ initial: memoryPagesAtStart, maximum });
    const limited = newVariant(variant, { wasmMemory: wasmMemory as never });
    return new JavaScriptEngine(await newQuickJSWASMModuleFromVariant(limited), memoryBytesMax, failTimeoutMs);
  }

  /** @throws UdfFailure invalid: the body does not compile */
  open(fn: UserFunction, watch: CallWatch): Sandbox {
    const runtime = this.module.newRuntime();
    runtime.setMemoryLimit(this.memoryBytesMax);
    runtime.setMaxStackSize(stackBytesMax);
    return new JavaScriptSandbox(runtime, fn, watch, this.failTimeoutMs);
  }
}

/** The interpreter itself failed: its memory may be damaged. */
const isCrash = (error: unknown): boolean =>
  error instanceof webAssembly.RuntimeError ||
  (error instanceof RangeError && error.message.includes('call stack size exceeded'));

const bridgeParts = ['read', 'write', 'bytes', 'view', 'date', 'tell', 'source'] as const;
type Bridge = Readonly<Record<(typeof bridgeParts)[number], QuickJSHandle>>;

class JavaScriptSandbox implements Sandbox {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #bridge: Bridge;
  readonly #function: QuickJSHandle;
  #deadlineMs = 0;
  #interrupted = false;

  constructor(
    runtime: QuickJSRuntime,
    private readonly fn: UserFunction,
    private readonly watch: CallWatch,
    private readonly failTimeoutMs: number,
  ) {
    this.#runtime = runtime;
    this.#context = runtime.newContext();
    runtime.setInterruptHandler(() => {
      if (performance.now() < this.#deadlineMs) return false;
      this.#interrupted = true;
      return true;
    });
    this.#deadlineMs = performance.now() + failTimeoutMs;
    const parts = this.#context.unwrapResult(this.#context.evalCode(bridgeSource));
    this.#bridge = Object.fromEntries(
      bridgeParts.map((name) => [name, this.#context.getProp(parts, name)]),
    ) as unknown as Bridge;
    parts.dispose();
    this.#function = this.#compile();
  }

  call(args: readonly Cell[]): Cell {
    return this.#timed(() => {
      const handles = args.map((arg, i) => this.#toHandle(this.fn.argTypes[i]!, arg));
      const result = this.#invoke(this.#function, handles);
      for (const handle of handles) handle.dispose();
      return this.#take(result);
    });
  }

  /** The state stays in QuickJS between the calls; what leaves at the end is checked. */
  fold(state: Cell, rows: () => readonly Cell[] | null): Cell {
    const { argTypes, calledOnNull } = this.fn;
    let current = this.#timed(() => this.#toHandle(argTypes[0]!, state));
    for (let args = rows(); args !== null; args = rows()) {
      if (!calledOnNull && this.#isNull(current)) break;
      const of = args;
      const next = this.#timed(() => {
        const handles = of.map((arg, i) => this.#toHandle(argTypes[i + 1]!, arg));
        const result = this.#invoke(this.#function, [current, ...handles]);
        for (const handle of handles) handle.dispose();
        return result;
      });
      current.dispose();
      current = next;
    }
    return this.#timed(() => this.#take(current));
  }

  dispose(): void {
    this.#function.dispose();
    for (const handle of Object.values(this.#bridge)) handle.dispose();
    this.#context.dispose();
    this.#runtime.dispose();
  }

  #timed<T>(run: () => T): T {
    this.watch.begin();
    this.#deadlineMs = performance.now() + this.failTimeoutMs;
    const value = run();
    this.watch.end();
    return value;
  }

  #compile(): QuickJSHandle {
    const { argNames, body } = this.fn;
    for (const name of argNames)
      if (!/^[A-Za-z_$][\w$]*$/.test(name))
        throw new UdfFailure('invalid', `JavaScript compilation failed: "${name}" cannot name an argument`);
    const functionOf = (text: string) => `function (${argNames.join(', ')}) { "use strict"; ${text}\n}`;
    const whole = functionOf(body);
    const statements = this.#context.evalCode(`(${whole})`, 'body');
    // A body that is one expression is its own result, as in the JavaScript functions of Cassandra before 5.0.
    const isExpression = !/\breturn\b/.test(body);
    const returned = functionOf(`return (${body.replace(/[\s;]+$/, '')}\n)`);
    const expression = isExpression ? this.#context.evalCode(`(${returned})`, 'body') : null;
    if (expression !== null && !expression.error) {
      (statements.error ?? statements.value).dispose();
      return this.#checkWhole(expression.value, returned);
    }
    expression?.error?.dispose();
    if (!statements.error) return this.#checkWhole(statements.value, whole);
    const text = this.#tell(statements.error);
    throw new UdfFailure('invalid', `JavaScript compilation failed: ${text}`);
  }

  /** @throws UdfFailure for a body with a brace too many: what it made is another function than its text says */
  #checkWhole(fn: QuickJSHandle, text: string): QuickJSHandle {
    const source = this.#context.unwrapResult(
      this.#context.callFunction(this.#bridge.source, this.#context.undefined, fn),
    );
    const isWhole = this.#context.getString(source) === text;
    source.dispose();
    if (isWhole) return fn;
    throw new UdfFailure('invalid', 'JavaScript compilation failed: the body closes a brace that it did not open');
  }

  /** @throws UdfFailure with what the function threw */
  #invoke(fn: QuickJSHandle, args: QuickJSHandle[]): QuickJSHandle {
    const result = this.#context.callFunction(fn, this.#context.undefined, args);
    if (!result.error) return result.value;
    if (this.#interrupted) throw new UdfFailure('timeout', '');
    throw new UdfFailure('threw', this.#tell(result.error));
  }

  #tell(error: QuickJSHandle): string {
    if (this.#interrupted) throw new UdfFailure('timeout', '');
    this.#deadlineMs = performance.now() + tellMsMax;
    const text = this.#context.callFunction(this.#bridge.tell, this.#context.undefined, error);
    if (text.error) return 'an error that cannot be told';
    return this.#context.getString(text.value).slice(0, messageCharactersMax);
  }

  #isNull(handle: QuickJSHandle): boolean {
    const kind = this.#context.typeof(handle);
    return kind === 'undefined' || (kind === 'object' && this.#context.eq(handle, this.#context.null));
  }

  #toHandle(type: CqlType, bytes: Cell): QuickJSHandle {
    const context = this.#context;
    if (isNull(type, bytes)) return context.null;
    switch (type.kind) {
      case 'tinyint':
        return context.newNumber(decodeByte(bytes));
      case 'smallint':
        return context.newNumber(decodeShort(bytes));
      case 'int':
        return context.newNumber(decodeInt(bytes));
      case 'float':
        return context.newNumber(decodeFloat(bytes));
      case 'double':
        return context.newNumber(decodeDouble(bytes));
      case 'boolean':
        return bytes[0] !== 0 ? context.true : context.false;
      case 'bigint':
      case 'counter':
        return context.newBigInt(decodeLong(bytes));
      case 'varint':
        return context.newBigInt(decodeVarint(bytes));
      case 'blob':
        return this.#through(this.#bridge.view, context.newArrayBuffer(bytes.slice().buffer));
      case 'timestamp':
        return this.#through(this.#bridge.date, context.newNumber(Number(decodeLong(bytes))));
      case 'list':
      case 'set':
      case 'map':
      case 'tuple':
      case 'udt':
      case 'vector':
      case 'duration':
      case 'custom':
        return this.#through(this.#bridge.read, context.newString(JSON.stringify(toTagged(type, bytes))));
      default:
        return context.newString(plainText(type, bytes));
    }
  }

  #through(fn: QuickJSHandle, arg: QuickJSHandle): QuickJSHandle {
    const result = this.#invoke(fn, [arg]);
    arg.dispose();
    return result;
  }

  /** The bytes of a result, whose handle ends. @throws UdfFailure when it is no value of the type */
  #take(handle: QuickJSHandle): Cell {
    const { returnType } = this.fn;
    try {
      if (this.#isNull(handle)) return null;
      if (returnType.kind === 'blob') {
        const buffer = this.#invoke(this.#bridge.bytes, [handle]);
        return buffer.consume((of) => this.#context.getArrayBuffer(of).consume(({ value }) => value.slice()));
      }
      return fromTagged(returnType, this.#tagged(handle));
    } catch (error) {
      if (error instanceof UdfFailure || isCrash(error)) throw error;
      // What came out of QuickJS is whatever the function made of it.
      throw new UdfFailure('threw', `${(error as Error).name}: ${(error as Error).message}`);
    } finally {
      handle.dispose();
    }
  }

  #tagged(handle: QuickJSHandle): Tagged {
    const context = this.#context;
    switch (context.typeof(handle)) {
      case 'number': {
        const value = context.getNumber(handle);
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { f: Object.is(value, -0) ? '-0' : String(value) };
      }
      case 'string': {
        const text = context.getString(handle);
        // Half of a surrogate pair comes as three characters for what is not UTF-8; JSON has it as it is.
        return text.includes('\ufffd') ? this.#written(handle) : text;
      }
      default:
        return this.#written(handle);
    }
  }

  #written(handle: QuickJSHandle): Tagged {
    const text = this.#invoke(this.#bridge.write, [handle]);
    return text.consume((of) => JSON.parse(this.#context.getString(of)) as Tagged);
  }
}
