import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { compareTrees } from "@drayage/pack";
import type { LayerChange, LayerFiles } from "@drayage/storage";
import { readTar } from "@drayage/tar";
import { describe, expect, it } from "vitest";
import { all } from "./support/all.ts";
import { idOf } from "./support/ids.ts";
import { named, whyNoOverlay } from "./support/machine.ts";
import { mountsBelow, openTestStore, type TestStore } from "./support/store.ts";
import { makeTree, type Wish } from "./support/tree.ts";

type Tree = Readonly<Record<string, string | Wish>>;

const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];
const old = 1_000_000_000_000_000_000n;

async function storeOf(...trees: readonly Tree[]): Promise<TestStore> {
  const store = await openTestStore();
  let parent: string | undefined;
  for (const [index, tree] of trees.entries()) {
    const id = [a, b, c][index] ?? "";
    await store.files.create(id, parent);
    makeTree(store.at(id, "diff"), tree);
    parent = id;
  }
  return store;
}

async function changesOf(files: LayerFiles, id: string, against?: string): Promise<readonly LayerChange[]> {
  return all(files.changes(id, { against }));
}

async function inWords(files: LayerFiles, id: string, against?: string): Promise<readonly string[]> {
  return (await changesOf(files, id, against)).map(({ kind, path, size }) => `${kind} ${path} ${size}`);
}

/** What the two layers look like, mounted, compared. */
async function compared({ files }: TestStore, newer: string, older: string): Promise<readonly LayerChange[]> {
  const found = await compareTrees(
    await files.mount(newer, { readOnly: true }),
    await files.mount(older, { readOnly: true }),
  );
  await files.unmount(newer);
  await files.unmount(older);
  return found.map(({ kind, path, size }) => ({ kind, path, size }));
}

const below: Tree = {
  "d/": { mtime: old },
  "d/changed": { text: "old", mtime: old },
  "d/gone": "",
  "d/hidden-by-both": "",
  "d/same": { text: "same", mtime: old },
  "emptied/": { mtime: old },
  "emptied/in": "",
  "emptied/kept": { text: "kept", mtime: old },
  "folder-then-file/in": "",
  "file-then-folder": "",
  link: { link: "d/same", mtime: old },
  "untouched/": { mtime: old },
  "untouched/x": "",
};

const above: Tree = {
  "d/": { mtime: old },
  "d/changed": { text: "longer", mtime: old },
  "d/gone": { whiteout: true },
  "d/new": "n",
  "d/never-there": { whiteout: true },
  "d/same": { text: "same", mtime: old },
  "emptied/": { opaque: true, mtime: old },
  "emptied/kept": { text: "kept", mtime: old },
  "emptied/new/": {},
  "folder-then-file": "now",
  "file-then-folder/": {},
  "file-then-folder/in": "",
  link: { link: "d/gone", mtime: old },
  "made/": { opaque: true },
  "made/x-y": "12",
  "made/x/y": "1",
};

describe.skipIf(whyNoOverlay !== undefined)(named("changes"), () => {
  it("are read off the layer's own files, as a comparison with the parent would find them", async () => {
    const store = await storeOf(below, above);
    expect(await inWords(store.files, b)).toEqual([
      "changed /d 0",
      "changed /d/changed 6",
      "removed /d/gone 0",
      "added /d/new 1",
      "changed /emptied 0",
      "removed /emptied/in 0",
      "added /emptied/new 0",
      "changed /file-then-folder 0",
      "added /file-then-folder/in 0",
      "changed /folder-then-file 3",
      "changed /link 0",
      "added /made 0",
      "added /made/x 0",
      "added /made/x-y 2",
      "added /made/x/y 1",
    ]);
    expect(await changesOf(store.files, b)).toEqual(await compared(store, b, a));
  });

  it("of a layer without a parent are all that it has", async () => {
    const { files } = await storeOf({ "d/f": "text" });
    expect(await inWords(files, a)).toEqual(["added /d 0", "added /d/f 4"]);
  });

  it("against another layer are found by comparing both", async () => {
    const store = await storeOf({ base: "" }, { "x/one": "1" }, { "x/two": "2", base: { whiteout: true } });
    expect(await inWords(store.files, c, a)).toEqual([
      "removed /base 0",
      "added /x 0",
      "added /x/one 1",
      "added /x/two 1",
    ]);
    expect((await inWords(store.files, a, c)).slice(0, 1)).toEqual(["added /base 0"]);
    expect([...mountsBelow(store.graphRoot), ...mountsBelow(store.runRoot)]).toEqual([]);
    expect(readdirSync(join(store.runRoot, "overlay"))).toEqual([]);
  });

  it("are right where the kernel renamed folders by a mark", async () => {
    const { files, at } = await storeOf({ "from/file": { text: "text", mtime: old } }, {});
    const merged = await files.mount(b, { options: ["redirect_dir=on"] });
    renameSync(join(merged, "from"), join(merged, "to"));
    await files.unmount(b);
    expect(readdirSync(at(b, "diff", "to"))).toEqual([]);
    const names: string[] = [];
    for await (const { header } of readTar(files.diff(b))) names.push(header.name);
    expect(await inWords(files, b)).toEqual(["removed /from 0", "added /to 0", "added /to/file 4"]);
    expect(names).toEqual([".wh.from", "to/", "to/file"]);
  });

  it("can be interrupted", async () => {
    const { files } = await storeOf({ a: "" });
    await expect(all(files.changes(a, { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });
});
