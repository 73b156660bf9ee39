import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findProgram } from "./programs.ts";

/**
 * Fills a folder with what a shell needs to run as a container's: that of this machine and the programs that are asked for, their libraries,
 * users and groups. A program that the machine lacks is left out.
 */
export function writeShellRoot(folder: string, programs: readonly string[] = []): string {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  for (const each of ["bin", "etc", "tmp"]) {
    mkdirSync(path.join(folder, each), { recursive: true });
  }
  const libraries = new Set<string>();
  for (const name of ["sh", ...programs]) {
    const program = findProgram(name);
    if (program === undefined) continue;
    put(program, path.join(folder, "bin", name));
    for (const library of librariesOf(program)) libraries.add(library);
  }
  for (const library of libraries) put(library, path.join(folder, library));
  writeFileSync(path.join(folder, "etc/passwd"), users.join("\n"));
  writeFileSync(path.join(folder, "etc/group"), groups.join("\n"));
  return folder;
}

const users = ["root:x:0:0:root:/root:/bin/sh", "app:x:1000:1001:App:/home/app:/bin/sh", ""];
const groups = ["root:x:0:", "staff:x:50:app", "appg:x:1001:", "wheel:x:60:root,application", ""];

function put(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
}

function librariesOf(program: string): readonly string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...stdout.matchAll(/\/\S+/g)].map(([file]) => file).filter((file) => existsSync(file));
}
