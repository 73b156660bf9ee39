import { ensureDependencies } from "./src/dependencies.mjs";
import { bench } from "./src/tasks/bench.mjs";
import { build } from "./src/tasks/build.mjs";
import { check } from "./src/tasks/check.mjs";
import { demo } from "./src/tasks/demo.mjs";
import { format } from "./src/tasks/format.mjs";
import { fuzz } from "./src/tasks/fuzz.mjs";
import { kernels } from "./src/tasks/kernels.mjs";
import { test } from "./src/tasks/test.mjs";

/** @type {Record<string, (args: readonly string[]) => Promise<number>>} */
const tasks = { bench, build, check, demo, format, fuzz, kernels, test };

const [name = "", ...args] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) {
  console.error(`usage: node tools/setup/run.mjs ${Object.keys(tasks).join("|")}`);
  process.exit(2);
}
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`drayage needs Node 20.19 or later; this is ${process.versions.node}.`);
  process.exit(1);
}
await ensureDependencies();
process.exitCode = await task(args);
