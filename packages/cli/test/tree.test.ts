import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { treeLines } from "../src/output/tree-lines.ts";
import { dray, type Ran, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const place = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
const stored = (name: string): string => `containers-storage:[vfs@${at("root")}+${at("run")}]${name}`;
const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The store's layers by the tars that they were made of, and images by their names. */
const known = new Map<string, string>();

const images = {
  "localhost/one:1": ["a", "b"],
  "localhost/two:1": ["a", "b", "c"],
  "localhost/three:1": ["a", "b", "d"],
  "localhost/four:1": ["a", "b", "d", "e", "f"],
  "localhost/five:1": ["a", "b", "d", "c"],
  "localhost/alone:1": ["f"],
} as const;

/** What was printed, with the tars instead of IDs. */
function told({ stdout }: Ran): readonly string[] {
  const text = stdout.replace(/[0-9a-f]{12,64}/g, (id) => known.get(id.slice(0, 12)) ?? id);
  return text.trimEnd().split("\n");
}

const tree = (...argv: string[]): Promise<Ran> =>
  dray(["tree", ...place, ...argv], { env: { HOME: folder } });

beforeAll(async () => {
  for (const name of ["a", "b", "c", "d", "e", "f"]) writeTarFile(at(`${name}.tar`), `${name}.txt`, name);
  for (const [name, tars] of Object.entries(images)) {
    const source = `tarball:${tars.map((tar) => at(`${tar}.tar`)).join(":")}`;
    expect(await dray(["copy", "-q", source, stored(name)])).toMatchObject({ status: 0, stderr: "" });
  }
  expect((await dray(["tag", ...place, "one:1", "quay.io/me/one:2"])).status).toBe(0);
  expect((await dray(["untag", ...place, "two:1"])).status).toBe(0);
  const layers = JSON.parse(readFileSync(at("root", "vfs-layers", "layers.json"), "utf8")) as {
    readonly id: string;
    readonly "diff-digest": string;
  }[];
  const tars = new Map(["a", "b", "c", "d", "e", "f"].map((name) => [sha256(at(`${name}.tar`)), name]));
  for (const layer of layers) {
    known.set(layer.id.slice(0, 12), tars.get(layer["diff-digest"].slice("sha256:".length)) ?? "?");
  }
  const records = JSON.parse(readFileSync(at("root", "vfs-images", "images.json"), "utf8")) as {
    readonly id: string;
    readonly names?: readonly string[];
  }[];
  for (const { id, names = ["unnamed"] } of records) known.set(id.slice(0, 12), `<${names[0]}>`);
});

describe("dray tree of an image of the store", () => {
  it("shows its layers, the base first, and whose top layer each is", async () => {
    const lines = told(await tree("three:1"));
    expect(lines[2]).toMatch(/^Size: {5}\d+(?:\.\d+)?kB$/);
    expect(lines.toSpliced(2, 1)).toEqual([
      "Image ID: <localhost/three:1>",
      "Tags:     [localhost/three:1]",
      "Image Layers",
      "├── ID: a Size: 2.048kB",
      "├── ID: b Size: 2.048kB Top Layer of: [quay.io/me/one:2 localhost/one:1]",
      "└── ID: d Size: 2.048kB Top Layer of: [localhost/three:1]",
    ]);
  });

  it("--whatrequires shows what stands on it, with a branch wherever several layers do", async () => {
    const lines = told(await tree("--whatrequires", "one:1"));
    expect(lines.slice(4)).toEqual([
      "├── ID: b Size: 2.048kB Top Layer of: [quay.io/me/one:2 localhost/one:1]",
      "├── ID: c Size: 2.048kB",
      "└── ID: d Size: 2.048kB Top Layer of: [localhost/three:1]",
      "    ├── ID: e Size: 2.048kB",
      "    │   └── ID: f Size: 2.048kB Top Layer of: [localhost/four:1]",
      "    └── ID: c Size: 2.048kB Top Layer of: [localhost/five:1]",
    ]);
    const top = told(await tree("--whatrequires", "four:1"));
    expect(top.slice(4)).toEqual(["└── ID: f Size: 2.048kB Top Layer of: [localhost/four:1]"]);
  });

  it("--no-trunc prints whole IDs", async () => {
    const { stdout } = await tree("--no-trunc", "alone:1");
    expect(stdout).toMatch(/^Image ID: [0-9a-f]{64}$/m);
    expect(stdout).toContain(
      `└── ID: ${sha256(at("f.tar"))} Size: 2.048kB Top Layer of: [localhost/alone:1]\n`,
    );
  });

  it("is the same for whatever names the image", async () => {
    const { stdout } = await tree("quay.io/me/one:2");
    const id = /^Image ID: (\w+)/.exec(stdout)?.[1] ?? "";
    for (const name of [id, "one:1", "containers-storage:localhost/one:1"]) {
      expect((await tree(name)).stdout).toBe(stdout);
    }
    expect((await dray(["tree", stored("localhost/one:1")])).stdout).toBe(stdout);
    expect((await dray(["tree", stored(`@${id}`)])).stdout).toBe(stdout);
  });
});

describe("dray tree of the store", () => {
  it("shows all layers, with the images that have no name, too", async () => {
    const lines = told(await tree());
    expect(lines).toEqual([
      `Store:  ${at("root")}`,
      "Images: 6",
      "Size:   16.38kB",
      "Layers",
      "├── ID: a Size: 2.048kB",
      "│   ├── ID: b Size: 2.048kB Top Layer of: [quay.io/me/one:2 localhost/one:1]",
      "│   ├── ID: c Size: 2.048kB Top Layer of: [<none>@<unnamed>]",
      "│   └── ID: d Size: 2.048kB Top Layer of: [localhost/three:1]",
      "│       ├── ID: e Size: 2.048kB",
      "│       │   └── ID: f Size: 2.048kB Top Layer of: [localhost/four:1]",
      "│       └── ID: c Size: 2.048kB Top Layer of: [localhost/five:1]",
      "└── ID: f Size: 2.048kB Top Layer of: [localhost/alone:1]",
    ]);
  });

  it("shows images that have no layers, and those whose layers are gone", async () => {
    const root = at("odd");
    for (const kind of ["layers", "images", "containers"])
      mkdirSync(join(root, `vfs-${kind}`), { recursive: true });
    const created = "2024-01-02T03:04:05Z";
    const records = [
      { id: "1".repeat(64), names: ["localhost/empty:1"], created },
      { id: "2".repeat(64), layer: "3".repeat(64), created },
    ];
    writeFileSync(join(root, "vfs-images", "images.json"), JSON.stringify(records));
    const { stdout } = await dray([
      "tree",
      "--root",
      root,
      "--runroot",
      at("run"),
      "--storage-driver",
      "vfs",
    ]);
    expect(stdout.split("\n").slice(1)).toEqual([
      "Images: 2",
      "Size:   0B",
      "No Layers",
      "Without layers: [localhost/empty:1]",
      "Damaged, as their layers are missing: [<none>@222222222222]",
      "",
    ]);
  });

  it("has nothing to say of what an image requires", async () => {
    const { status, stderr } = await tree("--whatrequires");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "dray: --whatrequires needs an image; see dray tree --help\n",
    });
  });
});

