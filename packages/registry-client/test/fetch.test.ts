import { digestBytes } from "@drayage/digest";
import { createFetchClient } from "@drayage/http";
import { expect, it } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { fakeRegistry } from "./fake-registry.ts";
import { collect, content, randomBytes } from "./samples.ts";

it("over fetch, as in a browser, blobs are uploaded, gone on with and read", async () => {
  const registry = await fakeRegistry({ cuts: [400_000] });
  const client = createRegistryClient({
    host: registry.host,
    http: createFetchClient(),
    insecure: true,
    retry: { retries: 3, delay: 1 },
  });
  const bytes = randomBytes(1_000_000);
  const digest = digestBytes(bytes);
  const repository = client.repository("x");
  for (const known of [true, false]) {
    expect(await repository.uploadBlob(content(bytes, { known }))).toEqual({ digest, size: bytes.length });
    expect(digestBytes(await collect(repository.readBlob(digest)))).toBe(digest);
    registry.blobs.clear();
  }
  expect(await repository.statBlob(digest)).toBeUndefined();
  client.close();
  await registry.close();
});
