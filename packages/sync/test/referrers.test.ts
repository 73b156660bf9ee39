import { type Digest, digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { randomImage, randomIndex, type SampleImage, type SampleIndex } from "@drayage/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import {
  dirDestination,
  ociArchiveDestination,
  parseRegistryText,
  planSync,
  registryDestination,
  registrySource,
  runSync,
  type SyncEvent,
  type SyncInput,
} from "../src/index.ts";
import { type MemoryRegistry, memoryRegistry } from "./memory-registry.ts";

let image: SampleImage;
let index: SampleIndex;

beforeAll(async () => {
  image = await randomImage({ seed: "image" });
  index = await randomIndex({ seed: "index" });
});

const empty = new TextEncoder().encode("{}");
const emptyDescriptor = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: digestBytes(empty),
  size: empty.length,
};

/** An artifact that refers to a manifest of the repository. */
function attach(registry: MemoryRegistry, name: string, subject: Digest, artifactType: string): Digest {
  const repository = registry.repositories.get(name.split(":")[0] ?? "");
  repository?.blobs.set(emptyDescriptor.digest, empty);
  const size = repository?.manifests.get(subject)?.bytes.length ?? 1;
  return registry.putManifest(name, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType,
    config: emptyDescriptor,
    layers: [emptyDescriptor],
    subject: { mediaType: mediaTypes.ociManifest, digest: subject, size },
  });
}

function inputOf(from: MemoryRegistry, to: MemoryRegistry, text = "src.test/app:v1"): SyncInput {
  return {
    source: registrySource(parseRegistryText(text), { transport: from.transport }),
    destination: registryDestination("dst.test", { transport: to.transport }),
    copy: { platforms: "all" },
    referrers: true,
  };
}

/** A list of referrers, as it stands under a tag of a registry without the referrers API. */
function list(registry: MemoryRegistry, subject: Digest, referrers: readonly Digest[]): string {
  const tag = subject.replace(":", "-");
  registry.putManifest(`src.test/app:${tag}`, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: referrers.map((digest) => ({
      mediaType: mediaTypes.ociManifest,
      digest,
      size: registry.repositories.get("src.test/app")?.manifests.get(digest)?.bytes.length ?? 1,
      artifactType: "application/sbom",
    })),
  });
  return tag;
}

function held(registry: MemoryRegistry): ReadonlySet<Digest> {
  return new Set(registry.repositories.get("dst.test/app")?.manifests.keys());
}

describe("referrers", () => {
  it("travel with an image, and what refers to them as well", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    const sbom = attach(from, "src.test/app", image.manifest.digest, "application/sbom");
    const signature = attach(from, "src.test/app", sbom, "application/signature");
    const other = await randomImage({ seed: "other" });
    from.put("src.test/app:v2", other);
    const foreign = attach(from, "src.test/app", other.manifest.digest, "application/sbom");
    const summary = await runSync(inputOf(from, to));
    expect(held(to)).toEqual(new Set([image.manifest.digest, sbom, signature]));
    expect(held(to).has(foreign)).toBe(false);
    expect(to.tags("dst.test/app")).toEqual(["v1"]);
    expect(summary).toMatchObject({ images: { copied: 1 }, referrers: { copied: 2, present: 0 } });
  });

  it("are found again for an image that is there already", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    await runSync(inputOf(from, to));
    const late = attach(from, "src.test/app", image.manifest.digest, "application/signature");
    expect(await planSync(inputOf(from, to))).toMatchObject({
      images: { present: 1 },
      referrers: { copied: 1 },
    });
    expect(held(to).has(late)).toBe(false);
    expect(await runSync(inputOf(from, to))).toMatchObject({
      images: { present: 1 },
      referrers: { copied: 1 },
    });
    expect(held(to).has(late)).toBe(true);
    expect(await runSync(inputOf(from, to))).toMatchObject({ referrers: { copied: 0, present: 1 } });
  });

  it("of an index are those of each of its images, too", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", index);
    const wanted = [index.manifest.digest, ...index.images.map(({ manifest }) => manifest.digest)].map(
      (digest, at) => attach(from, "src.test/app", digest, `application/sbom-${at}`),
    );
    await runSync(inputOf(from, to));
    for (const digest of wanted) expect(held(to).has(digest)).toBe(true);
    // The second time the index is there: its members are looked at all the same.
    const late = attach(
      from,
      "src.test/app",
      index.images[1]?.manifest.digest ?? index.manifest.digest,
      "late",
    );
    await runSync(inputOf(from, to));
    expect(held(to).has(late)).toBe(true);
  });

  it("of one image of an index are that image's", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", index);
    const [first, second] = index.images.map(({ manifest }) =>
      attach(from, "src.test/app", manifest.digest, "sbom"),
    );
    const copy = { platforms: { os: "linux", architecture: "arm64" } };
    await runSync({ ...inputOf(from, to), copy });
    expect(second !== undefined && held(to).has(second)).toBe(true);
    expect(first !== undefined && held(to).has(first)).toBe(false);
  });

  it("are also those that cosign names by tags, of a whole repository or a single image", async () => {
    for (const text of ["src.test/app:v1", "src.test/app"]) {
      const [from, to] = [memoryRegistry(), memoryRegistry()];
      from.put("src.test/app:v1", image);
      const tagged = (digest: Digest, suffix: string): string => `${digest.replace(":", "-")}.${suffix}`;
      const names = ["sig", "att", "sbom"].map((suffix) => tagged(image.manifest.digest, suffix));
      let last = image.manifest.digest;
      for (const [at, name] of names.entries()) {
        const signature = await randomImage({ seed: `cosign-${at}` });
        from.put(`src.test/app:${name}`, signature);
        last = signature.manifest.digest;
      }
      const nested = tagged(last, "sig");
      from.put(`src.test/app:${nested}`, await randomImage({ seed: "nested" }));
      await runSync(inputOf(from, to, text));
      expect(to.tags("dst.test/app")).toEqual([...names, nested, "v1"].toSorted());
    }
  });

  it("that refer to each other come to an end", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    // Manifests cannot refer to each other by digest, but registries can say so; and tags can.
    const first = attach(from, "src.test/app", image.manifest.digest, "first");
    const second = attach(from, "src.test/app", first, "second");
    from.repositories.get("src.test/app")?.tags.set(`${second.replace(":", "-")}.sig`, first);
    from.repositories.get("src.test/app")?.tags.set(`${first.replace(":", "-")}.sig`, image.manifest.digest);
    const summary = await runSync(inputOf(from, to));
    expect(held(to)).toEqual(new Set([image.manifest.digest, first, second]));
    expect(summary.referrers.copied + summary.referrers.present).toBeLessThan(8);
  });

  it("are left behind where the image's digest changes, which is said", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    attach(from, "src.test/app", image.manifest.digest, "sbom");
    const warnings: string[] = [];
    const onEvent = (event: SyncEvent): void =>
      void (event.type === "warning" && warnings.push(event.message));
    await runSync({ ...inputOf(from, to), copy: { format: "v2s2" }, onEvent });
    expect(warnings).toEqual([
      expect.stringContaining("docker://src.test/app:v1: what refers to it is left behind"),
    ]);
    expect(held(to).size).toBe(1);
  });

  it("are refused where each image is kept alone", async () => {
    const registry = memoryRegistry();
    registry.put("src.test/app:v1", image);
    for (const make of [dirDestination, ociArchiveDestination]) {
      const destination = make("/nowhere", { transport: registry.transport });
      await expect(runSync({ ...inputOf(registry, registry), destination })).rejects.toThrow(
        "keeps each image alone",
      );
    }
  });

  it("more than a thousand are refused", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    for (let at = 0; at < 1001; at++) attach(from, "src.test/app", image.manifest.digest, `type-${at}`);
    await expect(runSync(inputOf(from, to))).rejects.toThrow("more than 1000 manifests refer to the image");
  });
});

