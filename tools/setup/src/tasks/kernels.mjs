import { runNode } from "../process.mjs";

/**
 * Compiles the kernels from AssemblyScript to the modules that are committed.
 * @param {readonly string[]} args
 */
export function kernels(args) {
  return runNode("tools/kernels/compile.mjs", args);
}
