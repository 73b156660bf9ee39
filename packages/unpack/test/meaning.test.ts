import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadSys } from "@drayage/sys";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackImage, unpackLayer } from "../src/index.ts";
import { dir, type Entry, file, layer, whiteout } from "./support/layers.ts";
import { type Playground, playground, tree } from "./support/tree.ts";

/** A layer by what it says of each path. `hidden` and `opaque` may stand anywhere in its archive. */
interface Said {
  readonly files: ReadonlyMap<string, string>;
  readonly folders: readonly string[];
  readonly hidden: readonly string[];
  readonly opaque: readonly string[];
  /** In which order whiteouts stand among the rest. */
  readonly order: readonly number[];
}

const names = ["a", "b", "c"];
const folderPaths = [...names, ...names.flatMap((one) => names.map((other) => `${one}/${other}`))];
const path = fc.constantFrom(
  ...folderPaths,
  ...folderPaths.flatMap((folder) => names.map((name) => `${folder}/${name}`)),
);

const said: fc.Arbitrary<Said> = fc
  .record({
    files: fc.uniqueArray(path, { maxLength: 5 }),
    more: fc.uniqueArray(fc.constantFrom(...folderPaths), { maxLength: 3 }),
    hidden: fc.uniqueArray(path, { maxLength: 3 }),
    opaque: fc.uniqueArray(fc.constantFrom(...folderPaths), { maxLength: 2 }),
    order: fc.array(fc.nat(30), { minLength: 5, maxLength: 5 }),
    content: fc.nat(1000),
  })
  .map(({ files, more, hidden, opaque, order, content }) => {
    const folders = new Set([...more, ...files, ...opaque.map((one) => `${one}/x`)].flatMap(parents));
    for (const folder of more) folders.add(folder);
    // What whiteouts stand in is named too: else what becomes of it depends on what is below.
    for (const one of hidden) for (const folder of parents(one)) folders.add(folder);
    const plain = files.filter((one) => !folders.has(one));
    return {
      files: new Map(plain.map((one) => [one, `${one} ${content}`])),
      folders: [...folders].sort(),
      hidden,
      opaque,
      order,
    };
  });

function parents(of: string): readonly string[] {
  const parts = of.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

function entriesOf({ files, folders, hidden, opaque, order }: Said): readonly Entry[] {
  const entries: Entry[] = [
    ...folders.map((folder) => dir(folder)),
    ...[...files].map(([name, content]) => file(name, content)),
  ];
  const whiteouts = [
    ...hidden.map((one) => whiteout([...parents(one).slice(-1), `.wh.${one.split("/").at(-1)}`].join("/"))),
    ...opaque.map((folder) => whiteout(`${folder}/.wh..wh..opq`)),
  ];
  for (const [index, entry] of whiteouts.entries())
    entries.splice((order[index] ?? 0) % (entries.length + 1), 0, entry);
  return entries;
}

/** What layers mean: a whiteout hides what is below its layer, then comes what the layer has. */
function meaning(layers: readonly Said[]): Record<string, string> {
  let all = new Map<string, string>();
  for (const { files, folders, hidden, opaque } of layers) {
    const isHidden = (name: string): boolean =>
      [...parents(name), name].some((one) => hidden.includes(one) || files.has(one)) ||
      parents(name).some((one) => opaque.includes(one) || all.get(one) !== "dir");
    all = new Map([...all].filter(([name]) => !isHidden(name)));
    for (const folder of folders) all.set(folder, "dir");
    for (const [name, content] of files) all.set(name, `file ${content}`);
    // A folder takes the place of a file, and a file that of a folder.
    const isOrphan = (name: string): boolean => parents(name).some((one) => all.get(one) !== "dir");
    for (const name of [...all.keys()]) if (isOrphan(name)) all.delete(name);
  }
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

let place: Playground;
let runs = 0;

beforeEach(() => {
  place = playground();
});

afterEach(() => {
  place.remove();
});

function newFolder(): string {
  runs += 1;
  const folder = join(place.root, `${runs}`);
  mkdirSync(folder);
  return folder;
}

describe("whatever the layers say, and in whatever order, they mean the same", () => {
  it("in one folder", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 4 }), async (layers) => {
        const root = newFolder();
        await unpackImage(
          layers.map((one) => layer(...entriesOf(one))),
          { root },
        );
        expect(tree(root)).toEqual(meaning(layers));
      }),
      { numRuns: 150 },
    );
  });

  const sys = loadSys();
  it.runIf(sys !== undefined && process.geteuid?.() === 0)("under overlayfs", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(said, { minLength: 2, maxLength: 4 }), async (layers) => {
        const target = newFolder();
        const lowers: string[] = [];
        for (const one of layers) {
          const root = newFolder();
          const { open } = await unpackLayer(layer(...entriesOf(one)), {
            root,
            whiteouts: "overlay-trusted",
          });
          expect(open).toMatchObject({ opaqueRoot: false, impliedFolders: [], links: [] });
          lowers.unshift(root);
        }
        sys?.mountOverlay({ lowers, target });
        try {
          expect(tree(target, "more")).toEqual(meaning(layers));
        } finally {
          sys?.unmount(target, { detach: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});
