import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { bytesBlob } from "@drayage/blob";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type UnpackLimits, unpackImage, unpackLayer, type Whiteouts } from "../src/index.ts";
import { dir, type Entry, file, layer, link, symlink, tarOf, whiteout } from "./support/layers.ts";
import { type Playground, playground, tree } from "./support/tree.ts";

let place: Playground;
let secret: string;

beforeEach(() => {
  place = playground();
  secret = join(place.outside, "secret");
  writeFileSync(secret, "secret", { mode: 0o600 });
});

afterEach(() => {
  expect(tree(place.outside)).toEqual({ secret: "file secret 600" });
  place.remove();
});

/** Every kind of whiteouts: the folder's safety must not depend on it. */
const kinds: readonly Whiteouts[] = ["apply", "overlay-user", "keep"];

async function unpacked(entries: readonly Entry[], whiteouts: Whiteouts = "apply"): Promise<object> {
  await unpackLayer(layer(...entries), { root: place.root, whiteouts });
  return tree(place.root);
}

describe.each(kinds)("with whiteouts: %s, nothing leaves the root", (whiteouts) => {
  it("by names with .. or a slash before them: the root is above all", async () => {
    const entries = [
      file("../../above", "a"),
      file("/absolute", "b"),
      file("dir/../../../up", "c"),
      file("./dir//./file", "d"),
      symlink("../../link", "x"),
      dir("/../folder"),
    ];
    expect(await unpacked(entries, whiteouts)).toEqual({
      above: "file a",
      absolute: "file b",
      dir: "dir",
      "dir/file": "file d",
      folder: "dir",
      link: "link x",
      up: "file c",
    });
  });

  it("by links to folders: they are followed as if the root were above all", async () => {
    const { outside } = place;
    const entries = [
      symlink("absolute", outside),
      file("absolute/a"),
      symlink("up", `../../../../../../../../..${outside}`),
      file("up/b"),
      dir("deep"),
      symlink("deep/er", "../../../../../x"),
      file("deep/er/c"),
      symlink("chain", "deep/er/../deep/er"),
      file("chain/d"),
    ];
    const found = await unpacked(entries, whiteouts);
    const inside = outside.slice(1);
    expect(found).toMatchObject({
      absolute: `link ${outside}`,
      [`${inside}/a`]: "file absolute/a",
      [`${inside}/b`]: "file up/b",
      "x/c": "file deep/er/c",
      "x/d": "file chain/d",
    });
  });

  it("by a link that takes the place of a folder in the midst of the archive", async () => {
    const entries = [
      dir("a"),
      dir("a/b"),
      file("a/b/one"),
      symlink("a/b", place.outside),
      file("a/b/secret", "mine"),
      dir("c"),
      file("c/one"),
      symlink("c", "a/b"),
      file("c/secret", "mine too"),
    ];
    expect(await unpacked(entries, whiteouts)).toMatchObject({
      "a/b": `link ${place.outside}`,
      c: "link a/b",
      [`${place.outside.slice(1)}/secret`]: "file mine too",
    });
  });

  it("by files that replace links: what these lead to stays as it is", async () => {
    const entries = [
      symlink("link", secret),
      file("link", "new", { mode: 0o666 }),
      symlink("folder", place.outside),
      dir("folder", { mode: 0o777 }),
      file("folder/secret", "new"),
    ];
    expect(await unpacked(entries, whiteouts)).toEqual({
      link: "file new 666",
      folder: "dir 777",
      "folder/secret": "file new",
    });
  });

  it("by hard links to what links lead to", async () => {
    const hidden = file(secret.slice(1), "inside");
    const entries = [hidden, symlink("out", place.outside), link("mine", "out/secret", { mode: 0o777 })];
    expect(await unpacked(entries, whiteouts)).toMatchObject({ mine: "file inside 777" });
  });

  it("by hard links to links: attributes are set of neither the link nor its target", async () => {
    const entries = [symlink("soft", secret), link("hard", "soft", { mode: 0o777, uid: 0, gid: 0 })];
    expect(await unpacked(entries, whiteouts)).toEqual({ soft: `link ${secret}`, hard: `link ${secret}` });
  });

  it("by whiteouts below links", async () => {
    mkdirSync(join(place.root, place.outside), { recursive: true });
    const entries = [
      symlink("out", place.outside),
      whiteout("out/.wh.secret"),
      whiteout("out/.wh..wh..opq"),
      whiteout("../.wh.outside"),
    ];
    await unpacked(entries, whiteouts);
  });

  it("by links that were there before", async () => {
    symlinkSync(place.outside, join(place.root, "out"));
    symlinkSync(secret, join(place.root, "file"));
    const entries = [file("out/secret", "mine"), file("file", "mine"), dir("out", { mode: 0o700 })];
    const found = await unpacked(entries, whiteouts);
    expect(found).toMatchObject({ file: "file mine", out: "dir 700" });
  });
});

