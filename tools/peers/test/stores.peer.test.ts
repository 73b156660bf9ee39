import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { buildahStore, describeWithPeers, podmanStore, skopeo, temporaryDirectory } from "../src/index.ts";

describeWithPeers("stores of our own", ["buildah", "podman", "skopeo", "root"], () => {
  it("what buildah makes is read by skopeo and podman", async () => {
    const folder = temporaryDirectory();
    const archive = path.join(folder, "image.tar");
    mkdirSync(path.join(folder, "content"));
    writeFileSync(path.join(folder, "content", "hello"), "hello\n");
    const { buildah } = buildahStore(path.join(folder, "buildah"));
    const container = (await buildah(["from", "scratch"])).stdout.trim();
    await buildah(["add", container, path.join(folder, "content"), "/"]);
    await buildah(["commit", "--format", "docker", container, "hello"]);
    await buildah(["push", "hello", `docker-archive:${archive}:example.com/hello:1`]);

    const config = JSON.parse((await skopeo(["inspect", "--config", `docker-archive:${archive}`])).stdout);
    expect(config.rootfs.diff_ids).toHaveLength(1);

    const { podman } = podmanStore(path.join(folder, "podman"));
    await podman(["load", "--input", archive]);
    const listed = await podman(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    expect(listed.stdout.split("\n")).toContain("example.com/hello:1");
  });
});
