import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SampleImage, SampleIndex } from "@drayage/testkit";
import { randomImage, randomIndex, readImage, writeImage } from "@drayage/testkit";
import { dir } from "@drayage/transport-dir";
import { ociDir } from "@drayage/transport-oci-dir";
import { putImage } from "@drayage-internal/fixtures/layouts";
import { describeWithPeers, skopeo } from "@drayage-internal/peers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { containersStorage } from "../src/index.ts";
import { driverNames } from "./support/machine.ts";
import { richImage } from "./support/rich-image.ts";
import { memberOrder, storeRecords, storeTree } from "./support/store-tree.ts";
import { removeStore } from "./support/test-store.ts";

const whiteout = /^20000 .* device 0$/;

/** skopeo leaves whiteouts that hide nothing, whose names are then listed: here they are removed. */
function withoutIdle(
  theirs: Readonly<Record<string, string>>,
  ours: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(theirs).filter(([path, line]) => path in ours || !whiteout.test(line)),
  );
}

for (const driver of driverNames) {
  describeWithPeers(`containers-storage on ${driver}: with skopeo`, ["skopeo", "root"], () => {
    let folder: string;
    const at = (name: string): string => join(folder, name);
    const place = (name: string): string => `[${driver}@${at(name)}+${at(`${name}-run`)}]`;
    const transport = containersStorage();

    beforeEach(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
    });
    afterEach(() => removeStore(folder));

    /** Puts an image into an OCI layout, for skopeo. */
    async function layout(name: string, sample: SampleImage | SampleIndex): Promise<string> {
      const oci = ociDir();
      await using destination = await oci.openDestination(oci.parse(`${at("oci")}:${name}`));
      await writeImage(destination, sample);
      return `oci:${at("oci")}:${name}`;
    }

    async function pull(sample: SampleImage, name: string, origin?: SampleIndex): Promise<void> {
      await using destination = await transport.openDestination(transport.parse(`${place("ours")}${name}`));
      await writeImage(destination, sample, { commit: false });
      await destination.commit({ origin: origin?.manifest });
    }

    function expectSame(): void {
      expect(storeRecords(at("ours"), driver)).toEqual(storeRecords(at("theirs"), driver));
      expect(memberOrder(at("ours"), driver, "images")).toEqual(memberOrder(at("theirs"), driver, "images"));
      expect(new Set(memberOrder(at("ours"), driver, "layers"))).toEqual(
        new Set(memberOrder(at("theirs"), driver, "layers")),
      );
      const ours = storeTree(at("ours"), driver);
      expect(ours).toEqual(withoutIdle(storeTree(at("theirs"), driver), ours));
    }

    it("files, modes, owners, times, attributes and records are those of skopeo's pull", async () => {
      const image = await richImage();
      await skopeo([
        "copy",
        "-q",
        await layout("rich", image),
        `containers-storage:${place("theirs")}rich:1`,
      ]);
      await pull(image, "rich:1");
      expectSame();
      // One that hides something is there.
      const hiding = Object.entries(storeTree(at("ours"), driver)).filter(([, line]) => whiteout.test(line));
      expect(hiding.map(([path]) => path.slice(-12))).toEqual(driver === "overlay" ? ["usr/lib/gone"] : []);
    });

    it("so they are for an image of an index, layers that are shared, names that move, and docker's format", async () => {
      const index = await randomIndex({ seed: "index", compression: "gzip" });
      const [image] = index.images;
      const [shared] = image?.layers ?? [];
      if (image === undefined || shared === undefined) throw new Error("the index has an image");
      const other = await randomImage({
        seed: "other",
        format: "docker",
        layers: [shared.layer, (await richImage()).layers[0]?.layer ?? shared.layer],
      });
      const target = `containers-storage:${place("theirs")}`;
      await skopeo(["copy", "-q", await layout("index", index), `${target}quay.io/a/b:c`]);
      await skopeo(["copy", "-q", await layout("index", index), `${target}localhost/second:name`]);
      await pull(image, "quay.io/a/b:c", index);
      await pull(image, "localhost/second:name", index);
      expectSame();
      const docker = dir();
      {
        await using destination = await docker.openDestination(docker.parse(at("docker")));
        await writeImage(destination, other);
      }
      await skopeo(["copy", "-q", `dir:${at("docker")}`, `${target}quay.io/a/b:c`]);
      await pull(other, "quay.io/a/b:c");
      expectSame();
    });

    it("so they are for docker's oldest format, whose image ID is that of the config it would have", async () => {
      const image = await randomImage({ seed: "old" });
      await skopeo(["copy", "-q", "--format", "v2s1", await layout("old", image), `dir:${at("old")}`]);
      await skopeo(["copy", "-q", `dir:${at("old")}`, `containers-storage:${place("theirs")}old:1`]);
      const old = dir();
      await using source = await old.openSource(old.parse(at("old")));
      await using destination = await transport.openDestination(transport.parse(`${place("ours")}old:1`));
      await putImage(source, destination);
      await destination.commit();
      expectSame();
      await using stored = await transport.openSource(transport.parse(`${place("ours")}old:1`));
      const read = await readImage(stored);
      expect(read.kind === "image" && read.layers.length).toBe(image.layers.length);
    });

    it("blobs that were kept outlive what skopeo does to the store, and are nothing to it", async () => {
      const image = await richImage();
      const keeping = containersStorage({ keepBlobs: true });
      {
        await using destination = await keeping.openDestination(keeping.parse(`${place("ours")}rich:1`));
        await writeImage(destination, image);
      }
      const other = await randomImage({ seed: "beside" });
      await skopeo([
        "copy",
        "-q",
        await layout("beside", other),
        `containers-storage:${place("ours")}beside:1`,
      ]);
      await skopeo(["copy", "-q", await layout("rich", image), `containers-storage:${place("ours")}again:1`]);
      await using source = await transport.openSource(transport.parse(`${place("ours")}again:1`));
      const read = await readImage(source);
      expect(read.kind === "image" && read.layers.map(({ descriptor }) => descriptor.digest)).toEqual(
        image.layers.map(({ descriptor }) => descriptor.digest),
      );
      await skopeo(["delete", `containers-storage:${place("ours")}again:1`]);
      expect(storeRecords(at("ours"), driver).layers.length).toBe(other.layers.length);
    });

    it("skopeo gives back the layers of our image, with the digests of their tars", async () => {
      const image = await richImage();
      await pull(image, "rich:1");
      await skopeo(["copy", "-q", `containers-storage:${place("ours")}rich:1`, `dir:${at("out")}`]);
      const out = dir();
      await using source = await out.openSource(out.parse(at("out")));
      const read = await readImage(source);
      expect(read.kind === "image" && read.layers.map(({ descriptor }) => descriptor.digest)).toEqual(
        image.layers.map(({ layer }) => layer.diffId),
      );
    });

    it("an image that skopeo stored is read, listed and deleted", async () => {
      const image = await richImage();
      const text = `${place("theirs")}rich:1`;
      await skopeo(["copy", "-q", await layout("rich", image), `containers-storage:${text}`]);
      const reference = transport.parse(text);
      {
        await using source = await transport.openSource(reference);
        const read = await readImage(source);
        expect(Buffer.from(read.manifest.bytes).equals(image.manifest.bytes)).toBe(true);
        expect(read.kind === "image" && read.layers.map(({ descriptor }) => descriptor.digest)).toEqual(
          image.layers.map(({ layer }) => layer.diffId),
        );
      }
      expect(await transport.listTags(reference)).toEqual(["1"]);
      for (const name of [
        `@${image.config.descriptor.digest.slice(7)}`,
        image.config.descriptor.digest.slice(7, 14),
        `rich@${image.manifest.digest}`,
      ]) {
        const { digest } = await transport.resolveImage(transport.parse(`${place("theirs")}${name}`));
        expect(digest).toBe(image.manifest.digest);
      }
      await transport.deleteImage(reference);
      expect(storeRecords(at("theirs"), driver)).toEqual({ images: [], layers: [] });
      const { code } = await skopeo(["inspect", `containers-storage:${text}`], { mayFail: true });
      expect(code).not.toBe(0);
    });

    it("skopeo adds to what we stored, and we to what skopeo stored, without unpacking a layer again", async () => {
      const image = await richImage();
      await pull(image, "rich:1");
      const [, ...rest] = image.layers;
      const [first] = image.layers;
      if (first === undefined) throw new Error("the image has layers");
      const source = await layout("rich", image);
      await skopeo(["copy", "-q", source, `containers-storage:${place("ours")}again:2`]);
      const { images, layers } = storeRecords(at("ours"), driver);
      expect(images.map(({ names }) => names)).toEqual([
        ["docker.io/library/again:2", "docker.io/library/rich:1"],
      ]);
      expect(layers.length).toBe(rest.length + 1);
    });
  });
}
