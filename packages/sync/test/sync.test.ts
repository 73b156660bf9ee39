import { digestBytes } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { randomImage, randomIndex, randomLayer, type SampleImage } from "@drayage/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import {
  createNaming,
  createTagFilter,
  listSource,
  parseRegistryText,
  parseSourceList,
  planSync,
  registryDestination,
  registrySource,
  runSync,
  type SyncEvent,
  type SyncInput,
} from "../src/index.ts";
import { type MemoryRegistry, memoryRegistry } from "./memory-registry.ts";

let images: readonly SampleImage[];

beforeAll(async () => {
  // All of them share their first layer.
  const base = await randomLayer({ seed: "base" });
  images = await Promise.all(
    Array.from({ length: 12 }, async (_, seed) =>
      randomImage({ seed, layers: [base, await randomLayer({ seed: `own-${seed}` })] }),
    ),
  );
});

function image(at: number): SampleImage {
  const found = images[at];
  if (found === undefined) throw new RangeError(`no image ${at}`);
  return found;
}

/** A registry with `count` tags of one repository. */
function filled(count: number, repository = "src.test/team/app"): MemoryRegistry {
  const registry = memoryRegistry();
  for (let at = 0; at < count; at++) registry.put(`${repository}:v${at}`, image(at));
  return registry;
}

interface Ends {
  readonly from: MemoryRegistry;
  readonly to: MemoryRegistry;
  readonly text?: string;
  readonly include?: readonly string[];
}

function inputOf({ from, to, text = "src.test/team/app", include }: Ends): SyncInput {
  return {
    source: registrySource(parseRegistryText(text), {
      transport: from.transport,
      filter: include && createTagFilter({ include }),
      async *listRepositories(host) {
        for (const name of from.repositories.keys()) {
          if (name.startsWith(`${host}/`)) yield name.slice(host.length + 1);
        }
      },
    }),
    destination: registryDestination("dst.test", { transport: to.transport }),
  };
}

function collect(): { readonly events: SyncEvent[]; readonly onEvent: (event: SyncEvent) => void } {
  const events: SyncEvent[] = [];
  return { events, onEvent: (event) => void events.push(event) };
}

