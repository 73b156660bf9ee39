import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noLayerCache } from "@drayage/build-context";
import { readTar } from "@drayage/tar";
import dir from "@drayage/transport-dir";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commitContainer } from "../../src/commit/commit-container.ts";
import { firstFiles, openWorkshop, type Workshop } from "./workshop.ts";

const flags = ["--timestamp", "0", "--identity-label=false", "--disable-compression", "--quiet"];

for (const driver of ["overlay", "vfs"] as const) {
  describeWithPeers(`a container with other ids on ${driver}`, ["buildah", "root"], ({ buildah }) => {
    let workshop: Workshop;
    beforeAll(async () => {
      workshop = await openWorkshop(driver, buildah);
      const { buildah: tool, edit } = workshop;
      await tool(["from", "--name", "first", "scratch"]);
      await edit("first", firstFiles);
      await tool(["commit", "--quiet", "first", "localhost/base:1"]);
      const maps = ["--userns-uid-map", "0:100000:65536", "--userns-gid-map", "0:100000:65536"];
      await tool(["from", ...maps, "--name", "mapped", "localhost/base:1"]);
      await edit("mapped", (root) => {
        writeFileSync(join(root, "own"), "own");
        chownSync(join(root, "own"), 100_005, 100_006);
      });
    }, 120_000);
    afterAll(() => workshop[Symbol.asyncDispose]());

    async function commit(name: string, squash: boolean): Promise<readonly string[]> {
      const { store, state, at } = workshop;
      const to = { transport: dir, reference: dir.parse(at(name)), text: at(name) };
      const { diffIds } = await commitContainer(store, await state("mapped"), to, {
        ...{ squash, timestamp: new Date(0), compression: { format: "none" }, identityLabel: false },
        ...{ layerCache: noLayerCache, env: {} },
      });
      return diffIds;
    }

    async function asBuildah(name: string, squash: boolean): Promise<readonly string[]> {
      const { buildah: tool, at } = workshop;
      await tool(["commit", ...flags, ...(squash ? ["--squash"] : []), "mapped", `dir:${at(name)}`]);
      const manifest = JSON.parse(readFileSync(at(name, "manifest.json"), "utf8")) as {
        layers: { digest: string }[];
      };
      return manifest.layers.map(({ digest }) => digest);
    }

    it("what it changed is as from buildah", async () => {
      const diffIds = await commit("changed", false);
      const theirs = await asBuildah("their-changed", false);
      expect(diffIds).toEqual(theirs);
      const top = readFileSync(workshop.at("changed", (diffIds[1] ?? "").slice("sha256:".length)));
      const entries: string[] = [];
      for await (const { header } of readTar([top]))
        entries.push(`${header.name} ${header.uid}:${header.gid}`);
      // On overlay containers get an id-mapped mount, and files have the ids that were set through another.
      expect(entries).toEqual([driver === "vfs" ? "own 5:6" : "own 100005:100006"]);
    });

    it("squashed, it is as from buildah", async () => {
      expect(await commit("squashed", true)).toEqual(await asBuildah("their-squashed", true));
      expect(await workshop.store.mounts()).toEqual([]);
    });
  });
}
