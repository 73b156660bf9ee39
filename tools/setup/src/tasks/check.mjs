import { runNode } from "../process.mjs";
import { build } from "./build.mjs";
import { test } from "./test.mjs";

/** @typedef {{ name: string, run: () => Promise<number> }} Step */

const colors = process.stdout.isTTY ? [] : ["--colors=off"];

/** The fast ones first. @type {readonly Step[]} */
const steps = [
  { name: "lockfile", run: () => runNode("tools/checks/lockfile.mjs") },
  { name: "normalised", run: () => runNode("tools/workspace/normalise.mjs", ["--check"]) },
  { name: "kernels", run: () => runNode("tools/kernels/compile.mjs", ["--check"]) },
  {
    name: "format",
    run: () => runNode("node_modules/@biomejs/biome/bin/biome", ["ci", "--error-on-warnings", ...colors]),
  },
  { name: "types", run: types },
  { name: "lint", run: () => runNode("node_modules/oxlint/bin/oxlint", ["--type-aware", "--deny-warnings"]) },
  { name: "versions", run: () => runNode("node_modules/sherif/index.js", ["--fail-on-warnings"]) },
  {
    name: "dead-code",
    run: () => runNode("node_modules/knip/bin/knip.js", ["--no-config-hints"]),
  },
  { name: "layers", run: () => depcruise() },
  { name: "build", run: () => build() },
  { name: "package-shape", run: () => runNode("tools/checks/package-shape.mjs") },
  { name: "tests", run: () => test([]) },
];

/** Everything as one program, and then what the declarations of the packages want besides. */
async function types() {
  const tsc = "node_modules/typescript7/bin/tsc";
  const all = await runNode(tsc, ["--project", "tsconfig.json"]);
  const declarations = await runNode(tsc, ["--project", "tsconfig.declarations.json"]);
  return all || declarations;
}

/** Layer rules: .dependency-cruiser.mjs. */
function depcruise() {
  const folders = ["packages", "examples", "tools"];
  return runNode("node_modules/dependency-cruiser/bin/dependency-cruise.mjs", [
    "--config",
    ".dependency-cruiser.mjs",
    ...folders,
  ]);
}

/**
 * Checks all that CI checks, and says at the end what held. `--static` leaves the tests out; names of
 * steps leave out all others.
 * @param {readonly string[]} args
 */
export async function check(args) {
  const unknown = args.filter((name) => name !== "--static" && !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(
      `no such step: ${unknown.join(", ")}. There are: ${steps.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  const lines = [];
  let failures = 0;
  for (const step of chosen(args)) {
    console.log(`\n== ${step.name}`);
    const started = performance.now();
    const code = await step.run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (code !== 0) failures += 1;
    lines.push(`${code === 0 ? "ok    " : "FAILED"}  ${step.name} (${seconds} s)`);
  }
  console.log(`\n${lines.join("\n")}`);
  console.log(failures === 0 ? "All checks hold." : `${failures} of ${lines.length} checks failed.`);
  return failures === 0 ? 0 : 1;
}

/** @param {readonly string[]} args */
function chosen(args) {
  const names = args.filter((name) => name !== "--static");
  if (names.length > 0) return steps.filter(({ name }) => names.includes(name));
  return args.includes("--static") ? steps.filter(({ name }) => name !== "tests") : steps;
}
