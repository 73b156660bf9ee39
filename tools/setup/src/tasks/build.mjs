import { spawn } from "node:child_process";
import path from "node:path";
import { root } from "../process.mjs";

/**
 * Builds all packages; nx leaves out what did not change. What it says is shown only where it fails.
 * @param {readonly string[]} [args] further arguments of `nx run-many`
 * @returns {Promise<number>}
 */
export async function build(args = []) {
  console.log("Building the packages (once: half a minute, or minutes on a busy machine) …");
  const nx = path.join(root, "node_modules/nx/dist/bin/nx.js");
  const child = spawn(
    process.execPath,
    [nx, "run-many", "--target=build", "--output-style=static", ...args],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  /** @type {Uint8Array[]} */
  const said = [];
  child.stdout.on("data", (chunk) => said.push(chunk));
  child.stderr.on("data", (chunk) => said.push(chunk));
  /** @type {number} */
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (ended) => resolve(ended ?? 1));
  });
  const text = Buffer.concat(said);
  if (code !== 0) {
    process.stdout.write(text);
    return code;
  }
  const [, kept, all] = /for (\d+) out of (\d+) tasks/.exec(text.toString()) ?? [];
  console.log(
    kept !== undefined && kept === all ? "All packages are up to date." : "The packages are built.",
  );
  return code;
}
