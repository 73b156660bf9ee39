import { digestBytes, parseDigest } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { describeWithPeers, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bytesContent, createRegistryClient, type RegistryClient, referrersTag } from "../src/index.ts";
import { collect, content, empty, encode, manifestOf, randomBytes } from "./samples.ts";

describeWithPeers("docker-registry", ["docker-registry"], () => {
  let registry: TestRegistry;
  let client: RegistryClient;
  const missing = parseDigest(`sha256:${"0".repeat(64)}`);

  beforeAll(async () => {
    registry = await startRegistry({ deletable: true, catalogLimit: 3 });
    client = createRegistryClient({ host: registry.host, insecure: true, retry: { retries: 2, delay: 1 } });
  });
  afterAll(async () => {
    client.close();
    await registry.stop();
  });

  it("answers a ping", async () => {
    await client.ping();
    await client.ping({ authenticate: true });
  });

  it("is not reached by HTTPS alone", async () => {
    const strict = createRegistryClient({ host: registry.host, retry: { retries: 0 } });
    await expect(strict.ping()).rejects.toMatchObject({ code: "ERR_DRAYAGE_TLS" });
    strict.close();
  });

  it("takes a blob in one request, streamed, and in chunks, and gives it back from any offset", async () => {
    const bytes = randomBytes(1_000_003);
    const digest = digestBytes(bytes);
    const size = bytes.length;
    for (const [path, sent, options] of [
      ["up/whole", content(bytes), {}],
      ["up/streamed", content(bytes, { known: false }), {}],
      ["up/sized", { ...content(bytes, { known: false }), size }, {}],
      ["up/chunks", content(bytes, { known: false }), { chunkSize: 300_000 }],
      ["up/known-chunks", content(bytes), { chunkSize: 300_000 }],
    ] as const) {
      const repository = client.repository(path);
      expect(await repository.statBlob(digest)).toBeUndefined();
      expect(await repository.uploadBlob(sent, options)).toEqual({ digest, size });
      expect(await repository.statBlob(digest)).toEqual({ size });
      expect(digestBytes(await collect(repository.readBlob(digest)))).toBe(digest);
      for (const offset of [999_999, size]) {
        for (const known of [size, undefined]) {
          const rest = await collect(repository.readBlob(digest, { offset, size: known }));
          expect(rest).toEqual(bytes.slice(offset));
        }
      }
    }
  });

  it("takes a blob of no bytes, and of one", async () => {
    const repository = client.repository("up/small");
    for (const bytes of [new Uint8Array(0), Uint8Array.of(7)]) {
      const expected = { digest: digestBytes(bytes), size: bytes.length };
      for (const options of [{}, { known: false }]) {
        expect(await repository.uploadBlob(content(bytes, options))).toEqual(expected);
        expect(await repository.statBlob(expected.digest)).toEqual({ size: bytes.length });
        await repository.deleteBlob(expected.digest);
        expect(await repository.statBlob(expected.digest)).toBeUndefined();
      }
    }
  });

  it("refuses bytes that are not what they are said to be, and keeps nothing of them", async () => {
    const repository = client.repository("up/wrong");
    const bytes = randomBytes(1000);
    await expect(
      repository.uploadBlob({ digest: missing, size: 1000, send: content(bytes).send }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    await expect(repository.uploadBlob({ digest: missing, send: content(bytes).send })).rejects.toMatchObject(
      { code: "ERR_DRAYAGE_DIGEST_MISMATCH" },
    );
    expect(await repository.statBlob(missing)).toBeUndefined();
    expect(await repository.statBlob(digestBytes(bytes))).toBeUndefined();
  });

  it("what the content throws ends the upload, which is cancelled", async () => {
    const repository = client.repository("up/failing");
    const failing = {
      send: async (write: (chunk: Uint8Array) => Promise<void>): Promise<never> => {
        await write(randomBytes(1000));
        throw new Error("the disk broke");
      },
    };
    for (const sent of [failing, { ...failing, digest: missing, size: 2000 }]) {
      for (const options of [{}, { chunkSize: 400 }]) {
        await expect(repository.uploadBlob(sent, options)).rejects.toThrow("the disk broke");
      }
    }
    expect(registry.log().match(/"DELETE \/v2\/up\/failing\/blobs\/uploads\//g)).toHaveLength(4);
  });

  it("mounts a blob of another repository, and says where it cannot", async () => {
    const bytes = randomBytes(5000);
    const digest = digestBytes(bytes);
    await client.repository("mount/from").uploadBlob(bytesContent(bytes));
    const to = client.repository("mount/to");
    expect(await to.mountBlob(missing, "mount/from")).toBe(false);
    expect(await to.mountBlob(digest, "mount/nowhere")).toBe(false);
    expect(await to.statBlob(digest)).toBeUndefined();
    expect(await to.mountBlob(digest, "mount/from")).toBe(true);
    expect(await to.statBlob(digest)).toEqual({ size: 5000 });
  });

  it("takes manifests under tags and digests, resolves and lists them", async () => {
    const repository = client.repository("images/one");
    await repository.uploadBlob(bytesContent(empty));
    const bytes = manifestOf({ annotations: { number: "1" } });
    const digest = digestBytes(bytes);
    const mediaType = mediaTypes.ociManifest;
    for (const reference of ["v1", "v2", digest]) {
      expect(await repository.putManifest(reference, bytes, { mediaType })).toEqual({ digest });
      expect(await repository.resolve(reference)).toEqual({ mediaType, digest, size: bytes.length });
      const read = await repository.manifest(reference);
      expect({ ...read, bytes: new Uint8Array(read.bytes) }).toEqual({ bytes, mediaType, digest });
    }
    expect(await collectText(repository.tags())).toEqual(["v1", "v2"]);
    expect(await collectText(repository.tags({ pageSize: 2 }))).toEqual(["v1", "v2"]);
    await expect(repository.putManifest(missing, bytes, { mediaType })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
  });

  it("deletes a manifest with its tags, and not a tag alone", async () => {
    const repository = client.repository("images/two");
    await repository.uploadBlob(bytesContent(empty));
    const bytes = manifestOf({});
    const { digest } = await repository.putManifest("v1", bytes, { mediaType: mediaTypes.ociManifest });
    await expect(repository.deleteTag("v1")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REGISTRY_UNSUPPORTED",
    });
    await repository.deleteManifest(digest);
    await expect(repository.resolve("v1")).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    await expect(repository.deleteManifest(digest)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
    expect(await collectText(repository.tags())).toEqual([]);
  });

  it("says what is not there", async () => {
    const nowhere = client.repository("no/where");
    await expect(nowhere.resolve("v1")).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    await expect(nowhere.manifest("v1")).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    await expect(collectText(nowhere.tags())).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REPOSITORY_NOT_FOUND",
    });
    await expect(collect(nowhere.readBlob(missing))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
    });
    await expect(nowhere.deleteBlob(missing)).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    const bytes = manifestOf({});
    await expect(
      nowhere.putManifest("v1", bytes, { mediaType: mediaTypes.ociManifest }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    await expect(
      nowhere.putManifest("v1", encode("{}"), { mediaType: "application/x" }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED" });
  });

  it("lists its repositories page after page", async () => {
    const other = await startRegistry({ catalogLimit: 3 });
    const own = createRegistryClient({ host: other.host, insecure: true });
    expect(await collectText(own.catalog())).toEqual([]);
    const names = Array.from({ length: 7 }, (_, index) => `list/r${index}`);
    for (const name of names) {
      const repository = own.repository(name);
      await repository.uploadBlob(bytesContent(empty));
      await repository.putManifest("v1", manifestOf({}), { mediaType: mediaTypes.ociManifest });
    }
    for (const pageSize of [undefined, 1, 2, 3]) {
      expect(await collectText(own.catalog({ pageSize }))).toEqual(names);
    }
    await expect(collectText(own.catalog({ pageSize: 4 }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REGISTRY",
      message: `cannot list the repositories at ${other.host}: it answered 400: invalid number of results requested (PAGINATION_NUMBER_INVALID)`,
    });
    own.close();
    await other.stop();
  });

  it("has what refers to a manifest listed by the fallback tag, also when many are pushed at once", async () => {
    const repository = client.repository("images/signed");
    await repository.uploadBlob(bytesContent(empty));
    const mediaType = mediaTypes.ociManifest;
    const bytes = manifestOf({});
    const subject = { mediaType, digest: digestBytes(bytes), size: bytes.length };
    expect(await repository.referrers(subject.digest)).toEqual([]);
    const expected = new Map<string, unknown>();
    await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const artifactType = index < 2 ? "application/vnd.example.sbom" : undefined;
        const annotations = { number: String(index) };
        const referrer = manifestOf({ subject, annotations, artifactType });
        const { digest } = await repository.putManifest(digestBytes(referrer), referrer, { mediaType });
        const type = artifactType ?? mediaTypes.ociEmpty;
        expected.set(digest, { mediaType, digest, size: referrer.length, annotations, artifactType: type });
      }),
    );
    const listed = await repository.referrers(subject.digest);
    expect(new Map(listed.map((entry) => [entry.digest, entry]))).toEqual(expected);
    expect(
      await repository.referrers(subject.digest, { artifactType: "application/vnd.example.sbom" }),
    ).toHaveLength(2);
    expect((await repository.resolve(referrersTag(subject.digest))).mediaType).toBe(mediaTypes.ociIndex);
    for (const { digest } of listed) await repository.deleteManifest(digest);
    expect(await repository.referrers(subject.digest)).toEqual([]);
  });
});

async function collectText(names: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const name of names) all.push(name);
  return all;
}
