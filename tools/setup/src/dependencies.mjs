import { readFileSync } from "node:fs";
import path from "node:path";
import { root, runNpm, withRetries } from "./process.mjs";

/**
 * @typedef {{ version?: string, link?: boolean, optional?: boolean, resolved?: string }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lockfile
 */

/** Makes node_modules what package-lock.json says, with `npm ci`, unless it is so already. */
export async function ensureDependencies() {
  const reason = staleness(readLock("package-lock.json") ?? { packages: {} }, installedLock());
  if (reason === undefined) return;
  console.log(`Installing the dependencies with npm ci, since ${reason}.`);
  const code = await withRetries(() => runNpm(["ci", "--no-audit", "--no-fund"]));
  if (code !== 0) throw new Error("npm ci failed: its output above says why");
}

/**
 * Why the installed packages are not those of the lockfile, or undefined where they are.
 * @param {Lockfile} wanted
 * @param {Lockfile | undefined} installed what npm noted in node_modules
 */
export function staleness(wanted, installed) {
  if (installed === undefined) return "they are not installed";
  for (const [place, entry] of Object.entries(wanted.packages)) {
    // Those for other systems are left out, and so are optional ones that cannot be built here.
    const found = installed.packages[place];
    if (place === "" || (found === undefined && entry.optional)) continue;
    if (found === undefined) return `${place} is missing`;
    if (found.version !== entry.version)
      return `${place} is of version ${found.version}, not ${entry.version}`;
  }
  return undefined;
}

function installedLock() {
  return readLock(path.join("node_modules", ".package-lock.json"));
}

/**
 * @param {string} file
 * @returns {Lockfile | undefined}
 */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}
