import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Blob, fileBlob, inflated, openBlob, streamBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { TarDecoder } from "@drayage/tar";
import { createTarSplitPacker } from "@drayage/tar/tar-split";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unpackLayer } from "../src/index.ts";
import { dir, file, link, tarOf } from "./support/layers.ts";
import { type Playground, playground, tree } from "./support/tree.ts";

/** Large enough for a thread of its own. */
const body = randomBytes(17 * 1024 * 1024);
const entries = [dir("d"), file("d/large", "", { body }), file("d/small"), dir("e")];
const tar = tarOf(entries);
const damaged = tarOf([...entries, link("x", "none")]);

let place: Playground;

beforeEach(() => {
  place = playground();
  vi.stubEnv("DRAYAGE_WORKERS", "2");
});

afterEach(() => {
  vi.unstubAllEnvs();
  place.remove();
});

function zipped(bytes: Uint8Array, name: string): Blob {
  const path = join(place.folder, name);
  writeFileSync(path, gzipSync(bytes, { level: 1 }));
  return inflated(fileBlob(path), { algorithm: "gzip", digest: digestBytes(bytes) });
}

function newRoot(name: string): string {
  const root = join(place.root, name);
  mkdirSync(root);
  return root;
}

function splitOf(bytes: Uint8Array): string {
  const pieces: Uint8Array[] = [];
  const packer = createTarSplitPacker({ write: (lines) => pieces.push(lines) });
  const decoder = new TarDecoder();
  decoder.push(bytes);
  const take = (): void => {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) packer.take(event);
  };
  take();
  decoder.finish();
  take();
  packer.finish();
  return Buffer.concat(pieces).toString();
}

const found = { d: "dir", "d/large": `file ${body.length} bytes`, "d/small": "file d/small", e: "dir" };

describe("several large layers at a time", () => {
  it("are unpacked in several threads, as in one", async () => {
    const blob = zipped(tar, "layer");
    const results = await Promise.all(
      [blob, blob, blob, arriving()].map((one, index) =>
        unpackLayer(one, { root: newRoot(`${index}`), tarSplitPath: join(place.folder, `${index}.gz`) }),
      ),
    );
    for (const [index, result] of results.entries()) {
      expect(tree(join(place.root, `${index}`))).toEqual(found);
      expect(readFileSync(join(place.root, `${index}`, "d/large")).equals(body)).toBe(true);
      expect(result.drained.digest).toBe(digestBytes(tar));
      expect(result).toMatchObject({ entries: 4, bytes: body.length + "d/small".length });
      const split = gunzipSync(readFileSync(join(place.folder, `${index}.gz`))).toString();
      expect(split).toBe(splitOf(tar));
    }
  });

  it("name the entry that is wrong, whatever the thread, and leave no tar-split", async () => {
    const blob = zipped(damaged, "layer");
    const tries = [0, 1, 2].map((index) =>
      unpackLayer(blob, { root: newRoot(`${index}`), tarSplitPath: join(place.folder, `${index}.gz`) }),
    );
    for (const result of await Promise.allSettled(tries)) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: {
          code: "ERR_DRAYAGE_ARCHIVE_INVALID",
          message: 'tar entry "x": it is a hard link to "none": its target is not there',
        },
      });
    }
    await vi.waitFor(() =>
      expect([0, 1, 2].map((index) => existsSync(join(place.folder, `${index}.gz`)))).toEqual([
        false,
        false,
        false,
      ]),
    );
  });
});

/** The same as a stream, whose size says that it is large: a worker is fed with what arrives. */
function arriving(): Blob {
  const whole = fileBlob(join(place.folder, "layer"));
  const stream = streamBlob(() => openBlob(whole), whole.size === undefined ? {} : { size: whole.size });
  return inflated(stream, { algorithm: "gzip", digest: digestBytes(tar) });
}

it("a tar-split that is there already is not written over", async () => {
  const tarSplitPath = join(place.folder, "there.gz");
  writeFileSync(tarSplitPath, "mine");
  const blob = zipped(tarOf([file("a")]), "small");
  await expect(unpackLayer(blob, { root: place.root, tarSplitPath })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_IO",
    message: `cannot write "${tarSplitPath}": it exists already (EEXIST)`,
  });
  expect(readFileSync(tarSplitPath, "utf8")).toBe("mine");
  expect(tree(place.root)).toEqual({});
});

it("what is not what its digest says is refused, and leaves no tar-split", async () => {
  const tarSplitPath = join(place.folder, "split.gz");
  const blob = { ...zipped(tarOf([file("a")]), "small"), digest: digestBytes(body) };
  await expect(unpackLayer(blob, { root: place.root, tarSplitPath })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_DIGEST_MISMATCH",
  });
  expect(existsSync(tarSplitPath)).toBe(false);
});

it("an abort ends it", async () => {
  const controller = new AbortController();
  const onBytes = vi.fn(() => controller.abort());
  const unpacked = unpackLayer(zipped(tar, "layer"), {
    root: place.root,
    signal: controller.signal,
    onBytes,
  });
  await expect(unpacked).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  expect(onBytes).toHaveBeenCalled();
});
