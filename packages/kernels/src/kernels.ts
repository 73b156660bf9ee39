import { isShortOfAddresses } from "./address-space.ts";
import { checksumsWasm } from "./generated/checksums.ts";
import { deflateWasm } from "./generated/deflate.ts";
import { inflateWasm } from "./generated/inflate.ts";
import { sha256Wasm } from "./generated/sha256.ts";
import { type CompiledKernels, compiledKernels, compileKernel, type KernelName } from "./module.ts";
import { webAssembly } from "./webassembly.ts";

const texts: Readonly<Record<KernelName, string>> = {
  inflate: inflateWasm,
  deflate: deflateWasm,
  checksums: checksumsWasm,
  sha256: sha256Wasm,
};

const names: readonly KernelName[] = ["inflate", "deflate", "checksums", "sha256"];

/** Every kernel, compiled, to be handed to {@link adoptKernels} in a worker. */
export function compileKernels(): CompiledKernels {
  for (const name of names) compileKernel({ name, text: texts[name] });
  return compiledKernels();
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
    compileKernel({ name, text: texts[name] });
    return undefined;
  } catch (error) {
    return `this runtime does not compile it: ${(error as Error).message}`;
  }
}
