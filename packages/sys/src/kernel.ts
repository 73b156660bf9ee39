import type { Memory } from "./memory.ts";
import type { SyscallName } from "./syscalls.ts";

/** System calls by name. */
export interface Kernel {
  /** What the call gives, or the negative number of its error. Numbers are addresses where the call wants one. */
  call(name: SyscallName, ...parameters: CallArguments): number;
  readonly memory: Memory;
}

/** Up to six; those that are missing are 0. */
export type CallArguments = readonly [a?: number, b?: number, c?: number, d?: number, e?: number, f?: number];
