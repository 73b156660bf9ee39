import { gzipSync } from "node:zlib";
import { bytesBlob, inflated, streamBlob } from "@drayage/blob";
import type { LayerFiles } from "@drayage/storage";
import { encodeTarHeader, readTar, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import { describe, expect, it } from "vitest";
import { createMemoryDriver, memoryDriver } from "../src/index.ts";

const place = { graphRoot: "/nowhere/root", runRoot: "/nowhere/run" };
const mtime = { seconds: 1_700_000_000, nanoseconds: 0 };

type Entry = TarEntryInput & { readonly content?: string };

function tarOf(...entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap(({ content = "", ...entry }) => {
    const bytes = Buffer.from(content);
    const header = encodeTarHeader({ mode: 0o644, mtime, size: bytes.length, ...entry });
    return [header, bytes, tarPadding(bytes.length)];
  });
  return Buffer.concat([...parts, tarEnd()]);
}

async function add(files: LayerFiles, id: string, tar: Uint8Array, parent?: string): Promise<void> {
  const staged = await files.stage({ parent });
  await staged.unpack(bytesBlob(tar));
  await staged.settle(parent);
  await staged.commit(id);
}

async function namesIn(tar: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { header } of readTar(tar)) {
    names.push(header.linkname === "" ? header.name : `${header.name} -> ${header.linkname}`);
  }
  return names;
}

async function used(files: LayerFiles): Promise<number> {
  return Number((await files.facts())["Bytes kept"]);
}

describe("memory", () => {
  it("is given back when layers are removed, discarded, replaced or refused", async () => {
    await using files = await memoryDriver.open(place);
    const tar = tarOf({ name: "a", content: "a" });
    await add(files, "one", tar);
    expect(await used(files)).toBe(tar.length);
    await add(files, "one", tar);
    expect(await used(files)).toBe(tar.length);
    const staged = await files.stage();
    await staged.unpack(bytesBlob(tar));
    expect(await used(files)).toBe(2 * tar.length);
    await staged.discard();
    await staged.discard();
    expect(await used(files)).toBe(tar.length);
    const broken = await files.stage();
    await expect(broken.unpack(bytesBlob(tar.subarray(0, 512)))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
    });
    await (await files.remove(["one"]))();
    expect(await used(files)).toBe(0);
  });

  it("has a limit, which a layer that inflates without end does not pass", async () => {
    await using files = await createMemoryDriver({ limit: 1_000_000 }).open(place);
    const zeros = gzipSync(new Uint8Array(50_000_000));
    const staged = await files.stage();
    await expect(staged.unpack(inflated(bytesBlob(zeros), { algorithm: "gzip" }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
      message: "the layers of the store in memory would have more than the 1000000 bytes that it may have",
    });
    expect(await used(files)).toBe(0);
    await add(files, "small", tarOf({ name: "a", content: "x".repeat(900_000) }));
    expect(await used(files)).toBeGreaterThan(900_000);
  });

  it("of a stage that was discarded while it read is given back", async () => {
    await using files = await memoryDriver.open(place);
    const staged = await files.stage();
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const tar = tarOf({ name: "a", content: "a" });
    const reading = staged.unpack(
      streamBlob(async function* () {
        yield tar.subarray(0, 512);
        await gate;
        yield tar.subarray(512);
      }),
    );
    await staged.discard();
    go();
    await reading;
    expect(await used(files)).toBe(0);
  });
});

describe("layers in memory", () => {
  it("are compared with any other, as tar too", async () => {
    await using files = await memoryDriver.open(place);
    await add(
      files,
      "a",
      tarOf({ name: "same", content: "same" }, { name: "gone", content: "gone" }, { name: "d/x" }),
    );
    await add(
      files,
      "b",
      tarOf(
        { name: "same", content: "same" },
        { name: "d/", mode: 0o755 },
        { name: "d/new", content: "new", uid: 7 },
        { name: "d/second", type: "link", linkname: "d/new", uid: 7 },
        { name: "link", type: "symlink", linkname: "d" },
      ),
    );
    expect(await namesIn(files.diff("b", { against: "a" }))).toEqual(
      ["d/", "d/new", "d/second -> d/new", "d/.wh.x", ".wh.gone", "link -> d"].sort(byHiddenName),
    );
    await add(files, "again", await collect(files.diff("b", { against: "a" })), "a");
    const changes = [];
    for await (const change of files.changes("again", { against: "b" })) changes.push(change);
    expect(changes).toEqual([]);
  });

  it("hold large files in one piece", async () => {
    await using files = await memoryDriver.open(place);
    const content = Array.from({ length: 100_000 }, (_, index) => String(index).padStart(7, "0")).join("");
    await add(files, "large", tarOf({ name: "before", content: "b" }, { name: "large", content }));
    const file = await files.openFile("large", Buffer.from("large"));
    const middle = new Uint8Array(14);
    expect(file?.size).toBe(700_000);
    expect(file?.read(middle, 262_143 * 1)).toBe(14);
    expect(Buffer.from(middle).toString()).toBe(content.slice(262_143, 262_157));
    expect(file?.read(middle, 699_993)).toBe(7);
    file?.close();
  });

  it("give away no memory that is theirs", async () => {
    await using files = await memoryDriver.open(place);
    const tar = tarOf({ name: "a", content: "a" });
    await add(files, "one", tar);
    for await (const chunk of files.diff("one")) chunk.fill(0xff);
    expect(await collect(files.diff("one"))).toEqual(new Uint8Array(tar));
  });

  it("have no owner maps, and stand on no other stores", async () => {
    await using files = await memoryDriver.open(place);
    const refused = { code: "ERR_DRAYAGE_STORE_UNSUPPORTED" };
    const uidMap = [{ containerId: 0, hostId: 1000, size: 10 }];
    await expect(files.stage({ uidMap })).rejects.toMatchObject(refused);
    await expect(files.create("a", undefined, { gidMap: uidMap })).rejects.toMatchObject(refused);
    await expect(memoryDriver.open({ ...place, additionalStores: ["/other"] })).rejects.toMatchObject(
      refused,
    );
  });

  it("are another store's for each who opens one", async () => {
    await using one = await memoryDriver.open(place);
    await using other = await memoryDriver.open(place);
    await add(one, "layer", tarOf());
    expect(await one.ids()).toEqual(["layer"]);
    expect(await other.ids()).toEqual([]);
  });
});

/** By the name that is changed: whiteouts stand where what they hide would. */
function byHiddenName(a: string, b: string): number {
  return a.replace(".wh.", "") < b.replace(".wh.", "") ? -1 : 1;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Uint8Array.from(chunk));
  return new Uint8Array(Buffer.concat(all));
}