describe("runSync", () => {
  it("copies all tags of a repository, each shared blob once, and lists the tags once", async () => {
    const ends = { from: filled(12), to: memoryRegistry() };
    const { events, onEvent } = collect();
    const summary = await runSync({ ...inputOf(ends), parallelImages: 4, onEvent });
    expect(summary).toMatchObject({ repositories: 1, images: { copied: 12, present: 0, failed: 0 } });
    expect(ends.to.tags("dst.test/app")).toEqual(ends.from.tags("src.test/team/app"));
    for (let at = 0; at < 12; at++) {
      expect(ends.to.digestOf(`dst.test/app:v${at}`)).toBe(image(at).manifest.digest);
    }
    expect(ends.from.counts.lists).toBe(1);
    // The base, and of each image a layer and a config.
    expect(ends.to.counts.blobsPut).toBe(1 + 12 * 2);
    expect(new Set(ends.to.puts).size).toBe(ends.to.puts.length);
    expect(summary.blobs).toMatchObject({
      moved: 1 + 12 * 2,
      reused: 11,
      movedBytes: ends.to.counts.bytesPut,
    });
    expect(events[0]).toEqual({
      type: "repository",
      state: "listing",
      repository: "docker://src.test/team/app",
    });
    expect(events[1]).toMatchObject({ type: "repository", state: "listed", images: 12 });
    const copied = events.filter((event) => event.type === "image" && event.state === "copied");
    expect(copied).toHaveLength(12);
    expect(copied).toContainEqual(
      expect.objectContaining({
        kind: "image",
        from: "docker://src.test/team/app:v3",
        to: "docker://dst.test/app:v3",
        index: 3,
        of: 12,
        digest: image(3).manifest.digest,
      }),
    );
  });

  it("images of different repositories share blobs too, while they are copied side by side", async () => {
    const from = memoryRegistry();
    for (let at = 0; at < 8; at++) from.put(`src.test/app-${at}:1`, image(at));
    const to = memoryRegistry();
    const summary = await runSync({ ...inputOf({ from, to, text: "src.test" }), parallelImages: 8 });
    expect(summary).toMatchObject({ repositories: 8, images: { copied: 8 } });
    const base = image(0).layers[0]?.descriptor.digest;
    expect(to.puts.filter((put) => put.endsWith(` ${base}`))).toHaveLength(1);
    expect(to.counts.blobsPut).toBe(1 + 8 * 2);
    expect(to.counts.mounts).toBe(7);
  });

  it("a place that has an image already is only asked for its digest", async () => {
    const ends = { from: filled(6), to: memoryRegistry() };
    await runSync(inputOf(ends));
    const { manifestsRead } = ends.from.counts;
    ends.to.counts.blobsPut = 0;
    const { events, onEvent } = collect();
    const summary = await runSync({ ...inputOf(ends), onEvent });
    expect(summary).toMatchObject({ images: { copied: 0, present: 6 }, blobs: { moved: 0, movedBytes: 0 } });
    expect(ends.to.counts).toMatchObject({ blobsPut: 0, commits: 6 });
    expect(ends.from.counts.manifestsRead).toBe(manifestsRead);
    expect(events.filter((event) => event.type === "image" && event.state === "start")).toEqual([]);
  });

  it("a tag that has moved is brought up to date", async () => {
    const ends = { from: filled(3), to: memoryRegistry() };
    await runSync(inputOf(ends));
    ends.from.put("src.test/team/app:v1", image(7));
    const summary = await runSync(inputOf(ends));
    expect(summary.images).toEqual({ copied: 1, present: 2, failed: 0 });
    expect(ends.to.digestOf("dst.test/app:v1")).toBe(image(7).manifest.digest);
  });

  it("of an index the system's image is copied, or with all the whole; both are recognised again", async () => {
    const from = memoryRegistry();
    const index = await randomIndex({ seed: "i" });
    from.put("src.test/team/app:multi", index);
    for (const platforms of [{ os: "linux", architecture: "arm64" }, "all"] as const) {
      const to = memoryRegistry();
      const input = { ...inputOf({ from, to }), copy: { platforms } };
      expect((await runSync(input)).images).toEqual({ copied: 1, present: 0, failed: 0 });
      const wanted = platforms === "all" ? index.manifest.digest : index.images[1]?.manifest.digest;
      expect(to.digestOf("dst.test/app:multi")).toBe(wanted);
      expect((await planSync(input)).images).toEqual({ copied: 0, present: 1, failed: 0 });
      expect((await runSync(input)).images).toEqual({ copied: 0, present: 1, failed: 0 });
      expect(to.counts.commits).toBe(1);
    }
  });

  it("no more images and blobs move at once than was said", async () => {
    const ends = { from: filled(12), to: memoryRegistry() };
    ends.to.onCall = () => new Promise((resolve) => setImmediate(resolve));
    await runSync({ ...inputOf(ends), parallelImages: 5, parallelBlobs: 3 });
    expect(ends.to.counts.mostImages).toBe(5);
    expect(ends.to.counts.mostBlobs).toBe(3);
    await expect(runSync({ ...inputOf(ends), parallelImages: 0 })).rejects.toThrow(
      "cannot move at the same time",
    );
  });

  it("is begun again where it was killed: no blob is put twice", async () => {
    for (const killAfter of [1, 5, 11, 20]) {
      const ends = { from: filled(12), to: memoryRegistry() };
      const controller = new AbortController();
      let count = 0;
      ends.to.onCall = (what) => {
        if (what !== "put") return;
        count += 1;
        if (count === killAfter) controller.abort(new Error("killed"));
      };
      const killed = runSync({ ...inputOf(ends), parallelImages: 4, signal: controller.signal });
      await expect(killed).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      const done = ends.to.counts.blobsPut;
      expect(done).toBeLessThan(25);
      await runSync({ ...inputOf(ends), parallelImages: 4 });
      expect(ends.to.tags("dst.test/app")).toHaveLength(12);
      expect(new Set(ends.to.puts).size).toBe(ends.to.puts.length);
      expect(ends.to.counts.blobsPut).toBe(25);
    }
  });

  it("the first failure ends it, names the image, and leaves nothing running", async () => {
    const ends = { from: filled(12), to: memoryRegistry() };
    const lost = image(5).layers[1]?.descriptor.digest;
    if (lost !== undefined) ends.from.repositories.get("src.test/team/app")?.blobs.delete(lost);
    let running = 0;
    const transport = ends.to.transport;
    ends.to.onCall = async (what) => {
      if (what !== "put") return;
      running += 1;
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const input = { ...inputOf(ends), destination: registryDestination("dst.test", { transport }) };
    await expect(runSync({ ...input, parallelImages: 3 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
      message: expect.stringMatching(/^docker:\/\/src\.test\/team\/app:v5: /),
      side: "source",
    });
    expect(running).toBe(0);
    expect(ends.to.counts.commits).toBeLessThan(11);
    expect(ends.to.digestOf("dst.test/app:v5")).toBeUndefined();
  });

  it("with keepGoing all other images are copied, and each failure is told with its image", async () => {
    const ends = { from: filled(12), to: memoryRegistry() };
    for (const at of [2, 9]) {
      const lost = image(at).layers[1]?.descriptor.digest;
      if (lost !== undefined) ends.from.repositories.get("src.test/team/app")?.blobs.delete(lost);
    }
    const { events, onEvent } = collect();
    const summary = await runSync({ ...inputOf(ends), keepGoing: true, onEvent });
    expect(summary.images).toEqual({ copied: 10, present: 0, failed: 2 });
    const failed = events.flatMap((event) =>
      event.type === "image" && event.state === "failed" && isDrayageError(event.error) ? [event] : [],
    );
    expect(failed.map(({ from }) => from).toSorted()).toEqual([
      "docker://src.test/team/app:v2",
      "docker://src.test/team/app:v9",
    ]);
    expect(ends.to.tags("dst.test/app")).toHaveLength(10);
  });

  it("a failure of the destination is its own", async () => {
    const ends = { from: filled(1), to: memoryRegistry() };
    ends.to.onCall = (what) => {
      if (what === "write") throw new DrayageError("ERR_DRAYAGE_DENIED", "no");
    };
    await expect(runSync(inputOf(ends))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DENIED",
      side: "destination",
      message: "docker://src.test/team/app:v0: no",
    });
  });

  it("a repository without images, and one that is not there, are errors", async () => {
    const ends = { from: memoryRegistry(), to: memoryRegistry() };
    await expect(runSync(inputOf(ends))).rejects.toMatchObject({ code: "ERR_DRAYAGE_REPOSITORY_NOT_FOUND" });
    ends.from.repositories.set("src.test/team/app", {
      tags: new Map(),
      manifests: new Map(),
      blobs: new Map(),
    });
    await expect(runSync(inputOf(ends))).rejects.toThrow("no images to sync are found");
    await expect(runSync(inputOf({ ...ends, text: "other.test" }))).rejects.toThrow(
      "no images to sync are found",
    );
  });

  it("two images that would go to one place are refused, unless they are one image", async () => {
    const from = memoryRegistry();
    from.put("src.test/a/app:1", image(1));
    from.put("src.test/b/app:1", image(2));
    const ends = { from, to: memoryRegistry(), text: "src.test/" };
    await expect(runSync(inputOf(ends))).rejects.toThrow("would both become app:1");
    const naming = createNaming({ scoped: true });
    expect((await runSync({ ...inputOf(ends), naming })).images.copied).toBe(2);
    expect(ends.to.digestOf("dst.test/src.test/b/app:1")).toBe(image(2).manifest.digest);
    const { registries } = parseSourceList(
      "src.test: {images: {a/app: ['1']}, images-by-tag-regex: {a/app: .}}",
      "f",
    );
    const twice = { ...inputOf(ends), source: listSource(registries, { transport: from.transport }) };
    expect((await planSync({ ...twice, blind: true })).images.copied).toBe(1);
  });

  it("a list's repositories are opened with what the list says of their registry", async () => {
    const from = filled(2);
    const { registries } = parseSourceList(
      `src.test:
  credentials: {username: u, password: p}
  tls-verify: false
  images-by-semver: {team/app: ">=0"}
  images: {team/app: [v1, "${image(0).manifest.digest}"]}
`,
      "f",
    );
    const source = listSource(registries, {
      transport: from.transport,
      sourceOptions: { connection: { certDir: "/certs", tlsVerify: true } },
    });
    const found = [];
    for await (const repository of source.repositories({})) {
      found.push([repository.text, repository.sourceOptions, (await repository.list({})).names.length]);
    }
    const connection = {
      certDir: "/certs",
      tlsVerify: false,
      credentials: { username: "u", password: "p" },
      bearerToken: undefined,
    };
    // Tags v0 and v1 are the versions 0.0.0 and 1.0.0.
    expect(found).toEqual([
      ["docker://src.test/team/app", { connection }, 2],
      ["docker://src.test/team/app", { connection }, 2],
    ]);
    const to = memoryRegistry();
    await runSync({ source, destination: registryDestination("dst.test/x", { transport: to.transport }) });
    expect(to.tags("dst.test/x/app")).toEqual(["v0", "v1"]);
    expect(to.repositories.get("dst.test/x/app")?.manifests.has(image(0).manifest.digest)).toBe(true);
  });

  it("what cannot be listed is passed over where that is wished, and counted with keepGoing", async () => {
    const ends = { from: filled(1), to: memoryRegistry() };
    const { registries } = parseSourceList("src.test: {images: {gone: [], team/app: []}}", "f");
    const input = { ...inputOf(ends), source: listSource(registries, { transport: ends.from.transport }) };
    await expect(runSync(input)).rejects.toThrow("docker://src.test/gone: no repository");
    expect(await runSync({ ...input, unlisted: "skip" })).toMatchObject({
      unlisted: 0,
      images: { copied: 1 },
    });
    expect(await runSync({ ...input, keepGoing: true })).toMatchObject({
      unlisted: 1,
      images: { present: 1 },
    });
  });

  it("only wanted tags are copied", async () => {
    const ends = { from: filled(12), to: memoryRegistry(), include: ["^v1$", "^v[5-6]$"] };
    await runSync(inputOf(ends));
    expect(ends.to.tags("dst.test/app")).toEqual(["v1", "v5", "v6"]);
  });
});

describe("planSync", () => {
  it("tells in the order of the images what would be copied, and writes nothing", async () => {
    const ends = { from: filled(9), to: memoryRegistry() };
    await runSync(inputOf({ ...ends, include: ["v[36]"] }));
    ends.to.onCall = async (what, text) => {
      // The first are the slowest.
      if (what === "resolve")
        await new Promise((resolve) => setTimeout(resolve, text.endsWith("v0") ? 30 : 1));
    };
    const { events, onEvent } = collect();
    const summary = await planSync({ ...inputOf(ends), parallelImages: 4, onEvent });
    expect(summary).toMatchObject({ repositories: 1, images: { copied: 7, present: 2, failed: 0 } });
    const told = events.flatMap((event) => (event.type === "image" ? [`${event.index} ${event.state}`] : []));
    expect(told).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) => `${at} ${at === 3 || at === 6 ? "present" : "copy"}`),
    );
    expect(ends.to.counts.commits).toBe(2);
  });

  it("a blind one asks the destination nothing", async () => {
    const ends = { from: filled(3), to: memoryRegistry() };
    const summary = await planSync({ ...inputOf(ends), blind: true });
    expect(summary.images.copied).toBe(3);
    expect(ends.to.counts.resolves).toBe(0);
    expect(ends.from.counts.resolves).toBe(0);
  });
});

describe("many tags", () => {
  it("a hundred thousand are planned without their images being held", async () => {
    const from = memoryRegistry();
    from.put("src.test/team/app:x", image(0));
    const repository = from.repositories.get("src.test/team/app");
    for (let at = 0; at < 100_000; at++) repository?.tags.set(`t${at}`, image(0).manifest.digest);
    const summary = await planSync({ ...inputOf({ from, to: memoryRegistry() }), blind: true });
    expect(summary.images.copied).toBe(100_001);
  });
});

it("digests of the samples differ, as these tests rely on", () => {
  expect(new Set(images.map(({ manifest }) => digestBytes(manifest.bytes))).size).toBe(12);
});
