import { accessSync, constants, readFileSync } from "node:fs";
import path from "node:path";
import { inCi, root, runProgram, withRetries } from "./process.mjs";

/**
 * Installs the Debian packages of the peers that are missing, where that can be done without a question:
 * there is apt-get, and one is root or sudo asks for no password. `DRAYAGE_INSTALL_PEERS=no` forbids it.
 * @param {readonly string[]} [tables] the lists of peers, from the root
 */
export async function ensurePeers(tables = ["tools/peers/peers.json"]) {
  const missing = tables.flatMap(missingPeers);
  if (missing.length === 0) return;
  const names = missing.map(({ binary }) => binary).join(", ");
  const prefix = await administrator();
  if (prefix === undefined) {
    const consequence = inCi ? "with CI=true the tests that need them fail" : "what needs them is skipped";
    console.log(`Not installed: ${names}. They cannot be installed here, so ${consequence}.`);
    return;
  }
  console.log(`Installing the peers to compare with: ${names}.`);
  const packages = [...new Set(missing.map((peer) => peer.package))];
  await apt(prefix, ["update"]);
  await apt(prefix, ["install", "--yes", "--no-install-recommends", ...packages]);
}

/**
 * @param {string} file
 * @returns {{ binary: string, package: string }[]}
 */
function missingPeers(file) {
  /** @type {Record<string, { package: string }>} */
  const table = JSON.parse(readFileSync(path.join(root, file), "utf8"));
  return Object.entries(table)
    .map(([binary, peer]) => ({ binary, package: peer.package }))
    .filter(({ binary }) => !onPath(binary));
}

/** @param {string} binary */
function onPath(binary) {
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin", "/sbin"];
  return folders.filter(path.isAbsolute).some((folder) => {
    try {
      accessSync(path.join(folder, binary), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * What to put before a command so that it runs as root, or undefined where that cannot be done.
 * @returns {Promise<readonly string[] | undefined>}
 */
async function administrator() {
  if (process.env.DRAYAGE_INSTALL_PEERS === "no" || !onPath("apt-get")) return undefined;
  if (process.getuid?.() === 0) return [];
  if (!onPath("sudo")) return undefined;
  return (await runProgram("sudo", ["-n", "true"], { quiet: true })) === 0 ? ["sudo", "-n"] : undefined;
}

/**
 * @param {readonly string[]} prefix
 * @param {readonly string[]} args
 */
async function apt(prefix, args) {
  const settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"];
  const [program = "env", ...rest] = [...prefix, "env", ...settings, ...args];
  const code = await withRetries(() => runProgram(program, rest));
  // The tests that need what is missing say so themselves.
  if (code !== 0) console.log(`apt-get ${args[0]} failed with exit code ${code}.`);
}
