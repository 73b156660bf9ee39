import { DrayageError, isDrayageError } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import type { ProgressEvent } from "@drayage/transport";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyImage } from "../src/index.ts";
import { addImage, addIndex, bytesOf } from "./support/images.ts";
import {
  type MemoryDestinationOptions,
  type MemorySource,
  type MemoryStore,
  memoryDestination,
  memorySource,
  memoryStore,
  snapshot,
} from "./support/memory-store.ts";

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};

beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", onUnhandled);
});

afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

/** Two images with four layers each, one of them shared, plain so that a destination may compress them. */
function twoImages(): MemoryStore {
  const store = memoryStore();
  const shared = { content: bytesOf(1, 40_000), compression: "none" } as const;
  const members = ["amd64", "arm64"].map((architecture, at) =>
    addImage(store, {
      platform: { os: "linux", architecture },
      layers: [
        shared,
        ...[1, 2, 3].map((layer) => ({
          content: bytesOf(10 * at + layer, 30_000 + 1000 * layer),
          compression: "none" as const,
        })),
      ],
    }),
  );
  addIndex(store, members);
  return store;
}

/** A store with an earlier image in it, to see that it stays. */
function occupied(): MemoryStore {
  const store = memoryStore();
  addImage(store, { layers: [{ content: bytesOf(99, 100) }], labels: { earlier: "yes" } });
  return store;
}

