import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HandMadeLayout, named, putImage, treeOf } from "@drayage-internal/fixtures/layouts";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ociDir } from "../src/index.ts";

const transport = ociDir();

describeWithPeers("oci-dir: with its peers", ["skopeo", "umoci"], (peers) => {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const skopeo = (...args: string[]): string => run(peers.skopeo, "--insecure-policy", ...args);
  const umoci = (...args: string[]): string => run(peers.umoci, ...args);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "drayage-"));
    umoci("init", "--layout", at("in"));
    for (const name of ["a", "b"]) {
      umoci("new", "--image", `${at("in")}:${name}`);
      writeFileSync(at(name), `file of ${name}`);
      umoci("insert", "--rootless", "--image", `${at("in")}:${name}`, at(name), `/${name}`);
    }
    // umoci's blobs are for their owner only, and skopeo leaves a manifest's mode as it finds it.
    run("chmod", "-R", "u=rwX,go=rX", at("in"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function copy(from: string, to: string, options = {}): Promise<void> {
    await using input = await transport.openSource?.(transport.parse(from));
    await using output = await transport.openDestination?.(transport.parse(to), options);
    if (!input || !output) throw new Error("it should read and write");
    await putImage(input, output);
    await output.commit();
  }

  /** Does the same copies by both, into `ours` and `theirs`. */
  async function both(copies: readonly (readonly [from: string, to: string])[]): Promise<void> {
    for (const [from, to] of copies) {
      skopeo("copy", "-q", "--all", `oci:${at("in")}${from}`, `oci:${at("theirs")}${to}`);
      await copy(`${at("in")}${from}`, `${at("ours")}${to}`);
      expect(treeOf(at("ours"))).toEqual(treeOf(at("theirs")));
    }
  }

  it("a copy has the files, bytes and modes of skopeo's", async () => {
    await both([[":a", ":latest"]]);
    await both([[":a", ""]]);
  });

  it("names that collide, return or are absent leave the index.json that skopeo leaves", async () => {
    await both([
      [":a", ":v1"],
      [":a", ":v2"],
      [":b", ":v2"],
      [":b", ""],
      [":a", ":v2"],
      [":a", ":docker.io/library/x:1.0"],
      [":b", ":v1"],
      [":b", ""],
    ]);
  });

  it("a copy into umoci's layout, and what other tools wrote in it, is as skopeo's", async () => {
    for (const place of ["ours", "theirs"]) run("cp", "-a", at("in"), at(place));
    await both([
      [":a", ":b"],
      [":b", ":new"],
    ]);
  });

  it("index.json keeps what skopeo keeps, in its order", async () => {
    for (const place of ["ours", "theirs"]) {
      run("cp", "-a", at("in"), at(place));
      const index = JSON.parse(readFileSync(at(place, "index.json"), "utf8"));
      index.manifests[0].platform = {
        variant: "v1",
        os: "linux",
        "os.features": ["a"],
        architecture: "amd64",
      };
      index.manifests[0].annotations = { ...index.manifests[0].annotations, z: "<&>\u2028é", A: "1" };
      index.manifests[0].urls = ["https://example.com/a?b&c"];
      index.manifests[0].artifactType = "application/x";
      index.manifests[0].data = "e30=";
      index.annotations = { b: "2", a: "1" };
      index.mediaType = "application/vnd.oci.image.index.v1+json";
      writeFileSync(at(place, "index.json"), JSON.stringify(index, undefined, 1));
    }
    await both([[":b", ":new"]]);
    expect(JSON.parse(readFileSync(at("ours", "index.json"), "utf8")).manifests[0].platform.variant).toBe(
      "v1",
    );
  });

  it("an index is copied with all its images as skopeo does it", async () => {
    const layout = new HandMadeLayout(at("in"));
    const images = ["amd64", "arm64"].map((architecture) =>
      layout.image([architecture], { platform: { architecture, os: "linux" } }),
    );
    layout.index([layout.images(images, named("all"))]);
    // skopeo compresses what is not: only what keeps its digests can be compared.
    skopeo(
      "copy",
      "-q",
      "--all",
      "--dest-oci-accept-uncompressed-layers",
      `oci:${at("in")}:all`,
      `oci:${at("theirs")}:all`,
    );
    await copy(`${at("in")}:all`, `${at("ours")}:all`);
    expect(treeOf(at("ours"))).toEqual(treeOf(at("theirs")));
  });

  it("a shared blob folder is filled as skopeo fills it", async () => {
    skopeo(
      "copy",
      "-q",
      "--dest-shared-blob-dir",
      at("shared1"),
      `oci:${at("in")}:a`,
      `oci:${at("theirs")}:a`,
    );
    await copy(`${at("in")}:a`, `${at("ours")}:a`, { sharedBlobDir: at("shared2") });
    expect(treeOf(at("ours"))).toEqual(treeOf(at("theirs")));
    expect(treeOf(at("shared2"))).toEqual(treeOf(at("shared1")));
  });

  it("skopeo and umoci read what was written, and we read what they wrote", async () => {
    await copy(`${at("in")}:a`, `${at("ours")}:a`);
    expect(skopeo("inspect", "--raw", `oci:${at("ours")}:a`)).toBe(
      skopeo("inspect", "--raw", `oci:${at("in")}:a`),
    );
    skopeo("copy", "-q", `oci:${at("ours")}:a`, `dir:${at("dir")}`);
    umoci("unpack", "--rootless", "--image", `${at("ours")}:a`, at("bundle"));
    expect(readFileSync(at("bundle", "rootfs", "a"), "utf8")).toBe("file of a");
    umoci("gc", "--layout", at("ours"));
    expect(await transport.listTags?.(transport.parse(at("in")))).toEqual(
      umoci("ls", "--layout", at("in")).trim().split("\n"),
    );
  });

  it("after a deletion umoci finds no garbage, and reads the others", async () => {
    mkdirSync(at("x"));
    await copy(`${at("in")}:a`, `${at("ours")}:a`);
    await copy(`${at("in")}:b`, `${at("ours")}:b`);
    await transport.deleteImage?.(transport.parse(`${at("ours")}:a`));
    const before = treeOf(at("ours"));
    umoci("gc", "--layout", at("ours"));
    expect(treeOf(at("ours"))).toEqual(before);
    await copy(`${at("in")}:b`, `${at("only")}:b`);
    expect(treeOf(at("ours"))).toEqual(treeOf(at("only")));
    umoci("unpack", "--rootless", "--image", `${at("ours")}:b`, at("bundle"));
  });
});
