import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** A new folder for each test, removed after it, and a look at what this process has open in it. */
export function useFolder(): {
  readonly path: string;
  join(...names: string[]): string;
  openFiles(): string[];
} {
  let path = "";
  beforeEach(() => {
    path = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
    join: (...names) => join(path, ...names),
    /** Paths below the folder that this process holds open. Empty where the system does not tell. */
    openFiles() {
      return descriptors().filter((target) => target.startsWith(`${path}/`));
    },
  };
}

function descriptors(): string[] {
  let names: string[];
  try {
    names = readdirSync("/proc/self/fd");
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return []; // the descriptor that listed the folder
    }
  });
}
