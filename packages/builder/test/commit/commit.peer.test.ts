import { readFileSync } from "node:fs";
import { noLayerCache } from "@drayage/build-context";
import dir from "@drayage/transport-dir";
import dockerArchive from "@drayage/transport-docker-archive";
import ociDir from "@drayage/transport-oci-dir";
import { describeWithPeers, skopeo } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommitOptions } from "../../src/builder.ts";
import { commitContainer } from "../../src/commit/commit-container.ts";
import { openContainerSource } from "../../src/commit/container-source.ts";
import { type DriverName, firstFiles, moreFiles, openWorkshop, type Workshop } from "./workshop.ts";

/** What is the same in every comparison: no label of who built it, what buildah 1.28 says of the container, and nothing compressed. */
const common: CommitOptions = {
  emptyBase: true,
  identityLabel: false,
  containerIdentity: true,
  compression: { format: "none" },
  layerCache: noLayerCache,
  env: {},
};
const epoch = new Date(0);

interface Sample {
  readonly name: string;
  readonly flags: readonly string[];
  readonly options: CommitOptions;
}

const samples: readonly Sample[] = [
  { name: "oci", flags: ["--timestamp", "0"], options: { timestamp: epoch } },
  {
    name: "docker",
    flags: ["--timestamp", "0", "--format", "docker"],
    options: { timestamp: epoch, format: "docker" },
  },
  {
    name: "another time",
    flags: ["--timestamp", "1600000000"],
    options: { timestamp: new Date(1_600_000_000_000) },
  },
  {
    name: "squashed oci",
    flags: ["--timestamp", "0", "--squash"],
    options: { timestamp: epoch, squash: true },
  },
  {
    name: "squashed docker",
    flags: ["--timestamp", "0", "--squash", "--format", "docker"],
    options: { timestamp: epoch, squash: true, format: "docker" },
  },
  {
    name: "without history",
    flags: ["--timestamp", "0", "--omit-history"],
    options: { timestamp: epoch, omitHistory: true },
  },
  {
    name: "without history, docker",
    flags: ["--timestamp", "0", "--omit-history", "--format", "docker"],
    options: { timestamp: epoch, omitHistory: true, format: "docker" },
  },
  {
    name: "without a variable",
    flags: ["--timestamp", "0", "--unsetenv", "FOO"],
    options: { timestamp: epoch, unsetEnv: ["FOO"] },
  },
];

for (const driver of ["overlay", "vfs"] satisfies DriverName[]) {
  describeWithPeers(
    `commit on ${driver}: as buildah commits`,
    ["buildah", "skopeo", "root"],
    ({ buildah }) => {
      let workshop: Workshop;
      beforeAll(async () => {
        workshop = await openWorkshop(driver, buildah);
        const { buildah: tool, edit, at } = workshop;
        await tool(["from", "--name", "first", "scratch"]);
        await edit("first", firstFiles);
        await tool(["config", "--env", "FOO=bar", "--env", "PATH=/bin", "--cmd", "sh -c 'a & b'", "first"]);
        await tool(["commit", "--quiet", "first", "localhost/base:1"]);
        await tool(["from", "--name", "second", "localhost/base:1"]);
        await edit("second", moreFiles);
        const config = ["--label", "a=<b>", "--author", "Ann & Bob", "--annotation", "x.y=z"];
        await tool(["config", ...config, "--history-comment", "said ", "--add-history", "second"]);
        await tool(["from", "--name", "named-by-id", await tool(["images", "-q", "--no-trunc", "base:1"])]);
        await edit("named-by-id", moreFiles);
        await tool(["push", "--quiet", "localhost/base:1", `dir:${at("pushed")}`]);
      });
      afterAll(() => workshop[Symbol.asyncDispose]());

      const read = (folder: string): { manifest: string; config: string } => {
        const manifest = readFileSync(workshop.at(folder, "manifest.json"), "utf8");
        const { config } = JSON.parse(manifest) as { config: { digest: string } };
        return {
          manifest,
          config: readFileSync(workshop.at(folder, config.digest.slice("sha256:".length)), "utf8"),
        };
      };

      describe.each(["first", "second", "named-by-id"])("of the container %s", (container) => {
        it.each(samples)(
          "$name: the same config, history, layers and manifest",
          async ({ name, flags, options }) => {
            const theirs = `theirs ${container} ${name}`;
            const ours = `ours ${container} ${name}`;
            const { buildah: tool, state, store, at } = workshop;
            const fixed = ["--quiet", "--identity-label=false", "--disable-compression"];
            await tool(["commit", ...fixed, ...flags, container, `dir:${at(theirs)}`]);
            const to = { transport: dir, reference: dir.parse(at(ours)), text: `dir:${at(ours)}` };
            const committed = await commitContainer(store, await state(container), to, {
              ...common,
              ...options,
            });
            expect(read(ours).config).toBe(read(theirs).config);
            expect(read(ours).manifest).toBe(read(theirs).manifest);
            expect(committed.diffIds).toEqual(
              (JSON.parse(read(theirs).config) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids,
            );
          },
        );
      });

      it.each([
        ["docker", "oci"],
        ["oci", "docker-archive"],
      ] as const)("the format %s becomes the same config in %s", async (format, scheme) => {
        const { buildah: tool, state, store, at } = workshop;
        const fixed = ["--quiet", "--identity-label=false", "--timestamp", "0", "--format", format];
        const name = scheme === "oci" ? "x" : "localhost/x:1";
        await tool(["commit", ...fixed, "second", `${scheme}:${at(`theirs-${scheme}`)}:${name}`]);
        const transport = scheme === "oci" ? ociDir : dockerArchive;
        const text = `${at(`ours-${scheme}`)}:${name}`;
        const to = { transport, reference: transport.parse(text), text };
        await commitContainer(store, await state("second"), to, { ...common, timestamp: epoch, format });
        const config = async (whose: string): Promise<string> =>
          (await skopeo(["inspect", "--config", "--raw", `${scheme}:${at(`${whose}-${scheme}`)}:${name}`]))
            .stdout;
        expect(await config("ours")).toBe(await config("theirs"));
      });

      it("a source of the container is the same image", async () => {
        const { buildah: tool, state, store, at } = workshop;
        await tool([
          "commit",
          "--quiet",
          "--identity-label=false",
          "--timestamp",
          "0",
          "second",
          `dir:${at("other")}`,
        ]);
        await using source = await openContainerSource(store, await state("second"), {
          ...common,
          timestamp: epoch,
        });
        const { bytes } = await source.manifest();
        expect(new TextDecoder().decode(bytes)).toBe(read("other").manifest);
      });
    },
  );
}
