import { isShortOfAddresses } from "./address-space.ts";
import { checksumsWasm } from "./generated/checksums.ts";
import { deflateWasm } from "./generated/deflate.ts";
import { inflateWasm } from "./generated/inflate.ts";
import { type KernelExports, type WasmModule, webAssembly } from "./webassembly.ts";

export type KernelName = "inflate" | "deflate" | "checksums";

const encoded: Readonly<Record<KernelName, string>> = {
  inflate: inflateWasm,
  deflate: deflateWasm,
  checksums: checksumsWasm,
};

const names: readonly KernelName[] = ["inflate", "deflate", "checksums"];

/** Kernels compiled so far. It can be posted to a worker, whose engine then has nothing left to compile. */
export type CompiledKernels = { readonly [name in KernelName]?: WasmModule };

const compiled: { -readonly [name in KernelName]?: WasmModule } = {};

/** A new instance of a kernel, with a memory of its own. The first one takes a millisecond, to compile. */
export function kernelInstance<Exports extends KernelExports>(name: KernelName): Exports {
  const api = webAssembly();
  if (api === undefined) throw new TypeError("this runtime has no WebAssembly");
  return new api.Instance(compileKernel(name), {}).exports as Exports;
}

function compileKernel(name: KernelName): WasmModule {
  const api = webAssembly();
  if (api === undefined) throw new TypeError("this runtime has no WebAssembly");
  const module = compiled[name] ?? new api.Module(decodeBase64(encoded[name]));
  compiled[name] = module;
  return module;
}

/** Every kernel, compiled, to be handed to {@link adoptKernels} in a worker. */
export function compileKernels(): CompiledKernels {
  for (const name of names) compileKernel(name);
  return { ...compiled };
}

/** Takes over what another thread has compiled. */
export function adoptKernels(kernels: CompiledKernels): void {
  Object.assign(compiled, kernels);
}

const reasons = new Map<KernelName, string | undefined>();

/**
 * Why a kernel does not run here, or undefined where it does: some runtimes have no WebAssembly, or none with SIMD,
 * some pages forbid it, and some processes may have too few addresses. Without a name it is about all of them.
 */
export function kernelsUnavailable(name?: KernelName): string | undefined {
  if (name === undefined) return names.map((one) => kernelsUnavailable(one)).find((one) => one !== undefined);
  if (!reasons.has(name)) reasons.set(name, whyNot(name));
  return reasons.get(name);
}

function whyNot(name: KernelName): string | undefined {
  if (webAssembly() === undefined) return "this runtime has no WebAssembly";
  if (isShortOfAddresses())
    return "the limit of this process's address space (ulimit -v) leaves no room for it";
  try {
    compileKernel(name);
    return undefined;
  } catch (error) {
    return `this runtime does not compile it: ${(error as Error).message}`;
  }
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  // Node 20 decodes with atob one character after the other, which takes a third of the time that a kernel takes to start.
  if (globalThis.Buffer !== undefined) return globalThis.Buffer.from(text, "base64");
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