describe("hostile entries are refused by name:", () => {
  const refused = async (entries: readonly Entry[]): Promise<unknown> => {
    const { root } = place;
    return unpackLayer(layer(...entries), { root }).then(
      () => undefined,
      ({ code, message }: { code: string; message: string }) => ({ code, message }),
    );
  };
  const archive = "ERR_DRAYAGE_ARCHIVE_INVALID";

  it.each<readonly [string, readonly Entry[], string, string]>([
    ["a folder's place is taken", [file("a"), file("a/b")], archive, 'tar entry "a/b": the archive has'],
    ["a link to itself", [file("a"), link("a", "./a")], archive, 'tar entry "a": it is a link to itself'],
    ["a hard link to nothing", [link("a", "../b")], archive, 'tar entry "a": it is a hard link to "../b"'],
    [
      "a hard link to a folder",
      [dir("d"), link("a", "d")],
      archive,
      'tar entry "a": it is a hard link to "d"',
    ],
    ["a root that is no folder", [file(".", "x")], archive, 'tar entry ".": the root'],
    ["an owner that is none", [file("a", "", { uid: 2 ** 32 - 1 })], archive, 'tar entry "a": 4294967295 is'],
    ["a type without a meaning", [file("a", "", { typeflag: "V" })], archive, 'tar entry "a": its type "V"'],
    ["a whiteout of nothing", [whiteout("d/.wh.")], archive, 'tar entry "d/.wh.": it is a whiteout of no'],
    ["a whiteout of ..", [whiteout(".wh...")], archive, 'tar entry ".wh...": it is a whiteout of no file'],
    [
      "a name that is too long for the system",
      [file(`d/${"n".repeat(256)}`)],
      "ERR_DRAYAGE_IO",
      `cannot unpack "d/${"n".repeat(198)}…": the name is too long (ENAMETOOLONG)`,
    ],
    [
      "a path that is too long",
      [dir(`${"n/".repeat(2047)}nn`)],
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `tar entry "${"n/".repeat(100)}…": a name has 4096 bytes`,
    ],
    [
      "a ring of links",
      [symlink("a", "b"), symlink("b", "a"), file("a/c")],
      archive,
      'tar entry "a/c": its path',
    ],
    ["a link without a target", [symlink("a", "")], "ERR_DRAYAGE_IO", 'cannot unpack "a"'],
  ])("%s", async (_, entries, code, start) => {
    const error = await refused(entries);
    expect(error).toMatchObject({ code });
    expect(`${(error as Error).message}`.slice(0, start.length)).toBe(start);
  });

  it("a path that is too long by way of links", async () => {
    const long = "n".repeat(200);
    const entries: Entry[] = [];
    let last = "";
    for (let index = 0; index < 30; index++) {
      entries.push(dir(`${last}${long}`), symlink(`${index}`, `${last}${long}`));
      last = `${index}/`;
    }
    expect(await refused(entries)).toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
      message: expect.stringContaining("a folder has a path of more than 3840 bytes"),
    });
  });

  it("an archive that ends early, with all that came before it unpacked", async () => {
    const { root } = place;
    const whole = tarOf([file("a"), file("b")]);
    await expect(unpackLayer(bytesBlob(whole.subarray(0, 1024 + 512)), { root })).rejects.toMatchObject({
      code: archive,
      message: expect.stringContaining('tar entry "b" at offset 1024: the archive ends 1 bytes before'),
    });
    expect(tree(root)).toMatchObject({ a: "file a" });
  });
});

