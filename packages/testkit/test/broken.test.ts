import { mediaTypes } from "@drayage/manifest";
import { describe, expect, it } from "vitest";
import { conformanceCases, type MemoryTransport } from "../src/index.ts";
import { brokenTransports, parsed } from "./support/broken.ts";
import { memoryFixture } from "./support/memory-fixture.ts";
import { runSuite } from "./support/run-suite.ts";

const references = { valid: ["x:tag"], invalid: ["x:a/b"] };
// One type is not taken, so that there is something to refuse.
const accepts = {
  manifestTypes: [
    mediaTypes.ociManifest,
    mediaTypes.ociIndex,
    mediaTypes.dockerManifest,
    mediaTypes.dockerManifestList,
  ],
};

describe("a transport that", () => {
  it.each(brokenTransports.map((broken) => [broken.what, broken] as const))("%s fails", async (_, broken) => {
    const setup = () => {
      let noted: readonly string[] = [];
      const fixture = memoryFixture({ accepts }, (memory: MemoryTransport) => {
        const list: string[] = [];
        parsed.set(memory, list);
        noted = list;
        return broken.spoil(memory);
      });
      return { ...fixture, snapshot: async () => [await fixture.snapshot(), [...noted]] };
    };
    const { failed } = await runSuite({ name: "broken", references, setup, patience: 100 }, broken.found);
    expect([...failed.keys()]).toEqual([broken.found]);
  });
});

describe("the suite", () => {
  it("has for each case a transport that fails it", () => {
    const found = new Set(brokenTransports.map((broken) => broken.found));
    expect(conformanceCases.filter((name) => !found.has(name))).toEqual([]);
  });

  it("passes the memory transport in every case", async () => {
    const { passed, skipped, failed } = await runSuite({
      name: "memory",
      setup: () => memoryFixture({ accepts }),
    });
    expect(failed).toEqual(new Map());
    expect(skipped).toEqual(new Map());
    expect(passed).toEqual(conformanceCases);
  });

  it("skips what a transport cannot do, with the reason", async () => {
    const setup = () =>
      memoryFixture({ accepts: { manifestTypes: [], multipleImages: false, parallelBlobs: 1 } }, (memory) => {
        const { deleteImage, listTags, ...rest } = memory;
        return rest;
      });
    const { skipped, failed } = await runSuite({ name: "small", setup });
    expect(failed).toEqual(new Map());
    expect(Object.fromEntries(skipped)).toEqual({
      "keeps an OCI index of two platforms byte for byte": "it keeps one image: multipleImages is false",
      "keeps a docker manifest list of two platforms byte for byte":
        "it keeps one image: multipleImages is false",
      "refuses types of manifests that it does not list": "it takes manifests of every type",
      "takes as many blobs at a time as it says": "it takes one blob after the other: parallelBlobs is 1",
      "lists what refers to an image, and nothing else": "it keeps one image: multipleImages is false",
      "deletes an image": "it cannot delete images",
      "says that there is no image to delete": "it cannot delete images",
      "lists the images at a place": "it cannot list images",
    });
  });

  it("tests the reading of a transport that cannot write, with the fixture's image", async () => {
    const setup = async () => {
      const fixture = memoryFixture({}, (memory) => {
        const { openDestination, deleteImage, listTags, ...rest } = memory;
        return rest;
      });
      return { ...fixture, image: () => "nowhere" };
    };
    const { failed, passed } = await runSuite({ name: "reader", setup });
    expect([...failed.keys()]).toEqual([
      "reads an image whose digests all hold",
      "reads the same bytes each time",
      "says that a blob is not there",
      "gives blobs that are verified by what the descriptor says",
      "reads nothing once the signal is aborted",
      "takes a source being closed twice",
      "resolves an image to what its manifest is",
    ]);
    expect(passed).toContain("says that an image is not there");
  });

  it("says which method does not heed an aborted signal", async () => {
    const setup = () =>
      memoryFixture({}, (memory) => ({
        ...memory,
        openSource: (reference) => memory.openSource(memory.parse(reference.text)),
        openDestination: (reference, options) => {
          options?.signal?.throwIfAborted();
          return memory.openDestination(memory.parse(reference.text));
        },
      }));
    const { failed } = await runSuite({ name: "deaf", setup });
    expect(Object.fromEntries(failed)).toEqual({
      "reads nothing once the signal is aborted":
        "openSource with an aborted signal (see throwIfAborted of @drayage/errors): expected ERR_DRAYAGE_ABORTED, and nothing was thrown",
      "stops before it begins when the signal is aborted":
        "openDestination with an aborted signal (see throwIfAborted of @drayage/errors): expected ERR_DRAYAGE_ABORTED, and there was AbortError: This operation was aborted",
    });
  });

  it("skips the cases that it is told to, with the reason that it is told", async () => {
    const { skipped, passed } = await runSuite({
      name: "memory",
      setup: () => memoryFixture(),
      skip: [{ reason: "not yet", cases: ["keeps signatures"] }],
    });
    expect(skipped.get("keeps signatures")).toBe("not yet");
    expect(passed).not.toContain("keeps signatures");
  });

  it("refuses to skip a case that there is not", async () => {
    const skip = [{ reason: "no", cases: ["keeps quiet" as "keeps signatures"] }];
    await expect(runSuite({ name: "memory", setup: () => memoryFixture(), skip })).rejects.toThrow(
      RangeError,
    );
  });

  it("finds a transport that refuses to overwrite but leaves the old image damaged", async () => {
    const { failed } = await runSuite({
      name: "memory",
      setup: () => memoryFixture(),
      traits: { overwriting: "refuses" },
    });
    expect([...failed.keys()]).toEqual(["treats a second image at the same reference as it says"]);
  });
});
