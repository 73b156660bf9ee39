import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { bytesBlob, streamBlob } from "@drayage/blob";
import { openArchive } from "@drayage/docker-tar";
import { randomImage, randomLayer, sampleBlob, writeImage } from "@drayage/testkit";
import type { DestinationOptions, ImageDestination } from "@drayage/transport";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { deferred } from "../src/deferred.ts";
import { dockerDaemon } from "../src/index.ts";
import { bodyOf, fakeDaemon } from "./support/fake-daemon.ts";

const image = await randomImage({ seed: "destination", format: "docker" });
const noise = await randomLayer({ seed: "large", files: 1, fileSize: 8_000_000, compression: "none" });
const large = await randomImage({ seed: "large", format: "docker", layers: [noise] });

function open(host: string, options: DestinationOptions = {}, text = "busybox:1"): Promise<ImageDestination> {
  const transport = dockerDaemon({ env: { DOCKER_HOST: host } });
  return transport.openDestination(transport.parse(text), options);
}

/** A daemon that takes archives, and gives those that came whole. */
async function daemonThatLoads(
  says = '{"stream":"Loaded image: busybox:1\\n"}\r\n',
): Promise<{ readonly host: string; readonly loaded: Uint8Array[]; readonly requests: readonly string[] }> {
  const loaded: Uint8Array[] = [];
  const daemon = await fakeDaemon({
    async answer(request, response) {
      loaded.push(await bodyOf(request));
      response.end(says);
    },
  });
  return { ...daemon, loaded };
}

