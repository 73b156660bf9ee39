import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Digest, digestBytes } from "@drayage/digest";
import type { BlobInfoCache, BlobVariant } from "@drayage/transport";
import fc from "fast-check";
import { expect, it } from "vitest";
import { fileBlobInfoCache, memoryBlobInfoCache } from "../src/index.ts";

const digests: readonly Digest[] = Array.from({ length: 5 }, (_, index) =>
  digestBytes(new Uint8Array([index])),
);
const digest = fc.constantFrom(...digests);
const location = fc.record({
  transport: fc.constantFrom("docker", "other"),
  scope: fc.constantFrom("one", "two", 'q"uo\nte', "sha256:"),
  location: fc.constantFrom("a", "b", "é\u2028"),
});
const variant: fc.Arbitrary<BlobVariant> = fc.record({
  digest,
  compression: fc.constantFrom("gzip" as const, "zstd" as const, undefined),
  size: fc.constantFrom(1, 2, undefined),
});

const step = fc.oneof(
  fc.tuple(fc.constant("record" as const), digest, location),
  fc.tuple(fc.constant("forget" as const), digest, location),
  fc.tuple(fc.constant("variant" as const), digest, variant),
  fc.tuple(fc.constant("reopen" as const)),
  fc.tuple(fc.constant("ask" as const), digest),
);

async function answers(cache: BlobInfoCache, of: Digest): Promise<unknown> {
  return [
    await cache.locations(of, { transport: "docker", scope: "one" }),
    await cache.locations(of, { transport: "docker", scope: 'q"uo\nte' }),
    await cache.locations(of, { transport: "other", scope: "sha256:" }),
    await cache.uncompressedDigest(of),
    await cache.variants(of),
  ];
}

it("a cache in a file says what one in memory says, however often it is opened again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const folder = mkdtempSync(join(tmpdir(), "drayage-"));
      try {
        const path = join(folder, "blobs");
        const memory = memoryBlobInfoCache();
        let cache = fileBlobInfoCache({ path });
        for (const [what, of, about] of steps) {
          if (what === "record") for (const each of [memory, cache]) each.recordLocation(of, about);
          else if (what === "forget") for (const each of [memory, cache]) each.forgetLocation(of, about);
          else if (what === "variant") for (const each of [memory, cache]) each.recordVariant(of, about);
          else if (what === "ask") expect(await answers(cache, of)).toEqual(await answers(memory, of));
          else {
            await cache.close();
            cache = fileBlobInfoCache({ path });
          }
        }
        for (const of of digests) expect(await answers(cache, of)).toEqual(await answers(memory, of));
        await cache.close();
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 100 },
  );
});
