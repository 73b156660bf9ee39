import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) remove(folder);
});

/** A new empty directory, removed after the last test of the file. */
export function temporaryDirectory(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
  folders.push(folder);
  return folder;
}

function remove(folder: string): void {
  // Who is not root cannot delete from the read-only directories that images have.
  if (process.getuid?.() !== 0) spawnSync("chmod", ["-R", "u+rwx", folder]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