async function daemonThat(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<string> {
  return (await fakeDaemon({ answer })).host;
}

async function namesIn(archive: Uint8Array): Promise<readonly string[]> {
  const file = path.join(temporaryDirectory(), "archive.tar");
  writeFileSync(file, archive);
  await using opened = await openArchive(file, { shown: "the archive" });
  return opened.entries.map(({ name }) => name);
}

describe("an image that is written", () => {
  it("is sent as it comes, without a temporary file, and is one archive", async () => {
    const { host, loaded, requests } = await daemonThatLoads();
    const temporaryDir = path.join(temporaryDirectory(), "absent");
    await using destination = await open(host, { temporaryDir, additionalTags: ["other/name:2"] });
    await writeImage(destination, image, { commit: false });
    expect(loaded).toEqual([]);
    await destination.commit();
    expect(requests).toEqual(["POST /v1.41/images/load?quiet=1"]);
    const [archive = new Uint8Array()] = loaded;
    const [first, second] = image.layers.map(({ descriptor }) => descriptor.digest.slice(7));
    const names = await namesIn(archive);
    expect(names.slice(0, 3)).toEqual([
      `${first}.tar`,
      `${second}.tar`,
      `${image.config.descriptor.digest.slice(7)}.json`,
    ]);
    expect(names.slice(-2)).toEqual(["manifest.json", "repositories"]);
    const text = Buffer.from(archive).toString("latin1");
    expect(text).toContain('"RepoTags":["docker.io/library/busybox:1","docker.io/other/name:2"]');
    expect(text).toContain(Buffer.from(image.layers[0]?.bytes ?? "").toString("latin1"));
  });

  it("waits in a temporary file for its size, where nobody knows it", async () => {
    const { host, loaded } = await daemonThatLoads();
    const temporaryDir = temporaryDirectory();
    await using destination = await open(host, { temporaryDir });
    await writeImage(destination, image, {
      blobOf: ({ bytes }) =>
        streamBlob(async function* () {
          yield bytes;
        }),
    });
    expect(readdirSync(temporaryDir)).toEqual([]);
    await using known = await open(host);
    await writeImage(known, image);
    expect(loaded).toHaveLength(2);
    expect(Buffer.compare(loaded[0] ?? Buffer.alloc(0), loaded[1] ?? Buffer.alloc(1))).toBe(0);
  });

  it("asks for nothing where nothing is written", async () => {
    const { host, requests } = await daemonThatLoads();
    await using destination = await open(host);
    await destination.close();
    expect(requests).toEqual([]);
  });

  it("is broken off in its midst where it is not committed", async () => {
    const ended = deferred<unknown>();
    const host = await daemonThat(async (request) => {
      await bodyOf(request).then(ended.resolve, ended.resolve);
    });
    await using destination = await open(host);
    await writeImage(destination, image, { commit: false });
    await destination.close();
    expect(await ended.promise).toMatchObject({ code: "ECONNRESET" });
  });

  it.each([
    [
      "windows",
      [expect.stringMatching(/^the image is for windows, and the docker daemon at unix:.* linux$/)],
    ],
    ["linux", []],
  ])("warns of a system that the daemon does not have: %s", async (os, wanted) => {
    const { host } = await daemonThatLoads();
    const platform = { os, architecture: "arm64" };
    const foreign = await randomImage({ seed: "foreign", format: "docker", platform });
    const warnings: string[] = [];
    await using destination = await open(host, { onWarning: (message) => warnings.push(message) });
    await writeImage(destination, foreign);
    expect(warnings).toEqual(wanted);
  });
});

describe("an image is not written where", () => {
  it.each([
    ["the reference is an ID", `sha256:${"ab".repeat(32)}`, {}],
    ["the reference has a digest", `busybox@sha256:${"ab".repeat(32)}`, {}],
    ["a further name has no tag", "busybox:1", { additionalTags: ["busybox"] }],
  ])("%s", async (_, text, options) => {
    await expect(open("unix:///nowhere", options, text)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REFERENCE_INVALID",
    });
  });

  it.each([
    ['{"errorDetail":{"message":"invalid diffID"},"error":"invalid diffID"}\r\n', " says: invalid diffID"],
    ['{"stream":"a"}\n{"error":"no space left on device"}\n', " says: no space left on device"],
    ["<html>", " answered something that is no JSON"],
  ])("the daemon says so in its answer: %s", async (says, message) => {
    const { host, loaded } = await daemonThatLoads(says);
    await using destination = await open(host);
    await expect(writeImage(destination, image)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: expect.stringContaining(message),
    });
    expect(loaded).toHaveLength(1);
  });

  it("the daemon refuses it while it is sent", async () => {
    const host = await daemonThat((request, response) => {
      request.once("data", () => {
        response.writeHead(500).end('{"message":"no space left on device"}');
      });
    });
    await using destination = await open(host);
    await expect(writeImage(destination, large)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: expect.stringMatching(
        /^cannot write docker-daemon:busybox:1: .* says: no space left on device$/,
      ),
    });
    await expect(destination.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  it("the daemon is content with half of it", async () => {
    const host = await daemonThat((request, response) => {
      request.once("data", () => void response.end("{}\n"));
    });
    await using destination = await open(host);
    await expect(writeImage(destination, large)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DAEMON",
      message: expect.stringMatching(/ answered before it had all of the image$/),
    });
  });

  it("the connection breaks while it is sent", async () => {
    const host = await daemonThat((request) => {
      request.once("data", () => void request.socket.destroy());
    });
    await using destination = await open(host);
    await expect(writeImage(destination, large)).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONNECTION" });
  });

  it("the connection breaks before the daemon says whether it has it", async () => {
    const host = await daemonThat(async (request) => {
      await bodyOf(request);
      request.socket.destroy();
    });
    await using destination = await open(host);
    await expect(writeImage(destination, image)).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONNECTION" });
  });

  it("the signal is aborted while the daemon reads nothing", async () => {
    const controller = new AbortController();
    const host = await daemonThat((request) => void request.pause());
    await using destination = await open(host);
    const [layer] = large.layers;
    const { descriptor } = layer ?? image.config;
    const putting = destination.putBlob(sampleBlob(layer ?? image.config), {
      kind: "layer",
      mediaType: descriptor.mediaType,
      signal: controller.signal,
      onBytes: () => setTimeout(() => controller.abort(), 50),
    });
    await expect(putting).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  it("the signal is aborted while the daemon does not answer", async () => {
    const controller = new AbortController();
    const host = await daemonThat(async (request) => {
      await bodyOf(request);
      controller.abort();
      await once(request.socket, "close");
    });
    await using destination = await open(host);
    await writeImage(destination, image, { commit: false });
    await expect(destination.commit({ signal: controller.signal })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });

  it("the signal that it was opened with is aborted", async () => {
    const controller = new AbortController();
    const { host } = await daemonThatLoads();
    await using destination = await open(host, { signal: controller.signal });
    await writeImage(destination, image, { commit: false });
    controller.abort();
    await expect(destination.commit()).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  it("its config is of other layers", async () => {
    const { host, loaded } = await daemonThatLoads();
    await using destination = await open(host);
    const put = writeImage(destination, { ...image, layers: image.layers.slice(1) }, { commit: false });
    await put;
    const document = JSON.parse(Buffer.from(image.manifest.bytes).toString()) as { layers: unknown[] };
    const shorter = Buffer.from(JSON.stringify({ ...document, layers: document.layers.slice(1) }));
    await destination.putManifest(shorter, { mediaType: image.manifest.mediaType });
    await expect(destination.commit()).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFIG_INVALID",
      message: expect.stringContaining("it has 2 diffIDs for 1 layers"),
    });
    await destination.close();
    expect(loaded).toEqual([]);
  });
});

it("a config of more than 4 MiB is refused", async () => {
  const { host } = await daemonThatLoads();
  await using destination = await open(host);
  const config = bytesBlob(new Uint8Array(4 * 1024 * 1024 + 1));
  await expect(destination.putBlob(config, { kind: "config", mediaType: "" })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
  });
});
