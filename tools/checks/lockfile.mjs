import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

// The lockfiles name no download host: whoever installs does so from the registry that their npm is set to.

const root = fileURLToPath(new URL("../..", import.meta.url));
for (const file of ["package-lock.json", "tools/setup/node24/package-lock.json"]) {
  const { packages } = JSON.parse(readFileSync(path.join(root, file), "utf8"));
  for (const [place, entry] of Object.entries(packages)) {
    const { resolved = "" } = /** @type {{ resolved?: string }} */ (entry);
    if (!/^[a-z+]+:\/\//.test(resolved)) continue;
    console.error(`${file}: ${place} names a host; .npmrc has omit-lockfile-registry-resolved for that`);
    process.exitCode = 1;
  }
}