describe("dray tree of an image elsewhere", () => {
  it("shows digest, size and maker of each layer", async () => {
    const image = `oci-dir:${at("layout")}:app`;
    await dray(["copy", "-q", `tarball:${at("a.tar")}:${at("b.tar")}`, image]);
    const { stdout, status } = await tree(image);
    expect(status).toBe(0);
    const [, name, size, title, first = "", second] = stdout.split("\n");
    expect([name, title]).toEqual([`Name:     ${image}`, "Image Layers"]);
    expect(size).toMatch(/^Size: {5}\d+B$/);
    expect(first).toMatch(/^├── Digest: [0-9a-f]{12} Size: +\d+B Created by: \S/);
    expect(second).toMatch(/^└── Digest: [0-9a-f]{12} Size: +\d+B Created by: \S/);
    expect((await tree("--no-trunc", image)).stdout).toMatch(/└── Digest: sha256:[0-9a-f]{64} Size: /);
  });

  it("is not asked what stands on it", async () => {
    const { status, stderr } = await tree("--whatrequires", `oci-dir:${at("layout")}:app`);
    expect(status).toBe(1);
    expect(stderr).toContain("--whatrequires needs an image of the store");
  });
});

it("a tree is drawn as podman draws it", () => {
  const leaf = (text: string) => ({ text, children: [] });
  const nodes = [{ text: "a", children: [leaf("b"), { text: "c", children: [leaf("d")] }] }, leaf("e")];
  expect(treeLines(nodes)).toEqual(["├── a", "│   ├── b", "│   └── c", "│       └── d", "└── e"]);
  expect(treeLines([])).toEqual([]);
});
