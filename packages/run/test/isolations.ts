import { describe } from "vitest";
import { findRuntime, hasRuntime, type Isolation } from "../src/index.ts";
import { findProgram } from "../src/programs.ts";

/** What a run needs that this machine may lack, as half a sentence. */
function missing(isolation: Isolation): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  if (findProgram("unshare") === undefined) return "util-linux is not installed";
  // crun refuses some machines' control groups.
  return isolation === "oci" && !hasRuntime("runc") ? "runc is not installed" : undefined;
}

/** A suite for each isolation that root has; skipped by name, with the reason, where this machine lacks something. */
export function describeIsolations(
  name: string,
  body: (options: { readonly isolation: Isolation; readonly runtime: string | undefined }) => void,
): void {
  for (const isolation of ["oci", "chroot"] as const) {
    const reason = missing(isolation);
    if (reason === undefined) {
      const runtime = isolation === "oci" ? findRuntime("runc").path : undefined;
      describe(`${name}, ${isolation}`, () => body({ isolation, runtime }));
    } else {
      describe.skip(`${name}, ${isolation} [skipped: ${reason}]`, () => {});
    }
  }
}
