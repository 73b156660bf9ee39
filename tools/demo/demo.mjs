import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify, styleText } from "node:util";
import { writeLayer } from "./layers.mjs";

// npm run demo: an image made of what is installed here goes through every local transport and back.

const root = fileURLToPath(new URL("../..", import.meta.url));
const dray = path.join(root, "packages/cli/dist/bin.cjs");
const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-demo-"));
const name = "example.com/drayage/demo:1";

const stations = [
  `docker-archive:first.tar:${name}`,
  "oci-dir:layout:demo",
  "dir:directory",
  "oci-archive:archive.tar:demo",
  `docker-archive:last.tar:${name}`,
];
const [first = "", ...others] = stations;

title("An image of three layers, made of packages that are installed here");
const layers = await makeLayers();
await show(["copy", `tarball:${layers.join(":")}`, first]);

let previous = first;
for (const station of others) {
  title(`${scheme(previous)} → ${scheme(station)}`);
  await show(["copy", previous, station]);
  previous = station;
}

title("What it is");
await show(["inspect", "oci-dir:layout:demo"]);

title("Every digest, size and diffID computed anew");
for (const station of stations) await show(["validate", "--quiet", station]);

title("The digests side by side (of the layers those before compression, the diffIDs)");
const identities = await Promise.all(stations.map(identity));
for (const line of table(stations.map(scheme), identities)) console.log(line);
const unchanged = new Set(identities.map(({ config, diffIds }) => `${config} ${diffIds}`)).size === 1;
console.log(
  unchanged
    ? "\nThe config and the content of the layers are the same at every station."
    : "\nSomething changed on the way: that must not be.",
);

console.log(`
Try next:

  cd "${folder}"
  alias dray='node "${dray}"'
  dray inspect --config oci-dir:layout:demo
  dray copy --dry-run oci-dir:layout:demo docker-archive:another.tar
  dray list-tags docker-archive:last.tar
  dray transports
  dray help

What the demo made is in that folder; to delete it:

  rm -r "${folder}"
`);
process.exitCode = unchanged ? 0 : 1;

async function makeLayers() {
  const modules = path.join(root, "node_modules");
  const ours = readdirSync(path.join(root, "packages")).map((one) => [
    `usr/lib/node_modules/@drayage/${one}`,
    path.join(root, "packages", one, "dist"),
  ]);
  const contents = [
    { "usr/lib/node_modules/typescript": path.join(modules, "typescript") },
    {
      "usr/lib/node_modules/@noble/hashes": path.join(modules, "@noble/hashes"),
      "usr/lib/node_modules/@stricli/core": path.join(modules, "@stricli/core"),
    },
    Object.fromEntries(ours),
  ];
  const files = contents.map((_, index) => `layer-${index + 1}.tar`);
  for (const [index, folders] of contents.entries()) {
    await writeLayer(path.join(folder, files[index] ?? ""), folders);
  }
  return files;
}

/** @param {string} text */
function title(text) {
  const bold = process.stdout.isTTY && !process.env.NO_COLOR;
  console.log(`\n${bold ? styleText("bold", text) : text}`);
}

/** @param {string} station */
function scheme(station) {
  return station.slice(0, station.indexOf(":"));
}

/**
 * Runs dray as a person would, with its progress on the terminal.
 * @param {readonly string[]} args
 */
async function show(args) {
  console.log(`$ dray ${args.join(" ")}`);
  const child = spawn(process.execPath, [dray, ...args], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) {
    console.error(`dray ended with exit code ${code}`);
    process.exit(1);
  }
}

/**
 * What is to stay the same, and the manifest's digest, which depends on the format.
 * @param {string} station
 */
async function identity(station) {
  const [manifest, config] = await Promise.all([
    output(["inspect", "--raw", station]),
    output(["inspect", "--raw", "--config", station]),
  ]);
  /** @type {{ rootfs: { diff_ids: string[] } }} */
  const { rootfs } = JSON.parse(config.toString());
  return { manifest: sha256(manifest), config: sha256(config), diffIds: rootfs.diff_ids };
}

/** @param {readonly string[]} args */
async function output(args) {
  const { stdout } = await promisify(execFile)(process.execPath, [dray, ...args], {
    cwd: folder,
    encoding: "buffer",
  });
  return stdout;
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/**
 * @param {readonly string[]} names
 * @param {readonly Awaited<ReturnType<typeof identity>>[]} identities
 */
function table(names, identities) {
  /** @param {string} digest */
  const short = (digest) => digest.slice(0, "sha256:".length + 12);
  const rows = identities.map(({ manifest, config, diffIds }, index) => [
    names[index] ?? "",
    short(manifest),
    short(config),
    ...diffIds.map(short),
  ]);
  const head = [
    "place",
    "manifest",
    "config",
    ...(rows[0]?.slice(3).map((_, index) => `layer ${index + 1}`) ?? []),
  ];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
