import { type KernelExports, type WasmModule, webAssembly } from "./webassembly.ts";

export type KernelName = "inflate" | "deflate" | "checksums" | "sha256";

/** A kernel as it is kept in `generated`. Who uses one brings its text, so that a bundle has no other. */
export interface EncodedKernel {
  readonly name: KernelName;
  /** Its WebAssembly in base64. */
  readonly text: string;
}

/** Kernels compiled so far. It can be posted to a worker, whose engine then has nothing left to compile. */
export type CompiledKernels = { readonly [name in KernelName]?: WasmModule };

const compiled: { -readonly [name in KernelName]?: WasmModule } = {};

/** A new instance of a kernel, with a memory of its own. The first one takes a millisecond, to compile. */
export function kernelInstance<Exports extends KernelExports>(kernel: EncodedKernel): Exports {
  const api = webAssembly();
  if (api === undefined) throw new TypeError("this runtime has no WebAssembly");
  return new api.Instance(compileKernel(kernel), {}).exports as Exports;
}

export function compileKernel({ name, text }: EncodedKernel): WasmModule {
  const api = webAssembly();
  if (api === undefined) throw new TypeError("this runtime has no WebAssembly");
  const module = compiled[name] ?? new api.Module(decodeBase64(text));
  compiled[name] = module;
  return module;
}

/** What was compiled or adopted so far. */
export function compiledKernels(): CompiledKernels {
  return { ...compiled };
}

/** For each kernel, an export that no other has. */
const ownExports: Readonly<Record<KernelName, string>> = {
  inflate: "unusedInput",
  deflate: "deflateBlock",
  checksums: "xxh64Finish",
  sha256: "sha256Blocks",
};

/**
 * Takes over what another thread has compiled, by the same version of this package.
 *
 * @throws TypeError for what is no compiled kernel, or another than its name says: then none is taken over.
 */
export function adoptKernels(kernels: CompiledKernels): void {
  for (const [name, module] of Object.entries(kernels)) requireKernel(name, module);
  Object.assign(compiled, kernels);
}

function requireKernel(name: string, module: WasmModule): void {
  const own = Object.hasOwn(ownExports, name) ? ownExports[name as KernelName] : undefined;
  if (own === undefined) throw new TypeError(`there is no kernel ${name}`);
  if (!exportsOf(module).some((exported) => exported.name === own)) {
    throw new TypeError(`the module is not the kernel ${name}`);
  }
}

/** Throws TypeError for what is no module. */
function exportsOf(module: WasmModule): readonly { readonly name: string }[] {
  const api = webAssembly();
  if (api === undefined) throw new TypeError("this runtime has no WebAssembly");
  return api.Module.exports(module);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  // Node 20 decodes with atob one character after the other, which takes a third of the time that a kernel takes to start.
  if (globalThis.Buffer !== undefined) return globalThis.Buffer.from(text, "base64");
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
