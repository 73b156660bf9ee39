import path from "node:path";
import { type RunOptions, type RunResult, run } from "@drayage-internal/peers/run";

/** The built command. */
export const drayBinary: string = path.resolve(import.meta.dirname, "../../../packages/cli/dist/bin.cjs");

/** Runs dray as a person would. */
export function dray(args: readonly string[], options?: RunOptions): Promise<RunResult> {
  return run(process.execPath, [drayBinary, ...args], options);
}
