import { accessSync, constants, existsSync, readFileSync } from "node:fs";
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
  const services = missing.flatMap((peer) => peer.services ?? []).filter((name) => !hasUnit(name));
  await apt(prefix, ["update"]);
  await install(prefix, [...new Set(missing.map((peer) => peer.package))]);
  // Those that were here before are the machine's own.
  const added = services.filter(hasUnit);
  if (added.length > 0 && onPath("systemctl"))
    await runRoot(prefix, ["systemctl", "--quiet", "disable", ...added]);
}

/** @param {string} service */
function hasUnit(service) {
  return ["/lib", "/usr/lib", "/etc"].some((folder) =>
    existsSync(path.join(folder, "systemd/system", service)),
  );
}

/**
 * Installs packages, each by itself where that cannot be done at once: this distribution may lack one of them, and
 * nothing is removed to make room for another.
 * @param {readonly string[]} prefix
 * @param {readonly string[]} packages
 */
async function install(prefix, packages) {
  const args = ["install", "--yes", "--no-install-recommends", "--no-remove"];
  const code = await apt(prefix, [...args, ...packages]);
  if (code === 0 || packages.length === 1) return;
  for (const name of packages) await apt(prefix, [...args, name], 1);
}

/**
 * @typedef {{ package: string, services?: readonly string[] }} Peer `services`: what its package has started with the machine
 */

/**
 * @param {string} file
 * @returns {(Peer & { binary: string })[]}
 */
function missingPeers(file) {
  /** @type {Record<string, Peer>} */
  const table = JSON.parse(readFileSync(path.join(root, file), "utf8"));
  return Object.entries(table)
    .map(([binary, peer]) => ({ binary, ...peer }))
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
 * @param {number} [tries]
 */
async function apt(prefix, args, tries = 3) {
  const settings = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"];
  const command = ["env", ...settings, ...args];
  const step = () => runRoot(prefix, args[0] === "install" ? withoutServices(command) : command);
  const code = await (tries === 1 ? step() : withRetries(step));
  // The tests that need what is missing say so themselves.
  if (code !== 0) console.log(`apt-get ${args[0]} failed with exit code ${code}.`);
  return code;
}

/**
 * @param {readonly string[]} prefix
 * @param {readonly string[]} command
 */
function runRoot(prefix, command) {
  const [program = "", ...args] = [...prefix, ...command];
  return runProgram(program, args);
}

const withPolicy = `
policy=$1
shift
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\n# For the time that drayage installs what its tests compare with.\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
"$@"
`;

/**
 * The command with which packages are installed and their services not started: docker's daemon changes the network, and
 * a registry takes a port. Debian's way to say so is a program that is asked; one that is there already is left as it is.
 * @param {readonly string[]} command
 * @param {string} [policy] where that program has to be
 */
export function withoutServices(command, policy = "/usr/sbin/policy-rc.d") {
  return ["sh", "-c", withPolicy, "sh", policy, ...command];
}
