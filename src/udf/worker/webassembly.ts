// The part of the WebAssembly API that functions use: the compiler has declarations of it only among those of browsers.

export type WasmMemory = { readonly buffer: ArrayBuffer };
export type WasmExports = Readonly<Record<string, unknown>>;

type WebAssemblyApi = {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: WasmExports };
  readonly Memory: new (descriptor: { readonly initial: number; readonly maximum?: number }) => WasmMemory;
  readonly RuntimeError: new () => Error;
};

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
