import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TarDecoder } from "@drayage/tar";
import { createTarSplitPacker, reassembleTar, type TarSplitContent } from "@drayage/tar/tar-split";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import {
  type EdgeFile,
  type EdgeLayer,
  type EdgeTree,
  edgeDifferences,
  edgeLayers,
  type FoundFile,
  type FoundTree,
  isRefusal,
  readEdgeFolder,
} from "../src/edge-layers.ts";

function packed(archive: Uint8Array): Uint8Array {
  const lines: Uint8Array[] = [];
  const packer = createTarSplitPacker({ write: (piece) => lines.push(piece) });
  const decoder = new TarDecoder();
  const take = (): void => {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) packer.take(event);
  };
  decoder.push(archive);
  take();
  decoder.finish();
  take();
  packer.finish();
  return Buffer.concat(lines);
}

/** The file of a path, links on its way followed below the root. */
function find(tree: EdgeTree, path: string): EdgeFile | undefined {
  const left = path.split("/").reverse();
  const at: string[] = [];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at.pop();
      continue;
    }
    const { kind, target = "" } = tree.get([...at, name].join("/")) ?? {};
    if (kind !== "link") {
      at.push(name);
      continue;
    }
    if (target.startsWith("/")) at.length = 0;
    left.push(...target.split("/").reverse());
  }
  return tree.get(at.join("/"));
}

function contentOf(tree: EdgeTree, path: Uint8Array): TarSplitContent | undefined {
  const content = find(tree, Buffer.from(path).toString("latin1"))?.content;
  return (
    content && {
      size: content.length,
      read: (buffer, position) => {
        const piece = content.subarray(position, position + buffer.length);
        buffer.set(piece);
        return piece.length;
      },
      close: () => {},
    }
  );
}

describe("the layers that tools disagree about", () => {
  it("are many, each with a name of its own", () => {
    expect(edgeLayers.length).toBeGreaterThan(90);
    expect(new Set(edgeLayers.map(({ name }) => name)).size).toBe(edgeLayers.length);
  });

  it("are listed in docs/edge-layers.md", async () => {
    const row = ({ name, expected, stored, go }: EdgeLayer): string => {
      const outcome = isRefusal(expected)
        ? "refused"
        : stored === undefined
          ? "taken"
          : "taken; refused by a store";
      return `| ${name} | ${outcome} | ${go?.overlay ?? ""} | ${go?.vfs ?? ""} |\n`;
    };
    const head = `# Layers that tools disagree about

What \`edgeLayers\` has, what becomes of each by the OCI image-spec, and what the drivers of containers/storage 1.43 do
instead, where they do. A store refuses what it could not give back.

| layer | | its overlay | its vfs |
|---|---|---|---|
`;
    await expect(head + edgeLayers.map(row).join("")).toMatchFileSnapshot("../docs/edge-layers.md");
  });

  for (const { name, tar, expected, stored } of edgeLayers) {
    if (isRefusal(expected)) continue;
    if (stored !== undefined) {
      it(`${name}: its tar-split is refused`, () => {
        expect(() => packed(tar)).toThrow(
          expect.objectContaining({ code: stored.code, message: expect.stringContaining(stored.names) }),
        );
      });
      continue;
    }
    it(`${name}: it is given back from its tar-split and the expected files`, async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of reassembleTar([packed(tar)], (path) => contentOf(expected, path)))
        chunks.push(chunk);
      expect(Buffer.compare(Buffer.concat(chunks), tar)).toBe(0);
    });
  }
});