it.each<readonly [string, UnpackLimits, Whiteouts, readonly Entry[], string]>([
  [
    "entries",
    { entries: 2 },
    "apply",
    [file("a"), file("b"), file("c")],
    'tar entry "c": the archive has more than the 2',
  ],
  [
    "folders",
    { folders: 3 },
    "apply",
    [dir("a"), file("b/c/d"), dir("e")],
    'tar entry "e/": the archive has more than the 3',
  ],
  [
    "hard links to files of other layers",
    { openLinks: 1 },
    "overlay-user",
    [link("a", "x"), link("b", "x")],
    'tar entry "b": the archive has more than the 1',
  ],
])("too many %s are refused", async (what, limits, whiteouts, entries, start) => {
  const { root } = place;
  await expect(unpackLayer(layer(...entries), { root, limits, whiteouts })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    message: `${start} ${what} that are accepted`,
  });
});

it("a folder that is replaced over and over counts once", async () => {
  const { root } = place;
  const entries = Array.from({ length: 300 }, (_, index) =>
    index % 2 ? symlink("x", "y") : file(`x${index % 4}/y/z`),
  );
  const swapped = Array.from({ length: 50 }, () => [dir("s"), dir("s/t"), symlink("s", "t")]).flat();
  await unpackLayer(layer(...entries, ...swapped), { root, limits: { folders: 8 } });
  expect(tree(root)).toMatchObject({ s: "link t" });
});

it("a deep tree is unpacked, replaced and removed without running out of descriptors", async () => {
  const deep = Array.from({ length: 1500 }, () => "d").join("/");
  const before = readdirSync("/proc/self/fd").length;
  const { root } = place;
  await unpackImage([layer(file(`top/${deep}/f`), file("keep")), layer(whiteout(".wh.top"))], { root });
  expect(tree(root)).toEqual({ keep: "file keep" });
  expect(readdirSync("/proc/self/fd").length).toBe(before);
});

it("descriptors are closed after an error", async () => {
  const before = readdirSync("/proc/self/fd").length;
  const { root } = place;
  await unpackLayer(layer(dir("a"), file("a/b"), link("c", "none")), { root }).catch(() => undefined);
  const blob = layer(dir("a"), file("a/b", "0123456789"));
  await unpackLayer({ ...blob, size: 1, steps: [] }, { root }).catch(() => undefined);
  expect(readdirSync("/proc/self/fd").length).toBe(before);
});

it("many entries in one folder take a time that grows with their number only", async () => {
  const { root } = place;
  const entries = Array.from({ length: 20_000 }, (_, index) => file(`many/${index}`, ""));
  const { entries: count } = await unpackLayer(layer(...entries), { root });
  expect(count).toBe(20_000);
  expect(readdirSync(join(root, "many"))).toHaveLength(20_000);
});

it("what belongs to nobody is not read or changed when the root has odd modes", async () => {
  chmodSync(place.root, 0o700);
  const mode = statSync(place.folder).mode;
  await unpackLayer(layer(dir("../x"), dir("./", { mode: 0o711 })), { root: place.root });
  expect(statSync(place.root).mode & 0o7777).toBe(0o711);
  expect(statSync(place.folder).mode).toBe(mode);
  expect(readFileSync(secret, "utf8")).toBe("secret");
});
