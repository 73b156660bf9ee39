import type { CommandContext, StricliProcess } from "@stricli/core";
import type { Personality } from "./personality.ts";
import type { Input } from "./prompt.ts";

/** A stream that the command writes to. */
export interface Output {
  readonly write: (text: string | Uint8Array) => unknown;
  /** Settles when the reader has taken enough for more to be written; absent where it always has. */
  readonly drained?: () => Promise<void>;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** How many bits a colour has; 1 where there are none. */
  readonly getColorDepth?: (env?: Readonly<Partial<Record<string, string>>>) => number;
}

/** What a command knows of the world: everything that a test may want to replace. */
export interface DrayContext extends CommandContext {
  readonly process: StricliProcess & { readonly stdout: Output; readonly stderr: Output };
  readonly env: Readonly<Partial<Record<string, string>>>;
  readonly personality: Personality;
  /** What the program was called, where `personality` is buildah's for a command of `dray builder`. */
  readonly calledAs?: Personality | undefined;
  /** Standard input, which is not touched before it is asked for. */
  readonly stdin: () => Input;
  /** Aborted when the user interrupts, or when the reader of standard output goes away. */
  readonly signal: AbortSignal;
  /** The program and arguments that do the same once more; absent where this is not a process of its own. */
  readonly again?: readonly string[] | undefined;
}
