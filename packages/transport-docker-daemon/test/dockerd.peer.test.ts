import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseManifest } from "@drayage/manifest";
import {
  type ReadImage,
  randomImage,
  randomLayer,
  readImage,
  type SampleImage,
  writeImage,
} from "@drayage/testkit";
import { describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { connect } from "../src/daemon.ts";
import { dockerDaemon } from "../src/index.ts";
import { createLoad } from "../src/load.ts";
import { daemonOfThisFile, imagesOf } from "./support/dockerd.ts";
import { bodyOf, fakeDaemon } from "./support/fake-daemon.ts";

/** The image as a `dir:`, which skopeo copies from. */
function writeDir(image: SampleImage): string {
  const folder = path.join(temporaryDirectory(), "dir");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "version"), "Directory Transport Version: 1.1\n");
  writeFileSync(path.join(folder, "manifest.json"), image.manifest.bytes);
  for (const { descriptor, bytes } of [image.config, ...image.layers]) {
    writeFileSync(path.join(folder, descriptor.digest.slice("sha256:".length)), bytes);
  }
  return `dir:${folder}`;
}

const shared = await randomLayer({ seed: "shared" });
const image = await randomImage({
  seed: "dockerd",
  format: "docker",
  layers: [shared, await randomLayer({ seed: 1 }), shared],
});
const plain = await randomImage({ seed: "plain", format: "docker", compression: "none" });

function wholeOf(read: ReadImage): { readonly config: string; readonly layers: readonly string[] } {
  return {
    config: read.config?.descriptor.digest ?? "",
    layers: read.layers.map(({ descriptor }) => descriptor.digest),
  };
}

