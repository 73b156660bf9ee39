import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { digestBytes, digestHex } from "@drayage/digest";
import { describeWithPeers } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { idsByGo } from "../src/go-store.ts";
import { type SharedStore, sharedStore } from "../src/shared-store.ts";
import { putImage, sampleImage, writeLayout } from "../src/store-samples.ts";

const minute = 60_000;
const tools = ["containers-storage", "skopeo", "buildah", "podman"] as const;

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}

for (const driver of ["vfs", "overlay"] as const) {
  describeWithPeers(`a store with ${driver} that Go's tools share`, [...tools, "root"], () => {
    it("an image of ours is listed, read, mounted, built upon, named and deleted by them", {
      timeout: 2 * minute,
    }, async () => {
      const shared = sharedStore(driver);
      await using store = await shared.open();
      const image = await sampleImage(`ours ${driver}`, { layers: 3 });
      const record = await putImage(store, image, ["docker.io/library/ours:latest"]);
      const layers = (await store.read()).imageLayers(record);

      expect(await idsByGo(shared, "images")).toEqual([image.id]);
      expect([...(await idsByGo(shared, "layers"))].sort()).toEqual(layers.map(({ id }) => id).sort());
      for (const [index, layer] of layers.entries()) {
        const { bytes } = await shared.containersStorage(["diff", "--uncompressed", layer.id]);
        expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(
          image.layers[index]?.diffId,
        );
      }
      const inspected = await shared.skopeo(["inspect", "--raw", shared.reference("ours:latest")]);
      expect(Buffer.from(inspected.bytes)).toEqual(Buffer.from(image.manifest));
      expect(
        (await shared.podman(["images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"]))
          .stdout,
      ).toBe(`sha256:${image.id} docker.io/library/ours:latest\n`);

      const container = (await shared.buildah(["from", "--pull-never", "ours:latest"])).stdout.trim();
      const mounted = (await shared.buildah(["mount", container])).stdout.trim();
      expect(readdirSync(mounted)).toHaveLength(3);
      writeFileSync(path.join(mounted, "new"), "written");
      await shared.buildah(["umount", container]);
      await shared.buildah(["commit", "--quiet", container, "theirs:latest"]);
      await shared.podman(["tag", "ours:latest", "another:v1"]);
      const view = await store.read();
      expect(view.image("localhost/another:v1").id).toBe(image.id);
      expect(view.image("localhost/theirs:latest").layer).not.toBe(record.layer);
      expect(view.imageLayers(view.image("localhost/theirs:latest")).slice(0, 3)).toEqual(layers);
      expect(view.containers).toHaveLength(1);
      await shared.buildah(["rm", container]);
      await shared.podman(["rmi", "--force", "theirs:latest", "ours:latest", "another:v1"]);
      expect((await store.read()).images).toEqual([]);
      expect((await store.read()).layers).toEqual([]);
      expect((await store.check()).findings).toEqual([]);
    });

    it("has containers that either makes, mounts, counts and deletes", { timeout: 2 * minute }, async () => {
      const shared = sharedStore(driver);
      await using store = await shared.open();
      const image = await putImage(store, await sampleImage(`containers ${driver}`), [
        "docker.io/library/c:latest",
      ]);
      const container = await store.createContainer({ image: image.id, names: ["ours"] });
      const mounted = await store.mount({ container: container.id });
      writeFileSync(path.join(mounted, "written"), "by us");
      const said = (await shared.containersStorage(["mount", "ours"])).stdout.trim().split("\n").at(-1);
      expect(said).toBe(mounted);
      expect(await store.mounts()).toEqual([{ layer: container.layer, path: mounted, count: 2 }]);
      await shared.containersStorage(["unmount", "ours"]);
      expect(await store.unmount({ container: container.id })).toBe(false);
      expect(await store.mounts()).toEqual([]);
      const changes = async (layer: string): Promise<readonly string[]> => {
        const found: string[] = [];
        for await (const change of store.changes(layer)) found.push(`${change.kind} ${change.path}`);
        return found;
      };
      expect(await changes(container.layer)).toContain("added /written");
      const diff = await shared.containersStorage(["diff", "--uncompressed", container.layer]);
      expect(Buffer.from(diff.bytes).toString("latin1")).toContain("written");
      await shared.containersStorage(["delete-container", "ours"]);
      expect((await store.read()).containers).toEqual([]);

      const theirs = (await shared.buildah(["from", "--pull-never", "c:latest"])).stdout.trim();
      const place = (await shared.buildah(["mount", theirs])).stdout.trim();
      const { id, layer } = (await store.read()).container(theirs);
      expect(await store.mounts()).toEqual([{ layer, path: place, count: 1 }]);
      expect(await store.mount({ container: id })).toBe(place);
      expect(await store.unmount({ container: id })).toBe(true);
      expect(await store.unmount({ container: id })).toBe(false);
      await store.deleteContainer(id);
      expect((await shared.buildah(["containers", "--quiet"])).stdout).toBe("");
      await store.deleteImage(image.id);
      expect((await store.check()).findings).toEqual([]);
    });

    it("is found damaged where a file of a layer has changed, and is mended", {
      timeout: minute,
    }, async () => {
      const shared = sharedStore(driver);
      await using store = await shared.open();
      const base = await sampleImage("base", { layers: 1 });
      const sound = await putImage(store, base, ["docker.io/library/base:latest"]);
      const sample = await sampleImage("top", { base: "base base" });
      const image = await putImage(store, sample, ["docker.io/library/top:latest"]);
      const top = image.layer ?? "";
      const folder = driver === "vfs" ? path.join("vfs/dir", top) : path.join("overlay", top, "diff");
      const isFile = (name: string): boolean => name.endsWith("/file-2");
      const below = driver === "vfs" ? filesIn(path.join(shared.root, "vfs/dir", sound.layer ?? "")) : [];
      const files = filesIn(path.join(shared.root, folder));
      const file = path.join(
        shared.root,
        folder,
        files.find((name) => isFile(name) && !below.includes(name)) ?? "none",
      );
      const content = readFileSync(file);
      content[0] = (content[0] ?? 0) ^ 1;
      writeFileSync(file, content);
      const report = await store.check();
      expect(report.findings).toMatchObject([
        { code: "layer-content", id: top, images: [image.id], repair: "remove" },
      ]);
      expect(report.findings[0]?.message).toContain("/file-2");
      rmSync(path.join(shared.root, `${driver}-layers`, `${top}.tar-split.gz`));
      expect((await store.check()).findings.map(({ code }) => code)).toEqual(["layer-tar-split"]);
      expect(await store.repair(report)).toMatchObject({ lostImages: [{ names: image.names }], left: [] });
      expect(await idsByGo(shared, "images")).toEqual([sound.id]);
      expect(await idsByGo(shared, "layers")).toEqual([sound.layer]);
      await putImage(store, sample, ["docker.io/library/top:latest"]);
      expect((await store.check()).findings).toEqual([]);
    });

    it("stands on an additional store, for us as for them", { timeout: minute }, async () => {
      const below = sharedStore(driver);
      await using belowStore = await below.open();
      const image = await putImage(belowStore, await sampleImage(`below ${driver}`), [
        "docker.io/library/below:latest",
      ]);
      const shared = sharedStore(driver);
      await using store = await shared.open({ additionalStores: [below.root] });
      const container = await store.createContainer({ image: image.id, names: ["on-top"] });
      const mounted = await store.mount({ container: container.id });
      expect(readdirSync(mounted)).toHaveLength(2);
      await store.unmount({ container: container.id });
      const seen = await shared.containersStorage([
        "--storage-opt",
        `${driver}.imagestore=${below.root}`,
        "mount",
        "on-top",
      ]);
      expect(seen.stdout).toContain(mounted);
      expect(await store.unmount({ container: container.id })).toBe(false);
      await store.deleteContainer(container.id);
      expect((await store.read()).layers.every(({ readOnly }) => readOnly)).toBe(true);
      expect(await idsByGo(below, "images")).toEqual([image.id]);
    });

    it("has the records, to the byte, that skopeo makes of the same image", { timeout: minute }, async () => {
      const [ours, theirs] = [sharedStore(driver), sharedStore(driver)];
      const image = await sampleImage(`parity ${driver}`, { layers: 3 });
      const layout = path.join(theirs.root, "..", "layout");
      writeLayout(layout, image);
      await theirs.skopeo(["copy", "--quiet", `oci:${layout}:x`, theirs.reference("x:latest")]);
      await using store = await ours.open();
      const [theirImage] = theirs.json(`${driver}-images/images.json`);
      const signature = `signature-${digestHex(digestBytes(image.manifest))}`;
      await putImage(store, image, ["docker.io/library/x:latest"], {
        metadata: String(theirImage?.metadata),
        bigData: [{ key: signature, bytes: new Uint8Array() }],
      });
      const text = (shared: SharedStore, file: string): string =>
        readFileSync(path.join(shared.root, file), "utf8").replaceAll(
          /"created":"202[5-9][^"]*"/g,
          '"created":""',
        );
      expect(text(ours, `${driver}-images/images.json`)).toBe(text(theirs, `${driver}-images/images.json`));
      expect(text(ours, `${driver}-layers/layers.json`)).toBe(text(theirs, `${driver}-layers/layers.json`));
      const names = (shared: SharedStore, folder: string): readonly string[] =>
        readdirSync(path.join(shared.root, folder), { recursive: true, encoding: "utf8" }).sort();
      expect(names(ours, `${driver}-images`)).toEqual(names(theirs, `${driver}-images`));
      // Ours has a place for what is being made.
      expect(names(ours, `${driver}-layers`).filter((name) => name !== "tmp")).toEqual(
        names(theirs, `${driver}-layers`),
      );
    });

    it("an image of theirs is read, named, checked and deleted by us", { timeout: 2 * minute }, async () => {
      const shared = sharedStore(driver);
      await using store = await shared.open();
      const source = sharedStore("vfs");
      await using sourceStore = await source.open();
      await putImage(sourceStore, await sampleImage(`theirs ${driver}`, { layers: 3 }), [
        "docker.io/library/theirs:latest",
      ]);
      await shared.skopeo(["copy", source.reference("theirs:latest"), shared.reference("theirs:latest")]);
      const view = await store.read();
      const image = view.image("docker.io/library/theirs:latest");
      expect(view.imageLayers(image)).toHaveLength(3);
      expect(await store.check()).toMatchObject({ findings: [], layers: 3, images: 1 });
      for (const layer of view.imageLayers(image)) {
        const hash = createHash("sha256");
        for await (const chunk of store.openDiff(layer.id)) hash.update(chunk);
        expect(`sha256:${hash.digest("hex")}`).toBe(layer.diffDigest);
      }
      await store.addNames("image", image.id, ["docker.io/library/mine:latest"]);
      await store.setMetadata("image", image.id, "{}");
      await store.setBigData("image", image.id, { key: "note", bytes: Buffer.from("hello") });
      expect((await shared.containersStorage(["get-image-data", image.id, "note"])).stdout).toBe("hello");
      expect(shared.json(`${driver}-images/images.json`)[0]?.["names-history"]).toEqual([
        // As Go does: each name goes to the front, one after another.
        "docker.io/library/theirs:latest",
        "docker.io/library/mine:latest",
      ]);
      const deleted = await store.deleteImage(image.id);
      expect(deleted.layers).toHaveLength(3);
      expect(await idsByGo(shared, "layers")).toEqual([]);
      expect(await idsByGo(shared, "images")).toEqual([]);
    });
  });
}
