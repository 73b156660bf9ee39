import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { readBlob } from "@drayage/blob";
import { digestBytes, parseDigest } from "@drayage/digest";
import { manifestDigest } from "@drayage/manifest";
import { abilities } from "@drayage/transport";
import { afterAll, describe, expect, it } from "vitest";
import transport from "../src/index.ts";
import { openSource, readConfig, readManifest, tar } from "./fixtures.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: string | Uint8Array): string {
  const place = path.join(folder, name);
  writeFileSync(place, bytes);
  return place;
}

const plain = tar([{ name: "a.txt", data: "hello" }]);
const none = parseDigest(`sha256:${"0".repeat(64)}`);

// One archive of 2048 bytes, as the tools of these names compress it.
const packedDiffId = "sha256:7f2f6fc93d2cb9d55657a21161d89790e0da75ebb4cbe83d73df5e9252a72aa2";
const packed = {
  xz: "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Af/ADpdADwAM1AYaImDAdzibiEFTojw2HLvKWfVyk1jksuzfx5cvo+XQ87Bd6jj00HFgUms5EGMaFmvQ5FVYgAAAACrhJM1bRHdswABVoAQAAAAOth9+LHEZ/sCAAAAAARZWg==",
  bzip2:
    "QlpoOTFBWSZTWXYGtpgAAC/bgMmAQABtAAAA+AAeQAgIIABUNQaBoAPUEiRNAzUAeWOPkVG0BTq+ZfbKwhg94q0UYiYRE4lXpBh9zrSTIAfF3JFOFCQdga2mAA==",
  zstd: "KLUv/QRotQEAkgIIDNA9gMj2Loh0lbWIy4Bn8EPaKsMDPlI/HOb/gaj+HzoHIHAf+f1kjjpg8oRLBIbzk8MC4VovCg==",
};

const unpacked = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: packedDiffId, size: 2048 };

describe("the layers of a tarball", () => {
  it("zstd stays as it is", async () => {
    const bytes = Buffer.from(packed.zstd, "base64");
    await using source = await openSource(file("a.tar.zst", bytes));
    const { layers } = await readManifest(source);
    expect(layers).toEqual([
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
        digest: digestBytes(bytes),
        size: bytes.length,
      },
    ]);
    expect(JSON.parse(await readConfig(source)).rootfs.diff_ids).toEqual([packedDiffId]);
    expect(Buffer.from(await readBlob(await source.blob(layers[0]), { limit: 1 << 20 }))).toEqual(bytes);
  });

  it.each(["xz", "bzip2"] as const)("%s is inflated, since no manifest can name it", async (name) => {
    await using source = await openSource(file(`a.tar.${name}`, Buffer.from(packed[name], "base64")));
    const { layers } = await readManifest(source);
    expect(layers).toEqual([unpacked]);
    expect(JSON.parse(await readConfig(source)).rootfs.diff_ids).toEqual([packedDiffId]);
    expect(digestBytes(await readBlob(await source.blob(layers[0]), { limit: 1 << 20 }))).toBe(packedDiffId);
  });

  it("standard input is read once and its copy is deleted", async () => {
    const temporaryDir = path.join(folder, "temporary");
    mkdirSync(temporaryDir);
    let opened = 0;
    async function* standardInput(): AsyncGenerator<Uint8Array> {
      opened += 1;
      yield plain.subarray(0, 100);
      yield plain.subarray(100);
    }
    const source = await openSource("-", { standardInput }, { temporaryDir });
    const [name = ""] = readdirSync(temporaryDir);
    expect(statSync(path.join(temporaryDir, name)).mode & 0o777).toBe(0o600);
    const { layers } = await readManifest(source);
    for (let count = 0; count < 2; count += 1) {
      expect(Buffer.compare(await readBlob(await source.blob(layers[0]), { limit: 1 << 20 }), plain)).toBe(0);
    }
    await source.close();
    await source.close();
    expect(opened).toBe(1);
    expect(readdirSync(temporaryDir)).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("a pipe is read like standard input", async () => {
    const pipe = path.join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    file("to-pipe.tar", plain);
    const writer = spawn("cp", [path.join(folder, "to-pipe.tar"), pipe], { stdio: "ignore" });
    await using source = await openSource(pipe);
    expect((await readManifest(source)).layers).toEqual([
      { mediaType: unpacked.mediaType, digest: digestBytes(plain), size: plain.length },
    ]);
    writer.kill();
  });
});

describe("config and annotations", () => {
  const config = JSON.stringify({
    author: "me",
    created: "2020-01-01T00:00:00Z",
    architecture: "arm64",
    os: "linux",
    variant: "v8",
    config: { Cmd: ["<sh>"] },
    comment: "mine",
  });

  it("come from the settings, in the order of the specification", async () => {
    const annotations = '{"b":"2","a":"1"}';
    await using source = await openSource(file("s.tar", plain), {}, { settings: { config, annotations } });
    const diffId = digestBytes(plain);
    expect(await readConfig(source)).toMatch(
      '{"created":"2020-01-01T00:00:00Z","author":"me","architecture":"arm64","os":"linux","variant":"v8",' +
        `"config":{"Cmd":["\\u003csh\\u003e"]},"rootfs":{"type":"layers","diff_ids":["${diffId}"]},"history":[{"created":`,
    );
    expect(JSON.parse(await readConfig(source)).history[0].comment).toBe("mine");
    expect(Buffer.from((await source.manifest()).bytes).toString()).toMatch(
      /,"annotations":\{"a":"1","b":"2"\}\}$/,
    );
  });

  it("come from the factory, where the settings say nothing", async () => {
    const own = { config: { architecture: "s390x" }, annotations: { a: "own" } };
    await using source = await openSource(file("f.tar", plain), own, {
      settings: { annotations: '{"a":"set"}' },
    });
    expect(JSON.parse(await readConfig(source)).architecture).toBe("s390x");
    expect((await readManifest(source)).annotations).toEqual({ a: "set" });
  });

  it.each([
    [{ config: "{" }, "config of tarball is malformed: it is not JSON"],
    [{ config: "[]" }, "config of tarball is malformed: it is not a JSON object"],
    [{ config: '{"os":1}' }, "its os is not text"],
    [{ config: '{"config":[]}' }, "its config is not an object"],
    [{ annotations: '{"a":1}' }, "annotations of tarball is malformed: one of them is not text"],
  ])("%j is refused", async (settings, message) => {
    await expect(openSource(file("x.tar", plain), {}, { settings })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("annotations"),
    });
  });
});

