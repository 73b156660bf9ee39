import { type Descriptor, parseImageIndex, parseImageManifest } from "@drayage/manifest";
import type { ProgressEvent } from "@drayage/transport";
import { describe, expect, it } from "vitest";
import { type CopyOptions, copyImage, describePlan, planCopy } from "../src/index.ts";
import {
  addArtifact,
  addImage,
  addIndex,
  addManifest,
  bytesOf,
  type TestDescriptor,
} from "./support/images.ts";
import { type MemoryStore, memoryDestination, memorySource, memoryStore } from "./support/memory-store.ts";

const accepts = { layerCompression: "compress" } as const;

function plainImage(store: MemoryStore): TestDescriptor {
  return addImage(store, { layers: [{ content: bytesOf(1, 4000), compression: "none" }] });
}

/** An index of an artifact about an artifact, that artifact, and the image that it is about: in the worst order. */
function described(store: MemoryStore): Record<"image" | "sbom" | "note" | "index", TestDescriptor> {
  const image = plainImage(store);
  const sbom = addArtifact(store, bytesOf(2, 200), image);
  const note = addArtifact(store, bytesOf(3, 200), sbom);
  return { image, sbom, note, index: addIndex(store, [note, sbom, image]) };
}

interface Copied {
  readonly entries: readonly Descriptor[];
  readonly warnings: readonly string[];
  subjectOf(entry: Descriptor | undefined): Descriptor | undefined;
}

async function copied(from: MemoryStore, options: Partial<CopyOptions> = {}): Promise<Copied> {
  const to = memoryStore();
  const warnings: string[] = [];
  const result = await copyImage({
    source: memorySource(from),
    destination: memoryDestination(to, { accepts, withSignatures: true }),
    platforms: "all",
    onProgress: (event: ProgressEvent) => {
      if (event.type === "warning") warnings.push(event.message);
    },
    ...options,
  });
  return {
    entries: parseImageIndex(result.manifest, result.mediaType).manifests,
    warnings,
    subjectOf(entry) {
      const stored = entry === undefined ? undefined : to.manifests.get(entry.digest);
      return stored === undefined ? undefined : parseImageManifest(stored.bytes, stored.mediaType).subject;
    },
  };
}

const named = ({ mediaType, digest, size }: Descriptor) => ({ mediaType, digest, size });

