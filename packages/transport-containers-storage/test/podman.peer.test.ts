import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { readImage, writeImage } from "@drayage/testkit";
import { describeWithPeers, type RunResult, run } from "@drayage-internal/peers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { containersStorage } from "../src/index.ts";
import { driverNames } from "./support/machine.ts";
import { richImage } from "./support/rich-image.ts";
import { removeStore } from "./support/test-store.ts";

for (const driver of driverNames) {
  const needs = ["podman", "buildah", "root"] as const;
  describeWithPeers(
    `containers-storage on ${driver}: with podman and buildah`,
    needs,
    ({ podman, buildah }) => {
      let folder: string;
      const at = (...names: string[]): string => join(folder, ...names);
      const transport = containersStorage();
      const place = (): string => `[${driver}@${at("root")}+${at("run")}]`;

      beforeEach(() => {
        folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
        mkdirSync(at("home", ".config", "containers"), { recursive: true });
        const policy = '{"default":[{"type":"insecureAcceptAnything"}]}\n';
        writeFileSync(at("home", ".config", "containers", "policy.json"), policy);
        writeFileSync(at("home", ".config", "containers", "registries.conf"), "");
      });
      afterEach(() => removeStore(folder));

      function tool(binary: string, args: readonly string[]): Promise<RunResult> {
        const store = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", driver];
        const engine = ["--cgroup-manager", "cgroupfs", "--events-backend", "file", "--tmpdir", at("tmp")];
        const flags = binary === podman ? [...store, ...engine] : store;
        return run(binary, [...flags, ...args], { env: { HOME: at("home"), BUILDAH_ISOLATION: "chroot" } });
      }
      const lines = ({ stdout }: RunResult): readonly string[] => stdout.trim().split("\n");

      it("they list, mount, build on and remove what we stored, and we read what they built", async () => {
        const image = await richImage();
        {
          await using destination = await transport.openDestination(
            transport.parse(`${place()}quay.io/me/rich:1`),
          );
          await writeImage(destination, image);
        }
        const listed = lines(
          await tool(podman, ["images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"]),
        );
        expect(listed).toEqual([`quay.io/me/rich:1 ${image.config.descriptor.digest}`]);

        const [mounted = ""] = lines(await tool(podman, ["image", "mount", "quay.io/me/rich:1"]));
        expect(readFileSync(join(mounted, "added"), "utf8")).toBe("at the top");
        expect(readFileSync(join(mounted, "usr/lib/hidden/new"), "utf8")).toBe("instead");
        await tool(podman, ["image", "umount", "quay.io/me/rich:1"]);

        const [container = ""] = lines(await tool(buildah, ["from", "--pull-never", "quay.io/me/rich:1"]));
        writeFileSync(at("more"), "built upon");
        await tool(buildah, ["copy", container, at("more"), "/more"]);
        await tool(buildah, ["commit", "--quiet", container, "localhost/built:2"]);

        await using source = await transport.openSource(transport.parse(`${place()}localhost/built:2`));
        const read = await readImage(source);
        if (read.kind !== "image") throw new Error("an image was built");
        const tars = read.layers.map(({ bytes }) => digestBytes(bytes));
        expect(tars.slice(0, 3)).toEqual(image.layers.map(({ layer }) => layer.diffId));
        const config = JSON.parse(new TextDecoder().decode(read.config?.bytes)) as {
          rootfs: { diff_ids: string[] };
        };
        expect(tars).toEqual(config.rootfs.diff_ids);

        await tool(buildah, ["rm", container]);
        await tool(podman, ["rmi", "localhost/built:2", "quay.io/me/rich:1"]);
        await expect(
          transport.openSource(transport.parse(`${place()}quay.io/me/rich:1`)),
        ).rejects.toMatchObject({
          code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
        });
      });

      it("an image that a container uses is not deleted", async () => {
        const reference = transport.parse(`${place()}quay.io/me/rich:1`);
        {
          await using destination = await transport.openDestination(reference);
          await writeImage(destination, await richImage());
        }
        const [container = ""] = lines(await tool(buildah, ["from", "--pull-never", "quay.io/me/rich:1"]));
        await expect(transport.deleteImage(reference)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IN_USE" });
        await tool(buildah, ["rm", container]);
        await transport.deleteImage(reference);
        expect(lines(await tool(podman, ["images", "--quiet"]))).toEqual([""]);
      });
    },
  );
}
