import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileBlob, streamBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { copyImage } from "@drayage/copy";
import { memoryTransport } from "@drayage/testkit";
import { afterAll, describe, expect, it } from "vitest";
import { append } from "../src/index.ts";
import { imageOf, layerOf, readBack, sourceOf, type TestLayer } from "./support/images.ts";

const folder = mkdtempSync(join(tmpdir(), "drayage-"));
afterAll(() => rmSync(folder, { recursive: true }));

const base = imageOf({ layers: [await layerOf({ base: "1" })] });
const options = { created: new Date(0), layerCache: noLayerCache };

/** As long as the other, so that no size tells. */
function twinOf({ bytes }: TestLayer): Uint8Array {
  const twin = bytes.slice();
  const at = twin.length >> 1;
  twin[at] = (twin[at] ?? 0) ^ 1;
  return twin;
}

describe("a file that changes while it is appended", () => {
  it.each(["gzip", "zstd"] as const)("is noticed by its digest where it stays in %s", async (compression) => {
    const path = join(folder, compression);
    const layer = await layerOf({ a: "x".repeat(5000) }, compression);
    writeFileSync(path, layer.bytes);
    const memory = memoryTransport();
    const reference = memory.parse("place");
    await using destination = await memory.openDestination(reference);
    // What it has is looked at, and it is read again when it is copied.
    await using edited = await append(sourceOf(base), [{ tar: fileBlob(path) }], { ...options, destination });
    writeFileSync(path, twinOf(layer));
    await expect(copyImage({ source: edited.source, destination })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
      message: expect.stringContaining(layer.digest) as string,
    });
    await expect(memory.openSource(reference)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
  });

  it("is of no consequence where it is not compressed: it is read once", async () => {
    const path = join(folder, "plain");
    const layer = await layerOf({ a: "1" }, "none");
    writeFileSync(path, layer.bytes);
    await using edited = await append(sourceOf(base), [{ tar: fileBlob(path) }], options);
    writeFileSync(path, "no tar at all");
    const { diffIds, manifest } = await readBack(edited.source);
    expect(diffIds.at(-1)).toBe(layer.diffId);
    const memory = memoryTransport();
    await using destination = await memory.openDestination(memory.parse("place"));
    await copyImage({ source: edited.source, destination });
    expect(manifest.layers).toHaveLength(2);
  });

  it("is refused where it grows, shrinks or is gone before it is read", async () => {
    const path = join(folder, "other");
    const layer = await layerOf({ a: "1" }, "none");
    for (const bytes of [layer.bytes.slice(0, 700), Buffer.concat([layer.bytes, new Uint8Array(512)])]) {
      writeFileSync(path, layer.bytes);
      const tar = fileBlob(path);
      writeFileSync(path, bytes);
      await expect(append(sourceOf(base), [{ tar }], options)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_SIZE_MISMATCH",
      });
    }
    const tar = fileBlob(path);
    rmSync(path);
    await expect(append(sourceOf(base), [{ tar }], options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
    });
  });
});

it("a layer of no bytes is no tar, whatever it comes from", async () => {
  const path = join(folder, "empty");
  writeFileSync(path, "");
  expect(readFileSync(path)).toHaveLength(0);
  for (const tar of [fileBlob(path), streamBlob(async function* () {}, { what: "standard input" })]) {
    await expect(append(sourceOf(base), [{ tar }], options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ARCHIVE_INVALID",
      message: expect.stringContaining("it has no bytes") as string,
    });
  }
});
