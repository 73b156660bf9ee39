import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * @typedef {{ name: string, version: string, exports: Record<string, unknown>, bin?: Record<string, string>,
 *   scripts?: Record<string, string>, dependencies?: Record<string, string> }} Manifest
 * @typedef {{ name: string, folder: string, tarball: string, manifest: Manifest }} Packed
 */

/**
 * Every published package.
 * @type {readonly Omit<Packed, "tarball">[]}
 */
export const packages = readdirSync(path.join(root, "packages")).map((name) => {
  const folder = path.join(root, "packages", name);
  /** @type {Manifest} */
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return { name: manifest.name, folder, manifest };
});

/**
 * Packs every published package, as `npm publish` would, into `destination`. They must have been built.
 * @param {string} destination a directory that exists
 * @returns {Promise<Packed[]>}
 */
export async function packAll(destination) {
  const { stdout } = await npm(
    ["pack", "--json", "--pack-destination", destination, ...packages.map(({ folder }) => folder)],
    root,
  );
  /** @type {{ name: string, filename: string }[]} */
  const made = Object.values(JSON.parse(stdout));
  return packages.map((one) => {
    const filename = made.find(({ name }) => name === one.name)?.filename;
    if (filename === undefined) throw new Error(`npm pack made no archive of ${one.name}:\n${stdout}`);
    return { ...one, tarball: path.join(destination, filename) };
  });
}

/**
 * Packs one package, as `npm publish` would, into `destination`, and gives the archive's path.
 * @param {string} folder
 * @param {string} destination a directory that exists
 * @returns {Promise<string>}
 */
export async function packFolder(folder, destination) {
  const { stdout } = await npm(["pack", "--json", "--pack-destination", destination, folder], root);
  /** @type {{ filename: string }[]} */
  const made = Object.values(JSON.parse(stdout));
  const filename = made[0]?.filename;
  if (filename === undefined) throw new Error(`npm pack made no archive of ${folder}:\n${stdout}`);
  return path.join(destination, filename);
}

/**
 * Runs npm in a folder. A failure's message has what npm said.
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export async function npm(args, cwd) {
  const script = process.env.npm_execpath;
  const [program, first] = script?.endsWith(".js") ? [process.execPath, [script]] : ["npm", []];
  return promisify(execFile)(program, [...first, ...args], { cwd, maxBuffer: 64 * 1024 * 1024 });
}
