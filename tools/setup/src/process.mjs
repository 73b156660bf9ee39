import { spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The root of the workspace. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Where tasks leave what later ones read. */
export const cache = path.join(root, "node_modules", ".cache", "drayage");

export const inCi = process.env.CI === "true";

/**
 * Runs a program to its end with this process's output, and gives its exit code.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, quiet?: boolean }} [options]
 * @returns {Promise<number>}
 */
export function runProgram(program, args, options = {}) {
  const output = options.quiet ? "ignore" : "inherit";
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", output, output],
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/**
 * Runs a script of this workspace, or of a dependency, with the Node that runs this one.
 * @param {string} script the path from the root
 * @param {readonly string[]} [args]
 * @param {{ env?: Record<string, string>, node?: string, nodeOptions?: readonly string[] }} [options]
 */
export function runNode(script, args = [], options = {}) {
  const { node = process.execPath, nodeOptions = [], ...rest } = options;
  return runProgram(node, [...nodeOptions, path.join(root, script), ...args], rest);
}

/**
 * Runs npm: the one that runs this process, where there is one.
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 */
export function runNpm(args, options = {}) {
  const npm = process.env.npm_execpath;
  if (npm?.endsWith(".js")) return runProgram(process.execPath, [npm, ...args], options);
  return runProgram(process.platform === "win32" ? "npm.cmd" : "npm", args, options);
}

/**
 * Does a step that needs the network up to three times, since mirrors and registries have bad moments.
 * @param {() => Promise<number>} step
 * @returns {Promise<number>} the last exit code
 */
export async function withRetries(step) {
  for (const pause of [5_000, 20_000]) {
    const code = await step();
    if (code === 0) return code;
    console.log(`It failed (exit code ${code}); trying again in ${pause / 1000} seconds.`);
    await sleep(pause);
  }
  return step();
}
