import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { DrayageError } from "@drayage/errors";

/** Where programs for administrators are, which a user's PATH may lack. */
const usualFolders = [
  "/usr/bin",
  "/usr/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
  "/bin",
  "/sbin",
  "/run/current-system/sw/bin",
];

/** The path of a program of this machine: in PATH, or in the usual places. */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [
    ...(env.PATH ?? "").split(":").filter((folder) => folder.startsWith("/")),
    ...usualFolders,
  ];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The same for one that we cannot do without. Throws `ERR_DRAYAGE_RUNTIME`. */
export function requireProgram(name: "mount" | "setpriv" | "unshare"): string {
  if (process.platform !== "linux") {
    throw new DrayageError(
      "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
      `commands of containers run on Linux, and this is ${process.platform}`,
    );
  }
  const path = findProgram(name);
  if (path !== undefined) return path;
  throw new DrayageError(
    "ERR_DRAYAGE_RUNTIME",
    `the program ${name} is not installed, which starts commands of containers`,
    {
      hint: "install the package util-linux",
    },
  );
}
