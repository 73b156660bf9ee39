import { accessSync, constants } from "node:fs";
import path from "node:path";

/** Where a program is, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  // The system folders are not on every user's path, and runc lives in one.
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin", "/sbin"];
  return folders
    .filter(path.isAbsolute)
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
