import { runNode } from "../process.mjs";

/**
 * Builds all packages; nx leaves out what did not change.
 * @param {readonly string[]} [args] further arguments of `nx run-many`
 */
export function build(args = []) {
  return runNode("node_modules/nx/dist/bin/nx.js", [
    "run-many",
    "--target=build",
    "--output-style=static",
    ...args,
  ]);
}
