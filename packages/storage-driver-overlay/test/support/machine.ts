import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireSys } from "@drayage/sys";

/** Why layers cannot be mounted and marked here as root does it; undefined where they can. */
export const whyNoOverlay: string | undefined = attempt();

/** The name of a suite, with why it is skipped. */
export function named(name: string): string {
  return whyNoOverlay === undefined ? name : `${name} [skipped: ${whyNoOverlay}]`;
}

function attempt(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  try {
    const sys = requireSys("test");
    const at = (name: string): string => join(folder, name);
    for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(at(name));
    sys.setXattr(at("lower"), "trusted.drayage", new Uint8Array(1));
    sys.mountOverlay({ lowers: [at("lower")], upper: at("upper"), work: at("work"), target: at("merged") });
    sys.unmount(at("merged"));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
