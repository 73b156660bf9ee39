import { DrayageError, isDrayageError } from "@drayage/errors";
import { describe, expect, it } from "vitest";
import { copyImage, type UnparsedImage } from "../src/index.ts";
import { addImage, addIndex, bytesOf, type TestDescriptor } from "./support/images.ts";
import { type MemoryStore, memoryDestination, memorySource, memoryStore } from "./support/memory-store.ts";

function imageFor(store: MemoryStore, architecture: string): TestDescriptor {
  return addImage(store, {
    platform: { os: "linux", architecture },
    layers: [{ content: bytesOf(architecture.length, 300) }],
    labels: { architecture },
  });
}

/** A callback that accepts all, and the images that it was asked about. */
function watching(): { admit: (image: UnparsedImage) => void; asked: UnparsedImage[] } {
  const asked: UnparsedImage[] = [];
  return { admit: (image) => void asked.push(image), asked };
}

describe("admit", () => {
  it("is asked once about an image, with the bytes as they are", async () => {
    const from = memoryStore();
    const image = imageFor(from, "amd64");
    const source = memorySource(from);
    const { admit, asked } = watching();
    await copyImage({ source, destination: memoryDestination(memoryStore()), admit });
    expect(asked).toEqual([
      { source, instance: undefined, digest: image.digest, manifest: from.manifests.get(image.digest) },
    ]);
  });

  it("is asked about an index and each image of it that is copied, once each", async () => {
    const from = memoryStore();
    const members = ["amd64", "arm64", "s390x"].map((architecture) => imageFor(from, architecture));
    const [amd64, arm64, s390x] = members;
    const inner = addIndex(from, s390x === undefined ? [] : [s390x]);
    const index = addIndex(from, [...members, inner]);
    const asked = watching();
    await copyImage({
      source: memorySource(from),
      destination: memoryDestination(memoryStore()),
      platforms: "all",
      ...asked,
    });
    expect(asked.asked.map(({ instance }) => instance)[0]).toBe(undefined);
    expect(asked.asked[0]?.digest).toBe(index.digest);
    expect(asked.asked.flatMap(({ instance }) => instance ?? []).sort()).toEqual(
      [amd64, arm64, s390x, inner].flatMap((member) => member?.digest ?? []).sort(),
    );

    const some = watching();
    await copyImage({
      source: memorySource(from),
      destination: memoryDestination(memoryStore()),
      platforms: { os: "linux", architecture: "arm64" },
      ...some,
    });
    expect(some.asked.map(({ instance }) => instance)).toEqual([undefined, arm64?.digest]);
  });

  it("ends the copy before a manifest is parsed, and nothing is put", async () => {
    const from = memoryStore();
    const { digest } = imageFor(from, "amd64");
    from.manifests.set(digest, {
      bytes: new TextEncoder().encode("not a manifest"),
      mediaType: from.manifests.get(digest)?.mediaType ?? "",
    });
    const destination = memoryDestination(memoryStore());
    const refused = new DrayageError("ERR_DRAYAGE_POLICY_REJECTED", "no");
    const failure: unknown = await copyImage({
      source: memorySource(from),
      destination,
      admit: () => Promise.reject(refused),
    }).catch((error: unknown) => error);
    expect(isDrayageError(failure, "ERR_DRAYAGE_POLICY_REJECTED") && failure.side).toBe("source");
    expect(destination.calls.filter((call) => !call.startsWith("close"))).toEqual([]);
  });

  it("refuses one image of an index, and with it the copy", async () => {
    const from = memoryStore();
    const members = ["amd64", "arm64"].map((architecture) => imageFor(from, architecture));
    addIndex(from, members);
    const destination = memoryDestination(memoryStore());
    const copying = copyImage({
      source: memorySource(from),
      destination,
      platforms: "all",
      admit: ({ instance }) => {
        if (instance === members[1]?.digest)
          throw new DrayageError("ERR_DRAYAGE_POLICY_REJECTED", "not this");
      },
    });
    await expect(copying).rejects.toMatchObject({ code: "ERR_DRAYAGE_POLICY_REJECTED", side: "source" });
    expect(destination.calls.some((call) => call.startsWith("put") || call === "commit")).toBe(false);
  });
});