describeWithPeers("dockerd, skopeo and this transport", ["dockerd", "root", "skopeo"], () => {
  const started = daemonOfThisFile();

  async function write(text: string, of: SampleImage, additionalTags: readonly string[] = []): Promise<void> {
    const { host } = await started();
    const transport = dockerDaemon({ env: { DOCKER_HOST: host } });
    await using destination = await transport.openDestination(transport.parse(text), { additionalTags });
    await writeImage(destination, of);
  }

  async function read(text: string): Promise<ReadImage> {
    const { host } = await started();
    const transport = dockerDaemon({ env: { DOCKER_HOST: host } });
    await using source = await transport.openSource(transport.parse(text));
    const found = await readImage(source);
    if (found.kind !== "image") throw new Error("a daemon keeps no indexes");
    return found;
  }

  it.each([
    ["compressed layers, one of them twice", "compressed:1", image],
    ["plain layers", "plain:1", plain],
  ])("agree about what was written here: %s", async (_, name, of) => {
    await write(name, of);
    const { host } = await started();
    const mine = await read(name);
    expect(wholeOf(mine)).toEqual({
      config: of.config.descriptor.digest,
      layers: of.layers.map(({ layer }) => layer.diffId),
    });
    for (const text of [name, of.config.descriptor.digest]) {
      const { bytes } = await skopeo(["inspect", "--raw", "--daemon-host", host, `docker-daemon:${text}`]);
      expect(Buffer.from(bytes).toString()).toBe(Buffer.from((await read(text)).manifest.bytes).toString());
    }
    const folder = path.join(temporaryDirectory(), "copy");
    await skopeo(["copy", "--src-daemon-host", host, `docker-daemon:${name}`, `dir:${folder}`]);
  });

  it("agree about what skopeo has written", async () => {
    const { host } = await started();
    await skopeo(["copy", "--dest-daemon-host", host, writeDir(image), "docker-daemon:theirs:1"]);
    await write("ours:1", image);
    const [theirs, ours] = [await read("theirs:1"), await read("ours:1")];
    expect(Buffer.compare(ours.manifest.bytes, theirs.manifest.bytes)).toBe(0);
    const { mediaType, bytes } = theirs.manifest;
    expect(parseManifest(bytes, mediaType).kind).toBe("image");
    const images = await imagesOf(await started());
    expect(images[image.config.descriptor.digest]).toEqual(expect.arrayContaining(["ours:1", "theirs:1"]));
  });

  it.each([
    ["compressed", image],
    ["plain", plain],
  ])("what is sent to a daemon is what skopeo sends: %s layers", async (_, of) => {
    const sent: Uint8Array[] = [];
    const { host } = await fakeDaemon({
      async answer(request, response) {
        sent.push(await bodyOf(request));
        response.end('{"stream":"Loaded"}\n');
      },
    });
    await skopeo(["copy", "--dest-daemon-host", host, writeDir(of), "docker-daemon:same:1"]);
    const transport = dockerDaemon({ env: { DOCKER_HOST: host } });
    await using destination = await transport.openDestination(transport.parse("same:1"));
    await writeImage(destination, of);
    expect(sent).toHaveLength(2);
    expect(Buffer.compare(sent[1] ?? Buffer.alloc(0), sent[0] ?? Buffer.alloc(1))).toBe(0);
  });

  it("several names are one image, and go one by one", async () => {
    const of = await randomImage({ seed: "names", format: "docker" });
    await write("names/first:1", of, ["names/second:2"]);
    const id = of.config.descriptor.digest;
    const { host } = await started();
    const transport = dockerDaemon({ env: { DOCKER_HOST: host } });
    const names = async (): Promise<unknown> => (await imagesOf(await started()))[id];
    expect(await names()).toEqual(["names/first:1", "names/second:2"]);
    await expect(transport.deleteImage(transport.parse(id))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: expect.stringMatching(/^cannot delete docker-daemon:sha256:.* says: conflict: /),
      hint: "remove the containers and names that keep the image, or name it by each of its names",
    });
    const first = transport.parse("names/first:1");
    await expect(transport.deleteImage(first, { tagOnly: true })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
    });
    await transport.deleteImage(first);
    expect(await names()).toEqual(["names/second:2"]);
    await transport.deleteImage(transport.parse(id));
    expect(await names()).toBeUndefined();
    await expect(transport.deleteImage(transport.parse(id))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  });

  it("an image without layers, which docker takes and does not save, says so", async () => {
    await write("empty:1", await randomImage({ seed: "empty", format: "docker", layers: 0 }));
    await expect(read("empty:1")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: expect.stringContaining("empty export - not implemented"),
    });
  });

  it("an image whose layers are not those of its config is refused by dockerd", async () => {
    const of = await randomImage({ seed: "wrong", format: "docker" });
    const document = JSON.parse(Buffer.from(of.manifest.bytes).toString()) as { layers: unknown[] };
    const bytes = Buffer.from(JSON.stringify({ ...document, layers: document.layers.toReversed() }));
    const before = await imagesOf(await started());
    await expect(write("wrong:1", { ...of, manifest: { ...of.manifest, bytes } })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: expect.stringContaining("invalid diffID for layer 0"),
    });
    expect(await imagesOf(await started())).toEqual(before);
  });

  it("an image of another system is refused by dockerd, after a warning", async () => {
    const platform = { os: "windows", architecture: "amd64" };
    const foreign = await randomImage({ seed: "windows", format: "docker", platform });
    const { host } = await started();
    const transport = dockerDaemon({ env: { DOCKER_HOST: host } });
    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    await using destination = await transport.openDestination(transport.parse("windows:1"), { onWarning });
    await expect(writeImage(destination, foreign)).rejects.toMatchObject({ code: "ERR_DRAYAGE_DAEMON" });
    expect(warnings).toEqual([
      `the image is for windows, and the docker daemon at ${host} runs containers of linux`,
    ]);
  });

  it("what dockerd says while it still gets bytes is told", async () => {
    const { host } = await started();
    const daemon = await connect({}, { env: { DOCKER_HOST: host } });
    const load = createLoad(daemon, "write garbage");
    const sending = async (): Promise<void> => {
      for (let count = 0; count < 200; count += 1) await load.write(Buffer.alloc(1 << 20, "garbage"));
      await load.end();
    };
    await expect(sending()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: expect.stringMatching(/^cannot write garbage: the docker daemon at .* says: /),
    });
    await load.abandon();
    daemon.close();
  });
});