describe("what is refused", () => {
  const bad = (name: string, bytes: string | Uint8Array): string => file(name, bytes);
  it.each([
    [
      "a file that is not there",
      () => path.join(folder, "nothing"),
      "ERR_DRAYAGE_IMAGE_NOT_FOUND",
      /there is no file ".*nothing"$/,
    ],
    ["a directory", () => folder, "ERR_DRAYAGE_IO", /it is a directory/],
    ["text", () => bad("text", "hello\n"), "ERR_DRAYAGE_ARCHIVE_INVALID", /text" is not a layer: .*offset 0/],
    [
      "a truncated archive",
      () => bad("cut.tar", plain.subarray(0, 515)),
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      /cut.tar" is not a layer/,
    ],
    [
      "truncated gzip",
      () => bad("cut.tar.gz", gzipSync(plain).subarray(0, 60)),
      "ERR_DRAYAGE_COMPRESSION_INVALID",
      /cut.tar.gz"/,
    ],
    [
      "gzip of text",
      () => bad("text.gz", gzipSync("hello".repeat(200))),
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      /text.gz" is not a layer/,
    ],
  ])("%s", async (_, text, code, message) => {
    await expect(openSource(text())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("a blob and a manifest that the image has not", async () => {
    await using source = await openSource(file("b.tar", plain));
    const descriptor = { mediaType: "x", digest: none, size: 1 };
    await expect(source.blob(descriptor)).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    await expect(source.manifest(none)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IMAGE_NOT_FOUND" });
    const { bytes } = await source.manifest();
    expect(await source.manifest(manifestDigest(bytes))).toEqual(await source.manifest());
  });

  it("a file that changes after it was looked at", async () => {
    const place = file("changing.tar", plain);
    await using source = await openSource(place);
    const { layers } = await readManifest(source);
    writeFileSync(place, tar([{ name: "a.txt", data: "hullo" }]));
    const blob = await source.blob(layers[0]);
    await expect(readBlob(blob, { limit: 1 << 20 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
  });

  it("an aborted call, which leaves nothing behind", async () => {
    const temporaryDir = mkdtempSync(path.join(folder, "aborted-"));
    const controller = new AbortController();
    async function* standardInput(): AsyncGenerator<Uint8Array> {
      yield plain;
      controller.abort();
      yield plain;
    }
    const options = { temporaryDir, signal: controller.signal };
    await expect(openSource("-", { standardInput }, options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
    expect(readdirSync(temporaryDir)).toEqual([]);
  });
});

it("a tarball can only be read", () => {
  expect(abilities(transport)).toEqual(["openSource"]);
});
