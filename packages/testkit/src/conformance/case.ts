import type { Ability } from "@drayage/transport";
import type { Bench } from "./bench.ts";

/** One rule of the contract, and how to find out whether a transport keeps it. */
export interface Case {
  /** What a transport must be able to do for the rule to mean anything. */
  readonly needs?: readonly Ability[];
  run(bench: Bench): Promise<void>;
}

export type Cases<Name extends string> = Readonly<Record<Name, Case>>;
