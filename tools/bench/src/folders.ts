import { lstatSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

const large = 1024 * 1024;

/** The sizes of all regular files below a folder. */
export function sizeBelow(folder: string): number {
  return filesBelow(folder).reduce((sum, file) => sum + lstatSync(file).size, 0);
}

/**
 * Deletes the large files below a folder. Small ones stay until the end of all: a file system may be slow to make files
 * just after it has deleted many.
 */
export function removeLargeFiles(folder: string): void {
  for (const file of filesBelow(folder)) if (lstatSync(file).size >= large) rmSync(file);
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
