import { describe, it } from "vitest";
import { transportConformance } from "../src/index.ts";
import { memoryFixture } from "./support/memory-fixture.ts";

const references = { valid: ["x", "x:latest", "a\\:b:tag", "/tmp/x:v1.0"], invalid: ["x:", "x:a/b", ":tag"] };

transportConformance({ test: { describe, it }, name: "memory", references, setup: () => memoryFixture() });

transportConformance({
  test: { describe, it },
  name: "memory, of one docker image with plain layers at a time",
  references,
  setup: () =>
    memoryFixture({
      accepts: {
        manifestTypes: ["application/vnd.docker.distribution.manifest.v2+json"],
        layerCompression: "decompress",
        parallelBlobs: 1,
        multipleImages: false,
      },
    }),
});