/** A stream that was being read when the copy ended ends with that read, at the next turns of the loop. */
async function expectClosed(source: MemorySource): Promise<void> {
  for (let turn = 0; turn < 10 && source.open.count > 0; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(source.open.count).toBe(0);
}

const compressing: MemoryDestinationOptions = {
  accepts: { layerCompression: "compress" },
  withSignatures: true,
};

describe("the destination fails", () => {
  it("at each of its calls in turn: what was there stays, and the error says the side", async () => {
    const from = twoImages();
    const probe = memoryDestination(memoryStore(), compressing);
    await copyImage({ source: memorySource(from, { chunk: 4000 }), destination: probe, platforms: "all" });
    const total = probe.calls.length;
    expect(total).toBeGreaterThan(15);
    for (let failing = 0; failing < total; failing += 1) {
      const to = occupied();
      const before = snapshot(to);
      let calls = 0;
      const source = memorySource(from, { chunk: 4000 });
      const destination = memoryDestination(to, {
        ...compressing,
        onCall: () => {
          calls += 1;
          if (calls === failing + 1) throw Object.assign(new Error("full"), { code: "ENOSPC" });
        },
      });
      const error = await copyImage({ source, destination, platforms: "all" }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      await destination.close();
      expect(isDrayageError(error, "ERR_DRAYAGE_IO") && error.side, `call ${failing}`).toBe("destination");
      expect(destination.puts.now).toBe(0);
      await expectClosed(source);
      expect(snapshot(to)).toEqual(before);
    }
  });
});

describe("the source fails", () => {
  it("in the middle of blobs that move side by side", async () => {
    const from = twoImages();
    for (const failing of [1, 5, 9, 14, 20, 33]) {
      const to = occupied();
      const before = snapshot(to);
      let chunks = 0;
      const source = memorySource(from, {
        chunk: 4000,
        onChunk: () => {
          chunks += 1;
          if (chunks === failing) throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
        },
      });
      const destination = memoryDestination(to, compressing);
      const error = await copyImage({ source, destination, platforms: "all" }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      await destination.close();
      expect(isDrayageError(error, "ERR_DRAYAGE_IO") && error.side, `chunk ${failing}`).toBe("source");
      expect(destination.puts.now).toBe(0);
      await expectClosed(source);
      expect(snapshot(to)).toEqual(before);
    }
  });

  it("by losing a blob, a manifest, or by giving other bytes", async () => {
    const from = twoImages();
    const [someBlob] = [...from.blobs.keys()];
    const [someManifest] = [...from.manifests.keys()];
    if (someBlob === undefined || someManifest === undefined) throw new Error("the store is empty");
    const spoil: readonly [string, (store: MemoryStore) => void][] = [
      ["ERR_DRAYAGE_BLOB_NOT_FOUND", (store) => store.blobs.delete(someBlob)],
      ["ERR_DRAYAGE_IMAGE_NOT_FOUND", (store) => store.manifests.delete(someManifest)],
      [
        "ERR_DRAYAGE_DIGEST_MISMATCH",
        (store) => store.blobs.set(someBlob, bytesOf(3, store.blobs.get(someBlob)?.length ?? 0)),
      ],
      ["ERR_DRAYAGE_SIZE_MISMATCH", (store) => store.blobs.set(someBlob, bytesOf(3, 12))],
      [
        "ERR_DRAYAGE_DIGEST_MISMATCH",
        (store) => {
          const other = store.manifests.get([...store.manifests.keys()][1] ?? someManifest);
          if (other !== undefined) store.manifests.set(someManifest, other);
        },
      ],
    ];
    for (const [code, damage] of spoil) {
      const damaged: MemoryStore = {
        ...from,
        blobs: new Map(from.blobs),
        manifests: new Map(from.manifests),
      };
      damage(damaged);
      for (const chunk of [undefined, 3000]) {
        const to = occupied();
        const before = snapshot(to);
        const destination = memoryDestination(to, compressing);
        const error = await copyImage({
          source: memorySource(damaged, { chunk }),
          destination,
          platforms: "all",
        }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toMatchObject({ code, side: "source" });
        expect(snapshot(to)).toEqual(before);
      }
    }
  });
});

describe("an abort", () => {
  it("at each event ends the copy at once: all work is over, and what was there stays", async () => {
    const from = twoImages();
    const count = async (): Promise<number> => {
      let events = 0;
      await copyImage({
        source: memorySource(from, { chunk: 4000 }),
        destination: memoryDestination(memoryStore(), compressing),
        platforms: "all",
        onProgress: () => {
          events += 1;
        },
      });
      return events;
    };
    const total = await count();
    for (let at = 1; at <= total; at += 1) {
      const to = occupied();
      const before = snapshot(to);
      const controller = new AbortController();
      const after: ProgressEvent[] = [];
      let events = 0;
      const source = memorySource(from, { chunk: 4000 });
      const destination = memoryDestination(to, compressing);
      const copying = copyImage({
        source,
        destination,
        platforms: "all",
        signal: controller.signal,
        onProgress: (event) => {
          events += 1;
          if (events === at) controller.abort(new Error("enough"));
          else if (events > at) after.push(event);
        },
      });
      const error = await copying.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) continue;
      await destination.close();
      expect(error, `event ${at}`).toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      expect(destination.puts.now).toBe(0);
      await expectClosed(source);
      expect(snapshot(to)).toEqual(before);
      expect(after.filter((event) => event.type === "blob" && event.state === "start")).toEqual([]);
      expect(destination.calls).not.toContain("commit");
    }
  });

  it("before the copy begins touches nothing", async () => {
    const source = memorySource(twoImages());
    const destination = memoryDestination(memoryStore());
    await expect(copyImage({ source, destination, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
    expect(source.calls).toEqual([]);
    expect(destination.calls).toEqual([]);
  });
});

describe("bounds", () => {
  it("no more blobs move at a time than was said, over all images", async () => {
    for (const [parallelBlobs, accepted, most] of [
      [3, 8, 3],
      [undefined, 8, 6],
      [6, 2, 2],
      [4, 1, 1],
    ] as const) {
      const destination = memoryDestination(memoryStore(), { accepts: { parallelBlobs: accepted } });
      await copyImage({
        source: memorySource(twoImages(), { chunk: 4000 }),
        destination,
        platforms: "all",
        parallelBlobs,
      });
      expect(destination.puts.most).toBe(most);
    }
    await expect(
      copyImage({
        source: memorySource(twoImages()),
        destination: memoryDestination(memoryStore()),
        parallelBlobs: 0,
      }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  it("the first failure is what is thrown, though others follow from it", async () => {
    const from = twoImages();
    const destination = memoryDestination(memoryStore(), {
      onCall: async (call) => {
        if (!call.startsWith("putBlob layer")) return;
        const first = destination.calls.filter((earlier) => earlier.startsWith("putBlob layer")).length === 1;
        await new Promise((resolve) => setTimeout(resolve, first ? 5 : 20));
        throw new DrayageError("ERR_DRAYAGE_IO", first ? "the first" : "a later one");
      },
    });
    await expect(
      copyImage({ source: memorySource(from), destination, platforms: "all" }),
    ).rejects.toMatchObject({ message: "the first", side: "destination" });
  });

  it("indexes that stand in indexes without end are refused", async () => {
    const from = memoryStore();
    let inner = addImage(from, { layers: [] });
    for (let depth = 0; depth < 12; depth += 1) inner = addIndex(from, [inner]);
    for (const platforms of ["all", "system"] as const) {
      await expect(
        copyImage({ source: memorySource(from), destination: memoryDestination(memoryStore()), platforms }),
      ).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED", side: "source" });
    }
  });

  it("an index that names one image a thousand times copies it once", async () => {
    const from = memoryStore();
    const image = addImage(from, { layers: [{ content: bytesOf(1, 10) }] });
    const inner = addIndex(
      from,
      Array.from({ length: 1000 }, () => image),
    );
    addIndex(
      from,
      Array.from({ length: 1000 }, () => inner),
    );
    const destination = memoryDestination(memoryStore());
    const result = await copyImage({ source: memorySource(from), destination, platforms: "all" });
    expect(result.documents).toHaveLength(3);
    expect(
      destination.calls.filter((call) => call.startsWith(`putManifest ${mediaTypes.ociManifest}`)),
    ).toHaveLength(1);
  });
});
