import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { layerCache, noLayerCache } from "@drayage/build-context";
import type { Finding } from "@drayage/storage";
import { loadSys, sysBase } from "@drayage/sys";
import { readImage } from "@drayage/testkit";
import type { Location } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";
import dockerArchive from "@drayage/transport-docker-archive";
import ociArchive from "@drayage/transport-oci-archive";
import ociDir from "@drayage/transport-oci-dir";
import { describeWithPeers, run, skopeo } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleForNode } from "../../../../tools/build/bundle.ts";
import type { CommitOptions } from "../../src/builder.ts";
import { commitContainer } from "../../src/commit/commit-container.ts";
import { openContainerSource } from "../../src/commit/container-source.ts";
import { firstFiles, moreFiles, openWorkshop, type Workshop } from "./workshop.ts";

const common: CommitOptions = { layerCache: noLayerCache, env: {} };

for (const driver of ["overlay", "vfs"] as const) {
  describeWithPeers(`commit on ${driver}`, ["buildah", "podman", "skopeo", "root"], ({ buildah, podman }) => {
    let workshop: Workshop;
    let temporary: string;
    beforeAll(async () => {
      workshop = await openWorkshop(driver, buildah);
      temporary = workshop.at("temporary");
      mkdirSync(temporary);
      const { buildah: tool, edit } = workshop;
      await tool(["from", "--name", "base", "scratch"]);
      await edit("base", firstFiles);
      await tool(["commit", "--quiet", "base", "localhost/base:1"]);
      await tool(["from", "--name", "work", "localhost/base:1"]);
      await edit("work", moreFiles);
    });
    afterAll(() => workshop[Symbol.asyncDispose]());

    const place = (transport: Location["transport"], text: string): Location => ({
      transport,
      reference: transport.parse(text),
      text,
    });
    const layout = (name: string): Location => place(ociDir, `${workshop.at(name)}:x`);

    it("an image of the store has its names, and buildah and podman go on with it", async () => {
      const { store, state, buildah: tool, folder, at } = workshop;
      const to = place(containersStorage({ store }), "localhost/ours:1");
      const options = { ...common, additionalTags: ["localhost/also:2"], identityLabel: false };
      const { id, diffIds } = await commitContainer(store, await state("work"), to, options);
      const image = (await store.read()).image(id);
      expect([...image.names].sort()).toEqual(["localhost/also:2", "localhost/ours:1"]);
      expect((await store.read()).imageLayers(image).map(({ diffDigest }) => diffDigest)).toEqual(diffIds);
      await tool(["from", "--name", "upon", "localhost/ours:1"]);
      const root = await tool(["mount", "upon"]);
      expect(readdirSync(join(root, "usr/lib/hidden"))).toEqual(["instead"]);
      await tool(["umount", "upon"]);
      const flags = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", driver];
      const env = { HOME: at("home") };
      const listed = await run(podman, [...flags, "images", "-q", "--no-trunc", "localhost/also:2"], { env });
      expect(listed.stdout.trim()).toBe(`sha256:${id}`);
      expect(folder).not.toBe("");
    });

    it("an image without a name is found by its ID, and no name is left", async () => {
      const { store, state } = workshop;
      const { id } = await commitContainer(store, await state("work"), undefined, common);
      expect((await store.read()).image(id).names).toEqual([]);
    });

    it("an unchanged container is not read again where the destination has its layer", async () => {
      const { store, state, at, edit } = workshop;
      await delay(120);
      const cache = layerCache({ folder: at("cache") });
      const asked: (string | undefined)[] = [];
      const watched = {
        ...cache,
        async find(...key: Parameters<typeof cache.find>) {
          const facts = await cache.find(...key);
          asked.push(facts?.diffId);
          return facts;
        },
      };
      const options = { ...common, layerCache: watched, timestamp: new Date(0) };
      const first = await commitContainer(store, await state("work"), layout("out"), options);
      const again = await commitContainer(store, await state("work"), layout("out"), options);
      expect(again).toEqual(first);
      // Only overlay's layers can be told by what they change.
      const expected = driver === "overlay" ? [undefined, first.diffIds.at(-1)] : [];
      expect(asked).toEqual(expected);
      await edit("work", (root) => writeFileSync(join(root, "etc/new"), "new"));
      const changed = await commitContainer(store, await state("work"), layout("out"), options);
      expect(changed.diffIds.at(-1)).not.toBe(first.diffIds.at(-1));
      const squashed = { ...options, squash: true };
      const one = await commitContainer(store, await state("work"), layout("out"), squashed);
      expect(one.diffIds).toHaveLength(1);
      expect(one.diffIds[0]).not.toBe(changed.diffIds.at(-1));
    });

    it("archives have the base's layers first, and nothing is left of what waited for them", async () => {
      const { store, state, at } = workshop;
      for (const [name, transport] of [
        ["docker", dockerArchive],
        ["oci", ociArchive],
      ] as const) {
        const to = place(transport, `${at(`${name}.tar`)}:localhost/x:1`);
        const options = { ...common, destinationOptions: { temporaryDir: temporary } };
        const { diffIds } = await commitContainer(store, await state("work"), to, options);
        const inspected = await skopeo(["inspect", "--config", `${name}-archive:${to.text}`]);
        expect((JSON.parse(inspected.stdout) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids).toEqual(
          diffIds,
        );
        expect(readdirSync(temporary)).toEqual([]);
      }
    });

    it("a source keeps what changed in a temporary folder until it is closed", async () => {
      const { store, state } = workshop;
      const options = { ...common, destinationOptions: { temporaryDir: temporary } };
      const source = await openContainerSource(store, await state("work"), options);
      const image = await readImage(source);
      expect(image.kind === "image" ? image.layers.length : 0).toBe(2);
      await source.close();
      expect(readdirSync(temporary)).toEqual([]);
    });

    it("an aborted commit leaves no image, no layer and no file", async () => {
      const { store, state } = workshop;
      const before = await store.read();
      for (const to of [undefined, layout("aborted")]) {
        const controller = new AbortController();
        const { signal } = controller;
        const committing = commitContainer(store, await state("work"), to, {
          ...common,
          squash: true,
          signal,
        });
        setImmediate(() => controller.abort());
        await expect(committing).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      }
      const after = await store.read();
      expect(after.images.map(({ id }) => id)).toEqual(before.images.map(({ id }) => id));
      expect(after.layers.map(({ id }) => id)).toEqual(before.layers.map(({ id }) => id));
      expect(readdirSync(workshop.folder)).not.toContain("aborted");
      expect(await store.mounts()).toEqual([]);
    });

    it("a disk that is full is told of, and nothing is left", async () => {
      const { store, state, at } = workshop;
      const full = at("full");
      mkdirSync(full);
      loadSys()?.mount({ source: "none", target: full, type: "tmpfs", flags: 0, data: "size=256k" });
      const to = place(ociDir, `${full}/out:x`);
      const options = { ...common, compression: { format: "none" } } as const;
      const refused = commitContainer(store, await state("base"), to, options);
      await expect(refused).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
      expect(readdirSync(full)).toEqual([]);
    });

    it("what a history does not tell of is refused in buildah's words", async () => {
      const { store, state } = workshop;
      const work = await state("work");
      const { oci, docker } = work.image;
      const history = [...(oci.history ?? []), { created_by: "another" }];
      const image = { ...work.image, oci: { ...oci, history }, docker: { ...docker, history } };
      const refused = commitContainer(store, { ...work, image }, layout("refused"), common);
      await expect(refused).rejects.toThrow("history lists 3 non-empty layers, but we have 2 layers on disk");
      expect(readdirSync(workshop.folder)).not.toContain("refused");
    });

    it("a layer that is prepended, one that is appended, and the container's own are in their order", async () => {
      const { store, state } = workshop;
      await commitContainer(store, await state("base"), layout("own"), common);
      const own = (await store.read()).layers.find(({ diffDigest }) => diffDigest !== undefined);
      if (own === undefined) throw new Error("the base has a layer");
      const linked = (text: string) => ({ blob: store.diffBlob(own), history: { created_by: text } });
      const options = { ...common, prependedLayers: [linked("before")], appendedLayers: [linked("after")] };
      const { diffIds } = await commitContainer(store, await state("work"), layout("linked"), options);
      expect(diffIds).toHaveLength(4);
      expect([diffIds[0], diffIds[1], diffIds[3]]).toEqual([own.diffDigest, own.diffDigest, own.diffDigest]);
      const { stdout } = await skopeo(["inspect", "--config", `oci:${layout("linked").text}`]);
      const { history } = JSON.parse(stdout) as { history: { created_by: string }[] };
      expect(history.map(({ created_by }) => created_by)).toEqual(["/bin/sh", "before", "/bin/sh", "after"]);
    });

    it("a registry that BUILD_REGISTRY_SOURCES blocks is refused before anything is read", async () => {
      const { store, state } = workshop;
      const { docker } = await import("@drayage/transport-docker");
      const env = { BUILD_REGISTRY_SOURCES: '{"blockedRegistries":["example.com"]}' };
      const to = place(docker(), "//example.com/a:1");
      const refused = commitContainer(store, await state("work"), to, { ...common, env });
      await expect(refused).rejects.toThrow(
        'commit to registry at "example.com" denied by policy: it is in the blocked registries list',
      );
    });

    it("a process that is ended at any time leaves no half image", async () => {
      const bundle = mkdtempSync(join(tmpdir(), "drayage-"));
      try {
        const worker = join(import.meta.dirname, "..", "support", "commit-worker.ts");
        const program = await bundleForNode(worker, bundle);
        const { store, at, buildah: tool } = workshop;
        expect((await store.read()).unreferencedLayers()).toEqual([]);
        for (let round = 0; round < 5; round += 1) {
          const args = [program, sysBase(), at("root"), at("run"), driver, "work", `${at("out")}:x`];
          const env = { ...process.env, TMPDIR: temporary };
          const child: ChildProcess = spawn(process.execPath, args, {
            env,
            stdio: ["ignore", "pipe", "inherit"],
          });
          const ended = once(child, "exit");
          if (child.stdout === null) throw new Error("it has an output");
          await once(child.stdout, "data");
          await delay(round * 37);
          child.kill(round === 3 ? "SIGINT" : "SIGKILL");
          await ended;
          expect(readdirSync(temporary)).toEqual([]);
          const { findings } = await store.check();
          // What a dead process has unpacked is a file, or a layer that says that it is incomplete: it goes with the next change.
          const isExpected = ({ kind, code }: Finding) => kind === "file" || code === "layer-incomplete";
          expect(findings.filter((finding) => !isExpected(finding))).toEqual([]);
        }
        // What is there is whole: buildah reads it.
        for (const image of (await store.read()).images) await tool(["inspect", "--type", "image", image.id]);
        // Layers are there before their image is: between the two, a killed process leaves layers.
        await store.prune({ layers: true });
        const view = await store.read();
        expect(view.unreferencedLayers()).toEqual([]);
        for (const image of view.images) expect(view.imageLayers(image)).not.toEqual([]);
      } finally {
        rmSync(bundle, { recursive: true, force: true });
      }
    }, 120_000);
  });
}
