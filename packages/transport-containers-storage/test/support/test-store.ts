import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type StorageDriver, type Store } from "@drayage/storage";
import { loadSys } from "@drayage/sys";
import { snapshotTree } from "@drayage/testkit";

/** A store in a folder of its own, which is removed with it, whatever is mounted there. */
export interface TestStore {
  readonly folder: string;
  readonly graphRoot: string;
  readonly runRoot: string;
  readonly store: Store;
  /** All that the store keeps. Locks and holds aside: they come and go without anything having changed. */
  snapshot(): Promise<Readonly<Record<string, string>>>;
  /** The text before a reference for Go's tools and ours: `[overlay@/graph+/run]`. */
  readonly place: string;
  dispose(): Promise<void>;
}

export async function testStore(driver: StorageDriver): Promise<TestStore> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
  const graphRoot = join(folder, "graph");
  const runRoot = join(folder, "run");
  const store = await openStore({ graphRoot, runRoot, driver });
  // What a store makes once, when it is first needed, is there from the beginning.
  await (await store.stageLayer()).discard();
  await (await store.hold([])).release();
  return {
    folder,
    graphRoot,
    runRoot,
    store,
    place: `[${driver.name}@${graphRoot}+${runRoot}]`,
    async snapshot() {
      const tree = await snapshotTree(graphRoot);
      return Object.fromEntries(Object.entries(tree).filter(([path]) => !isPassing(path)));
    },
    async dispose() {
      await store[Symbol.asyncDispose]();
      removeStore(folder);
    },
  };
}

function isPassing(path: string): boolean {
  return path.endsWith(".lock") || path.startsWith("drayage/holds/");
}

/** Removes a folder with stores of Go's and ours. */
export function removeStore(folder: string): void {
  for (const point of mountsBelow(folder).toReversed()) loadSys()?.unmount(point, { detach: true });
  rmSync(folder, { recursive: true, force: true });
}

function mountsBelow(folder: string): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
}
