import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesBlob, readBlob, streamBlob } from "@drayage/blob";
import { openStore, type StorageDriver } from "@drayage/storage";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import {
  randomImage,
  randomIndex,
  randomLayer,
  readImage,
  type SampleImage,
  sampleBlob,
  writeImage,
} from "@drayage/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { containersStorage, findStore, loadDriver, openContainersStore } from "../src/index.ts";
import { driverNames, driverOf, whyNot } from "./support/machine.ts";
import { type TestStore, testStore } from "./support/test-store.ts";

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

for (const driver of driverNames) {
  const reason = await whyNot(driver);
  describe.skipIf(reason !== undefined)(
    `images on ${driver}${reason === undefined ? "" : ` [skipped: ${reason}]`}`,
    () => {
      let place: TestStore;
      let transport: ReturnType<typeof containersStorage>;
      beforeEach(async () => {
        place = await testStore(driverOf(driver));
        transport = containersStorage({ store: place.store });
      });
      afterEach(() => place.dispose());

      async function put(name: string, sample: SampleImage, options = {}): Promise<void> {
        await using destination = await transport.openDestination(transport.parse(name), options);
        await writeImage(destination, sample);
      }
      const read = async (name: string): Promise<Awaited<ReturnType<typeof readImage>>> => {
        await using source = await transport.openSource(transport.parse(name));
        return await readImage(source);
      };
      const layerCount = async (): Promise<number> => (await place.store.read()).layers.length;

      it("a layer that is there on another one is unpacked again, from what the store gives", async () => {
        const first = await randomImage({ seed: "first" });
        const [base, top] = first.layers.map(({ layer }) => layer);
        if (base === undefined || top === undefined) throw new Error("two layers");
        await put("first", first);
        const turned = await randomImage({ seed: "turned", layers: [top, base, top] });
        const destination = await transport.openDestination(transport.parse("turned"));
        for (const [layerIndex, { descriptor }] of turned.layers.entries()) {
          const options = { kind: "layer", mediaType: descriptor.mediaType, layerIndex } as const;
          expect(await destination.reuseBlob?.(descriptor, options)).toEqual({ size: descriptor.size });
        }
        await writeImage(destination, { ...turned, layers: [] });
        await destination.close();
        expect(await layerCount()).toBe(5);
        const image = await read("turned");
        expect(image.kind === "image" && image.layers.map(({ descriptor }) => descriptor.digest)).toEqual(
          turned.layers.map(({ layer }) => layer.diffId),
        );
        expect((await place.store.check()).findings).toEqual([]);
      });

      it("layers are held while an image waits for its commit, and no longer", async () => {
        const image = await randomImage({ seed: "held" });
        await put("held", image);
        const destination = await transport.openDestination(transport.parse("again"));
        const [layer] = image.layers;
        if (layer === undefined) throw new Error("a layer");
        const { descriptor } = layer;
        await destination.reuseBlob?.(descriptor, {
          kind: "layer",
          mediaType: descriptor.mediaType,
          lookOnly: true,
        });
        expect((await place.store.holds()).map(({ layers, why }) => ({ layers, why }))).toEqual([
          {
            layers: [layer.layer.diffId.slice(7)],
            why: "a copy to containers-storage:docker.io/library/again:latest",
          },
        ]);
        await destination.close();
        expect(await place.store.holds()).toEqual([]);
      });

      it("the blobs that were kept come back, others as tars", async () => {
        const plain = await randomLayer({ seed: "plain", compression: "none" });
        const zipped = await randomLayer({ seed: "zipped", compression: "gzip" });
        const image = await randomImage({ seed: "kept", layers: [zipped, plain] });
        await put("kept", image, { settings: { "keep-blobs": "true" } });
        const whole = await read("kept");
        expect(whole.kind === "image" && whole.layers.map(({ descriptor }) => descriptor.digest)).toEqual([
          zipped.digest,
          plain.digest,
        ]);
        const { layers } = await place.store.read();
        expect(layers.map(({ bigDataNames }) => bigDataNames)).toEqual([["blob"], []]);
        expect((await place.store.check()).findings).toEqual([]);
        await expect(put("x", image, { settings: { "keep-blobs": "yes" } })).rejects.toMatchObject({
          code: "ERR_DRAYAGE_USAGE",
        });
      });

      it("an image with additional names has them, and tagOnly takes one of them", async () => {
        const image = await randomImage({ seed: "names" });
        await put("a", image, { additionalTags: ["quay.io/b:1", "c:2"] });
        const names = async (): Promise<readonly string[]> =>
          (await place.store.read()).images[0]?.names ?? [];
        expect(await names()).toEqual(["docker.io/library/a:latest", "quay.io/b:1", "docker.io/library/c:2"]);
        await transport.deleteImage(transport.parse("quay.io/b:1"), { tagOnly: true });
        expect(await names()).toEqual(["docker.io/library/a:latest", "docker.io/library/c:2"]);
        await transport.deleteImage(transport.parse("c:2"));
        expect((await place.store.read()).images).toEqual([]);
        await expect(put("a", image, { additionalTags: ["c"] })).rejects.toMatchObject({
          code: "ERR_DRAYAGE_REFERENCE_INVALID",
        });
      });

      it("an image of an index is found by the index's digest, which is then its manifest", async () => {
        const index = await randomIndex({ seed: "index", compression: "gzip" });
        const [image] = index.images;
        if (image === undefined) throw new Error("an image");
        {
          await using destination = await transport.openDestination(
            transport.parse(`a@${index.manifest.digest}`),
          );
          await writeImage(destination, image, { commit: false });
          await destination.commit({ origin: index.manifest });
        }
        await using source = await transport.openSource(transport.parse(`a@${index.manifest.digest}`));
        expect(textOf((await source.manifest()).bytes)).toBe(textOf(index.manifest.bytes));
        expect(textOf((await source.manifest(image.manifest.digest)).bytes)).toBe(
          textOf(image.manifest.bytes),
        );
        const other = index.images[1]?.manifest.digest;
        await expect(source.manifest(other)).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
      });

      it("a name with a digest is only given to what has it", async () => {
        const image = await randomImage({ seed: "digest" });
        const wrong = `a@sha256:${"0".repeat(64)}`;
        await expect(put(wrong, image)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
        await put(`a@${image.manifest.digest}`, image);
        expect((await transport.resolveImage(transport.parse(`a@${image.manifest.digest}`))).digest).toBe(
          image.manifest.digest,
        );
      });

      it("an image is stored under the ID that is asked for, found by its beginning, and refuses other layers", async () => {
        const image = await randomImage({ seed: "id" });
        const id = "ab".repeat(32);
        await put(`@${id}`, image);
        const { digest } = await transport.resolveImage(transport.parse("@abab"));
        expect(digest).toBe(image.manifest.digest);
        expect((await transport.resolveImage(transport.parse("abab"))).digest).toBe(digest);
        expect(await transport.listTags(transport.parse("@abab"))).toEqual([]);
        await expect(put("@abab", await randomImage({ seed: "other" }))).rejects.toMatchObject({
          code: "ERR_DRAYAGE_NAME_TAKEN",
        });
        await expect(put("@cdcd", image)).rejects.toMatchObject({ code: "ERR_DRAYAGE_REFERENCE_INVALID" });
      });

      it("a commit that fails leaves no layer behind", async () => {
        const image = await randomImage({ seed: "fails", layers: 3 });
        const before = await place.snapshot();
        const destination = await transport.openDestination(transport.parse("fails"));
        for (const [layerIndex, layer] of image.layers.entries()) {
          const options = { kind: "layer", mediaType: layer.descriptor.mediaType, layerIndex } as const;
          // The last one is no archive, which some drivers only find out in the end.
          const last = layerIndex === 2;
          const put = destination.putBlob(
            last ? bytesBlob(new Uint8Array(1024).fill(65)) : sampleBlob(layer),
            options,
          );
          if (last) await put.catch(() => undefined);
          else await put;
        }
        await destination.putBlob(sampleBlob(image.config), {
          kind: "config",
          mediaType: image.config.descriptor.mediaType,
        });
        const text = new TextDecoder().decode(image.manifest.bytes);
        const broken = (await import("@drayage/digest")).digestBytes(new Uint8Array(1024).fill(65));
        const manifest = new TextEncoder().encode(
          text.replace(String(image.layers[2]?.descriptor.digest), broken),
        );
        await destination.putManifest(manifest, { mediaType: image.manifest.mediaType });
        await expect(destination.commit()).rejects.toMatchObject({ name: "DrayageError" });
        await destination.close();
        const after = await place.snapshot();
        const files = (tree: Readonly<Record<string, string>>): readonly string[] =>
          Object.keys(tree).filter((path) => !/-(?:images|containers)$|layers\.json$/.test(path));
        expect(files(after)).toEqual(files(before));
        expect(await layerCount()).toBe(0);
      });

      it("a config whose layers are others is stored with a warning", async () => {
        const image = await randomImage({ seed: "says" });
        const other = await randomImage({ seed: "other", layers: 1 });
        const text = new TextDecoder()
          .decode(image.manifest.bytes)
          .replace(String(image.config.descriptor.digest), String(other.config.descriptor.digest))
          .replace(`"size":${image.config.descriptor.size}`, `"size":${other.config.descriptor.size}`);
        const warnings: string[] = [];
        const lying = {
          ...image,
          config: other.config,
          manifest: { ...image.manifest, bytes: new TextEncoder().encode(text) },
        };
        await put("lying", lying, { onWarning: (message: string) => warnings.push(message) });
        expect(warnings).toEqual([
          "containers-storage:docker.io/library/lying:latest: the image's config names other layers than it has: docker would refuse it",
        ]);
      });

      it("two destinations for the same image at once leave it whole, each layer once", async () => {
        const image = await randomImage({ seed: "twice", layers: 3 });
        await Promise.all(["one", "two", "three"].map((name) => put(name, image)));
        expect(await layerCount()).toBe(3);
        const { images } = await place.store.read();
        expect(images.flatMap(({ names }) => names).sort()).toEqual(
          ["one", "three", "two"].map((name) => `docker.io/library/${name}:latest`),
        );
        expect((await place.store.check()).findings).toEqual([]);
      });

      it("a blob of unknown digest may be a layer of a stream that is not compressed", async () => {
        const layer = await randomLayer({ seed: "stream", compression: "none" });
        const destination = await transport.openDestination(transport.parse("stream"));
        const result = await destination.putBlob(
          streamBlob(async function* () {
            yield layer.bytes;
          }),
          { kind: "layer", mediaType: "", layerIndex: 0 },
        );
        expect(result).toMatchObject({
          digest: layer.diffId,
          size: layer.tar.length,
          stages: [{ digest: layer.diffId }],
        });
        await destination.close();
      });

      it("a layer is told where it only is unpacked", async () => {
        const image = await randomImage({ seed: "told" });
        await put("told", image);
        await using source = await transport.openSource(transport.parse("told"));
        const [layer] = image.layers;
        if (layer === undefined) throw new Error("a layer");
        await expect(source.blob(layer.descriptor)).rejects.toMatchObject({
          code: "ERR_DRAYAGE_BLOB_NOT_FOUND",
          hint: `the store keeps this layer unpacked, and gives its tar, ${layer.layer.diffId}`,
        });
        const config = await readBlob(await source.blob(image.config.descriptor), { limit: 1 << 20 });
        expect(Buffer.from(config).equals(image.config.bytes)).toBe(true);
      });
    },
  );
}

describe("finding a store", () => {
  let folder: string;
  let env: Record<string, string>;
  const at = (name: string): string => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "drayage-"));
    writeFileSync(
      at("storage.conf"),
      `[storage]\ngraphroot = "${at("graph")}"\nrunroot = "${at("run")}"\n[storage.options]\nmountopt = "nodev"\n`,
    );
    env = { HOME: folder, CONTAINERS_STORAGE_CONF: at("storage.conf") };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("takes storage.conf's roots and options, and the usual drivers", async () => {
    expect(await findStore({}, { env })).toEqual({
      files: [at("storage.conf")],
      graphRoot: at("graph"),
      runRoot: at("run"),
      drivers: ["overlay", "vfs"],
      options: [{ name: "mountopt", value: "nodev" }],
      additionalStores: [],
    });
  });

  it("takes the driver whose images are there, and what is named before all", async () => {
    mkdirSync(join(at("graph"), "vfs-images"), { recursive: true });
    expect((await findStore({}, { env })).drivers).toEqual(["vfs"]);
    expect((await findStore({}, { env: { ...env, STORAGE_DRIVER: "overlay" } })).drivers).toEqual([
      "overlay",
    ]);
    const other = { driver: "overlay", graphRoot: at("other"), options: ["overlay.imagestore=/x", "size=1"] };
    expect(await findStore(other, { env })).toMatchObject({
      graphRoot: at("other"),
      runRoot: at("run"),
      drivers: ["overlay"],
      options: [{ name: "size", value: "1" }],
      additionalStores: ["/x"],
    });
  });

  it("refuses stores that are kept in ways that are not known", async () => {
    for (const setting of ['imagestore = "/elsewhere"', "transient_store = true"]) {
      writeFileSync(at("storage.conf"), `[storage]\n${setting}\n`);
      await expect(findStore({}, { env })).rejects.toMatchObject({ code: "ERR_DRAYAGE_STORE_UNSUPPORTED" });
    }
  });

  it("gives the scopes of a policy, the image first", async () => {
    const transport = containersStorage({ env });
    const place = `[vfs@${at("graph")}]`;
    const id = "a".repeat(64);
    expect(await transport.policyScopes(transport.parse(`[vfs@${at("graph")}]quay.io/a/b:c@${id}`))).toEqual([
      `${place}quay.io/a/b:c@${id}`,
      `${place}quay.io/a/b:c`,
      `${place}quay.io/a/b`,
      `${place}quay.io/a`,
      `${place}quay.io`,
      place,
      `[${at("graph")}]`,
    ]);
    expect(await transport.policyScopes(transport.parse(`[vfs@${at("graph")}]@${id}`))).toEqual([
      `${place}@${id}`,
      place,
      `[${at("graph")}]`,
    ]);
  });

  it("goes on to the next driver where one cannot be used, and says why where none can", async () => {
    const unusable = (name: string): StorageDriver => ({
      ...vfsDriver(),
      name,
      open: async () => {
        const { DrayageError } = await import("@drayage/errors");
        throw new DrayageError("ERR_DRAYAGE_STORE_UNSUPPORTED", `${name} is no good here`);
      },
    });
    const drivers = { overlay: () => unusable("overlay") };
    await using store = await openContainersStore({}, { env, drivers });
    expect(store.driver).toBe("vfs");
    await expect(
      openContainersStore({}, { env, drivers: { ...drivers, vfs: () => unusable("vfs") } }),
    ).rejects.toMatchObject({
      message:
        "none of the storage drivers overlay, vfs can be used here: overlay is no good here; vfs is no good here",
    });
    expect(readdirSync(folder)).not.toContain("graph");
  });
});