describe("lists of referrers under tags", () => {
  it("bring what they name, and are no images", async () => {
    for (const platforms of ["all", "system"] as const) {
      const [from, to] = [memoryRegistry(), memoryRegistry()];
      from.put("src.test/app:v1", image);
      const sbom = attach(from, "src.test/app", image.manifest.digest, "application/sbom");
      list(from, image.manifest.digest, [sbom]);
      const input = { ...inputOf(from, to, "src.test/app"), referrers: false, copy: { platforms } };
      expect(await planSync(input)).toMatchObject({ images: { copied: 1 }, referrers: { copied: 1 } });
      expect(await runSync(input)).toMatchObject({ images: { copied: 1 }, referrers: { copied: 1 } });
      expect(held(to)).toEqual(new Set([image.manifest.digest, sbom]));
      expect(to.tags("dst.test/app")).toEqual(["v1"]);
      expect(await runSync(input)).toMatchObject({ images: { present: 1 }, referrers: { present: 1 } });
    }
  });

  it("are left to their images where referrers are wanted, unless they are named", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    const sbom = attach(from, "src.test/app", image.manifest.digest, "application/sbom");
    const tag = list(from, image.manifest.digest, [sbom]);
    const summary = await runSync(inputOf(from, to, "src.test/app"));
    expect(summary).toMatchObject({ images: { copied: 1 }, referrers: { copied: 1, present: 0 } });
    expect(to.tags("dst.test/app")).toEqual(["v1"]);
    const other = memoryRegistry();
    expect(await runSync(inputOf(from, other, `src.test/app:${tag}`))).toMatchObject({
      referrers: { copied: 1 },
    });
    expect(held(other)).toEqual(new Set([sbom]));
  });

  it("go whole to where each image is kept alone", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    const sbom = attach(from, "src.test/app", image.manifest.digest, "application/sbom");
    const tag = list(from, image.manifest.digest, [sbom]);
    const input = inputOf(from, to, "src.test/app");
    const destination = { ...input.destination, keepsReferrers: false };
    await runSync({ ...input, destination, referrers: false, copy: { platforms: "system" } });
    expect(to.digestOf(`dst.test/app:${tag}`)).toBe(from.digestOf(`src.test/app:${tag}`));
    expect(held(to).has(sbom)).toBe(true);
  });

  it("that are single manifests are left out, which is said", async () => {
    const [from, to] = [memoryRegistry(), memoryRegistry()];
    from.put("src.test/app:v1", image);
    const tag = image.manifest.digest.replace(":", "-");
    attach(from, `src.test/app:${tag}`, image.manifest.digest, "application/sbom");
    const warnings: string[] = [];
    const onEvent = (event: SyncEvent): void =>
      void (event.type === "warning" && warnings.push(event.message));
    await runSync({ ...inputOf(from, to, "src.test/app"), referrers: false, onEvent });
    expect(to.tags("dst.test/app")).toEqual(["v1"]);
    expect(warnings).toEqual([
      `docker://src.test/app:${tag}: is left out: a list of referrers belongs there, and it is a single manifest`,
    ]);
  });
});
