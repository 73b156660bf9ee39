import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { drain, streamBlob } from "@drayage/blob";
import { createHasher } from "@drayage/digest";
import { isDrayageError } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import { createRegistry, type Location, type ProgressEvent, type Transport } from "@drayage/transport";
import { dir } from "@drayage/transport-dir";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copy, copyImage, inspectImage, validateImage } from "../src/index.ts";
import { addImage, addIndex, addManifest, bytesOf } from "./support/images.ts";
import { type MemoryStore, memoryDestination, memorySource, memoryStore } from "./support/memory-store.ts";
import { readTree } from "./support/trees.ts";

const registry = createRegistry([dir(), ociDir(), dockerArchive()]);
let scratch = "";

beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "drayage-"));
});

afterEach(() => fs.rmSync(scratch, { recursive: true, force: true }));

const at = (name: string): string => path.join(scratch, name);

async function locate(text: string): Promise<Location> {
  return registry.resolve(text);
}

/** Puts the image of a store at a place in the file system. */
async function put(store: MemoryStore, text: string): Promise<void> {
  const { transport, reference } = await locate(text);
  const destination = await transport.openDestination?.(reference);
  if (destination === undefined) throw new Error(`${text} cannot be written`);
  try {
    await copyImage({ source: memorySource(store), destination, platforms: "all" });
  } finally {
    await destination.close();
  }
}

