import { readdirSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { randomImage, readImage } from "@drayage/testkit";
import type { ImageSource, SourceOptions } from "@drayage/transport";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { deferred } from "../src/deferred.ts";
import { dockerDaemon } from "../src/index.ts";
import { fakeDaemon } from "./support/fake-daemon.ts";
import { savedArchive, savedLayout } from "./support/saved.ts";

const image = await randomImage({ seed: "source" });
const archive = savedArchive(image);

function open(host: string, options: SourceOptions = {}, text = "busybox:1"): Promise<ImageSource> {
  const transport = dockerDaemon({ env: { DOCKER_HOST: host } });
  return transport.openSource(transport.parse(text), options);
}

async function daemonThat(answer: (response: ServerResponse) => void): Promise<string> {
  return (await fakeDaemon({ answer: (_, response) => answer(response) })).host;
}

describe("what a daemon saves", () => {
  it.each([
    ["an archive", archive],
    ["an archive that is an OCI layout too, its layers compressed", savedLayout(image)],
  ])("is read: %s", async (_, saved) => {
    const host = await daemonThat((response) => response.end(saved));
    const temporaryDir = temporaryDirectory();
    await using source = await open(host, { temporaryDir });
    const read = await readImage(source);
    // Each was verified against its digest when it was read.
    expect(read).toMatchObject({
      kind: "image",
      config: { descriptor: { digest: image.config.descriptor.digest } },
      layers: image.layers.map(({ layer }) => ({ descriptor: { digest: layer.diffId } })),
    });
    const [name = ""] = readdirSync(temporaryDir);
    expect(statSync(path.join(temporaryDir, name)).mode & 0o777).toBe(0o600);
    await source.close();
    expect(readdirSync(temporaryDir)).toEqual([]);
  });

  it.each([
    ["1.41", "/v1.41/images/get?names=localhost%3A5000%2Fa%2Fb%3A1"],
    ["1.99", "/v1.51/images/get?names=localhost%3A5000%2Fa%2Fb%3A1"],
    [undefined, "/v1.24/images/get?names=localhost%3A5000%2Fa%2Fb%3A1"],
  ])("is asked for in a version that both speak: %s", async (version, target) => {
    const daemon = await fakeDaemon({ version, answer: (_, response) => void response.end(archive) });
    await using _ = await open(daemon.host, {}, "localhost:5000/a/b:1");
    expect(daemon.requests).toEqual([`GET ${target}`]);
  });
});

describe("a source is not opened, and leaves nothing, where", () => {
  const cases: readonly (readonly [
    name: string,
    answer: (response: ServerResponse) => void,
    error: object,
  ])[] = [
    [
      "there is no such image",
      (response) => response.writeHead(404).end('{"message":"reference does not exist"}'),
      {
        code: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
        message: expect.stringMatching(
          /^cannot read docker-daemon:busybox:1: the docker daemon at unix:.*docker\.sock says: reference does not exist$/,
        ),
        hint: "docker image ls shows what the daemon has",
      },
    ],
    [
      "the daemon fails, with what it says in one clean line",
      (response) =>
        response
          .writeHead(500)
          .end(JSON.stringify({ message: "a\nb\u001b[31m https://me:secret@host/\u202e" })),
      {
        code: "ERR_DRAYAGE_DAEMON",
        message: expect.stringMatching(/ says: a b \[31m https:\/\/\*\*\*@host\/$/),
      },
    ],
    [
      "the daemon fails without a word",
      (response) => response.writeHead(503).end(),
      { code: "ERR_DRAYAGE_DAEMON", message: expect.stringMatching(/ says: it answered 503$/) },
    ],
    [
      "a web page answers",
      (response) => response.writeHead(502).end("<html>Bad gateway</html>"),
      { code: "ERR_DRAYAGE_DAEMON", message: expect.stringMatching(/ says: it answered 502$/) },
    ],
    [
      "the answer is cut",
      (response) => {
        response.write(archive.subarray(0, 2000), () => response.destroy());
      },
      {
        code: "ERR_DRAYAGE_CONNECTION",
        message: expect.stringMatching(/^the docker daemon at unix:.*docker\.sock: the connection was cut/),
        retryable: true,
      },
    ],
    [
      "the daemon fails in the midst of the archive",
      (response) => {
        const message = "open /var/lib/docker/x: no space left on device";
        response.write(archive.subarray(0, 2000));
        response.end(`${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`);
      },
      {
        code: "ERR_DRAYAGE_DAEMON",
        message: expect.stringMatching(/ says: open \/var\/lib\/docker\/x: no space left on device$/),
        hint: "free some space where the daemon keeps its images",
      },
    ],
    [
      "the archive is half of one",
      (response) => response.end(archive.subarray(0, 2000)),
      { code: "ERR_DRAYAGE_ARCHIVE_INVALID" },
    ],
    ["the answer is empty", (response) => response.end(), { code: "ERR_DRAYAGE_LAYOUT_INVALID" }],
  ];

  it.each(cases)("%s", async (_, answer, error) => {
    const temporaryDir = temporaryDirectory();
    await expect(open(await daemonThat(answer), { temporaryDir })).rejects.toMatchObject(error);
    expect(readdirSync(temporaryDir)).toEqual([]);
  });

  it("the signal is aborted while the archive comes", async () => {
    const controller = new AbortController();
    const closed = deferred<void>();
    const host = await daemonThat((response) => {
      response.write(archive.subarray(0, 2000), () => controller.abort());
      response.on("close", () => closed.resolve());
    });
    const temporaryDir = temporaryDirectory();
    const opening = open(host, { temporaryDir, signal: controller.signal });
    await expect(opening).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(readdirSync(temporaryDir)).toEqual([]);
    await closed.promise;
  });

  it("the archive cannot be kept", async () => {
    const host = await daemonThat((response) => response.end(archive));
    const temporaryDir = path.join(temporaryDirectory(), "absent");
    await expect(open(host, { temporaryDir })).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
  });
});
