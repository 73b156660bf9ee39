import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomImage, randomIndex, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import { describeWithPeers, podmanStore, type RunResult } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray, type Ran } from "./run-dray.ts";

describeWithPeers("dray and podman on one store", ["podman", "root"], () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "drayage-")));
  const at = (...names: string[]): string => join(folder, ...names);
  const { podman } = podmanStore(folder);
  const env = { HOME: at("home"), CONTAINERS_REGISTRIES_CONF: at("registries.conf") };
  const flags = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
  const ours = async ([command = "", ...rest]: readonly string[]): Promise<string> => {
    const ran: Ran = await dray([command, ...flags, ...rest], { env });
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: "" });
    return ran.stdout;
  };
  const theirs = async (args: readonly string[]): Promise<string> => {
    const ran: RunResult = await podman(args);
    return ran.stdout;
  };

  beforeAll(async () => {
    mkdirSync(at("home"), { recursive: true });
    writeFileSync(at("registries.conf"), "");
    const oci = ociDir();
    const index = await randomIndex({ seed: "many" });
    for (const [name, sample] of [
      ["one", await randomImage({ seed: "one" })],
      ["two", await randomImage({ seed: "two", layers: 3 })],
      ["many", index],
    ] as const) {
      await using destination = await oci.openDestination(oci.parse(`${at("oci")}:${name}`));
      await writeImage(destination, sample);
    }
    await ours(["pull", "-q", `oci:${at("oci")}:one`]);
    await ours(["tag", "one", "quay.io/me/one:1"]);
    await ours(["pull", "-q", "--platform", "linux/arm64", `oci:${at("oci")}:many`]);
    await ours(["pull", "-q", `oci:${at("oci")}:two`]);
    await theirs(["tag", "localhost/one", "docker.io/library/short:3"]);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    [["images", "--sort", "repository"]],
    [["images", "--sort", "size", "--noheading"]],
    [["images", "--digests", "--no-trunc", "--sort", "repository"]],
    [["images", "--history", "--sort", "tag"]],
    [["images", "-q", "--sort", "id"]],
    [
      [
        "images",
        "--format",
        "{{.Repository}}:{{.Tag}} {{.ID}} {{.Digest}} {{.Size}} {{.CreatedAt}}",
        "--sort",
        "repository",
      ],
    ],
    [["images", "--format", "table {{.ID}} {{.Repository}}", "--sort", "repository"]],
    [["images", "--filter", "reference=*/me/*", "--sort", "repository"]],
    [["images", "--filter", "label=seed=one", "-q"]],
    [["images", "--filter", "dangling=true", "-q"]],
    [["images", "--filter", "reference=short:*", "--format", "{{.Repository}}"]],
    [["images", "one"]],
  ])("%j prints the same", async (argv) => {
    const expected = (await theirs(argv)).replaceAll("2 years ago", "AGE");
    expect((await ours(argv)).replaceAll("2 years ago", "AGE")).toBe(expected);
  });

  it("images --format json prints the same", async () => {
    const byName = (text: string): unknown[] =>
      (JSON.parse(text) as { Id: string }[]).sort((a, b) => (a.Id < b.Id ? -1 : 1));
    const argv = ["images", "--format", "json"];
    expect(byName(await ours(argv))).toEqual(byName(await theirs(argv)));
    expect(Object.keys(byName(await ours(argv))[0] as object)).toEqual(
      Object.keys(byName(await theirs(argv))[0] as object),
    );
  });

  it("what one names, mounts, saves and removes the other sees", async () => {
    await ours(["tag", "two", "both:1"]);
    expect(await theirs(["image", "exists", "localhost/both:1"])).toBe("");
    const mounted = await ours(["mount", "both:1"]);
    // podman says for a single image what it has mounted already.
    expect(await theirs(["image", "mount", "both:1"])).toBe(mounted);
    await ours(["umount", "both:1"]);
    await theirs(["image", "umount", "both:1"]);
    await ours(["save", "-q", "-o", at("saved.tar"), "both:1"]);
    await theirs(["rmi", "both:1", "localhost/two:latest"]);
    expect(await theirs(["load", "-q", "-i", at("saved.tar")])).toContain("localhost/both:1");
    await theirs(["save", "-q", "-o", at("theirs.tar"), "both:1"]);
    await ours(["rmi", "both:1"]);
    expect(await ours(["load", "-q", "-i", at("theirs.tar")])).toBe("Loaded image: localhost/both:1\n");
    expect(await theirs(["rmi", "both:1"])).toContain("Untagged: localhost/both:1\n");
    expect(await ours(["check"])).toMatch(/^nothing is wrong: /);
  });

  it("info says of the store what podman says", async () => {
    const { store } = JSON.parse(await theirs(["info", "--format", "json"])) as {
      store: Record<string, unknown>;
    };
    const { store: own } = JSON.parse(await ours(["info", "--format", "json"])) as {
      store: Record<string, unknown>;
    };
    for (const name of ["graphDriverName", "graphRoot", "runRoot", "imageStore", "graphRootAllocated"]) {
      expect(own[name]).toEqual(store[name]);
    }
  });
});
