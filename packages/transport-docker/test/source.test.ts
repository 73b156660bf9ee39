import { type Blob, readBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { DrayageError, type DrayageErrorCode } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import { randomImage, randomIndex, type SampleImage, type SampleIndex } from "@drayage/testkit";
import { describe, expect, it } from "vitest";
import { parseDockerImage } from "../src/reference.ts";
import { openSource } from "../src/source.ts";
import { fakeCache } from "./support/fake-cache.ts";
import { fakeConnections } from "./support/fake-connections.ts";
import { type FakeRegistry, fakeRegistry } from "./support/fake-registry.ts";

const limit = 1024 * 1024;
const reference = parseDockerImage("//registry.test/a/b:v1");
const image = await randomImage({ seed: "source" });
const [layer] = image.layers;
if (layer === undefined) throw new Error("the sample has a layer");

function add(registry: FakeRegistry, sample: SampleImage | SampleIndex, name: string): void {
  if (sample.kind === "index") {
    for (const each of sample.images) add(registry, each, each.manifest.digest);
  } else {
    for (const { bytes } of [sample.config, ...sample.layers]) registry.addBlob("a/b", bytes);
  }
  registry.addManifest("a/b", name, sample.manifest);
}

function two(): { mirror: FakeRegistry; registry: FakeRegistry } {
  const mirror = fakeRegistry("mirror.test");
  const registry = fakeRegistry("registry.test");
  add(registry, image, "v1");
  return { mirror, registry };
}

const fails = (code: DrayageErrorCode, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("an image with a mirror", () => {
  it("comes from the mirror alone where that has it", async () => {
    const { mirror, registry } = two();
    add(mirror, image, "v1");
    const connections = fakeConnections([mirror, registry]);
    const source = await openSource(reference, connections, {});
    expect((await source.manifest()).bytes).toEqual(image.manifest.bytes);
    expect(await readBlob(await source.blob(layer.descriptor), { limit })).toEqual(layer.bytes);
    await source.close();
    expect(registry.calls).toEqual([]);
    expect(connections.open()).toBe(0);
  });

  it("comes from the registry where the mirror lacks it", async () => {
    const { mirror, registry } = two();
    await using source = await openSource(reference, fakeConnections([mirror, registry]), {});
    await readBlob(await source.blob(layer.descriptor), { limit });
    expect(mirror.calls).toEqual(["GET manifest a/b v1"]);
    expect(registry.calls).toEqual([
      "GET manifest a/b v1",
      `GET blob a/b ${layer.descriptor.digest.slice(0, 13)}`,
    ]);
  });

  it("that is nowhere is refused with what each place said", async () => {
    const connections = fakeConnections([
      fakeRegistry("one.test"),
      fakeRegistry("two.test"),
      fakeRegistry("registry.test"),
    ]);
    await expect(openSource(reference, connections, {})).rejects.toEqual(
      fails(
        "ERR_DRAYAGE_IMAGE_NOT_FOUND",
        /^\(Mirrors also failed: \[one\.test\/a\/b:v1: .*\] \[two\.test\/a\/b:v1: .*\]\): registry\.test\/a\/b:v1: registry\.test\/a\/b: no manifest v1$/,
      ),
    );
    expect(connections.open()).toBe(0);
  });

  it("gives a blob that the mirror lacks from the registry", async () => {
    const { mirror, registry } = two();
    mirror.addManifest("a/b", "v1", image.manifest);
    await using source = await openSource(reference, fakeConnections([mirror, registry]), {});
    expect(await readBlob(await source.blob(layer.descriptor), { limit })).toEqual(layer.bytes);
  });

  it("goes on with the registry where the mirror breaks in the midst of a blob", async () => {
    const { mirror, registry } = two();
    add(mirror, image, "v1");
    mirror.serve = async function* (bytes, offset) {
      yield bytes.subarray(offset, offset + 100);
      throw new DrayageError("ERR_DRAYAGE_CONNECTION", "cut");
    };
    await using source = await openSource(reference, fakeConnections([mirror, registry]), {});
    expect(await readBlob(await source.blob(layer.descriptor), { limit })).toEqual(layer.bytes);
    expect(registry.calls).toEqual([`GET blob a/b ${layer.descriptor.digest.slice(0, 13)} from 100`]);
  });

  it("has members of its index from the registry where the mirror lacks them", async () => {
    const index = await randomIndex({ seed: "index" });
    const { mirror, registry } = two();
    add(registry, index, "v1");
    mirror.addManifest("a/b", "v1", index.manifest);
    await using source = await openSource(reference, fakeConnections([mirror, registry]), {});
    for (const { manifest } of index.images) {
      expect((await source.manifest(manifest.digest)).bytes).toEqual(manifest.bytes);
    }
    expect((await source.manifest(index.manifest.digest)).bytes).toEqual(index.manifest.bytes);
  });

  it("has the referrers that the registry has, where the mirror knows of none", async () => {
    const { mirror, registry } = two();
    add(mirror, image, "v1");
    const subject = image.manifest.digest;
    const found = { mediaType: mediaTypes.ociManifest, digest: digestBytes(layer.bytes), size: 5 };
    await using source = await openSource(reference, fakeConnections([mirror, registry]), {});
    expect(await source.referrers?.(subject)).toEqual([]);
    registry.repository("a/b").referrers.set(subject, [found]);
    expect(await source.referrers?.(subject)).toEqual([found]);
  });
});

describe("a source", () => {
  it("with tag and digest asks for the digest", async () => {
    const { registry } = two();
    const { digest } = image.manifest;
    const both = parseDockerImage(`//registry.test/a/b:other@${digest}`);
    await using source = await openSource(both, fakeConnections([registry]), {});
    expect(source.reference).toBe(both);
    expect(registry.calls).toEqual([`GET manifest a/b ${digest.slice(0, 13)}`]);
  });

  it("tells the cache which blobs its repository has, once its manifest is read", async () => {
    const { mirror, registry } = two();
    const cache = fakeCache();
    await using source = await openSource(reference, fakeConnections([mirror, registry]), {
      blobInfoCache: cache,
    });
    expect(cache.seen.size).toBe(0);
    await source.manifest();
    const here = [{ transport: "docker", scope: "registry.test", location: "a/b" }];
    expect(Object.fromEntries(cache.seen)).toEqual(
      Object.fromEntries([image.config, ...image.layers].map(({ descriptor }) => [descriptor.digest, here])),
    );
  });

  it("asks for no blob that its manifest names before it is read", async () => {
    const { registry } = two();
    await using source = await openSource(reference, fakeConnections([registry]), {});
    const blob = await source.blob(layer.descriptor);
    expect(registry.calls).toEqual(["GET manifest a/b v1"]);
    registry.repository("a/b").blobs.clear();
    await expect(readBlob(blob, { limit })).rejects.toEqual(fails("ERR_DRAYAGE_BLOB_NOT_FOUND", /no blob/));
  });

  it("says at once that a blob is not there that its manifest does not name", async () => {
    const { mirror, registry } = two();
    add(mirror, image, "v1");
    await using source = await openSource(reference, fakeConnections([mirror, registry]), {});
    const digest = registry.addBlob("a/b", new Uint8Array(5));
    const found = await source.blob({ ...layer.descriptor, digest, size: 5 });
    expect(await readBlob(found, { limit })).toEqual(new Uint8Array(5));
    const absent = { ...layer.descriptor, digest: digestBytes(new Uint8Array(6)) };
    await expect(source.blob(absent)).rejects.toEqual(fails("ERR_DRAYAGE_BLOB_NOT_FOUND", /has no blob/));
  });

  it("refuses what comes after it was closed", async () => {
    const { registry } = two();
    const source = await openSource(reference, fakeConnections([registry]), {});
    await source.close();
    await expect(source.blob(layer.descriptor)).rejects.toEqual(fails("ERR_DRAYAGE_USAGE", /closed already/));
    await expect(source.manifest()).rejects.toEqual(fails("ERR_DRAYAGE_USAGE", /closed already/));
  });

  it("gives blobs that can be read again, and from their midst", async () => {
    const { registry } = two();
    await using source = await openSource(reference, fakeConnections([registry]), {});
    const { origin, digest, size }: Blob = await source.blob(layer.descriptor);
    expect([digest, size]).toEqual([layer.descriptor.digest, layer.descriptor.size]);
    if (origin.kind !== "stream") throw new Error("it is a stream");
    expect(origin.resumable).toBe(true);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await origin.open({ offset: 10 })) chunks.push(chunk);
    expect(new Uint8Array(Buffer.concat(chunks))).toEqual(layer.bytes.slice(10));
  });
});
