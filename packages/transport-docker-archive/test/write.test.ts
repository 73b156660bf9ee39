import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { bytesBlob, streamBlob } from "@drayage/blob";
import { digestBytes, parseDigest } from "@drayage/digest";
import { abilities } from "@drayage/transport";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { newFile, newPath, readWhole, whole } from "./archives.ts";
import { image, layerA, layerB, layerC, layerType, open, put, transport, v2s2 } from "./fixtures.ts";

const two = image([layerA, layerB]);
const none = parseDigest(`sha256:${"0".repeat(64)}`);
const layerOptions = { kind: "layer", mediaType: layerType } as const;
const configOptions = {
  kind: "config",
  mediaType: "application/vnd.docker.container.image.v1+json",
} as const;

async function write(text: string, of = two): Promise<void> {
  await using destination = await open(text);
  await put(destination, of);
  await destination.commit();
}

describe("an archive is written", () => {
  it("beside its place, and nothing else is left", async () => {
    const folder = temporaryDirectory();
    const file = path.join(folder, "a.tar");
    await using destination = await open(file);
    await put(destination, two);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readdirSync(folder)).not.toContain("a.tar");
    await destination.commit();
    expect(readdirSync(folder)).toEqual(["a.tar"]);
    expect(statSync(file).mode & 0o777).toBe(0o644 & ~process.umask());
    expect(await readWhole(file)).toEqual(whole(two));
  });

  it("never in a folder's place, nor at a path that says so", async () => {
    const folder = temporaryDirectory();
    for (const place of [folder, `${folder}/`, path.join(folder, "a.tar/")]) {
      await expect(open(place)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
        message: `cannot write ${JSON.stringify(place)}: it is a directory`,
      });
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it("over an empty file, whose permissions stay", async () => {
    const file = newFile("");
    chmodSync(file, 0o640);
    await write(file);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(await readWhole(file)).toEqual(whole(two));
  });

  it.skipIf(process.platform === "win32")(
    "through symbolic links, which stay, also to where nothing is",
    async () => {
      const folder = temporaryDirectory();
      const [link, real] = [path.join(folder, "link.tar"), path.join(folder, "sub", "real.tar")];
      mkdirSync(path.join(folder, "sub"));
      symlinkSync("sub/real.tar", link);
      await write(link);
      expect(readlinkSync(link)).toBe("sub/real.tar");
      expect(await readWhole(real)).toEqual(whole(two));
      symlinkSync("loop", path.join(folder, "loop"));
      await expect(open(path.join(folder, "loop"))).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
    },
  );

  it("once for layers that come again, also where nobody knew that they would", async () => {
    const again = image([layerA, layerB, layerA]);
    const file = newPath();
    await using destination = await open(file);
    await put(destination, again, "nothing");
    await destination.commit();
    expect(await readWhole(file)).toEqual(whole(again));
    expect(statSync(file).size).toBeLessThan(layerA.length * 2 + layerB.length + 16_384);
  });

  it("whole after a layer that failed", async () => {
    const file = newPath();
    await using destination = await open(file);
    const broken = streamBlob(async function* () {
      yield layerC;
      throw new Error("the network is down");
    });
    await expect(destination.putBlob(broken, layerOptions)).rejects.toThrow("the network is down");
    await expect(
      destination.putBlob(bytesBlob(layerC, { digest: none }), layerOptions),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DIGEST_MISMATCH",
    });
    await put(destination, two);
    await destination.commit();
    const other = newPath();
    await write(other);
    expect(Buffer.compare(readFileSync(file), readFileSync(other))).toBe(0);
  });

  it("with a name of a digest that takes PAX records", async () => {
    const long = digestBytes(layerA, "sha512");
    const config = Buffer.from(JSON.stringify({ rootfs: { type: "layers", diff_ids: [long] } }));
    const descriptor = { mediaType: layerType, digest: long, size: layerA.length };
    const file = newPath();
    await using destination = await open(file);
    await destination.putBlob(
      streamBlob(
        async function* () {
          yield layerA;
        },
        { digest: long },
      ),
      layerOptions,
    );
    const { digest, size } = await destination.putBlob(bytesBlob(config), configOptions);
    const manifest = {
      schemaVersion: 2,
      mediaType: v2s2,
      config: { mediaType: configOptions.mediaType, digest, size },
      layers: [descriptor],
    };
    await destination.putManifest(Buffer.from(JSON.stringify(manifest)), { mediaType: v2s2 });
    await destination.commit();
    const read = JSON.parse((await readWhole(file)).manifest);
    expect(read.layers).toEqual([{ ...descriptor, size: layerA.length }]);
  });
});

