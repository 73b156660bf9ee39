import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireSys, workingFolder } from "../../src/index.ts";

const sys = requireSys("test");

/** Why a kind of test cannot run here; undefined where it can. */
function reason(attempt: (folder: string) => void): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  try {
    attempt(folder);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const whyNoUserXattrs: string | undefined = reason((folder) => {
  writeFileSync(join(folder, "file"), "");
  sys.setXattr(join(folder, "file"), "user.drayage", new Uint8Array(1));
});

export const whyNoTrustedXattrs: string | undefined = reason((folder) =>
  sys.setXattr(folder, "trusted.drayage", new Uint8Array(1)),
);

export const whyNoDevices: string | undefined = reason((folder) => {
  sys.mknodAt(workingFolder, join(folder, "null"), 0o020666, { major: 1, minor: 3 });
});

export const whyNoMounts: string | undefined = reason((folder) => {
  const target = join(folder, "target");
  mkdirSync(target);
  sys.bindMount(target, target, { private: true });
  sys.unmount(target);
});

/** The name of a test, with why it is skipped. */
export function named(name: string, why: string | undefined): string {
  return why === undefined ? name : `${name} [skipped: ${why}]`;
}
