import { join } from "node:path";
import { randomIndex, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import { beforeAll, describe, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const index = `oci-dir:${join(folder, "layout")}:multi`;

beforeAll(async () => {
  const platforms = ["amd64", "arm64", "s390x"].map((architecture) => ({ architecture, os: "linux" }));
  const transport = ociDir();
  const destination = await transport.openDestination(transport.parse(`${join(folder, "layout")}:multi`));
  await writeImage(destination, await randomIndex({ seed: 1, platforms, layers: 1 }));
  await destination.close();
});

/** The platforms that an image's place has, as inspect lists them. */
async function platformsOf(image: string): Promise<readonly string[]> {
  const { stdout } = await dray(["inspect", image]);
  const { Platforms } = JSON.parse(stdout) as { Platforms: { Platform: string }[] };
  return Platforms.map(({ Platform }) => Platform);
}

describe("an index of three platforms", () => {
  it("is shown as what it is, and no platform is guessed", async () => {
    expect(await platformsOf(index)).toEqual(["linux/amd64", "linux/arm64", "linux/s390x"]);
    const { status, stderr } = await dray(["inspect", "--config", index]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/--platform: linux\/amd64, linux\/arm64, linux\/s390x\n$/);
  });

  it("of one image is said to be for another platform than was asked for", async () => {
    const alone = `oci-dir:${join(folder, "alone")}:mini`;
    await dray(["copy", "-q", "--platform", "linux/amd64", index, alone]);
    const warning = `dray: warning: the platform of ${alone} is linux/amd64, not linux/arm64, and there is no other\n`;
    const to = `dir:${join(folder, "other")}`;
    for (const wish of [
      ["--platform", "linux/arm64"],
      ["--override-arch", "arm64"],
    ]) {
      expect(await dray(["copy", "-q", ...wish, alone, to])).toMatchObject({ status: 0, stderr: warning });
    }
    const silent = { status: 0, stderr: "" };
    expect(await dray(["copy", "-q", "--platform", "linux/amd64", alone, to])).toMatchObject(silent);
    expect(await dray(["copy", "-q", alone, to])).toMatchObject(silent);
    const plan = await dray(["copy", "--dry-run", "--platform", "linux/arm64", alone, to]);
    expect(plan.stdout).toContain("the image is for linux/amd64, not for linux/arm64");
  });

  it("without an image for a platform names each that it has once, and that which it lacks", async () => {
    const missing = await dray(["inspect", "--platform", "linux/riscv64", index]);
    expect(missing).toMatchObject({ status: 1, stdout: "" });
    expect(missing.stderr).toContain(
      "the index has no image for linux/riscv64; it has linux/amd64, linux/arm64, linux/s390x",
    );
  });

  it("is inspected for one platform, under that image's own digest", async () => {
    const { stdout } = await dray(["inspect", "--platform", "linux/s390x", index]);
    const inspected = JSON.parse(stdout) as { Architecture: string; Digest: string; RepoTags: string[] };
    const raw = await dray(["inspect", "--raw", "--platform", "linux/s390x", index]);
    expect(inspected).toMatchObject({ Architecture: "s390x", RepoTags: ["multi"] });
    const copied = await dray([
      "copy",
      "-q",
      "--json",
      "--platform",
      "linux/s390x",
      index,
      `dir:${join(folder, "s390x")}`,
    ]);
    expect((JSON.parse(copied.stdout) as { digest: string }).digest).toBe(inspected.Digest);
    expect((await dray(["inspect", "--raw", `dir:${join(folder, "s390x")}`])).stdout).toBe(raw.stdout);
  });

  it("gives one platform as an image, also to a place that takes no index", async () => {
    const archive = `docker-archive:${join(folder, "arm.tar")}:app:1`;
    expect(await dray(["copy", "-q", "--platform", "linux/arm64", index, archive])).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect((await dray(["inspect", "-f", "{{.Architecture}}", archive])).stdout).toBe("arm64\n");
    expect(
      (
        await dray([
          "copy",
          "-q",
          "--platform",
          "linux/amd64,linux/arm64",
          index,
          `docker-archive:${join(folder, "two.tar")}`,
        ])
      ).status,
    ).toBe(1);
  });

  it("gives several platforms as an index of those alone, which is whole", async () => {
    const two = `oci-dir:${join(folder, "two")}:multi`;
    expect((await dray(["copy", "-q", "--platform", "linux/amd64,linux/arm64", index, two])).status).toBe(0);
    expect(await platformsOf(two)).toEqual(["linux/amd64", "linux/arm64"]);
    expect((await dray(["validate", "-q", two])).status).toBe(0);
  });

  it("keeps all of its entries with --sparse keep and with --preserve-digests", async () => {
    const flags = [["--sparse", "keep"], ["--preserve-digests"]];
    for (const [number, kept] of flags.entries()) {
      const place = `oci-dir:${join(folder, `sparse-${number}`)}:multi`;
      expect(
        (await dray(["copy", "-q", ...kept, "--platform", "linux/amd64,linux/arm64", index, place])).status,
      ).toBe(0);
      expect((await dray(["inspect", "--raw", place])).stdout).toBe(
        (await dray(["inspect", "--raw", index])).stdout,
      );
    }
  });

  it("is copied whole with --all, and for this machine by default", async () => {
    const all = `dir:${join(folder, "all")}`;
    expect((await dray(["copy", "-q", "--all", index, all])).status).toBe(0);
    expect((await dray(["inspect", "--raw", all])).stdout).toBe(
      (await dray(["inspect", "--raw", index])).stdout,
    );
    const one = await dray(["--override-arch", "arm64", "copy", "-q", index, `dir:${join(folder, "one")}`]);
    expect(one.status).toBe(0);
    expect((await dray(["inspect", "-f", "{{.Architecture}}", `dir:${join(folder, "one")}`])).stdout).toBe(
      "arm64\n",
    );
  });
});
