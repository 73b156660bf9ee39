import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { type FixtureImage, realImage, realImageNeeds } from "@drayage-internal/fixtures";
import { describeWithPeers, podmanStore, run, runPeer, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, expect, it } from "vitest";
import { dray } from "../src/dray.ts";
import { type Identity, identityBySkopeo } from "../src/identity.ts";

const minutes = 60_000;

describeWithPeers(
  "a real image of three layers and about 380 MB",
  [...realImageNeeds, "skopeo", "umoci", "podman", "tar"],
  (peers) => {
    const folder = temporaryDirectory();
    let image: FixtureImage;
    let first: string;
    let identity: Identity;
    const stations = [
      { dray: `oci-dir:${folder}/layout:real`, skopeo: `oci:${folder}/layout:real` },
      { dray: `dir:${folder}/directory`, skopeo: `dir:${folder}/directory` },
      { dray: `oci-archive:${folder}/archive.tar:real`, skopeo: `oci-archive:${folder}/archive.tar:real` },
    ];

    beforeAll(async () => {
      image = await realImage();
      first = `docker-archive:${image.path}:${image.name}`;
      identity = await identityBySkopeo(first);
      expect(identity.diffIds).toHaveLength(3);
      expect(statSync(image.path).size).toBeGreaterThan(350 * 1024 * 1024);
    }, 15 * minutes);

    it(
      "goes through every local transport, and skopeo reads the same config and diffIDs at each",
      async () => {
        const last = `docker-archive:${folder}/last.tar:${image.name}`;
        let previous = first;
        for (const station of [...stations, { dray: last, skopeo: last }]) {
          await dray(["copy", "--quiet", previous, station.dray]);
          expect(await identityBySkopeo(station.skopeo), station.dray).toEqual(identity);
          previous = station.dray;
        }
      },
      5 * minutes,
    );

    it(
      "ends as an archive of the same layers",
      async () => {
        const layers = identity.diffIds.map((diffId) => `${diffId.slice("sha256:".length)}.tar`);
        for (const archive of [image.path, `${folder}/last.tar`]) {
          const { stdout } = await run(peers.tar, ["-tf", archive, ...layers]);
          expect(stdout.trim().split("\n").sort(), archive).toEqual([...layers].sort());
          for (const layer of layers) {
            // In a shell, since the layer is too large to be held as a string.
            const { stdout: sum } = await run("sh", ["-c", 'tar -xOf "$0" "$1" | sha256sum', archive, layer]);
            expect(`${sum.split(" ")[0]}.tar`, archive).toBe(layer);
          }
        }
      },
      5 * minutes,
    );

    it(
      "is valid at every station",
      async () => {
        for (const station of stations) await dray(["validate", "--quiet", station.dray]);
        await dray(["validate", "--quiet", `docker-archive:${folder}/last.tar`]);
      },
      5 * minutes,
    );

    it(
      "is unpacked by umoci",
      async () => {
        await runPeer("umoci", ["unpack", "--image", `${folder}/layout:real`, `${folder}/bundle`]);
        const rootfs = path.join(folder, "bundle/rootfs");
        expect(readFileSync(path.join(rootfs, "etc/drayage/greeting"), "utf8")).toBe("hauled\n");
        expect(existsSync(path.join(rootfs, "usr/bin/dpkg"))).toBe(true);
        expect(existsSync(path.join(rootfs, "srv/node_modules"))).toBe(true);
      },
      5 * minutes,
    );

    it(
      "is loaded by podman",
      async () => {
        const { podman } = podmanStore(path.join(folder, "podman"));
        await podman(["load", "--quiet", "--input", `${folder}/last.tar`]);
        const { stdout } = await podman(["image", "inspect", "--format", "sha256:{{.Id}}", image.name]);
        expect(stdout.trim()).toBe(identity.config);
      },
      5 * minutes,
    );
  },
);
