import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noLayerCache } from "@drayage/build-context";
import { readTar } from "@drayage/tar";
import dir from "@drayage/transport-dir";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CommitOptions } from "../../src/builder.ts";
import { commitContainer } from "../../src/commit/commit-container.ts";
import { openContainerSource } from "../../src/commit/container-source.ts";
import { firstFiles, openWorkshop, type Workshop } from "./workshop.ts";

const seconds = 1_600_000_000;
const common: CommitOptions = {
  ...{ timestamp: new Date(seconds * 1000), compression: { format: "none" }, identityLabel: false },
  ...{ layerCache: noLayerCache, env: {} },
};

for (const driver of ["overlay", "vfs"] as const) {
  describeWithPeers(
    `files that a commit of a container adds, on ${driver}`,
    ["buildah", "root"],
    ({ buildah }) => {
      let workshop: Workshop;
      let addFiles: NonNullable<CommitOptions["addFiles"]>;
      beforeAll(async () => {
        workshop = await openWorkshop(driver, buildah);
        const { buildah: tool, edit, at } = workshop;
        writeFileSync(at("added"), "added");
        chmodSync(at("added"), 0o600);
        addFiles = { "/etc/passwd": at("added"), "/lib/added": at("added"), "/own/below/": at("added") };
        await tool(["from", "--name", "first", "scratch"]);
        await edit("first", (root) => {
          firstFiles(root);
          chmodSync(join(root, "etc"), 0o1777);
          chownSync(join(root, "etc"), 12, 34);
        });
        await tool(["commit", "--quiet", "first", "localhost/base:1"]);
        await tool(["from", "--name", "second", "localhost/base:1"]);
        await edit("second", (root) => {
          mkdirSync(join(root, "own"));
          chmodSync(join(root, "own"), 0o700);
        });
      }, 120_000);
      afterAll(() => workshop[Symbol.asyncDispose]());

      async function layersOf(name: string, options: CommitOptions, container = "second") {
        const { store, state, at } = workshop;
        const to = { transport: dir, reference: dir.parse(at(name)), text: at(name) };
        const { diffIds } = await commitContainer(store, await state(container), to, {
          ...common,
          ...options,
        });
        const layers: (readonly string[])[] = [];
        for (const diffId of diffIds) layers.push(await entriesOf(at(name, diffId.slice("sha256:".length))));
        const manifest = JSON.parse(readFileSync(at(name, "manifest.json"), "utf8")) as {
          config: { digest: string };
        };
        const file = at(name, manifest.config.digest.slice("sha256:".length));
        const { history } = JSON.parse(readFileSync(file, "utf8")) as { history: { created_by: string }[] };
        return { diffIds, layers, history: history.map((entry) => entry.created_by) };
      }

      async function entriesOf(path: string): Promise<readonly string[]> {
        const entries: string[] = [];
        for await (const { header } of readTar([readFileSync(path)])) {
          const { name, mode, uid, gid, mtime } = header;
          entries.push(`${name} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${mtime.seconds}`);
        }
        return entries;
      }

      it("stand in a layer upon its own, which leaves the folders as they are", async () => {
        const plain = await layersOf("plain", {});
        const { diffIds, layers, history } = await layersOf("added-to", { addFiles });
        expect(diffIds.slice(0, -1)).toEqual(plain.diffIds);
        expect(layers.at(-1)).toEqual([
          `etc 1777 12:34 ${seconds}`,
          `etc/passwd 644 0:0 ${seconds}`,
          `own 700 0:0 ${seconds}`,
          `own/below 755 0:0 ${seconds}`,
          `own/below/added 644 0:0 ${seconds}`,
          `usr 755 0:0 ${seconds}`,
          `usr/lib 755 0:0 ${seconds}`,
          `usr/lib/added 644 0:0 ${seconds}`,
        ]);
        expect(history).toEqual([
          ...plain.history,
          `/bin/sh -c #(nop) ADD dir:${diffIds.at(-1)?.slice("sha256:".length)} in /`,
        ]);
        expect((await layersOf("again", { addFiles })).diffIds).toEqual(diffIds);
        await using source = await openContainerSource(workshop.store, await workshop.state("second"), {
          ...common,
          addFiles,
        });
        const { bytes } = await source.manifest();
        const { layers: opened } = JSON.parse(new TextDecoder().decode(bytes)) as {
          layers: { digest: string }[];
        };
        expect(opened.map(({ digest }) => digest)).toEqual(diffIds);
        expect(await workshop.store.mounts()).toEqual([]);
      });

      it("stand without the container's own layer, too", async () => {
        const { layers } = await layersOf("empty", { addFiles, emptyLayer: true });
        expect(layers).toHaveLength(2);
        expect(layers[1]).toContain(`etc/passwd 644 0:0 ${seconds}`);
      });

      it("take the place of what a squashed container has there", async () => {
        const plain = await layersOf("squashed-plain", { squash: true });
        const { layers, history } = await layersOf("squashed", { addFiles, squash: true });
        const more = ["own/below 755 0:0", "own/below/added 644 0:0", "usr/lib/added 644 0:0"];
        expect(layers).toHaveLength(1);
        expect([...(layers[0] ?? [])].sort()).toEqual(
          [...(plain.layers[0] ?? []), ...more.map((entry) => `${entry} ${seconds}`)].sort(),
        );
        expect(history).toEqual(plain.history);
        expect(await workshop.store.mounts()).toEqual([]);
      });

      it("leave folders of a container with other ids to those who have them inside", async () => {
        const { buildah: tool, edit } = workshop;
        const maps = ["--userns-uid-map", "0:100000:65536", "--userns-gid-map", "0:100000:65536"];
        await tool(["from", ...maps, "--name", "mapped", "localhost/base:1"]);
        const { layers } = await layersOf("of-mapped", { addFiles }, "mapped");
        expect(layers.at(-1)).toEqual(
          expect.arrayContaining([`etc 1777 12:34 ${seconds}`, `etc/passwd 644 0:0 ${seconds}`]),
        );
        await edit("mapped", () => undefined);
      });

      it("are in the image as buildah finds it", async () => {
        const { buildah: tool, store, state } = workshop;
        await commitContainer(store, await state("second"), undefined, { ...common, addFiles }).then(
          ({ id }) => tool(["from", "--name", "third", id]),
        );
        const rootfs = await tool(["mount", "third"]);
        expect(readFileSync(join(rootfs, "etc/passwd"), "utf8")).toBe("added");
        expect(readFileSync(join(rootfs, "usr/lib/added"), "utf8")).toBe("added");
        await tool(["umount", "third"]);
      });
    },
  );
}
