import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { root, runNpm, withRetries } from "./process.mjs";

const folder = path.join(root, "tools/setup/node24");

/**
 * The binary of Node 24, installed from npm's registry if it is not there yet.
 * @returns {Promise<{ binary: string } | { reason: string }>}
 */
export async function ensureNode24() {
  const name = `node-${process.platform}-${process.arch}`;
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const version = optionalDependencies[name];
  if (version === undefined) return { reason: `npm has no Node 24 for ${process.platform}-${process.arch}` };
  const home = path.join(folder, "node_modules", name);
  if (installedVersion(home) !== version) {
    console.log(`Installing Node ${version} beside this one.`);
    const code = await withRetries(() => runNpm(["ci", "--ignore-scripts"], { cwd: folder }));
    if (code !== 0) return { reason: `Node ${version} could not be installed` };
  }
  return { binary: path.join(home, "bin", "node") };
}

/** @param {string} home */
function installedVersion(home) {
  const file = path.join(home, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined;
}
