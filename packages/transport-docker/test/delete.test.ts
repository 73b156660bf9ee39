import { digestBytes } from "@drayage/digest";
import type { DrayageErrorCode } from "@drayage/errors";
import { randomImage } from "@drayage/testkit";
import { describe, expect, it } from "vitest";
import { deleteImage } from "../src/delete.ts";
import { listTags, resolveImage } from "../src/lookup.ts";
import { parseDockerImage } from "../src/reference.ts";
import { fakeConnections } from "./support/fake-connections.ts";
import { type FakeRegistry, fakeRegistry } from "./support/fake-registry.ts";

const { manifest } = await randomImage({ seed: "delete" });
const other = (await randomImage({ seed: "other" })).manifest;

function registryWith(...tags: readonly string[]): FakeRegistry {
  const registry = fakeRegistry("registry.test");
  for (const tag of tags) registry.addManifest("a/b", tag, manifest);
  return registry;
}

const tagsOf = (registry: FakeRegistry): readonly string[] =>
  [...registry.repository("a/b").manifests.keys()].filter((name) => !name.includes(":"));
const image = (rest: string) => parseDockerImage(`//registry.test/a/b${rest}`);
const fails = (code: DrayageErrorCode) => expect.objectContaining({ code });

describe("deleting", () => {
  it("a tag takes the manifest, and with it the other tags that name it", async () => {
    const registry = registryWith("v1", "v2");
    registry.addManifest("a/b", "v3", other);
    await deleteImage(image(":v1"), fakeConnections([registry]), {});
    expect(tagsOf(registry)).toEqual(["v3"]);
  });

  it("a tag alone leaves the others", async () => {
    const registry = registryWith("v1", "v2");
    await deleteImage(image(":v1"), fakeConnections([registry]), { tagOnly: true });
    expect(tagsOf(registry)).toEqual(["v2"]);
    expect(registry.calls.some((call) => call.startsWith("DELETE manifest"))).toBe(false);
  });

  it("with tag and digest wants the tag to name the digest", async () => {
    const registry = registryWith("v1");
    for (const tagOnly of [false, true]) {
      const moved = deleteImage(image(`:v1@${other.digest}`), fakeConnections([registry]), { tagOnly });
      await expect(moved).rejects.toEqual(fails("ERR_DRAYAGE_IMAGE_NOT_FOUND"));
    }
    expect(tagsOf(registry)).toEqual(["v1"]);
    await deleteImage(image(`:v1@${manifest.digest}`), fakeConnections([registry]), {});
    expect(tagsOf(registry)).toEqual([]);
  });

  it("what is not there, or has no tag that could go alone, is refused", async () => {
    const registry = registryWith("v1");
    const connections = fakeConnections([registry]);
    const absent = digestBytes(new Uint8Array(3));
    await expect(deleteImage(image(":v9"), connections, {})).rejects.toEqual(
      fails("ERR_DRAYAGE_IMAGE_NOT_FOUND"),
    );
    await expect(deleteImage(image(`@${absent}`), connections, {})).rejects.toEqual(
      fails("ERR_DRAYAGE_IMAGE_NOT_FOUND"),
    );
    const alone = deleteImage(image(`@${manifest.digest}`), connections, { tagOnly: true });
    await expect(alone).rejects.toEqual(fails("ERR_DRAYAGE_USAGE"));
    const nameless = deleteImage(image("@@unknown-digest@@"), connections, {});
    await expect(nameless).rejects.toEqual(fails("ERR_DRAYAGE_REFERENCE_INVALID"));
    expect(tagsOf(registry)).toEqual(["v1"]);
    expect(connections.open()).toBe(0);
  });
});

describe("looking up", () => {
  it("tags come from the first registry that knows the repository", async () => {
    const mirror = fakeRegistry("mirror.test");
    mirror.onCall = () => {
      throw new Error("down");
    };
    const registry = registryWith("v1", "v2");
    const connections = fakeConnections([mirror, registry]);
    expect(await listTags(image(""), connections, {})).toEqual(["v1", "v2"]);
    mirror.onCall = () => undefined;
    mirror.addManifest("a/b", "old", manifest);
    expect(await listTags(image(`@${manifest.digest}`), connections, {})).toEqual(["old"]);
    expect(connections.open()).toBe(0);
  });

  it("what a tag names is one question to the first registry that has it", async () => {
    const mirror = fakeRegistry("mirror.test");
    const registry = registryWith("v1");
    const { digest, bytes, mediaType } = manifest;
    expect(await resolveImage(image(":v1"), fakeConnections([mirror, registry]), {})).toEqual({
      digest,
      mediaType,
      size: bytes.length,
    });
    expect([...mirror.calls, ...registry.calls]).toEqual(["HEAD manifest a/b v1", "HEAD manifest a/b v1"]);
  });
});
