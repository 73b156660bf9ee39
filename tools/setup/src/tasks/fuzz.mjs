import { runNode } from "../process.mjs";

/**
 * Tries the kernels, as their sources are, with inputs that are made up.
 * @param {readonly string[]} args
 */
export function fuzz(args) {
  return runNode("tools/kernels/fuzz.mjs", args, { nodeOptions: ["--conditions=@drayage/source"] });
}
