/** A compiled module. It has no properties, and can be posted to workers. */
export type WasmModule = object & { readonly __module?: never };

/** As much of the WebAssembly interface as the kernels need: Node's types have none, and the DOM's are not for Node. */
interface WebAssemblyApi {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    exports(module: WasmModule): readonly { readonly name: string }[];
  };
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
}

/** What every kernel exports beside its functions. */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** A number that a kernel exports: where something is in its memory, say. */
export interface Global {
  readonly value: number;
}

/** Undefined in a runtime that has none. */
export function webAssembly(): WebAssemblyApi | undefined {
  return (globalThis as unknown as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
}
