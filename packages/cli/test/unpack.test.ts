import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";
import { randomImage, type SampleImage, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dray, type Ran, type RunOptions, testFolder } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const image = `oci-dir:${at("layout")}:app`;
const mtime = { seconds: 1_600_000_000, nanoseconds: 0 };
let place: string;
let count = 0;

function tar(file: string, entries: readonly (readonly [TarEntryInput, string?])[]): string {
  const parts = entries.flatMap(([header, content = ""]) => [
    encodeTarHeader({ mode: 0o644, mtime, ...header, size: content.length }),
    Buffer.from(content),
    tarPadding(content.length),
  ]);
  writeFileSync(at(file), Buffer.concat([...parts, tarEnd()]));
  return at(file);
}

beforeAll(async () => {
  const base = tar("base.tar", [
    [{ name: "etc/", mode: 0o750 }],
    [{ name: "etc/hosts" }, "127.0.0.1"],
    [{ name: "etc/motd" }, "welcome"],
    [{ name: "bin/tool", mode: 0o4755 }, "#!"],
    [{ name: "etc/link", type: "symlink", linkname: "/bin/tool", mode: 0o777 }],
  ]);
  const top = tar("top.tar", [[{ name: "etc/motd" }, "hello"], [{ name: "etc/.wh.hosts" }]]);
  expect((await dray(["copy", "-q", `tarball:${base}:${top}`, image])).status).toBe(0);
});

beforeEach(() => {
  place = at(`place-${count++}`);
  mkdirSync(place);
});

const unpack = (from: string, to: string, argv: readonly string[] = [], options?: RunOptions): Promise<Ran> =>
  dray(["unpack", "-q", ...argv, from, to], { env: { HOME: folder }, ...options });

/** Writes the first sample image with something else in its config. */
async function writeWithConfig(target: string, change: (config: Config) => object): Promise<void> {
  const sample: SampleImage = await randomImage({ seed: "unpack", layers: 2 });
  const config = change(JSON.parse(Buffer.from(sample.config.bytes).toString()) as Config);
  const bytes = Buffer.from(JSON.stringify(config));
  const descriptor = { ...sample.config.descriptor, digest: digestBytes(bytes), size: bytes.length };
  const document = { ...JSON.parse(Buffer.from(sample.manifest.bytes).toString()), config: descriptor };
  const manifest = Buffer.from(JSON.stringify(document));
  const oci = ociDir();
  await using destination = await oci.openDestination(oci.parse(target.slice("oci-dir:".length)));
  await writeImage(destination, {
    ...sample,
    config: { bytes, descriptor },
    manifest: { bytes: manifest, mediaType: mediaTypes.ociManifest, digest: digestBytes(manifest) },
  });
}

