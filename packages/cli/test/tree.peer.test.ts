import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildahStore, describeWithPeers, podmanStore } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

describeWithPeers("images that were built on each other", ["podman", "buildah"], () => {
  const folder = testFolder();
  const { podman } = podmanStore(folder);
  const { buildah } = buildahStore(folder);
  const context = join(folder, "context");
  const place = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
  const env = { HOME: join(folder, "home"), CONTAINERS_REGISTRIES_CONF: join(folder, "registries.conf") };

  async function build(name: string, ...lines: readonly string[]): Promise<void> {
    writeFileSync(join(context, "Containerfile"), `${lines.join("\n")}\n`);
    await buildah(["build", "--layers", "--timestamp", "0", "--tag", name, context]);
  }

  beforeAll(async () => {
    mkdirSync(context);
    for (const name of ["a", "b", "c"]) writeFileSync(join(context, name), name.repeat(1000));
    writeFileSync(join(folder, "registries.conf"), "");
    await build("localhost/one:1", "FROM scratch", "COPY a /a", "COPY b /b");
    await build("localhost/two:1", "FROM localhost/one:1", "COPY c /c", "LABEL x=y");
    await build("localhost/three:1", "FROM localhost/one:1", "COPY a /b", "COPY b /c");
    await build("localhost/four:1", "FROM localhost/three:1", "COPY c /x");
    await build("localhost/five:1", "FROM localhost/three:1", "COPY c /y", "COPY c /z");
    await build("localhost/empty:1", "FROM scratch", "LABEL x=y");
    await podman(["tag", "localhost/two:1", "quay.io/me/two:2"]);
  }, 120_000);
  afterAll(() => rmSync(join(folder, "root"), { recursive: true, force: true }));

  it.each([
    ["one:1"],
    ["two:1"],
    ["two:2"],
    ["five:1"],
    ["empty:1"],
    ["--whatrequires", "one:1"],
    ["--whatrequires", "three:1"],
    ["--whatrequires", "four:1"],
    ["--whatrequires", "empty:1"],
  ])("dray tree %s %s prints what podman image tree prints", async (...argv) => {
    const theirs = (await podman(["image", "tree", ...argv])).stdout;
    const ours = await dray(["tree", ...place, ...argv], { env });
    expect(ours).toMatchObject({ status: 0, stderr: "" });
    // podman ends with an empty line.
    expect(ours.stdout).toBe(`${theirs.trimEnd()}\n`);
  });

  it("what podman built has the names that podman knows it by", async () => {
    const id = (await podman(["images", "--quiet", "--no-trunc", "two:1"])).stdout
      .trim()
      .slice("sha256:".length);
    for (const name of ["two:1", "localhost/two:1", "quay.io/me/two:2", id.slice(0, 12)]) {
      const { stdout } = await dray(["ls", ...place, `${name}:/`], { env });
      expect(stdout).toBe("a\nb\nc\n");
      expect((await dray(["cat", ...place, `${name}:/c`], { env })).stdout).toBe("c".repeat(1000));
      const { stdout: inspected } = await dray(["inspect", ...place, "--format", "{{.Labels.x}}", name], {
        env,
      });
      expect(inspected).toBe("y\n");
    }
  });
});
