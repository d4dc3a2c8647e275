// Builds small WebAssembly modules for tests (Core Specification 2.0, section 5).

const types = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;
export type ValueType = keyof typeof types;

export type WasmFunction = {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly code: readonly number[];
};

const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]);
const list = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const text = (value: string): number[] => [...leb(value.length), ...Buffer.from(value)];

export type ModuleParts = {
  readonly functions: readonly WasmFunction[];
  /** Pages of the exported memory, and what it may grow to when the module says. */
  readonly memory?: { readonly pages: number; readonly max?: number };
  /** `module.name` of a function to import. */
  readonly imports?: readonly [string, string];
};

/** The module in hexadecimal. */
export function wasmModule({ functions, memory, imports }: ModuleParts): string {
  const typeOf = ({ params, results }: WasmFunction) => [
    0x60,
    ...list(params.map((type) => [types[type]])),
    ...list(results.map((type) => [types[type]])),
  ];
  const first = imports === undefined ? 0 : 1;
  const exported = functions.map(({ name }, i) => [...text(name), 0, ...leb(i + first)]);
  if (memory !== undefined) exported.push([...text('memory'), 2, 0]);
  const bodies = functions.map(({ code }) => {
    const body = [0, ...code, 0x0b];
    return [...leb(body.length), ...body];
  });
  const bytes = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(functions.map(typeOf))),
    ...(imports === undefined ? [] : section(2, list([[...text(imports[0]), ...text(imports[1]), 0, 0]]))),
    ...section(3, list(functions.map((_, i) => leb(i)))),
    ...(memory === undefined
      ? []
      : section(
          5,
          [1, ...(memory.max === undefined ? [0] : [1]), ...leb(memory.pages), ...leb(memory.max ?? 0)].slice(
            0,
            memory.max === undefined ? 2 + leb(memory.pages).length : undefined,
          ),
        )),
    ...section(7, list(exported)),
    ...section(10, list(bodies)),
  ];
  return Buffer.from(bytes).toString('hex');
}

/** Opcodes that the tests use. */
export const op = {
  localGet: (index: number) => [0x20, index],
  i32Const: (value: number) => [0x41, ...signedLeb(value)],
  i64Const: (value: number) => [0x42, ...signedLeb(value)],
  i32Add: [0x6a],
  i32DivS: [0x6d],
  i64Add: [0x7c],
  i64Or: [0x84],
  i64Shl: [0x86],
  i64ExtendI32U: [0xad],
  f64Mul: [0xa2],
  memoryGrow: [0x40, 0],
  i32Store8: [0x3a, 0, 0],
  loopForever: [0x03, 0x40, 0x0c, 0, 0x0b],
  unreachable: [0],
} as const;

function signedLeb(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signedLeb(rest)];
}