function threeLayers(): MemoryStore {
  const store = memoryStore();
  addImage(store, { layers: [1, 2, 3].map((seed) => ({ content: bytesOf(seed, 60_000 * seed) })) });
  return store;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("between two places", () => {
  it("an image gets a second name where it is", async () => {
    await put(threeLayers(), `oci-dir:${at("a")}:x`);
    const result = await copy(await locate(`oci-dir:${at("a")}:x`), await locate(`oci-dir:${at("a")}:y`));
    expect(result.blobs.moved.count).toBe(0);
    const index = JSON.parse(fs.readFileSync(path.join(at("a"), "index.json"), "utf8")) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    expect(index.manifests.map(({ annotations }) => Object.values(annotations))).toEqual([["x"], ["y"]]);
    expect(new Set(index.manifests.map(({ digest }) => digest)).size).toBe(1);
  });

  it("an image may be copied over itself", async () => {
    for (const text of [`oci-dir:${at("o")}:x`, `dir:${at("d")}`]) {
      await put(threeLayers(), text);
      const folder = text.split(":")[1] ?? "";
      const before = readTree(folder);
      await copy(await locate(text), await locate(text));
      expect(readTree(folder)).toEqual(before);
    }
  });

  it("an image that is there is skipped on request, and an existing other one is not", async () => {
    await put(threeLayers(), `dir:${at("a")}`);
    const [from, to] = [await locate(`dir:${at("a")}`), await locate(`dir:${at("b")}`)];
    const first = await copy(from, to, { ifPresent: "skip" });
    expect(first.present).toBe(false);
    const before = fs.statSync(path.join(at("b"), "manifest.json")).mtimeMs;
    const second = await copy(from, to, { ifPresent: "skip" });
    expect(second).toMatchObject({ present: true, digest: first.digest });
    expect(fs.statSync(path.join(at("b"), "manifest.json")).mtimeMs).toBe(before);
  });

  it("a source that is not there is said so, and the destination is not made", async () => {
    const error = await failure(
      copy(await locate(`oci-dir:${at("none")}:x`), await locate(`dir:${at("b")}`)),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND", side: "source" });
    expect(fs.existsSync(at("b"))).toBe(false);
  });

  it("a transport that lacks an ability is named", async () => {
    await put(threeLayers(), `dir:${at("a")}`);
    const from = await locate(`dir:${at("a")}`);
    const { openSource: _, ...unreadable } = from.transport;
    const { openDestination: __, ...unwritable } = from.transport;
    const with_ = (transport: Transport): Location => ({ ...from, transport });
    expect(await failure(copy(with_(unreadable), await locate(`dir:${at("b")}`)))).toMatchObject({
      code: "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
      side: "source",
    });
    expect(await failure(copy(from, with_(unwritable)))).toMatchObject({
      code: "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
      side: "destination",
    });
  });
});

describe("when something happens on the way", () => {
  const blobPath = (folder: string, digest: string): string => path.join(folder, digest.slice(7));

  it.each([
    ["vanishes", (file: string) => fs.rmSync(file), "ERR_DRAYAGE_IO"],
    ["is cut short", (file: string) => fs.truncateSync(file, 1000), "ERR_DRAYAGE_SIZE_MISMATCH"],
    [
      "changes",
      (file: string) => {
        const bytes = fs.readFileSync(file);
        bytes[500] = (bytes[500] ?? 0) ^ 1;
        fs.writeFileSync(file, bytes);
      },
      "ERR_DRAYAGE_DIGEST_MISMATCH",
    ],
  ] as const)("to a blob of the source that %s, the error is the source's", async (_, damage, code) => {
    await put(threeLayers(), `dir:${at("a")}`);
    await put(memoryImage("earlier"), `dir:${at("b")}`);
    const before = readTree(at("b"));
    let damaged = false;
    const onProgress = (event: ProgressEvent): void => {
      if (damaged || event.type !== "blob" || event.state !== "start") return;
      damaged = true;
      damage(blobPath(at("a"), event.digest));
    };
    const error = await failure(
      copy(await locate(`dir:${at("a")}`), await locate(`dir:${at("b")}`), { onProgress }),
    );
    expect(error).toMatchObject({ code, side: "source" });
    expect(readTree(at("b"))).toEqual(before);
  });

  it("to the destination, the error is the destination's", async () => {
    await put(threeLayers(), `dir:${at("a")}`);
    fs.mkdirSync(at("parent"));
    let done = false;
    const onProgress = (event: ProgressEvent): void => {
      if (done || event.type !== "blob" || event.state !== "done") return;
      done = true;
      fs.rmSync(at("parent"), { recursive: true });
      fs.writeFileSync(at("parent"), "a file");
    };
    const to = await locate(`oci-dir:${at("parent")}/b:x`);
    const error = await failure(copy(await locate(`dir:${at("a")}`), to, { onProgress, parallelBlobs: 1 }));
    expect(error).toMatchObject({ side: "destination" });
    expect(isDrayageError(error)).toBe(true);
  });

  it("an aborted copy leaves the earlier image, and no temporary file", async () => {
    await put(threeLayers(), `dir:${at("a")}`);
    for (const [text, place] of [
      [`dir:${at("b")}`, at("b")],
      [`oci-dir:${at("c")}:x`, at("c")],
      [`docker-archive:${at("d")}`, at("d")],
    ] as const) {
      if (!text.startsWith("docker-archive")) await put(memoryImage("earlier"), text);
      const show = (): unknown => (fs.existsSync(place) ? readTree(place) : undefined);
      const before = show();
      const controller = new AbortController();
      const error = await failure(
        copy(await locate(`dir:${at("a")}`), await locate(text), {
          signal: controller.signal,
          onProgress: (event) => {
            if (event.type === "manifest") controller.abort();
          },
        }),
      );
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      expect(show()).toEqual(before);
    }
    expect(fs.readdirSync(scratch).toSorted()).toEqual(["a", "b", "c"]);
  });

  it("a copy that was killed is taken up where it was", async () => {
    const store = threeLayers();
    const { transport, reference } = await locate(`oci-dir:${at("b")}:x`);
    const killed = await transport.openDestination?.(reference);
    if (killed === undefined) throw new Error("oci-dir can be written");
    let begun = 0;
    const onProgress = (event: ProgressEvent): void => {
      if (event.type === "blob" && event.state === "start") begun += 1;
      if (begun === 3) throw new Error("killed");
    };
    // Never closed: that is what a killed process leaves behind.
    await failure(
      copyImage({ source: memorySource(store), destination: killed, onProgress, parallelBlobs: 1 }),
    );
    const destination = await transport.openDestination?.(reference);
    if (destination === undefined) throw new Error("oci-dir can be written");
    const result = await copyImage({ source: memorySource(store), destination });
    await destination.close();
    expect(result.blobs.reused.count).toBe(2);
    expect(result.blobs.moved.count).toBe(2);
    const source = await transport.openSource?.(reference);
    expect(source && (await validateImage(source)).problems).toEqual([]);
    await source?.close();
  });
});

function memoryImage(label: string): MemoryStore {
  const store = memoryStore();
  addImage(store, { layers: [{ content: bytesOf(50, 700) }], labels: { label } });
  return store;
}

describe("inspection", () => {
  it("shows an image and the platforms of an index", async () => {
    const store = memoryStore();
    const members = ["amd64", "arm64"].map((architecture) =>
      addImage(store, {
        platform: { os: "linux", architecture },
        layers: [{ content: bytesOf(1, 10) }],
        labels: { a: architecture },
      }),
    );
    const [amd64, arm64] = members;
    if (amd64 === undefined || arm64 === undefined) throw new Error("two images are expected");
    const index = addIndex(store, [amd64, addIndex(store, [arm64])]);
    const wish = { os: "linux", architecture: "arm64" };
    const inspection = await inspectImage(memorySource(store), { platform: wish });
    expect(inspection).toMatchObject({
      name: undefined,
      digest: index.digest,
      artifactType: undefined,
      image: {
        digest: arm64.digest,
        mediaType: mediaTypes.ociManifest,
        created: "2024-01-02T03:04:05Z",
        architecture: "arm64",
        os: "linux",
        labels: { a: "arm64" },
        env: ["PATH=/bin"],
      },
    });
    expect(inspection.instances?.map(({ platform, digest }) => [platform, digest])).toEqual([
      ["linux/amd64", amd64.digest],
      ["linux/arm64", arm64.digest],
    ]);
    expect(inspection.instances?.map(({ within }) => within.length)).toEqual([0, 1]);
    const missing = inspectImage(memorySource(store), { platform: { architecture: "riscv64" } });
    await expect(missing).rejects.toMatchObject({ code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND" });
  });

  it("shows an index that has nothing for this machine", async () => {
    const store = memoryStore();
    const image = addImage(store, { platform: { os: "plan9", architecture: "vax" }, layers: [] });
    addIndex(store, [image]);
    const inspection = await inspectImage(memorySource(store));
    expect(inspection.image).toBeUndefined();
    expect(inspection.instances).toHaveLength(1);
  });
});

describe("memory", () => {
  it("is bounded, whatever a layer's size", async () => {
    const chunk = bytesOf(1, 1 << 18);
    const store = memoryStore();
    addImage(store, { layers: [] });
    const chunks = 1200;
    const hasher = createHasher();
    for (let n = 0; n < chunks; n += 1) hasher.update(chunk);
    const digest = hasher.digest();
    const size = chunks * chunk.length;
    const root = store.root === undefined ? undefined : store.manifests.get(store.root);
    const document = JSON.parse(Buffer.from(root?.bytes ?? []).toString()) as { layers: object[] };
    document.layers = [{ mediaType: mediaTypes.ociLayerTar, digest, size }];
    addManifest(store, Buffer.from(JSON.stringify(document)), mediaTypes.ociManifest);

    const plain = memorySource(store);
    const source = {
      ...plain,
      async blob(descriptor: Parameters<typeof plain.blob>[0]) {
        if (descriptor.digest !== digest) return plain.blob(descriptor);
        const open = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
          for (let n = 0; n < chunks; n += 1) yield chunk;
        };
        return streamBlob(open, { digest, size });
      },
    };
    const destination = memoryDestination(memoryStore());
    let most = 0;
    const before = process.memoryUsage().rss;
    await copyImage({
      source,
      destination: {
        ...destination,
        putBlob: async (blob, options) =>
          blob.size === size
            ? drain(blob, { kind: "writer", write: () => undefined }, options)
            : destination.putBlob(blob, options),
      },
      onProgress: () => {
        most = Math.max(most, process.memoryUsage().rss - before);
      },
    });
    expect(size).toBeGreaterThan(300_000_000);
    expect(most).toBeLessThan(100_000_000);
  });
});
