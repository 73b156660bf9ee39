import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { convertManifest, emptyLayer, manifestDigest, mediaTypes, parseImageManifest } from "../src/index.ts";
import { writeDirImage } from "./dir-image.ts";
import { dockerManifestOf, type Sample, samples } from "./sample-images.ts";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

describeWithPeers("a signed docker v2s1 manifest", ["skopeo", "docker-registry"], (peers) => {
  const folder = temporaryDirectory();
  let registry: ChildProcess | undefined;
  let host = "";

  beforeAll(async () => {
    host = `127.0.0.1:${await freePort()}`;
    const file = path.join(folder, "config.yml");
    const storage = path.join(folder, "registry");
    writeFileSync(
      file,
      `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${storage}}}\nhttp: {addr: "${host}"}\ncompatibility: {schema1: {enabled: true}}\n`,
    );
    registry = spawn(peers["docker-registry"], ["serve", file], { stdio: "ignore" });
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
      if (answer?.ok === true) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the registry does not answer");
  });

  afterAll(() => {
    registry?.kill();
  });

  it("is taken by a registry, which verifies the signature, under the digest of ours", async () => {
    const [sample] = samples as [Sample];
    const { bytes } = convertManifest({
      manifest: parseImageManifest(dockerManifestOf(sample)),
      config: sample.config,
      to: mediaTypes.dockerV1SignedManifest,
      reference: { domain: host, path: "some/image", name: `${host}/some/image`, tag: "tag" },
    });
    const image = path.join(folder, "image");
    writeDirImage(image, bytes, [emptyLayer().bytes, ...sample.layers.map((layer) => layer.gzip)]);
    const push = (manifest: Uint8Array): Promise<Response> =>
      fetch(`http://${host}/v2/some/image/manifests/tag`, {
        method: "PUT",
        headers: { "content-type": mediaTypes.dockerV1SignedManifest },
        body: manifest,
      });
    // skopeo brings the blobs; the manifest is then put once more, byte for byte ours.
    await skopeo([
      "copy",
      "--quiet",
      "--dest-tls-verify=false",
      `dir:${image}`,
      `docker://${host}/some/image:tag`,
    ]);
    const answer = await push(bytes);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("docker-content-digest")).toBe(manifestDigest(bytes));

    const damaged = Buffer.from(
      Buffer.from(bytes).toString().replace('"architecture":"arm64"', '"architecture":"amd64"'),
    );
    expect((await push(damaged)).status).toBe(400);
  });
});
