import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

// The lockfiles name no download host: whoever installs does so from the registry that their npm is set to.
// And they are whole: a binary for another system that is not in a lockfile makes `npm ci` fail there.

/**
 * @typedef {{ resolved?: string, optionalDependencies?: Record<string, string> }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
for (const file of ["package-lock.json", "tools/setup/node24/package-lock.json"]) {
  /** @type {{ packages: LockedPackages }} */
  const { packages } = JSON.parse(readFileSync(path.join(root, file), "utf8"));
  for (const problem of [...namedHosts(packages), ...absentOptionals(packages)]) {
    console.error(`${file}: ${problem}`);
    process.exitCode = 1;
  }
}

/** @param {LockedPackages} packages */
function namedHosts(packages) {
  return Object.entries(packages)
    .filter(([, { resolved = "" }]) => /^[a-z+]+:\/\//.test(resolved))
    .map(([place]) => `${place} names a host; .npmrc has omit-lockfile-registry-resolved for that`);
}

/** @param {LockedPackages} packages */
function absentOptionals(packages) {
  const problems = [];
  for (const [place, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      if (!isReachable(packages, place, name)) {
        problems.push(`${place} wants ${name}, which is absent: choose versions that the registry has whole`);
      }
    }
  }
  return problems;
}

/**
 * Whether a package at `place` finds `name` in its own node_modules or in one above.
 * @param {LockedPackages} packages
 * @param {string} place
 * @param {string} name
 */
function isReachable(packages, place, name) {
  for (let at = place; ; at = at.slice(0, Math.max(at.lastIndexOf("/node_modules/"), 0))) {
    if (`${at && `${at}/`}node_modules/${name}` in packages) return true;
    if (at === "") return false;
  }
}