describe("storage drivers", () => {
  it("may be given, and are held to their names", async () => {
    const mine = { ...vfsDriver(), name: "mine" };
    expect(await loadDriver("mine", { mine: () => mine })).toBe(mine);
    await expect(loadDriver("mine", { mine: () => vfsDriver() })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_PLUGIN_INVALID",
      message: 'the driver mine is the storage driver "vfs", not mine',
    });
    await expect(loadDriver("mine", { mine: () => ({}) as StorageDriver })).rejects.toThrow(
      "is no storage driver",
    );
  });

  it("that nobody has are refused with a list of those that there are", async () => {
    await expect(loadDriver("zfs")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_STORE_UNSUPPORTED",
      hint: "there are overlay, vfs; others come as packages named drayage-storage-driver-NAME",
    });
  });

  it("that come as packages are found by their names", async () => {
    const driver = await loadDriver("memory");
    expect(driver.name).toBe("memory");
    await using store = await openStore({ driver });
    const transport = containersStorage({ store });
    const image = await randomImage({ seed: "memory" });
    {
      await using destination = await transport.openDestination(transport.parse("a"));
      await writeImage(destination, image);
    }
    await using source = await transport.openSource(transport.parse("a"));
    expect(textOf((await readImage(source)).manifest.bytes)).toBe(textOf(image.manifest.bytes));
  });
});