describe("artifacts of an index whose image becomes another", () => {
  it("refer to what the destination has, in whatever order they stand", async () => {
    const from = memoryStore();
    const { image, sbom, note } = described(from);
    const { entries, warnings, subjectOf } = await copied(from);
    const [newNote, newSbom, newImage] = entries;
    if (newSbom === undefined || newImage === undefined) throw new Error("three entries");
    expect(newImage.digest).not.toBe(image.digest);
    expect(newSbom.digest).not.toBe(sbom.digest);
    expect(newNote?.digest).not.toBe(note.digest);
    expect(subjectOf(newSbom)).toEqual(named(newImage));
    expect(subjectOf(newNote)).toEqual(named(newSbom));
    expect(warnings).toEqual([]);
  });

  it("stay what they are where the image does, or is not of the index", async () => {
    const from = memoryStore();
    const image = addImage(from, { layers: [{ content: bytesOf(1, 4000) }] });
    const other = plainImage(from);
    const about = [image, other].map((subject) => addArtifact(from, bytesOf(2, 200), subject));
    addIndex(from, [...about, image]);
    const { entries, warnings } = await copied(from);
    expect(entries.map(({ digest }) => digest)).toEqual([...about, image].map(({ digest }) => digest));
    expect(warnings).toEqual([]);
  });

  it("follow an index that changes, too, and so does an index that refers to an image", async () => {
    const from = memoryStore();
    const image = plainImage(from);
    const inner = addIndex(from, [image]);
    const sbom = addArtifact(from, bytesOf(2, 200), inner);
    addIndex(from, [sbom, inner]);
    const { entries, subjectOf } = await copied(from);
    expect(entries[1]?.digest).not.toBe(inner.digest);
    expect(subjectOf(entries[0])).toEqual(named(entries[1] as Descriptor));

    addIndex(from, [image]);
    const plain = from.manifests.get(from.root as never);
    const text = new TextDecoder()
      .decode(plain?.bytes)
      .replace(/\}$/, `,"subject":${JSON.stringify(named(image))}}`);
    const bytes = new TextEncoder().encode(text);
    from.manifests.set(from.root as never, { bytes, mediaType: inner.mediaType });
    const to = memoryStore();
    const destination = memoryDestination(to, { accepts });
    const result = await copyImage({ source: memorySource(from), destination, platforms: "all" });
    const index = parseImageIndex(result.manifest, result.mediaType);
    expect(index.manifests[0]?.digest).not.toBe(image.digest);
    expect(index.subject).toEqual(named(index.manifests[0] as Descriptor));
  });

  it("keep what a subject says besides, but for the data of what it was", async () => {
    const from = memoryStore();
    const image = plainImage(from);
    const subject = { ...named(image), annotations: { a: "b" }, data: "e30=" };
    const sbom = addArtifact(from, bytesOf(2, 200), image);
    const { bytes = new Uint8Array() } = from.manifests.get(sbom.digest) ?? {};
    const text = new TextDecoder()
      .decode(bytes)
      .replace(/"subject":\{[^}]*\}/, `"subject":${JSON.stringify(subject)}`);
    const richer = new TextEncoder().encode(text);
    const digest = addManifest(from, richer, sbom.mediaType);
    addIndex(from, [{ ...sbom, digest, size: richer.length }, image]);
    const { entries, subjectOf } = await copied(from);
    expect(subjectOf(entries[0])).toEqual({ ...named(entries[1] as Descriptor), annotations: { a: "b" } });
  });

  it("that are signed do not change, and a warning says so", async () => {
    const from = memoryStore();
    const image = plainImage(from);
    const sbom = addArtifact(from, bytesOf(2, 200), image);
    addIndex(from, [sbom, image]);
    from.signatures.set(sbom.digest, [{ kind: "simple", payload: bytesOf(9, 20) } as never]);
    const { entries, warnings, subjectOf } = await copied(from);
    const [entry, newImage] = entries;
    expect(entry?.digest).toBe(sbom.digest);
    expect(subjectOf(entry)).toEqual(named(image));
    expect(warnings).toEqual([
      `${sbom.digest} still refers to ${image.digest}, which is ${newImage?.digest} at the destination: it may not change: its signatures would no longer hold`,
    ]);
  });

  it("stay as they are in Go's bytes", async () => {
    const from = memoryStore();
    const { sbom, note } = described(from);
    const { entries } = await copied(from, { compat: "go" });
    expect(entries.slice(0, 2).map(({ digest }) => digest)).toEqual([note.digest, sbom.digest]);
  });

  it("are told of by the plan, in the order of writing", async () => {
    const from = memoryStore();
    const { image, sbom, note, index } = described(from);
    const destination = memoryDestination(memoryStore(), { accepts });
    const wish = { source: memorySource(from), destination, platforms: "all" } as const;
    const plan = await planCopy(wish);
    expect(plan.documents.map(({ digest }) => digest)).toEqual(
      [image, sbom, note, index].map(({ digest }) => digest),
    );
    const follows = ({ digest }: TestDescriptor): string =>
      `  it refers to ${digest}: should that get another digest, it will refer to the new one`;
    expect(describePlan(plan).filter((line) => line.includes("it refers to"))).toEqual([
      follows(image),
      follows(sbom),
    ]);
    const kept = await planCopy({ ...wish, compat: "go" });
    expect(describePlan(kept).filter((line) => line.includes("it refers to"))).toEqual([]);
  });

  it("of BuildKit, which the index's entries tell, are those of the image that the destination has", async () => {
    const from = memoryStore();
    const image = plainImage(from);
    const attestation = addArtifact(from, bytesOf(2, 200));
    const annotations = {
      "vnd.docker.reference.digest": image.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    };
    addIndex(from, [image, { ...attestation, annotations } as TestDescriptor]);
    const { entries } = await copied(from);
    expect(entries[1]?.digest).toBe(attestation.digest);
    expect(entries[1]?.annotations).toEqual({
      ...annotations,
      "vnd.docker.reference.digest": entries[0]?.digest,
    });
    expect(entries[0]?.digest).not.toBe(image.digest);
  });
});
