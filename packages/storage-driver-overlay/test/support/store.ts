import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LayerFiles } from "@drayage/storage";
import { requireSys } from "@drayage/sys";
import { afterEach } from "vitest";
import { overlayDriver } from "../../src/index.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) {
    unmountAll(folder);
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Whatever is mounted below a folder, the last first. */
export function unmountAll(folder: string): void {
  const sys = requireSys("test");
  for (const point of mountsBelow(folder).reverse()) sys.unmount(point, { detach: true });
}

/** In the order of mounting. */
export function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
}

/** A new folder, removed after the test with all that is mounted in it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  folders.push(folder);
  return folder;
}

export interface TestStore {
  readonly graphRoot: string;
  readonly runRoot: string;
  /** A path in the driver's folder. */
  at(...names: string[]): string;
  /** What is in the folder of temporary places, but for the file that is always there. */
  temporary(): readonly string[];
  readonly files: LayerFiles;
}

export async function openTestStore(
  options: { folder?: string; options?: Record<string, string>; additionalStores?: readonly string[] } = {},
): Promise<TestStore> {
  const folder = options.folder ?? newFolder();
  const place = { graphRoot: join(folder, "root"), runRoot: join(folder, "run") };
  const files = await overlayDriver().open({
    ...place,
    options: options.options,
    additionalStores: options.additionalStores,
  });
  const at = (...names: string[]): string => join(place.graphRoot, "overlay", ...names);
  const temporary = (): readonly string[] => readdirSync(at("tempdirs")).filter((name) => name !== "link");
  return { ...place, files, at, temporary };
}