interface Config {
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

describe("dray unpack", () => {
  it("makes a folder of an image's layers, as a container would see them", async () => {
    const root = join(place, "rootfs");
    expect(await unpack(image, root)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(readdirSync(root).sort()).toEqual(["bin", "etc"]);
    expect(readdirSync(join(root, "etc")).sort()).toEqual(["link", "motd"]);
    expect(readFileSync(join(root, "etc", "motd"), "utf8")).toBe("hello");
    expect(readlinkSync(join(root, "etc", "link"))).toBe("/bin/tool");
    expect(lstatSync(join(root, "bin", "tool")).mode & 0o7777).toBe(0o4755);
    expect(lstatSync(join(root, "etc")).mode & 0o7777).toBe(0o750);
    expect(lstatSync(join(root, "etc", "motd")).mtimeMs).toBe(mtime.seconds * 1000);
    expect(lstatSync(root).mode & 0o7777).toBe(0o755);
    expect(readdirSync(place)).toEqual(["rootfs"]);
  });

  it("fills a folder that is there and empty", async () => {
    const root = join(place, "rootfs");
    mkdirSync(root, { mode: 0o700 });
    expect(await unpack(image, `${root}/`)).toMatchObject({ status: 0 });
    expect(readdirSync(root).sort()).toEqual(["bin", "etc"]);
  });

  it("refuses a folder that is not empty, what is no folder, and the folder that one is in", async () => {
    writeFileSync(join(place, "file"), "mine");
    for (const [target, why] of [
      [place, "is not empty"],
      [join(place, "file"), "is no folder"],
      [".", "is the current folder, or above it"],
      ["..", "is the current folder, or above it"],
      ["/", "is the current folder, or above it"],
    ] as const) {
      const { status, stderr } = await unpack(image, target);
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: `dray: ${JSON.stringify(target)} ${why}; name a folder that is not there yet\n`,
      });
    }
    expect(readdirSync(place)).toEqual(["file"]);
    expect((await unpack(image, join(place, "absent", "rootfs"))).status).toBe(1);
  });

  it("leaves nothing where the layers are not those of the config", async () => {
    const wrong = `oci-dir:${join(place, "layout")}:wrong`;
    await writeWithConfig(wrong, (config) => ({
      ...config,
      rootfs: { type: "layers", diff_ids: config.rootfs.diff_ids.toReversed() },
    }));
    const { status, stderr } = await unpack(wrong, join(place, "rootfs"));
    expect(status).toBe(1);
    expect(stderr).toMatch(/hash|digest/);
    expect(readdirSync(place)).toEqual(["layout"]);
    const few = `oci-dir:${join(place, "layout")}:few`;
    await writeWithConfig(few, (config) => ({
      ...config,
      rootfs: { type: "layers", diff_ids: config.rootfs.diff_ids.slice(1) },
    }));
    expect((await unpack(few, join(place, "rootfs"))).stderr).toContain(
      "the config is of 1 layers, the manifest has 2",
    );
    expect(readdirSync(place)).toEqual(["layout"]);
  });

  it("leaves nothing where it is interrupted, or a layer is damaged", async () => {
    const controller = new AbortController();
    const running = unpack(image, join(place, "rootfs"), [], { signal: controller.signal });
    controller.abort();
    expect((await running).status).toBe(130);
    const bad = tar("bad.tar", [[{ name: "closed/", mode: 0o500 }], [{ name: "closed/file" }, "content"]]);
    chmodSync(bad, 0o600);
    const damaged = `oci-dir:${join(place, "layout")}:bad`;
    expect((await dray(["copy", "-q", `tarball:${bad}`, damaged])).status).toBe(0);
    const blobs = join(place, "layout", "blobs", "sha256");
    const largest = readdirSync(blobs).sort(
      (a, b) => lstatSync(join(blobs, b)).size - lstatSync(join(blobs, a)).size,
    );
    for (const name of largest) {
      const bytes = readFileSync(join(blobs, name));
      // The layer is the one blob that is no JSON.
      if (bytes[0] === "{".charCodeAt(0)) continue;
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(blobs, name), bytes);
    }
    expect((await unpack(damaged, join(place, "rootfs"))).status).toBe(1);
    expect(readdirSync(place)).toEqual(["layout"]);
  });

  it("takes nothing that the trust policy refuses", async () => {
    writeFileSync(join(place, "policy.json"), '{"default":[{"type":"reject"}]}');
    const { status, stderr } = await unpack(image, join(place, "rootfs"), [
      "--policy",
      join(place, "policy.json"),
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain("rejected");
    expect(existsSync(join(place, "rootfs"))).toBe(false);
    expect(readdirSync(place)).toEqual(["policy.json"]);
  });

  it("tells of each layer while it is on its way", async () => {
    const { stderr, status } = await dray(["unpack", "--progress", "lines", image, join(place, "rootfs")]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^(?:Unpacking blob sha256:[0-9a-f]{64}\n){2}$/);
  });

  it.runIf(process.getuid?.() === 0)("as root sets owners, and with --rootless does not", async () => {
    const owned = tar("owned.tar", [
      [{ name: "file", uid: 1234, gid: 77 }, "x"],
      [{ name: "device", type: "character", devmajor: 1, devminor: 3 }],
    ]);
    const source = `oci-dir:${join(place, "layout")}:owned`;
    expect((await dray(["copy", "-q", `tarball:${owned}`, source])).status).toBe(0);
    await unpack(source, join(place, "root"));
    const { uid, gid } = lstatSync(join(place, "root", "file"));
    expect({ uid, gid }).toEqual({ uid: 1234, gid: 77 });
    expect(lstatSync(join(place, "root", "device")).isCharacterDevice()).toBe(true);
    const { stderr } = await unpack(source, join(place, "own"), ["--rootless"]);
    expect(stderr).toContain("devices were left out, as only root can make them: 1");
    expect(lstatSync(join(place, "own", "file")).uid).toBe(0);
    expect(existsSync(join(place, "own", "device"))).toBe(false);
  });
});
