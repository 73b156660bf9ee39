import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readBlob } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { encodeGoJson, mediaTypes, parseImageManifest } from "@drayage/manifest";
import {
  memoryTransport,
  randomImage,
  randomIndex,
  readImage,
  type SampleImage,
  type SampleIndex,
  writeImage,
} from "@drayage/testkit";
import type { ImageReference, Location, Transport } from "@drayage/transport";
import { dir } from "@drayage/transport-dir";
import { ociDir } from "@drayage/transport-oci-dir";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { composite } from "../src/index.ts";
import { indexOf, open, testPlace } from "./support/places.ts";

let index: SampleIndex;
beforeAll(async () => {
  index = await randomIndex({ seed: "composite" });
});

const absent: Digest = digestBytes(new TextEncoder().encode("absent"));
const blobOf = (digest: Digest) => ({ mediaType: "application/octet-stream", digest, size: 1 });

function parts(): {
  readonly top: ReturnType<typeof testPlace>;
  readonly others: ReturnType<typeof testPlace>[];
} {
  return {
    top: testPlace({ documents: [index.manifest] }),
    others: index.images.map((image) => testPlace({ images: [image] })),
  };
}

describe("a composite", () => {
  it("has the top's manifest, and every image, config and layer from where it is", async () => {
    const { top, others } = parts();
    const whole = testPlace({ documents: [index.manifest], images: index.images, own: index.manifest });
    await using expected = await open(whole);
    await using source = await open(composite({ top, others }));
    expect(await readImage(source)).toEqual(await readImage(expected));
    expect(source.reference.text).toBe(top.text);
  });

  it("says which of its places fails, be it opened or asked", async () => {
    const refuses = (): DrayageError =>
      new DrayageError("ERR_DRAYAGE_TLS", "the certificate is not trusted", {
        hint: "use --tls-verify=false",
      });
    const fails = async (): Promise<never> => {
      throw refuses();
    };
    for (const bad of [
      testPlace({ images: index.images, failsToOpen: refuses() }),
      testPlace({ images: index.images, source: { manifest: fails } }),
    ]) {
      const { top, others } = parts();
      await expect(open(composite({ top, others: [...others, bad] }))).rejects.toMatchObject({
        code: "ERR_DRAYAGE_TLS",
        message: `${bad.text}: the certificate is not trusted`,
        hint: "use --tls-verify=false",
      });
    }
  });

  it("is read from any mixture of transports", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "drayage-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const transports: readonly Transport[] = [ociDir(), dir(), memoryTransport()];
    const images: SampleImage[] = [];
    const others: Location[] = [];
    for (const [at, transport] of transports.entries()) {
      const platform = { os: "linux", architecture: `a${at}` };
      const image = await randomImage({ seed: `mixture ${at}`, platform });
      const reference: ImageReference = transport.parse(at === 2 ? "place:tag" : path.join(folder, `${at}`));
      const destination = await transport.openDestination?.(reference);
      if (destination === undefined) throw new Error("it can be written to");
      await writeImage(destination, image);
      await destination.close();
      images.push(image);
      others.push({ transport, reference, text: reference.text });
    }
    const list = indexOf(images.map(({ manifest, platform }) => ({ ...manifest, platform })));
    await using source = await open(composite({ top: testPlace({ documents: [list] }), others }));
    const read = await readImage(source);
    expect(read.kind === "index" && read.images.map(({ manifest }) => digestBytes(manifest.bytes))).toEqual(
      images.map(({ manifest }) => manifest.digest),
    );
  });

  it("asks other places before the top, and none for what is known", async () => {
    const [first, second] = index.images;
    if (first === undefined || second === undefined) throw new Error("two images");
    const top = testPlace({ documents: [index.manifest], images: index.images, own: index.manifest });
    const other = testPlace({ images: [second] });
    await using source = await open(composite({ top, others: [other] }));
    expect(top.asked).toEqual(["manifest", `manifest ${first.manifest.digest}`]);
    expect(other.asked).toEqual(["manifest"]);
    await readImage(source);
    const digestsOf = ({ config, layers }: typeof first): readonly string[] =>
      [config, ...layers].map(({ descriptor }) => `blob ${descriptor.digest}`);
    const blobs = (asked: readonly string[]) => asked.filter((each) => each.startsWith("blob")).sort();
    expect(blobs(top.asked)).toEqual([...digestsOf(first)].sort());
    expect(blobs(other.asked)).toEqual([...digestsOf(second)].sort());
  });

  it("opens a place once, however often it is given, and closes it once", async () => {
    const { top, others } = parts();
    const source = await open(composite({ top, others: [top, ...others, ...others] }));
    await Promise.all([source.close(), source.close()]);
    await source.close();
    for (const place of [top, ...others]) expect([place.opened(), place.closed()]).toEqual([1, 1]);
  });

  it("takes an image by its digest from a place whose name means another one by now", async () => {
    const [first, second] = index.images;
    if (first === undefined || second === undefined) throw new Error("two images");
    const moved = testPlace({ images: [second, first] });
    const list = indexOf([first.manifest]);
    const top = testPlace({ documents: [list] });
    await using source = await open(
      composite({ top, others: [{ location: moved, instances: [first.manifest.digest] }] }),
    );
    expect((await source.manifest(first.manifest.digest)).bytes).toEqual(first.manifest.bytes);
    await expect(open(composite({ top, others: [moved] }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  });

  it("says by code that nobody has a manifest or a blob", async () => {
    const { top, others } = parts();
    await using source = await open(composite({ top, others }));
    await expect(source.manifest(absent)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    await expect(source.blob(blobOf(absent))).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    await expect(source.signatures?.(absent)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
  });

  it("takes a blob that one place lacks from another that has it, from near rather than from far", async () => {
    const [image] = index.images;
    if (image === undefined) throw new Error("an image");
    const far = testPlace({ images: [image], source: { remote: true } });
    const near = testPlace({ images: [image], source: {} });
    const lacking = testPlace({ documents: [image.manifest] });
    await using source = await open(composite({ top: far, others: [near, lacking] }));
    const { descriptor, bytes } = image.config;
    const asked = `blob ${descriptor.digest}`;
    expect(await readBlob(await source.blob(descriptor), { limit: 1 << 20 })).toEqual(bytes);
    expect([far, near, lacking].map((place) => place.asked.includes(asked))).toEqual([false, true, false]);
    await using other = await open(composite({ top: far, others: [lacking, near] }));
    expect(await readBlob(await other.blob(descriptor), { limit: 1 << 20 })).toEqual(bytes);
    expect([far, near, lacking].map((place) => place.asked.includes(asked))).toEqual([false, true, true]);
    expect(source.remote).toBe(true);
    const { top, others } = parts();
    await using local = await open(composite({ top, others }));
    expect(local.remote).toBe(false);
  });

  it("hands on the signatures, layers and referrers of the right place", async () => {
    const [first, second] = index.images;
    if (first === undefined || second === undefined) throw new Error("two images");
    const signature = (text: string) => ({ format: "simple-signing", bytes: new TextEncoder().encode(text) });
    const unpacked = { ...blobOf(absent), size: 5 };
    const referrer = testPlace({ documents: [indexOf([])] });
    const top = testPlace({
      documents: [index.manifest],
      source: { signatures: async (instance) => [signature(`top ${instance}`)] },
    });
    const one = testPlace({
      images: [first],
      source: {
        signatures: async (instance) => [signature(`one ${instance}`)],
        layers: async ({ layers }) => layers.map(() => unpacked),
        blob: async (descriptor) => ({ ...(await (await open(referrer)).blob(descriptor)), digest: absent }),
        referrers: async (subject) => [{ ...blobOf(absent), annotations: { subject } }],
      },
    });
    const two = testPlace({ images: [second] });
    await using source = await open(composite({ top, others: [one, two] }));
    const texts = async (instance?: Digest) =>
      (await source.signatures?.(instance))?.map(({ bytes }) => new TextDecoder().decode(bytes));
    expect(await texts()).toEqual(["top undefined"]);
    expect(await texts(index.manifest.digest)).toEqual(["top undefined"]);
    // It is its place's own image, which it is asked for as such.
    expect(await texts(first.manifest.digest)).toEqual(["one undefined"]);
    expect(await texts(second.manifest.digest)).toEqual([]);
    expect(await source.referrers?.(first.manifest.digest)).toEqual([
      { ...blobOf(absent), annotations: { subject: first.manifest.digest } },
    ]);
    expect(await source.referrers?.(second.manifest.digest)).toEqual([]);
    const read = (digest: Digest) => source.manifest(digest);
    const parsed = async (digest: Digest) => {
      const { bytes, mediaType } = await read(digest);
      return parseImageManifest(bytes, mediaType);
    };
    const image = await parsed(first.manifest.digest);
    expect(await source.layers?.(image)).toEqual(image.layers.map(() => unpacked));
    const other = await parsed(second.manifest.digest);
    expect(await source.layers?.(other)).toEqual(other.layers);
    // What the place gives instead of its layers is asked of that place.
    await expect(source.blob(unpacked)).rejects.toThrow(referrer.reference.text);
  });

  it("reads only what is selected, and the rest when it is asked for", async () => {
    const [first, second] = index.images;
    if (first === undefined || second === undefined) throw new Error("two images");
    const place = () => testPlace({ documents: [index.manifest], images: index.images, own: index.manifest });
    const manifests = (asked: readonly string[]) => asked.filter((each) => each.startsWith("manifest "));
    const some = place();
    await using source = await open(
      composite({ top: some, select: { instances: [second.manifest.digest, absent] } }),
    );
    expect(manifests(some.asked)).toEqual([`manifest ${second.manifest.digest}`]);
    await source.manifest(first.manifest.digest);
    expect(manifests(some.asked)).toEqual([
      `manifest ${second.manifest.digest}`,
      `manifest ${first.manifest.digest}`,
    ]);
    const none = place();
    await using alone = await open(composite({ top: none, select: { instances: [] } }));
    expect([alone.remote, manifests(none.asked)]).toEqual([false, []]);
    const system = place();
    await using chosen = await open(
      composite({ top: system, select: "system", platform: { os: "linux", architecture: "arm64" } }),
    );
    expect([chosen.remote, manifests(system.asked)]).toEqual([false, [`manifest ${second.manifest.digest}`]]);
  });

  it("follows lists in lists, also to the image of a platform", async () => {
    const outer = indexOf([index.manifest]);
    const [, second] = index.images;
    const top = testPlace({ documents: [outer] });
    const other = testPlace({ documents: [index.manifest], images: index.images, own: index.manifest });
    await using source = await open(
      composite({ top, others: [other], select: "system", platform: { os: "linux", architecture: "arm64" } }),
    );
    expect(other.asked).toEqual(["manifest", `manifest ${second?.manifest.digest}`]);
    expect((await source.manifest(index.manifest.digest)).bytes).toEqual(index.manifest.bytes);
    await expect(
      open(
        composite({ top, others: [other], select: "system", platform: { os: "linux", architecture: "z80" } }),
      ),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND" });
  });

  it("gives its places the options, and one its own", async () => {
    const { top, others } = parts();
    const [first, second] = others;
    if (first === undefined || second === undefined) throw new Error("two places");
    const options = { temporaryDir: "/all" };
    await using source = await open(
      composite({ top, others: [{ location: first, options: { temporaryDir: "/one" } }, second] }),
      options,
    );
    expect(source.reference.text).toBe(top.text);
    expect([top, first, second].map((place) => place.options[0]?.temporaryDir)).toEqual([
      "/all",
      "/one",
      "/all",
    ]);
  });

  it("is neither written nor deleted, and no text names it", () => {
    const { transport } = composite(parts());
    expect([transport.openDestination, transport.deleteImage, transport.listTags]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(() => transport.parse("x")).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_REFERENCE_INVALID" }),
    );
  });
});

describe("a composite that fails", () => {
  it("leaves no place open that was opened", async () => {
    const { top, others } = parts();
    const bad = testPlace({ failsToOpen: new Error("no such place") });
    await expect(open(composite({ top, others: [...others, bad] }))).rejects.toThrow("no such place");
    for (const place of [top, ...others]) expect(place.closed()).toBe(place.opened());
    const lacking = parts();
    await expect(open(composite({ top: lacking.top, others: [] }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
    expect([lacking.top.opened(), lacking.top.closed()]).toEqual([1, 1]);
  });

  it("tells of every place that could not be closed, and closes the others", async () => {
    const { top } = parts();
    const [first, second] = index.images;
    if (first === undefined || second === undefined) throw new Error("two images");
    const others = [
      testPlace({ images: [first], failsToClose: new Error("one is stuck") }),
      testPlace({ images: [second], failsToClose: new Error("two is stuck") }),
    ];
    const source = await open(composite({ top, others }));
    await expect(source.close()).rejects.toThrow(
      "2 of 3 places could not be closed: one is stuck; two is stuck",
    );
    expect([top, ...others].map((place) => place.closed())).toEqual([1, 1, 1]);
  });

  it("ends when it is interrupted, while it opens and afterwards", async () => {
    const { top, others } = parts();
    const controller = new AbortController();
    const slow = testPlace({
      images: index.images,
      beforeOpen: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
          controller.abort(new Error("enough"));
        }),
    });
    await expect(
      open(composite({ top, others: [...others, slow] }), { signal: controller.signal }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    for (const place of [top, ...others]) expect(place.closed()).toBe(place.opened());
    const { signal } = controller;
    const again = parts();
    await using source = await open(composite(again));
    const [image] = index.images;
    if (image === undefined) throw new Error("an image");
    const { digest } = image.manifest;
    for (const call of [
      () => source.manifest(undefined, { signal }),
      () => source.manifest(digest, { signal }),
      () => source.blob(image.config.descriptor, { signal }),
      () => source.signatures?.(digest, { signal }),
    ]) {
      await expect((async () => call())()).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    }
    await expect(open(composite(parts()), { signal })).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });
});

describe("a hostile list", () => {
  it("whose place gives another manifest than was asked for is refused", async () => {
    const [first] = index.images;
    if (first === undefined) throw new Error("an image");
    const list = indexOf([first.manifest]);
    const liar = testPlace({ documents: [list], own: list, lie: list });
    await expect(open(composite({ top: liar }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
    expect(liar.closed()).toBe(1);
  });

  it("that stands in itself more than eight times is refused", async () => {
    const [first] = index.images;
    if (first === undefined) throw new Error("an image");
    const documents = [first.manifest];
    const nest = () => documents.push(indexOf([documents.at(-1) ?? first.manifest]));
    for (let depth = 0; depth < 8; depth++) nest();
    const deep = testPlace({ documents, images: [first], own: documents.at(-1) });
    await using source = await open(composite({ top: deep }));
    expect((await source.manifest(first.manifest.digest)).bytes).toEqual(first.manifest.bytes);
    nest();
    const deeper = testPlace({ documents, images: [first], own: documents.at(-1) });
    await expect(open(composite({ top: deeper }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("of more than 4 MiB is refused", async () => {
    const bytes = new Uint8Array(4 * 1024 * 1024 + 1).fill(32);
    const place = testPlace({ documents: [{ bytes, mediaType: mediaTypes.ociIndex }] });
    await expect(open(composite({ top: place }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("of thousands of images is read, and its manifests are read once", async () => {
    const documents = Array.from({ length: 3000 }, (_, number) => {
      const bytes = encodeGoJson({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: {
          mediaType: mediaTypes.ociConfig,
          digest: `sha256:${createHash("sha256").update(`${number}`).digest("hex")}`,
          size: 2,
        },
        layers: [],
      });
      return { bytes, mediaType: mediaTypes.ociManifest };
    });
    const list = indexOf([...documents, ...documents]);
    const place = testPlace({ documents: [list, ...documents] });
    await using source = await open(composite({ top: place }));
    expect(place.asked).toHaveLength(3001);
    await source.manifest(digestBytes(documents[2999]?.bytes ?? new Uint8Array()));
    expect(place.asked).toHaveLength(3001);
  });

  it("that names what is no manifest gives it as it is", async () => {
    const odd = { bytes: new TextEncoder().encode("{}"), mediaType: "application/x-odd" };
    const place = testPlace({ documents: [indexOf([odd]), odd] });
    await using source = await open(composite({ top: place }));
    expect(await source.manifest(digestBytes(odd.bytes))).toEqual(odd);
  });
});
