import { createRequire } from "node:module";
import type { Kernel } from "./kernel.ts";
import { Memory } from "./memory.ts";
import { syscallNumbers } from "./syscalls.ts";

/** What we need of koffi. */
interface Koffi {
  load(path: null): {
    func(
      name: string,
      result: string,
      parameters: readonly string[],
    ): (...parameters: number[]) => number | bigint;
  };
  errno(): number;
  address(bytes: Uint8Array): bigint;
}

/**
 * koffi's binary for this machine, which is whole by itself. The package `koffi` would only choose it, and compile one where there is none
 * when it is installed.
 */
function packageFor(arch: string): string {
  return `@koromix/koffi-linux-${arch}`;
}

/** Either the way to the kernel, or a sentence that says why there is none. */
export type LoadedKernel = { readonly kernel: Kernel } | { readonly reason: string };

export interface Machine {
  readonly platform: string;
  readonly arch: string;
}

/** @param bases URLs or paths of modules from which koffi is looked for, in this order */
export function loadKernel(bases: readonly (string | URL)[], machine: Machine = process): LoadedKernel {
  if (machine.platform !== "linux") return { reason: `they are Linux's, and this is ${machine.platform}` };
  const numbers = syscallNumbers[machine.arch];
  if (numbers === undefined) {
    const known = Object.keys(syscallNumbers).join(" and ");
    return { reason: `they are known for ${known}, and this is ${machine.arch}` };
  }
  const found = loadKoffi(bases, packageFor(machine.arch));
  if ("reason" in found) return found;
  const { koffi } = found;
  try {
    const syscall = koffi.load(null).func("syscall", "int64", Array<string>(7).fill("int64"));
    return {
      kernel: {
        call(name, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) {
          const result = Number(syscall(numbers[name], a, b, c, d, e, f));
          return result === -1 ? -koffi.errno() : result;
        },
        memory: new Memory((bytes) => Number(koffi.address(bytes))),
      },
    };
  } catch (error) {
    return { reason: `koffi does not reach the C library: ${messageOf(error)}` };
  }
}

function loadKoffi(
  bases: readonly (string | URL)[],
  name: string,
): { readonly koffi: Koffi } | { readonly reason: string } {
  let reason: string | undefined;
  for (const require of bases.flatMap(requiresFrom)) {
    try {
      return { koffi: require(name) as Koffi };
    } catch (error) {
      if (!isNotFound(error)) reason ??= `koffi cannot be loaded: ${messageOf(error)}`;
    }
  }
  return {
    reason: reason ?? `the package ${name}, an optional dependency of @drayage/sys, is not installed`,
  };
}

/** From the module itself, and from this package where the module finds it: koffi need not be in sight of those that use us. */
function requiresFrom(base: string | URL): readonly NodeJS.Require[] {
  const direct = createRequire(base);
  try {
    return [direct, createRequire(direct.resolve("@drayage/sys/package.json"))];
  } catch {
    return [direct];
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
