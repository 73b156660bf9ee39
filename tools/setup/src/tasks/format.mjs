import { runNode } from "../process.mjs";

/**
 * Formats the whole workspace and makes its packages' files what the rules say.
 * @param {readonly string[]} args
 */
export async function format(args) {
  const normalised = await runNode("tools/workspace/normalise.mjs");
  const formatted = await runNode("node_modules/@biomejs/biome/bin/biome", ["check", "--write", ...args]);
  return normalised || formatted;
}
