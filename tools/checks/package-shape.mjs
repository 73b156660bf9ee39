import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { packAll } from "../packaging/pack.mjs";

// What is published resolves as it should for every kind of importer: publint and "are the types wrong?"
// on the archives that npm packs. The packages must have been built.

const attw = fileURLToPath(
  new URL("../../node_modules/@arethetypeswrong/cli/dist/index.js", import.meta.url),
);
const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
try {
  const packages = await packAll(folder);
  const problems = (await Promise.all(packages.map(problemsOf))).flat();
  for (const problem of problems) console.error(problem);
  console.log(`${packages.length} packages, ${problems.length} problems`);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {import("../packaging/pack.mjs").Packed} packed */
async function problemsOf(packed) {
  const archive = new Uint8Array(readFileSync(packed.tarball));
  const { messages } = await publint({ pack: { tarball: archive.buffer }, strict: true });
  const shape = messages.map((message) => `${packed.name}: ${formatMessage(message, packed.manifest)}`);
  return [...shape, ...(await typeProblems(packed))];
}

/** @param {import("../packaging/pack.mjs").Packed} packed */
async function typeProblems({ name, tarball }) {
  try {
    await promisify(execFile)(process.execPath, [attw, tarball, "--profile", "esm-only", "--no-color"]);
    return [];
  } catch (error) {
    const { stdout = "", stderr = "" } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    return [`${name}: types resolve wrongly\n${stdout}${stderr}`];
  }
}
