import type { ReuseBlobOptions } from "@drayage/transport";
import { expect, it } from "vitest";
import { memoryTransport, randomImage, writeImage } from "../src/index.ts";

it("a memory transport that mounts takes blobs from its other places, once it is not only asked", async () => {
  const memory = memoryTransport({ mounts: true });
  const image = await randomImage({ seed: 1, layers: 1 });
  await writeImage(await memory.openDestination(memory.parse("first")), image);
  const destination = await memory.openDestination(memory.parse("second"));
  const { descriptor } = image.config;
  const options: ReuseBlobOptions = { kind: "config", mediaType: descriptor.mediaType };
  const there = { size: descriptor.size, from: "first" };
  for (const lookOnly of [true, true, false]) {
    expect(await destination.reuseBlob?.(descriptor, { ...options, lookOnly })).toEqual(there);
  }
  expect(await destination.reuseBlob?.(descriptor, { ...options, lookOnly: true })).toEqual({
    size: descriptor.size,
  });
});

it("a memory transport names an image's policy scopes from the image to its place", () => {
  const memory = memoryTransport();
  expect(memory.policyScopes(memory.parse("a:b"))).toEqual(["a:b", "a"]);
});