describe("writing is refused", () => {
  it("where there is an archive already, and it stays as it is", async () => {
    const file = newPath();
    await write(file);
    const before = readFileSync(file);
    await expect(open(`${file}:other`)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_EXISTS",
      message: expect.stringContaining("docker-archive doesn't support modifying existing images"),
      hint: expect.stringContaining("append"),
    });
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
  });

  it("where somebody else wrote the file meanwhile", async () => {
    const file = newPath();
    await using destination = await open(file);
    await put(destination, two);
    writeFileSync(file, "mine");
    await expect(destination.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_DESTINATION_EXISTS" });
    await destination.close();
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it.each([
    [":@0", {}, "ERR_DRAYAGE_REFERENCE_INVALID", "an image that is written has no index"],
    ["", { additionalTags: ["busybox"] }, "ERR_DRAYAGE_REFERENCE_INVALID", "an additional tag names its tag"],
    ["", { additionalTags: ["UPPER:1"] }, "ERR_DRAYAGE_REFERENCE_INVALID", "upper-case"],
    ["/no/such/folder", {}, "ERR_DRAYAGE_IO", "ENOTDIR|ENOENT"],
  ])("for %j with %j", async (suffix, options, code, message) => {
    const file = newPath();
    await expect(open(file + suffix, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(readdirSync(path.dirname(file))).not.toContain(path.basename(file));
  });

  it("to a directory", async () => {
    await expect(open(temporaryDirectory())).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining("it is a directory"),
    });
  });

  it.each<[string, (document: ReturnType<typeof JSON.parse>) => unknown, string, RegExp]>([
    [
      "a config that was not put",
      (m) => ({ ...m, config: { ...m.config, digest: none } }),
      "ERR_DRAYAGE_BLOB_NOT_FOUND",
      /names the config sha256:0+, which was not put/,
    ],
    [
      "a layer that was not put",
      (m) => ({ ...m, layers: [m.layers[0], { ...m.layers[1], digest: none }] }),
      "ERR_DRAYAGE_BLOB_NOT_FOUND",
      /names the layer sha256:0+/,
    ],
    [
      "fewer layers than the config",
      (m) => ({ ...m, layers: [m.layers[0]] }),
      "ERR_DRAYAGE_CONFIG_INVALID",
      /diff_ids\[1\] is .* but the layer is missing/,
    ],
    [
      "layers in another order than the config's",
      (m) => ({ ...m, layers: m.layers.toReversed() }),
      "ERR_DRAYAGE_CONFIG_INVALID",
      /diff_ids\[0\] is/,
    ],
    [
      "more layers than the config",
      (m) => ({ ...m, layers: [...m.layers, m.layers[0]] }),
      "ERR_DRAYAGE_CONFIG_INVALID",
      /has 2 diffIDs for 3 layers/,
    ],
  ])("of a manifest with %s, at the commit", async (_, change, code, message) => {
    const file = newPath();
    const destination = await open(file);
    await put(destination, two);
    const changed = change(JSON.parse(Buffer.from(two.manifest).toString()));
    await destination.putManifest(Buffer.from(JSON.stringify(changed)), { mediaType: v2s2 });
    await expect(destination.commit()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    await destination.close();
    expect(readdirSync(path.dirname(file))).not.toContain(path.basename(file));
  });

  it("of a manifest that is a member of an index, or that never came", async () => {
    await using destination = await open(newPath());
    await expect(
      destination.putManifest(two.manifest, { mediaType: v2s2, instance: none }),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
      hint: expect.stringContaining("platform"),
    });
    await expect(destination.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  it("of a config of more than 4 MiB", async () => {
    await using destination = await open(newPath());
    const large = bytesBlob(new Uint8Array(4 * 1024 * 1024 + 1));
    await expect(destination.putBlob(large, configOptions)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
  });

  it("of a commit while a blob is on its way, and of any blob after it", async () => {
    const destination = await open(newPath());
    await put(destination, two);
    const first = destination.putBlob(bytesBlob(layerC), layerOptions);
    await expect(destination.commit()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: expect.stringContaining("a blob on its way"),
    });
    await first;
    await destination.commit();
    await expect(destination.putBlob(bytesBlob(layerB), layerOptions)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
    await destination.close();
  });
});

describe.skipIf(process.platform === "win32")("an archive is written to a pipe", () => {
  async function toPipe(known: "all" | "nothing" | "compressed"): Promise<Uint8Array> {
    const folder = temporaryDirectory();
    const [pipe, copy] = [path.join(folder, "pipe"), path.join(folder, "copy")];
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("cp", [pipe, copy], { stdio: "ignore" });
    const ended = new Promise((resolve) => reader.on("close", resolve));
    const temporaryDir = path.join(folder, "temporary");
    mkdirSync(temporaryDir);
    await using destination = await open(`${pipe}:busybox`, { temporaryDir });
    await put(destination, image([layerA, layerC, layerA, layerB]), known);
    await destination.commit();
    await destination.close();
    await ended;
    expect(readdirSync(temporaryDir)).toEqual([]);
    return readFileSync(copy);
  }

  it.each(["all", "nothing", "compressed"] as const)(
    "byte for byte as to a file, knowing %s",
    async (known) => {
      const file = newPath();
      await write(`${file}:busybox`, image([layerA, layerC, layerA, layerB]));
      expect(Buffer.compare(await toPipe(known), readFileSync(file))).toBe(0);
    },
  );

  it("and to a file that is open already, from where it stands", async () => {
    const [file, wanted] = [newPath(), newPath()];
    await write(wanted);
    const descriptor = openSync(file, "w");
    writeSync(descriptor, "before");
    await using destination = await open(`/dev/fd/${descriptor}`);
    await put(destination, two, "nothing");
    await destination.commit();
    closeSync(descriptor);
    expect(Buffer.compare(readFileSync(file).subarray(6), readFileSync(wanted))).toBe(0);
  });

  it.runIf(process.platform === "linux")("and an abort ends the wait for a reader", async () => {
    const pipe = path.join(temporaryDirectory(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const opening = open(pipe, { signal: AbortSignal.timeout(50) });
    await expect(opening).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  it("and a reader that goes away ends it", async () => {
    const folder = temporaryDirectory();
    const pipe = path.join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("head", ["-c", "1000", pipe], { stdio: "ignore" });
    await using destination = await open(pipe);
    await expect(
      put(destination, image([layerC]), "all").then(() => destination.commit()),
    ).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining("EPIPE"),
    });
    await expect(destination.putBlob(bytesBlob(layerA), layerOptions)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining("failed half-way"),
    });
    reader.kill();
  });
});

it("an archive's images cannot be deleted", () => {
  expect(abilities(transport)).toEqual(["openSource", "openDestination", "listTags"]);
});
