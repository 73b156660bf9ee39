import { bytesBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { DrayageError, type DrayageErrorCode } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import { randomImage, randomIndex, writeImage } from "@drayage/testkit";
import { describe, expect, it } from "vitest";
import { openDestination } from "../src/destination.ts";
import { parseDockerImage } from "../src/reference.ts";
import { fakeCache } from "./support/fake-cache.ts";
import { fakeConnections } from "./support/fake-connections.ts";
import { fakeRegistry } from "./support/fake-registry.ts";

const image = await randomImage({ seed: "destination" });
const [layer] = image.layers;
if (layer === undefined) throw new Error("the sample has a layer");
const reference = parseDockerImage("//registry.test/a/b:v1");
const short = (digest: string): string => digest.slice(0, 13);
const options = { kind: "layer", mediaType: layer.descriptor.mediaType, layerIndex: 0 } as const;

const fails = (code: DrayageErrorCode, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("manifests", () => {
  it("of a type that is new to the registry are tried by digest, and tagged at the commit", async () => {
    const registry = fakeRegistry("registry.test");
    const connections = fakeConnections([registry]);
    const put = async (tag: string): Promise<readonly string[]> => {
      registry.calls.length = 0;
      const destination = await openDestination(
        parseDockerImage(`//registry.test/a/b:${tag}`),
        connections,
        {},
      );
      const { bytes, mediaType, digest } = image.manifest;
      await destination.putManifest(bytes, { mediaType });
      expect(registry.repository("a/b").manifests.has(tag)).toBe(false);
      await destination.commit();
      await destination.close();
      return registry.calls.map((call) => call.replace(digest.slice(0, 13), "DIGEST"));
    };
    expect(await put("v1")).toEqual(["PUT manifest a/b DIGEST", "PUT manifest a/b v1"]);
    expect(await put("v2")).toEqual(["PUT manifest a/b v2"]);
    expect(connections.open()).toBe(0);
  });

  it("that nothing but the commit follows are written once, under the tag; other tags and the digest as before", async () => {
    const { bytes, mediaType, digest } = image.manifest;
    const calls = async (text: string, additionalTags: readonly string[]): Promise<readonly string[]> => {
      const registry = fakeRegistry("registry.test");
      const tags = additionalTags.map((tag) => `registry.test/a/b:${tag}`);
      const destination = await openDestination(
        parseDockerImage(`//registry.test/a/b${text}`),
        fakeConnections([registry]),
        { additionalTags: tags },
      );
      await destination.putManifest(bytes, { mediaType, isLast: true });
      await destination.commit();
      await destination.close();
      expect(registry.repository("a/b").manifests.has(digest)).toBe(true);
      return registry.calls.map((call) => call.replace(digest.slice(0, 13), "DIGEST"));
    };
    expect(await calls(":v1", [])).toEqual(["PUT manifest a/b v1"]);
    expect(await calls(":v1", ["v2"])).toEqual(["PUT manifest a/b v1", "PUT manifest a/b v2"]);
    expect(await calls(`@${digest}`, [])).toEqual(["PUT manifest a/b DIGEST"]);
  });

  it("that the registry rejects are rejected while another type may be tried", async () => {
    const registry = fakeRegistry("registry.test");
    registry.onCall = (call) => {
      if (call.startsWith("PUT manifest"))
        throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", "not this one");
    };
    await using destination = await openDestination(reference, fakeConnections([registry]), {});
    const { bytes, mediaType } = image.manifest;
    await expect(destination.putManifest(bytes, { mediaType })).rejects.toEqual(
      fails("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", /not this one/),
    );
    await expect(destination.commit()).rejects.toEqual(fails("ERR_DRAYAGE_USAGE", /no manifest to commit/));
  });

  it("of an index's members are put under their digests", async () => {
    const index = await randomIndex({ seed: "index" });
    const registry = fakeRegistry("registry.test");
    const destination = await openDestination(reference, fakeConnections([registry]), {});
    await writeImage(destination, index);
    await destination.close();
    expect(registry.calls.filter((call) => call.startsWith("PUT manifest"))).toEqual([
      ...index.images.map(({ manifest }) => `PUT manifest a/b ${short(manifest.digest)}`),
      `PUT manifest a/b ${short(index.manifest.digest)}`,
      "PUT manifest a/b v1",
    ]);
  });

  it("that say what they belong to are not seen before the commit", async () => {
    const registry = fakeRegistry("registry.test");
    const subject = { mediaType: mediaTypes.ociManifest, digest: digestBytes(new Uint8Array(1)), size: 1 };
    const document = { ...JSON.parse(new TextDecoder().decode(image.manifest.bytes)), subject };
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    await using destination = await openDestination(reference, fakeConnections([registry]), {});
    await destination.putManifest(bytes, { mediaType: mediaTypes.ociManifest });
    expect(registry.calls).toEqual([]);
    await destination.commit();
    expect(registry.calls).toEqual(["PUT manifest a/b v1"]);
  });

  it("get all tags in one go, each once", async () => {
    const registry = fakeRegistry("registry.test");
    const additionalTags = [
      "v2",
      "registry.test/a/b:v3",
      "v1",
      ...Array.from({ length: 9 }, (_, n) => `n${n}`),
    ];
    const destination = await openDestination(reference, fakeConnections([registry]), { additionalTags });
    await writeImage(destination, image);
    await destination.close();
    const names = registry.calls.flatMap((call) => /^PUT manifest a\/b (?!sha256)(.*)/.exec(call)?.[1] ?? []);
    expect(names[0]).toBe("v1");
    expect(names.sort()).toEqual(["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "v1", "v2", "v3"]);
  });

  it("with a digest in the reference must be that one, and nothing is put before the commit", async () => {
    const registry = fakeRegistry("registry.test");
    const { bytes, mediaType, digest } = image.manifest;
    const other = digestBytes(new Uint8Array(7));
    const wrong = await openDestination(
      parseDockerImage(`//registry.test/a/b:v1@${other}`),
      fakeConnections([registry]),
      {},
    );
    await expect(wrong.putManifest(bytes, { mediaType })).rejects.toEqual(
      fails("ERR_DRAYAGE_DIGEST_MISMATCH", /sha256/),
    );
    await wrong.close();
    for (const [text, put] of [
      [`//registry.test/a/b:v1@${digest}`, "PUT manifest a/b v1"],
      [`//registry.test/a/b@${digest}`, `PUT manifest a/b ${short(digest)}`],
    ] as const) {
      await using destination = await openDestination(
        parseDockerImage(text),
        fakeConnections([registry]),
        {},
      );
      await destination.putManifest(bytes, { mediaType });
      expect(registry.calls).toEqual([]);
      await destination.commit();
      expect(registry.calls.splice(0)).toEqual([put]);
    }
  });

  it("without a tag are put under their digest alone", async () => {
    const registry = fakeRegistry("registry.test");
    const connections = fakeConnections([registry]);
    const text = "//registry.test/a/b@@unknown-digest@@";
    const { digest } = image.manifest;
    for (const _ of [1, 2]) {
      const destination = await openDestination(parseDockerImage(text), connections, {});
      await writeImage(destination, { ...image, layers: [] });
      await destination.close();
      const puts = registry.calls.splice(0).filter((call) => call.startsWith("PUT manifest"));
      expect(puts).toEqual([`PUT manifest a/b ${short(digest)}`]);
    }
  });

  it("of members must have the digest that they are put under", async () => {
    const registry = fakeRegistry("registry.test");
    await using destination = await openDestination(reference, fakeConnections([registry]), {});
    const { bytes, mediaType } = image.manifest;
    const instance = digestBytes(new Uint8Array(7));
    await expect(destination.putManifest(bytes, { mediaType, instance })).rejects.toEqual(
      fails("ERR_DRAYAGE_DIGEST_MISMATCH", /has the digest/),
    );
    expect(registry.calls).toEqual([]);
  });
});

describe("a blob", () => {
  const { digest, size } = layer.descriptor;
  const at = (location: string) => ({ transport: "docker", scope: "registry.test", location });

  it("that the repository has is found by one question, and asked for no more", async () => {
    const registry = fakeRegistry("registry.test");
    registry.addBlob("a/b", layer.bytes);
    const cache = fakeCache();
    await using destination = await openDestination(reference, fakeConnections([registry]), {
      blobInfoCache: cache,
    });
    expect(await destination.reuseBlob?.(layer.descriptor, options)).toEqual({ size });
    expect(await destination.reuseBlob?.(layer.descriptor, options)).toEqual({ size });
    expect(await destination.reuseBlob?.({ ...layer.descriptor, size: size + 1 }, options)).toBeUndefined();
    expect(registry.calls).toEqual([`HEAD blob a/b ${short(digest)}`]);
    expect(cache.seen.get(digest)).toEqual([at("a/b")]);
  });

  it("that is in another repository is mounted from there, the newest place first", async () => {
    const registry = fakeRegistry("registry.test");
    registry.addBlob("new", layer.bytes);
    registry.addBlob("old", layer.bytes);
    const cache = fakeCache();
    for (const location of ["old", "new", "a/b"]) cache.recordLocation(digest, at(location));
    cache.recordLocation(digest, { ...at("elsewhere"), scope: "other.test" });
    await using destination = await openDestination(reference, fakeConnections([registry]), {
      blobInfoCache: cache,
    });
    expect(await destination.reuseBlob?.(layer.descriptor, { ...options, lookOnly: true })).toEqual({
      size,
      from: "new of this registry",
    });
    expect(registry.repository("a/b").blobs.size).toBe(0);
    expect(await destination.reuseBlob?.(layer.descriptor, options)).toEqual({
      size,
      from: "new of this registry",
    });
    expect(registry.calls).toEqual([
      `HEAD blob a/b ${short(digest)}`,
      `HEAD blob new ${short(digest)}`,
      `MOUNT blob a/b ${short(digest)} from new`,
    ]);
    expect(registry.repository("a/b").blobs.has(digest)).toBe(true);
    expect(cache.seen.get(digest)?.[0]).toEqual(at("a/b"));
  });

  it("that several images need at the same time is mounted once, also where all had seen it elsewhere", async () => {
    const registry = fakeRegistry("registry.test");
    registry.addBlob("old", layer.bytes);
    const cache = fakeCache();
    cache.recordLocation(digest, at("old"));
    const connections = fakeConnections([registry]);
    const open = () => openDestination(reference, connections, { blobInfoCache: cache });
    await using one = await open();
    await using other = await open();
    await using third = await open();
    for (const each of [one, other]) await each.reuseBlob?.(layer.descriptor, { ...options, lookOnly: true });
    registry.calls.length = 0;
    const found = await Promise.all(
      [one, other, third].map(async (each) => each.reuseBlob?.(layer.descriptor, options)),
    );
    expect(found).toEqual([{ size, from: "old of this registry" }, { size }, { size }]);
    expect(registry.calls.toSorted()).toEqual([
      `HEAD blob a/b ${short(digest)}`,
      `HEAD blob a/b ${short(digest)}`,
      `MOUNT blob a/b ${short(digest)} from old`,
    ]);
  });

  it("is mounted by one request where nobody has looked, and its size is known", async () => {
    const registry = fakeRegistry("registry.test");
    registry.addBlob("old", layer.bytes);
    const cache = fakeCache();
    cache.recordLocation(digest, at("old"));
    await using destination = await openDestination(reference, fakeConnections([registry]), {
      blobInfoCache: cache,
    });
    await destination.reuseBlob?.(layer.descriptor, options);
    expect(registry.calls).toEqual([
      `HEAD blob a/b ${short(digest)}`,
      `MOUNT blob a/b ${short(digest)} from old`,
    ]);
  });

  it("of a size that nobody told is asked for its size", async () => {
    const registry = fakeRegistry("registry.test");
    registry.addBlob("old", layer.bytes);
    const cache = fakeCache();
    cache.recordLocation(digest, at("old"));
    await using destination = await openDestination(reference, fakeConnections([registry]), {
      blobInfoCache: cache,
    });
    expect(await destination.reuseBlob?.({ ...layer.descriptor, size: -1 }, options)).toMatchObject({ size });
  });

  it("that the registry does not mount is forgotten, not sought in more than five places, and can be put", async () => {
    const registry = fakeRegistry("registry.test");
    registry.mounts = false;
    const cache = fakeCache();
    for (let n = 0; n < 7; n++) cache.recordLocation(digest, at(`r${n}`));
    await using destination = await openDestination(reference, fakeConnections([registry]), {
      blobInfoCache: cache,
    });
    expect(await destination.reuseBlob?.(layer.descriptor, options)).toBeUndefined();
    expect(registry.calls.filter((call) => call.startsWith("MOUNT"))).toHaveLength(5);
    expect(cache.seen.get(digest)).toEqual([at("r1"), at("r0")]);
    await destination.putBlob(bytesBlob(layer.bytes, { digest }), options);
    expect(cache.seen.get(digest)?.[0]).toEqual(at("a/b"));
  });

  it("whose other repository may not be read is no failure, and stays known", async () => {
    const registry = fakeRegistry("registry.test");
    registry.onCall = (call) => {
      if (call.includes("MOUNT")) throw new DrayageError("ERR_DRAYAGE_DENIED", "not for you");
    };
    const cache = fakeCache();
    cache.recordLocation(digest, at("secret"));
    await using destination = await openDestination(reference, fakeConnections([registry]), {
      blobInfoCache: cache,
    });
    expect(await destination.reuseBlob?.(layer.descriptor, options)).toBeUndefined();
    expect(cache.seen.get(digest)).toEqual([at("secret")]);
  });

  it("that was looked for elsewhere in vain is looked for at home again", async () => {
    const registry = fakeRegistry("registry.test");
    await using destination = await openDestination(reference, fakeConnections([registry]), {});
    expect(await destination.reuseBlob?.(layer.descriptor, { ...options, lookOnly: true })).toBeUndefined();
    registry.addBlob("a/b", layer.bytes);
    expect(await destination.reuseBlob?.(layer.descriptor, options)).toEqual({ size });
  });
});

describe("a destination that is closed", () => {
  it("ends what it was doing", async () => {
    const registry = fakeRegistry("registry.test");
    const connections = fakeConnections([registry]);
    const destination = await openDestination(reference, connections, {});
    const put = destination.putBlob(
      {
        origin: {
          kind: "stream",
          open: async function* () {
            yield new Uint8Array(10);
            await new Promise<never>(() => undefined);
          },
        },
        steps: [],
      },
      options,
    );
    const failed = put.catch((error: unknown) => error);
    await destination.close();
    expect(await failed).toEqual(fails("ERR_DRAYAGE_ABORTED", /interrupted/));
    expect(connections.open()).toBe(0);
    await expect(destination.commit()).rejects.toEqual(fails("ERR_DRAYAGE_USAGE", /closed already/));
  });
});
