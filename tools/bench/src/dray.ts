import { readFileSync } from "node:fs";
import path from "node:path";
import { run } from "@drayage-internal/peers/run";

const folder = path.resolve(import.meta.dirname, "../../../packages/cli");

/** The built command, as its package names it. */
export function drayEntry(): string {
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    bin: { dray: string };
  };
  return path.join(folder, manifest.bin.dray);
}

/** A program of `children`: plain JavaScript, that Node runs without the loader of the bench. */
export function childProgram(name: string): string {
  return path.resolve(import.meta.dirname, "../children", name);
}

/** Says why `dray copy` cannot take a flag, or nothing where it can. */
export async function lackOfFlag(flag: string): Promise<string | undefined> {
  const { stdout } = await run(process.execPath, [drayEntry(), "copy", "--help"]);
  return stdout.includes(`--${flag}`) ? undefined : `dray copy has no --${flag}`;
}
