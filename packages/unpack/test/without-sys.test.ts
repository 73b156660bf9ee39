import { lstatSync } from "node:fs";
import { join } from "node:path";
import { DrayageError } from "@drayage/errors";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { unpackImage, unpackLayer } from "../src/index.ts";
import { dir, type Entry, file, layer, link, symlink, whiteout } from "./support/layers.ts";
import { type Playground, playground, tree } from "./support/tree.ts";

// As where koffi is not installed.
vi.mock("@drayage/sys", async (original) => ({
  ...(await original<typeof import("@drayage/sys")>()),
  loadSys: () => undefined,
  requireSys: (what: string) => {
    throw new DrayageError("ERR_DRAYAGE_SYSTEM_UNSUPPORTED", `cannot ${what}`, { hint: "install koffi" });
  },
}));

let place: Playground;

beforeEach(() => {
  place = playground();
});

afterEach(() => {
  place.remove();
});

it("plain layers are unpacked, whiteouts applied", async () => {
  const mtime = { seconds: 1_600_000_000, nanoseconds: 0 };
  const lower = layer(
    dir("d", { mtime, mode: 0o700 }),
    file("d/a"),
    file("b", "b", { mode: 0o4755 }),
    symlink("l", "b"),
  );
  const upper = layer(whiteout("d/.wh.a"), file("d/c"), link("h", "b", { mode: 0o4755 }));
  await unpackImage([lower, upper], { root: place.root });
  expect(tree(place.root)).toEqual({
    ...{ b: "file b 4755", d: "dir 700", "d/c": "file d/c", h: "file b 4755", l: "link b" },
  });
  expect(lstatSync(join(place.root, "d"), { bigint: true }).mtimeNs).toBe(1_600_000_000_000_000_000n);
});

it("times are kept to the microsecond", async () => {
  const mtime = { seconds: 1_600_000_000, nanoseconds: 123_456_789 };
  await unpackLayer(
    layer(file("f", "", { mtime, format: "pax" }), symlink("l", "f", { mtime, format: "pax" })),
    {
      root: place.root,
    },
  );
  for (const name of ["f", "l"]) {
    const { mtimeNs } = lstatSync(join(place.root, name), { bigint: true });
    expect(mtimeNs / 1000n).toBe(1_600_000_000_123_456n);
  }
});

it.each<readonly [string, Entry, object, string]>([
  [
    "an extended attribute",
    file("a", "", { xattrs: new Map([["user.a", Buffer.from("1")]]) }),
    {},
    "set extended attributes",
  ],
  ["a pipe", { name: "a", type: "fifo" }, {}, "make a named pipe"],
  ["a device", { name: "a", type: "character" }, { devices: "make" }, "make a device"],
  [
    "an owner that is kept",
    file("a"),
    { forceMask: 0o700, ownership: "none" },
    "keep owners and modes in extended attributes",
  ],
])("%s is refused by name", async (_, entry, options, task) => {
  await expect(unpackLayer(layer(entry), { root: place.root, ...options })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
    message: `tar entry "a": cannot ${task}`,
    hint: "install koffi",
  });
});

it("a layer for overlayfs is refused", async () => {
  await expect(
    unpackLayer(layer(file("a")), { root: place.root, whiteouts: "overlay-trusted" }),
  ).rejects.toMatchObject({
    code: "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
    message: "cannot unpack a layer for overlayfs",
  });
});