describe("what is otherwise than expected", () => {
  const file: EdgeFile = {
    kind: "file",
    mode: 0o644,
    uid: 1,
    gid: 2,
    mtime: { seconds: 5, nanoseconds: 6 },
    content: Buffer.from("content"),
    xattrs: new Map([["user.a", Buffer.from("1")]]),
  };
  const differences = (
    found: Partial<EdgeFile> & { identity?: string },
    expected: EdgeFile = file,
  ): readonly string[] =>
    edgeDifferences(new Map([["a", { ...file, ...found }]]), new Map([["a", expected]]));
  const cases: readonly (readonly [string, Partial<EdgeFile>, string])[] = [
    ["a kind", { kind: "pipe" }, '"a": a pipe, where a file is expected'],
    ["a mode", { mode: 0o4755 }, '"a": mode 4755, where 644 is expected'],
    ["a uid", { uid: 7 }, '"a": uid 7, where 1 is expected'],
    ["a gid", { gid: 7 }, '"a": gid 7, where 2 is expected'],
    [
      "a time",
      { mtime: { seconds: 5, nanoseconds: 0 } },
      '"a": mtime 5.000000000, where 5.000000006 is expected',
    ],
    ["a content", { content: Buffer.from("other") }, '"a": content "other", where "content" is expected'],
    ["an attribute", { xattrs: new Map() }, '"a": xattrs , where user.a="1" is expected'],
  ];
  it.each(cases)("%s is told", (_, found, line) => {
    expect(differences(found)).toEqual([line]);
    expect(differences({})).toEqual([]);
  });

  it("a long content that differs in one byte is told", () => {
    const content = new Uint8Array(200);
    const other = content.with(150, 1);
    expect(differences({ content: other }, { ...file, content })).toHaveLength(1);
    expect(differences({ content: content.slice() }, { ...file, content })).toEqual([]);
  });

  it("a target, and the numbers of a device, are told", () => {
    const link: EdgeFile = { kind: "link", target: "x" };
    const device: EdgeFile = { kind: "block", major: 1, minor: 2 };
    expect(edgeDifferences(new Map([["a", { ...link, target: "y" }]]), new Map([["a", link]]))).toHaveLength(
      1,
    );
    expect(edgeDifferences(new Map([["a", { ...device, minor: 3 }]]), new Map([["a", device]]))).toHaveLength(
      1,
    );
  });

  it("what is missing, what is too much, and names that are not of one file are told", () => {
    const expected: EdgeTree = new Map([
      ["a", file],
      ["b", { ...file, sameAs: "a" }],
      ["c", file],
    ]);
    const found: FoundTree = new Map<string, FoundFile>([
      ["", { kind: "folder" }],
      ["a", { ...file, identity: "1" }],
      ["b", { ...file, identity: "2" }],
      ["d\n", file],
    ]);
    const lines = ['"b" is another file than "a"', '"c" is missing', String.raw`"d\n" is there, a file`];
    expect(edgeDifferences(found, expected)).toEqual(lines);
    expect(edgeDifferences(found, expected, { ignore: ["same-files"] })).toEqual(lines.slice(1));
  });

  it("what a place cannot keep can be left out", () => {
    const other = { uid: 9, gid: 9, mtime: { seconds: 9, nanoseconds: 9 }, xattrs: new Map() };
    const found: FoundTree = new Map([["a", { ...file, ...other }]]);
    const expected: EdgeTree = new Map([
      ["", { kind: "folder", mode: 0o700 }],
      ["a", file],
      ["b", { kind: "character" }],
    ]);
    expect(edgeDifferences(found, expected)).toHaveLength(6);
    const ignore = ["owners", "devices", "xattrs", "times", "root"] as const;
    expect(edgeDifferences(found, expected, { ignore })).toEqual([]);
  });
});

describe("a folder", () => {
  it("is read with its kinds, modes, times, contents, targets and names of any bytes", () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, "d"));
    const odd = Buffer.concat([Buffer.from(`${folder}/d/`), Buffer.of(0xff)]);
    writeFileSync(odd, "content");
    linkSync(odd, join(folder, "hard"));
    symlinkSync("d/\u{e9}", join(folder, "link"));
    chmodSync(join(folder, "hard"), 0o4711);
    utimesSync(join(folder, "hard"), 1000, 2000);
    const found = readEdgeFolder(folder);
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const file: EdgeFile = { kind: "file", mode: 0o4711, content: Buffer.from("content"), ...owner };
    const expected: EdgeTree = new Map<string, EdgeFile>([
      ["", { kind: "folder", mode: 0o700 }],
      ["d", { kind: "folder", ...owner }],
      ["d/\xff", { ...file, mtime: { seconds: 2000, nanoseconds: 0 }, sameAs: "hard" }],
      ["hard", file],
      ["link", { kind: "link", target: "d/\xc3\xa9" }],
    ]);
    expect(edgeDifferences(found, expected)).toEqual([]);
    expect(found.size).toBe(5);
  });
});
