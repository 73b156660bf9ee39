import { digestBytes } from "@drayage/digest";
import type { BlobInfoCache, BlobLocation } from "@drayage/transport";
import { expect, it } from "vitest";
import { memoryBlobInfoCache } from "../src/index.ts";

const digest = (text: string) => digestBytes(new TextEncoder().encode(text));
const docker = { transport: "docker", scope: "example.com" };
const at = (location: string): BlobLocation => ({ ...docker, location });

async function places(cache: BlobInfoCache, text = "a", within = docker): Promise<readonly string[]> {
  return (await cache.locations(digest(text), within)).map(({ location }) => location);
}

it("locations are given the newest first, each once", async () => {
  const cache = memoryBlobInfoCache();
  for (const location of ["one", "two", "three", "one"]) cache.recordLocation(digest("a"), at(location));
  expect(await cache.locations(digest("a"), docker)).toEqual([at("one"), at("three"), at("two")]);
  expect(await places(cache, "b")).toEqual([]);
});

it("locations of other scopes and transports are not given", async () => {
  const cache = memoryBlobInfoCache();
  cache.recordLocation(digest("a"), at("one"));
  cache.recordLocation(digest("a"), { ...docker, scope: "example.org", location: "two" });
  cache.recordLocation(digest("a"), { transport: "other", scope: docker.scope, location: "three" });
  expect(await places(cache)).toEqual(["one"]);
  expect(await places(cache, "a", { ...docker, scope: "example.org" })).toEqual(["two"]);
});

it("the last mention of a location wins", async () => {
  const cache = memoryBlobInfoCache();
  cache.recordLocation(digest("a"), at("one"));
  cache.recordLocation(digest("a"), at("two"));
  cache.forgetLocation(digest("a"), at("one"));
  expect(await places(cache)).toEqual(["two"]);
  cache.recordLocation(digest("a"), at("one"));
  expect(await places(cache)).toEqual(["one", "two"]);
});

it("variants of one content find each other, the newest first", async () => {
  const cache = memoryBlobInfoCache();
  cache.recordVariant(digest("plain"), { digest: digest("gzip"), compression: "gzip", size: 3 });
  cache.recordVariant(digest("plain"), { digest: digest("zstd"), compression: "zstd" });
  cache.recordVariant(digest("other"), { digest: digest("other"), compression: undefined, size: 9 });
  expect(await cache.variants(digest("plain"))).toEqual([
    { digest: digest("zstd"), compression: "zstd", size: undefined },
    { digest: digest("gzip"), compression: "gzip", size: 3 },
  ]);
  expect(await cache.uncompressedDigest(digest("gzip"))).toBe(digest("plain"));
  expect(await cache.uncompressedDigest(digest("plain"))).toBe(digest("plain"));
  expect(await cache.uncompressedDigest(digest("other"))).toBe(digest("other"));
  expect(await cache.uncompressedDigest(digest("unheard of"))).toBeUndefined();
});

it("a blob is a variant of what was said of it last", async () => {
  const cache = memoryBlobInfoCache();
  cache.recordVariant(digest("one"), { digest: digest("gzip"), compression: "gzip" });
  cache.recordVariant(digest("two"), { digest: digest("gzip"), compression: "gzip" });
  expect(await cache.uncompressedDigest(digest("gzip"))).toBe(digest("two"));
  expect(await cache.variants(digest("one"))).toEqual([]);
  expect(await cache.uncompressedDigest(digest("one"))).toBeUndefined();
});
