import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomIndex, writeImage } from "@drayage/testkit";
import { putImage, treeOf } from "@drayage-internal/fixtures/layouts";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { dir } from "../src/index.ts";

const transport = dir();

describeWithPeers("dir: with its peers", ["skopeo", "umoci"], (peers) => {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const skopeo = (...args: string[]): string => run(peers.skopeo, "--insecure-policy", ...args);

  async function copy(from: string, to: string): Promise<void> {
    await using input = await transport.openSource?.(transport.parse(from));
    await using output = await transport.openDestination?.(transport.parse(to));
    if (!input || !output) throw new Error("it should read and write");
    await putImage(input, output);
    await output.commit();
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "drayage-"));
    run(peers.umoci, "init", "--layout", at("oci"));
    for (const name of ["a", "b"]) {
      run(peers.umoci, "new", "--image", `${at("oci")}:${name}`);
      writeFileSync(at(name), name);
      run(peers.umoci, "insert", "--rootless", "--image", `${at("oci")}:${name}`, at(name), `/${name}`);
      skopeo("copy", "-q", `oci:${at("oci")}:${name}`, `dir:${at(`in-${name}`)}`);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("a copy, and one that replaces it, has the files, bytes and modes of skopeo's", async () => {
    for (const name of ["in-a", "in-b", "in-a"]) {
      skopeo("copy", "-q", `dir:${at(name)}`, `dir:${at("theirs")}`);
      await copy(at(name), at("ours"));
      expect(treeOf(at("ours"))).toEqual(treeOf(at("theirs")));
    }
  });

  it("an index is copied with all its images as skopeo does it, and skopeo reads it", async () => {
    const index = await randomIndex({ seed: "index", format: "docker", compression: "gzip" });
    const output = await transport.openDestination?.(transport.parse(at("in")));
    if (!output) throw new Error("it should write");
    await writeImage(output, index);
    await output.close();
    skopeo("copy", "-q", "--all", `dir:${at("in")}`, `dir:${at("theirs")}`);
    await copy(at("theirs"), at("ours"));
    expect(treeOf(at("theirs"))).toEqual(treeOf(at("in")));
    expect(treeOf(at("ours"))).toEqual(treeOf(at("in")));
    expect(skopeo("inspect", "--raw", `dir:${at("ours")}`)).toBe(
      new TextDecoder().decode(index.manifest.bytes),
    );
  });

  it("skopeo takes a folder that was written over again, and refuses what we refuse", async () => {
    await copy(at("in-a"), at("ours"));
    skopeo("copy", "-q", `dir:${at("in-b")}`, `dir:${at("ours")}`);
    expect(treeOf(at("ours"))).toEqual(treeOf(at("in-b")));
    mkdirSync(at("other"));
    writeFileSync(at("other", "thesis.txt"), "x");
    expect(() => skopeo("copy", "-q", `dir:${at("in-b")}`, `dir:${at("other")}`)).toThrow(
      "not a containers image directory",
    );
    await expect(copy(at("in-b"), at("other"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_EXISTS",
    });
  });

  it("signatures go both ways", async () => {
    const output = await transport.openDestination?.(transport.parse(at("ours")));
    const input = await transport.openSource?.(transport.parse(at("in-a")));
    if (!output || !input) throw new Error("it should read and write");
    await putImage(input, output);
    // skopeo looks at the first byte only when it copies.
    await output.putSignatures?.([{ format: "simple-signing", bytes: Uint8Array.of(0x90, 0x0d, 1, 2) }]);
    await output.commit();
    skopeo("copy", "-q", `dir:${at("ours")}`, `dir:${at("theirs")}`);
    expect(treeOf(at("theirs"))).toEqual(treeOf(at("ours")));
    const read = await transport.openSource?.(transport.parse(at("theirs")));
    const [signature] = (await read?.signatures?.()) ?? [];
    expect(signature?.format).toBe("simple-signing");
    expect([...(signature?.bytes ?? [])]).toEqual([0x90, 0x0d, 1, 2]);
  });
});
