import { digestBytes } from "@drayage/digest";
import type { RawManifest } from "@drayage/transport";
import { expect, it } from "vitest";
import { composite } from "../src/index.ts";
import { indexOf, open, testPlace } from "./support/places.ts";

const size = 4 * 1024 * 1024;

it("a manifest that was too much to be kept is read again, and refused where it is another by then", async () => {
  const documents = Array.from({ length: 9 }, (_, at): RawManifest => {
    const bytes = new TextEncoder().encode(`{"a":"${at}"}`.padEnd(size));
    return { bytes, mediaType: "application/x-odd" };
  });
  const place = testPlace({ documents: [indexOf(documents), ...documents] });
  await using source = await open(composite({ top: place }));
  const digests = documents.map(({ bytes }) => digestBytes(bytes));
  const asked = place.asked.length;
  for (const digest of digests) expect((await source.manifest(digest)).bytes).toHaveLength(size);
  expect(place.asked.length).toBeGreaterThan(asked);
  for (const { bytes } of documents) bytes[size - 1] = 10;
  await expect(Promise.all(digests.map((digest) => source.manifest(digest)))).rejects.toMatchObject({
    code: "ERR_DRAYAGE_DIGEST_MISMATCH",
  });
});
