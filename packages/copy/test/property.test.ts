import { mediaTypes, parseManifest } from "@drayage/manifest";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type CopyImageInput, copyImage, executePlan, planCopy, validateImage } from "../src/index.ts";
import {
  addArtifact,
  addImage,
  addIndex,
  bytesOf,
  type TestDescriptor,
  type TestImage,
} from "./support/images.ts";
import {
  type MemoryDestinationOptions,
  type MemoryStore,
  memoryDestination,
  memorySource,
  memoryStore,
  snapshot,
} from "./support/memory-store.ts";

const layer = fc.record({
  content: fc.tuple(fc.nat(6), fc.nat(4000)).map(([seed, length]) => bytesOf(seed, length)),
  compression: fc.constantFrom("none" as const, "gzip" as const),
});

const platforms = ["amd64", "arm64", "s390x", "ppc64le"].map((architecture) => ({
  os: "linux",
  architecture,
}));

const image = fc.record({
  format: fc.constantFrom("oci" as const, "v2s2" as const),
  layers: fc.array(layer, { maxLength: 4 }),
  labels: fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("<x>", "y")),
});

type Shape = {
  readonly images: readonly TestImage[];
  readonly kind: "image" | "index" | "list" | "nested" | "artifact";
};

const shape: fc.Arbitrary<Shape> = fc.record({
  images: fc.array(image, { minLength: 1, maxLength: 4 }),
  kind: fc.constantFrom("image", "index", "list", "nested", "artifact"),
});

function build({ images, kind }: Shape): MemoryStore {
  const store = memoryStore();
  const added = images.map((item, at): TestDescriptor => {
    const platform = platforms[at] ?? { os: "linux", architecture: "amd64" };
    return addImage(store, { ...item, platform });
  });
  const [first, ...others] = added;
  if (first === undefined) throw new Error("there is no image");
  switch (kind) {
    case "image":
      return store;
    case "index":
      addIndex(store, added);
      return store;
    case "list":
      addIndex(store, added, { format: "v2s2" });
      return store;
    case "nested":
      addIndex(store, [first, addIndex(store, others)]);
      return store;
    case "artifact":
      addArtifact(store, bytesOf(3, 100), first);
      return store;
  }
}

const both = [
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestList,
];

const destinations = fc.record({
  accepts: fc.record({
    layerCompression: fc.constantFrom("preserve" as const, "compress" as const, "decompress" as const),
    manifestTypes: fc.constantFrom([], [mediaTypes.ociManifest, mediaTypes.ociIndex], both),
    parallelBlobs: fc.constantFrom(1, 3, 8),
  }),
  withReuse: fc.boolean(),
}) satisfies fc.Arbitrary<MemoryDestinationOptions>;

type Options = Pick<
  CopyImageInput,
  "format" | "compression" | "compat" | "platforms" | "sparse" | "parallelBlobs"
>;

const options: fc.Arbitrary<Options> = fc.record({
  format: fc.constantFrom(undefined, "oci" as const),
  compression: fc.constantFrom(
    undefined,
    { format: "gzip" as const },
    { format: "gzip" as const, force: true },
  ),
  compat: fc.constantFrom(undefined, "go" as const),
  platforms: fc.constant("all" as const),
  parallelBlobs: fc.constantFrom(1, 6),
});

const chunks = fc.constantFrom(undefined, 500);
const runs = { numRuns: 60 };

it("whatever is copied however: what arrives validates", async () => {
  await fc.assert(
    fc.asyncProperty(shape, destinations, options, chunks, async (what, where, how, chunk) => {
      const from = build(what);
      const to = memoryStore();
      const result = await copyImage({
        ...how,
        source: memorySource(from, { chunk }),
        destination: memoryDestination(to, where),
      });
      expect(to.root).toBe(result.digest);
      expect((await validateImage(memorySource(to, { chunk }))).problems).toEqual([]);
      // A wish for what is there already, or for a plan made apart from its execution, changes nothing.
      const again = memoryStore();
      const destination = memoryDestination(again, where);
      const plan = await planCopy({ ...how, source: memorySource(from, { chunk }), destination });
      const executed = await executePlan({ plan, source: memorySource(from, { chunk }), destination });
      expect(executed.digest).toBe(result.digest);
      expect(snapshot(again)).toEqual(snapshot(to));
    }),
    runs,
  );
});

it("a second copy to the same place changes nothing there, and moves nothing that did not change", async () => {
  await fc.assert(
    fc.asyncProperty(shape, destinations, options, async (what, where, how) => {
      const from = build(what);
      const to = memoryStore();
      const first = await copyImage({
        ...how,
        source: memorySource(from),
        destination: memoryDestination(to, where),
      });
      const before = snapshot(to);
      const second = await copyImage({
        ...how,
        source: memorySource(from),
        destination: memoryDestination(to, where),
      });
      expect(second.digest).toBe(first.digest);
      expect(snapshot(to)).toEqual(before);
    }),
    runs,
  );
});

it("preserved digests are the source's, all of them", async () => {
  await fc.assert(
    fc.asyncProperty(shape, destinations, async (what, where) => {
      const from = build(what);
      const to = memoryStore();
      const accepts = { ...where.accepts, manifestTypes: [] };
      const result = await copyImage({
        source: memorySource(from),
        destination: memoryDestination(to, { ...where, accepts }),
        preserveDigests: true,
        platforms: "all",
      });
      expect(result.digest).toBe(from.root);
      for (const document of result.documents) expect(document.digest).toBe(document.source);
      for (const [digest, manifest] of to.manifests) expect(manifest).toEqual(from.manifests.get(digest));
    }),
    runs,
  );
});

it("a copy there and back has the source's configs and diffIDs", async () => {
  await fc.assert(
    fc.asyncProperty(image, destinations, destinations, async (what, there, back) => {
      const from = build({ images: [what], kind: "image" });
      const middle = memoryStore();
      await copyImage({ source: memorySource(from), destination: memoryDestination(middle, there) });
      const end = memoryStore();
      await copyImage({ source: memorySource(middle), destination: memoryDestination(end, back) });
      expect(configDigest(end)).toBe(configDigest(from));
      expect((await validateImage(memorySource(end))).problems).toEqual([]);
    }),
    runs,
  );
});

function configDigest(store: MemoryStore): string | undefined {
  const root = store.root === undefined ? undefined : store.manifests.get(store.root);
  const manifest = root === undefined ? undefined : parseManifest(root.bytes, root.mediaType);
  return manifest?.kind === "image" ? manifest.config?.digest : undefined;
}
