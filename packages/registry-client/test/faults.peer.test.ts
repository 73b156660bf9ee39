import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { createFaultProxy, type FaultProxy } from "@drayage/testkit";
import { describeWithPeers, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { bytesContent, createRegistryClient, type RegistryClient } from "../src/index.ts";
import { type ContentLog, collect, content, empty, manifestOf, randomBytes } from "./samples.ts";

describeWithPeers("docker-registry behind a bad network", ["docker-registry"], () => {
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let client: RegistryClient;
  let number = 0;
  /** A repository that has nothing yet. */
  const fresh = (): ReturnType<RegistryClient["repository"]> => client.repository(`r${number++}`);

  const size = 2_000_003;
  const bytes = randomBytes(size);
  const digest = digestBytes(bytes);

  beforeAll(async () => {
    registry = await startRegistry({
      htpasswd: { ann: "secret" },
    });
  });
  afterAll(() => registry.stop());
  beforeEach(async () => {
    proxy = await createFaultProxy({ target: registry.url });
    client = createRegistryClient({
      host: proxy.host,
      insecure: true,
      credentials: { username: "ann", password: "secret" },
      retry: { retries: 3, delay: 1 },
    });
  });
  afterEach(async () => {
    client.close();
    await proxy.close();
  });

  for (const [how, options, chunkSize] of [
    ["in one request", {}, undefined],
    ["streamed", { known: false }, undefined],
    ["in chunks", { known: false }, 600_000],
  ] as const) {
    for (const after of [0, 1, 350_000]) {
      it(`a blob ${how} whose connection is cut ${after} bytes into its bytes gets there`, async () => {
        const repository = fresh();
        const rule = proxy.rule(
          { method: ["PUT", "PATCH"], path: /uploads/, skip: chunkSize === undefined ? 0 : 1, times: 1 },
          { cutRequest: { after } },
        );
        const log: ContentLog = { offsets: [], written: 0 };
        expect(await repository.uploadBlob(content(bytes, { ...options, log }), { chunkSize })).toEqual({
          digest,
          size,
        });
        expect(rule.hits).toBe(1);
        expect(await repository.statBlob(digest)).toEqual({ size });
        // docker-registry 2.8 has lost all of an upload that was cut in the middle of a request: it takes no more for it. It may say so
        // only when it is sent the next chunk, and a reset may take the byte away before it is read. Where nothing of the request had
        // come, it goes on.
        const anew = [0, 0];
        const onward = [0, chunkSize ?? 0];
        if (chunkSize === undefined) expect(log.offsets).toEqual(anew);
        else if (after === 0) expect(log.offsets).toEqual(onward);
        else expect([anew, onward, [...onward, 0]]).toContainEqual(log.offsets);
      });
    }

    it(`a blob ${how} whose last answer is lost is not sent again`, async () => {
      const repository = fresh();
      proxy.rule({ method: "PUT", path: /uploads/, times: 1 }, { loseResponse: "reset" });
      const log: ContentLog = { offsets: [], written: 0 };
      expect(await repository.uploadBlob(content(bytes, { ...options, log }), { chunkSize })).toEqual({
        digest,
        size,
      });
      expect(log.offsets).toEqual([0]);
    });
  }

  it("what is read goes on where it was cut, and no byte comes twice", async () => {
    const repository = fresh();
    await repository.uploadBlob(bytesContent(bytes));
    proxy.forget();
    proxy.rule(
      { method: "GET", path: /blobs\/sha/, times: 3 },
      { cutResponse: { after: 500_000, ending: "end" } },
    );
    expect(digestBytes(await collect(repository.readBlob(digest, { size })))).toBe(digest);
    expect(proxy.blobBytes().pulled).toBe(size);
    expect(proxy.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      "bytes=500000-",
      "bytes=1000000-",
      "bytes=1500000-",
    ]);
  });

  it("blobs that are elsewhere are read there, without credentials", async () => {
    const repository = fresh();
    await repository.uploadBlob(bytesContent(bytes));
    proxy.forget();
    proxy.rule({ method: ["GET", "HEAD"], path: /blobs\/sha/ }, { redirect: {} });
    expect(await repository.statBlob(digest)).toEqual({ size });
    expect(digestBytes(await collect(repository.readBlob(digest, { size })))).toBe(digest);
    const elsewhere = proxy.requests.filter(({ at }) => at === "elsewhere");
    expect(elsewhere).toHaveLength(2);
    expect(elsewhere.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it("storage that refuses HEAD is asked for a byte instead", async () => {
    const repository = fresh();
    await repository.uploadBlob(bytesContent(bytes));
    proxy.rule({ method: ["GET", "HEAD"], path: /blobs\/sha/ }, { redirect: {} });
    proxy.rule({ method: "HEAD", at: "elsewhere" }, { answer: { status: 403 } });
    expect(await repository.statBlob(digest)).toEqual({ size });
  });

  it("a manifest that is not the one that was asked for is refused", async () => {
    const repository = fresh();
    await repository.uploadBlob(bytesContent(empty));
    const manifest = manifestOf({});
    const put = await repository.putManifest("v1", manifest, { mediaType: mediaTypes.ociManifest });
    proxy.rule({ method: "GET", path: /manifests/ }, { corrupt: { at: 20 } });
    for (const reference of ["v1", put.digest]) {
      await expect(repository.manifest(reference)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_DIGEST_MISMATCH",
      });
    }
    proxy.clearRules();
    const other = digestBytes(bytes);
    proxy.rule({ path: /manifests/ }, { responseHeaders: { "docker-content-digest": other } });
    await expect(repository.resolve(put.digest)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
    await expect(repository.manifest("v1")).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    proxy.clearRules();
    proxy.rule({ path: /manifests/ }, { responseHeaders: { "docker-content-digest": undefined } });
    expect(await repository.resolve("v1")).toMatchObject(put);
  });

  it("requests that fail for a reason that may pass are made again, and not for ever", async () => {
    const repository = fresh();
    await repository.uploadBlob(bytesContent(empty));
    for (const status of [429, 503]) {
      proxy.rule({ times: 3 }, { answer: { status } });
      expect(await repository.statBlob(digestBytes(empty))).toEqual({ size: 2 });
      proxy.rule({}, { answer: { status } });
      await expect(repository.statBlob(digestBytes(empty))).rejects.toMatchObject({
        code: status === 429 ? "ERR_DRAYAGE_RATE_LIMITED" : "ERR_DRAYAGE_REGISTRY",
        retryable: true,
      });
      proxy.clearRules();
    }
  });
});
