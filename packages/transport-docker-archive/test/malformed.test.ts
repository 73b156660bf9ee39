import { symlinkSync, truncateSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { readBlob } from "@drayage/blob";
import { digestHex, parseDigest } from "@drayage/digest";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { archiveOf, item, manifestMember, members, newFile, newPath } from "./archives.ts";
import { image, layerA, layerB, openSource, type TarMember, tar } from "./fixtures.ts";

const two = image([layerA, layerB]);
const [a, b] = two.layers.map(({ diffId }) => digestHex(diffId)) as [string, string];
const good = members(two);
const rest = good.slice(0, -1);

/** The archive with another `manifest.json`. */
function withManifest(data: string | Uint8Array): string {
  return archiveOf([...rest, { name: "manifest.json", data }]);
}

/** The archive with another config. */
function withConfig(data: string | Uint8Array): string {
  return archiveOf(good.map((member) => (member.name === "config.json" ? { ...member, data } : member)));
}

function withLayers(...layers: unknown[]): string {
  return archiveOf([...rest, manifestMember([{ ...item(two), Layers: layers }])]);
}

const configText = Buffer.from(two.config).toString();
const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

describe("a malformed archive is refused", () => {
  it.each<[string, () => string, string, RegExp]>([
    ["no file", newPath, "ERR_DRAYAGE_IMAGE_NOT_FOUND", /there is no such file/],
    ["a directory", temporaryDirectory, "ERR_DRAYAGE_IO", /it is a directory/],
    ["text", () => newFile("hello ".repeat(200)), "ERR_DRAYAGE_ARCHIVE_INVALID", /offset 0/],
    ["nothing", () => newFile(""), "ERR_DRAYAGE_LAYOUT_INVALID", /is no docker archive/],
    [
      "a header that is cut off",
      () => newFile(tar(good).subarray(0, 300)),
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      /ends within/,
    ],
    [
      "data that is cut off",
      () => newFile(tar(good).subarray(0, 9000)),
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      /before the end of the data/,
    ],
    [
      "gzip that is cut off",
      () => newFile(gzipSync(tar(good)).subarray(0, 300)),
      "ERR_DRAYAGE_COMPRESSION_INVALID",
      /truncated|ends|cut/i,
    ],
    [
      "a manifest that is no JSON",
      () => withManifest("[{"),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /manifest.json of .* is not JSON/,
    ],
    [
      "a manifest that is no list",
      () => withManifest("{}"),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /it is not a list of images/,
    ],
    [
      "a manifest of lists in lists",
      () => withManifest(deep),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /image @0 is not an object/,
    ],
    [
      "a manifest of more than 1 MiB",
      () => withManifest(`${" ".repeat(1024 * 1024)}[]`),
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      /"manifest.json" of .* 1048578 bytes/,
    ],
    [
      "an image that is no object",
      () => withManifest("[null]"),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /image @0 is not an object/,
    ],
    [
      "an image without a config",
      () => withManifest("[{}]"),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /image @0 has no Config/,
    ],
    [
      "names that are no list",
      () => withManifest('[{"Config":"config.json","RepoTags":"a"}]'),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /RepoTags of image @0/,
    ],
    ["layers that are no paths", () => withLayers(1), "ERR_DRAYAGE_LAYOUT_INVALID", /Layers of image @0/],
    [
      "a manifest that is a directory",
      () => archiveOf([...rest, { name: "manifest.json/", type: "directory" }]),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /no regular file \(directory\)/,
    ],
    [
      "a config that is not there",
      () => withManifest('[{"Config":"gone"}]'),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /has no file "gone"/,
    ],
    [
      "a config that is no JSON",
      () => withConfig("?"),
      "ERR_DRAYAGE_CONFIG_INVALID",
      /config of image @0 of .* is not JSON/,
    ],
    ["a config without rootfs", () => withConfig("{}"), "ERR_DRAYAGE_CONFIG_INVALID", /it has no rootfs/],
    ["a config that is a list", () => withConfig("[]"), "ERR_DRAYAGE_CONFIG_INVALID", /it has no rootfs/],
    [
      "diffIDs that are no list",
      () => withConfig('{"rootfs":{"diff_ids":{}}}'),
      "ERR_DRAYAGE_CONFIG_INVALID",
      /diff_ids are not a list/,
    ],
    [
      "a diffID that is none",
      () => withConfig(configText.replace(a, "../../etc")),
      "ERR_DRAYAGE_CONFIG_INVALID",
      /diff_ids\[0\] is not a digest/,
    ],
    [
      "a config of more than 4 MiB",
      () => withConfig(" ".repeat(4 * 1024 * 1024) + configText),
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      /"config.json" of/,
    ],
    [
      "fewer layers than diffIDs",
      () => withLayers(`${a}.tar`),
      "ERR_DRAYAGE_CONFIG_INVALID",
      /names 1 layers, its config has 2 diff_ids/,
    ],
    [
      "one file for two layers",
      () => withLayers(`${a}.tar`, `./${a}.tar`),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /stands for two layers/,
    ],
    [
      "a layer that is not there",
      () => withLayers(`${a}.tar`, "gone.tar"),
      "ERR_DRAYAGE_LAYOUT_INVALID",
      /has no file "gone.tar"/,
    ],
  ])("%s", async (_, make, code, message) => {
    const file = make();
    const opening = openSource(file);
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(opening).rejects.toThrow(file);
  });

  it.each<[string, TarMember[], RegExp]>([
    [
      "that leads to itself",
      [{ name: "l", type: "symlink", linkname: "l" }],
      /is a link that leads back to itself/,
    ],
    [
      "in a cycle",
      [
        { name: "l", type: "symlink", linkname: "m" },
        { name: "m", type: "link", linkname: "l" },
      ],
      /leads back to itself/,
    ],
    [
      "to nothing",
      [{ name: "l", type: "symlink", linkname: "/etc/passwd" }],
      /has no file "etc\/passwd", where "l" leads to/,
    ],
    [
      "that leaves the archive",
      [{ name: "l", type: "symlink", linkname: "../../../etc/passwd" }],
      /has no file "..\/..\/..\/etc\/passwd"/,
    ],
    [
      "of a chain",
      Array.from({ length: 12 }, (_, index) => ({
        name: index === 0 ? "l" : `l${index}`,
        type: "symlink" as const,
        linkname: `l${index + 1}`,
      })),
      /more than 8 links/,
    ],
    ["that is a device", [{ name: "l", type: "character" }], /is no regular file \(character\)/],
  ])("a layer %s", async (_, links, message) => {
    const list = [...rest, ...links, manifestMember([{ ...item(two), Layers: [`${a}.tar`, "l"] }])];
    await expect(openSource(archiveOf(list))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LAYOUT_INVALID",
      message: expect.stringMatching(message),
    });
  });

  it("a path of a layer never touches the disk", async () => {
    const folder = temporaryDirectory();
    symlinkSync("/etc/hostname", path.join(folder, "link"));
    for (const file of ["/etc/hostname", path.join(folder, "link"), "../../../../etc/hostname"]) {
      await expect(openSource(withLayers(`${a}.tar`, file))).rejects.toThrow("has no file");
    }
  });

  it("bytes that are not those of the diffID, with both digests", async () => {
    const swapped = [
      { name: `${a}.tar`, data: layerB },
      { name: `${b}.tar`, data: gzipSync(layerA) },
      ...rest.slice(2),
      manifestMember([item(two)]),
    ];
    await using source = await openSource(archiveOf(swapped));
    const layer = { mediaType: "", digest: parseDigest(`sha256:${a}`), size: layerB.length };
    await expect(readBlob(await source.blob(layer), { limit: 1 << 24 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
      message: expect.stringMatching(new RegExp(`${a}.*${b}|${b}.*${a}`)),
    });
    await expect(source.manifest()).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
  });

  it("a compressed layer that is damaged, when its size is asked for", async () => {
    const cut = gzipSync(layerA).subarray(0, 60);
    const list = good.map((member) => (member.name === `${a}.tar` ? { ...member, data: cut } : member));
    await using source = await openSource(archiveOf(list));
    await expect(source.manifest()).rejects.toMatchObject({ code: "ERR_DRAYAGE_COMPRESSION_INVALID" });
  });

  it("a file that is cut off after it was opened", async () => {
    const file = archiveOf(good);
    await using source = await openSource(file);
    truncateSync(file, 5000);
    const layer = { mediaType: "", digest: parseDigest(`sha256:${a}`), size: layerA.length };
    await expect(
      readBlob(await source.blob(layer), { limit: 1 << 24 })
        .then(() => source.blob({ ...layer, digest: parseDigest(`sha256:${b}`), size: layerB.length }))
        .then((blob) => readBlob(blob, { limit: 1 << 24 })),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_SIZE_MISMATCH",
    });
  });
});
