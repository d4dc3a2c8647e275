// WebAssembly functions: the calling convention of docs/udf.md. A module that does not end is ended with its thread.
import type { UserFunction } from '../../schema/index.js';
import {
  type CqlType,
  decodeByte,
  decodeDouble,
  decodeFloat,
  decodeInt,
  decodeLong,
  decodeShort,
  encodeByte,
  encodeDouble,
  encodeFloat,
  encodeInt,
  encodeLong,
  encodeShort,
  validateValue,
} from '../../types/index.js';
import type { Cell } from '../cells.js';
import { UdfFailure } from '../messages.js';
import { limitedModule, moduleOfBody } from '../wasm-module.js';
import { isNull } from './js-values.js';
import type { CallWatch, Sandbox } from './sandbox.js';
import { type WasmExports, type WasmMemory, webAssembly } from './webassembly.js';

type Direct = {
  readonly toWasm: (bytes: Uint8Array) => number | bigint;
  readonly fromWasm: (value: number | bigint) => Uint8Array;
};

const threw = (message: string): UdfFailure => new UdfFailure('threw', message);

const wrongResult = (value: number | bigint): UdfFailure =>
  threw(`TypeError: the function gave ${value}, no result of its type`);

const integer = (decode: (bytes: Uint8Array) => number, encode: (value: number) => Uint8Array): Direct => ({
  toWasm: decode,
  fromWasm(value) {
    if (!Number.isInteger(value)) throw wrongResult(value); // an i64, or a fraction
    return encode(value as number);
  },
});
const float = (decode: (bytes: Uint8Array) => number, encode: (value: number) => Uint8Array): Direct => ({
  toWasm: decode,
  fromWasm(value) {
    if (typeof value !== 'number') throw wrongResult(value);
    return encode(value);
  },
});
const long: Direct = {
  toWasm: decodeLong,
  fromWasm(value) {
    if (typeof value !== 'bigint') throw wrongResult(value);
    return encodeLong(value);
  },
};

/** Types that are numbers of WebAssembly: i32, i64, f32, f64. */
const direct: Readonly<Partial<Record<CqlType['kind'], Direct>>> = {
  boolean: integer(
    (bytes) => bytes[0]!,
    (value) => Uint8Array.of(value === 0 ? 0 : 1),
  ),
  tinyint: integer(decodeByte, (value) => encodeByte((value << 24) >> 24)),
  smallint: integer(decodeShort, (value) => encodeShort((value << 16) >> 16)),
  int: integer(decodeInt, encodeInt),
  date: integer(decodeInt, encodeInt),
  bigint: long,
  counter: long,
  time: long,
  timestamp: long,
  float: float(decodeFloat, encodeFloat),
  double: float(decodeDouble, encodeDouble),
};

type WasmFunction = (...args: (number | bigint)[]) => number | bigint | undefined;

const invalidFunction = (message: string): UdfFailure =>
  new UdfFailure('invalid', `WebAssembly compilation failed: ${message}`);

/** @throws UdfFailure invalid when the module is none, or has not what the convention asks for */
export function wasmSandbox(fn: UserFunction, memoryBytesMax: number, watch: CallWatch): Sandbox {
  const bytes = limitedModule(moduleOfBody(fn.body), memoryBytesMax);
  let exports: WasmExports;
  try {
    exports = new webAssembly.Instance(new webAssembly.Module(bytes), {}).exports;
  } catch (error) {
    if (error instanceof webAssembly.RuntimeError) throw threw(`RuntimeError: ${error.message}`);
    throw invalidFunction((error as Error).message);
  }
  return new WasmSandbox(fn, exports, watch);
}

class WasmSandbox implements Sandbox {
  readonly #call: WasmFunction;
  readonly #memory: WasmMemory | null;
  readonly #alloc: WasmFunction | null;
  readonly #argDirect: readonly (Direct | null)[];
  readonly #returnDirect: Direct | null;

  constructor(
    private readonly fn: UserFunction,
    exports: WasmExports,
    private readonly watch: CallWatch,
  ) {
    // A number cannot be null: where nulls come, everything goes through memory.
    const directOf = (type: CqlType) => (fn.calledOnNull ? null : (direct[type.kind] ?? null));
    this.#argDirect = fn.argTypes.map(directOf);
    this.#returnDirect = directOf(fn.returnType);
    const call = exports[fn.name];
    if (typeof call !== 'function') throw invalidFunction(`the module exports no function "${fn.name}"`);
    this.#call = call as WasmFunction;
    const { memory, alloc } = exports;
    this.#memory = memory instanceof webAssembly.Memory ? memory : null;
    this.#alloc = typeof alloc === 'function' ? (alloc as WasmFunction) : null;
    const needsMemory = this.#returnDirect === null || this.#argDirect.includes(null);
    if (needsMemory && this.#memory === null) throw invalidFunction('the module exports no memory');
    if (this.#argDirect.includes(null) && this.#alloc === null)
      throw invalidFunction('the module exports no function "alloc"');
    const parameters = this.#argDirect.reduce((count, of) => count + (of === null ? 2 : 1), 0);
    if (call.length !== parameters)
      throw invalidFunction(`the function "${fn.name}" has ${call.length} parameters instead of ${parameters}`);
  }

  call(args: readonly Cell[]): Cell {
    this.watch.begin();
    try {
      const passed = args.flatMap((arg, i) => this.#argument(i, arg));
      return this.#result(this.#call(...passed));
    } catch (error) {
      if (error instanceof UdfFailure) throw error;
      throw threw(`${(error as Error).name}: ${(error as Error).message}`);
    } finally {
      this.watch.end();
    }
  }

  fold(state: Cell, rows: () => readonly Cell[] | null): Cell {
    let current = state;
    for (let args = rows(); args !== null; args = rows()) {
      if (!this.fn.calledOnNull && isNull(this.fn.argTypes[0]!, current)) return current;
      current = this.call([current, ...args]);
    }
    return current;
  }

  dispose(): void {}

  #argument(index: number, bytes: Cell): (number | bigint)[] {
    const of = this.#argDirect[index]!;
    if (of !== null) return [of.toWasm(bytes!)];
    if (isNull(this.fn.argTypes[index]!, bytes)) return [0, -1];
    const address = Number(this.#alloc!(bytes.length)) >>> 0;
    this.#span(address, bytes.length).set(bytes);
    return [address, bytes.length];
  }

  #result(value: number | bigint | undefined): Cell {
    if (value === undefined) throw threw('the function gave nothing');
    if (this.#returnDirect !== null) return this.#returnDirect.fromWasm(value);
    if (typeof value !== 'bigint') throw threw('the function gave no i64 of address and length');
    const bits = BigInt.asUintN(64, value);
    const length = Number(BigInt.asIntN(32, bits));
    if (length < 0) return null;
    const bytes = this.#span(Number(bits >> 32n), length).slice();
    try {
      validateValue(this.fn.returnType, bytes);
    } catch (error) {
      throw threw((error as Error).message);
    }
    return bytes;
  }

  #span(address: number, length: number): Uint8Array {
    const all = this.#memory!.buffer;
    if (address + length > all.byteLength)
      throw threw(`bytes ${address} to ${address + length} are outside the memory`);
    return new Uint8Array(all, address, length);
  }
}
