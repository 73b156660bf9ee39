import { DrayageError } from "@drayage/errors";
import { copyCalls } from "./copy-calls.ts";
import { fileCalls } from "./file-calls.ts";
import type { Kernel } from "./kernel.ts";
import { loadKernel } from "./load-kernel.ts";
import { lockCalls } from "./lock-calls.ts";
import { mountCalls } from "./mount-calls.ts";
import { processCalls } from "./process-calls.ts";
import type { Sys } from "./sys.ts";
import { xattrCalls } from "./xattr-calls.ts";

export interface LoadSysOptions {
  /**
   * A module's URL or path from which koffi is looked for first: {@link sysBase} of the thread that has this package, for
   * workers that are started from text. Only the first call of a thread that asks for the calls decides.
   */
  readonly base?: string | URL | undefined;
}

type Loaded = { readonly sys: Sys } | { readonly reason: string };

let loaded: Loaded | undefined;

/** Where koffi is looked for: what a thread gives to workers that are started from text. */
export function sysBase(): string {
  return import.meta.url;
}

/** The calls; undefined where there are none, as {@link sysUnavailable} says. Loaded once in each thread (10 ms). */
export function loadSys(options: LoadSysOptions = {}): Sys | undefined {
  const result = load(options);
  return "sys" in result ? result.sys : undefined;
}

/** Why there are no calls, as half a sentence; undefined where there are. */
export function sysUnavailable(options: LoadSysOptions = {}): string | undefined {
  const result = load(options);
  return "reason" in result ? result.reason : undefined;
}

/**
 * The calls, where a task cannot do without.
 * @param what the task, as a verb and its object: `mount a layer`
 * @throws ERR_DRAYAGE_SYSTEM_UNSUPPORTED
 */
export function requireSys(what: string, options: LoadSysOptions = {}): Sys {
  const result = load(options);
  if ("sys" in result) return result.sys;
  throw new DrayageError(
    "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
    `cannot ${what} without system calls that Node lacks: ${result.reason}`,
    {
      op: what,
      hint: "use Linux on x64 or arm64, and install the optional dependencies: npm install --include=optional",
    },
  );
}

function load({ base }: LoadSysOptions): Loaded {
  loaded ??= create(base === undefined ? [sysBase()] : [base, sysBase()]);
  return loaded;
}

function create(bases: readonly (string | URL)[]): Loaded {
  const found = loadKernel(bases);
  return "reason" in found ? found : { sys: sysOf(found.kernel) };
}

function sysOf(kernel: Kernel): Sys {
  return Object.freeze({
    ...lockCalls(kernel),
    ...fileCalls(kernel),
    ...xattrCalls(kernel),
    ...copyCalls(kernel),
    ...mountCalls(kernel),
    ...processCalls(kernel),
  });
}
