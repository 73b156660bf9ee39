import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { readBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import type { DrayageErrorCode } from "@drayage/errors";
import { mediaTypes } from "@drayage/manifest";
import {
  createFaultProxy,
  type FaultProxy,
  randomImage,
  randomIndex,
  randomLayer,
  readImage,
  type SampleImage,
  type SampleIndex,
  sampleBlob,
  writeImage,
} from "@drayage/testkit";
import type { ConnectionOptions, DestinationOptions, SourceOptions } from "@drayage/transport";
import {
  describeWithPeers,
  run,
  skopeo,
  startRegistry,
  startTokenServer,
  type TestRegistry,
  temporaryDirectory,
  testCertificates,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { type DockerTransport, docker } from "../src/index.ts";
import { fakeCache } from "./support/fake-cache.ts";
import { machineWithoutConfiguration } from "./support/machine.ts";
import { tagsIn } from "./support/tags-in.ts";

const limit = 16 * 1024 * 1024;
const quick: ConnectionOptions = { retryDelay: 1 };
const fails = (code: DrayageErrorCode) => expect.objectContaining({ code });

async function write(
  transport: DockerTransport,
  name: string,
  image: SampleImage | SampleIndex,
  options: DestinationOptions = {},
): Promise<void> {
  await using destination = await transport.openDestination(transport.parse(`//${name}`), options);
  await writeImage(destination, image);
}

async function read(transport: DockerTransport, name: string, options: SourceOptions = {}) {
  await using source = await transport.openSource(transport.parse(`//${name}`), options);
  return await readImage(source);
}

/** What an image is made of, by digests. */
async function digestsOf(transport: DockerTransport, name: string): Promise<unknown> {
  const found = await read(transport, name);
  const images = found.kind === "index" ? found.images : [found];
  return [
    digestBytes(found.manifest.bytes),
    found.manifest.mediaType,
    images.map(({ manifest, config, layers }) =>
      [manifest, config, ...layers].map((part) => digestBytes(part?.bytes ?? new Uint8Array())),
    ),
  ];
}

/** Copies as an engine does: reuses what can be reused, and streams the rest from one registry to the other. */
async function copy(transport: DockerTransport, from: string, to: string, options: DestinationOptions = {}) {
  await using source = await transport.openSource(transport.parse(`//${from}`), options);
  await using destination = await transport.openDestination(transport.parse(`//${to}`), options);
  const { bytes, mediaType } = await source.manifest();
  const document = JSON.parse(new TextDecoder().decode(bytes));
  const moved: string[] = [];
  for (const descriptor of [...document.layers, document.config]) {
    const kind = descriptor === document.config ? "config" : "layer";
    const put = { kind, mediaType: descriptor.mediaType } as const;
    if ((await destination.reuseBlob?.(descriptor, put)) !== undefined) continue;
    moved.push(descriptor.digest);
    await destination.putBlob(await source.blob(descriptor), put);
  }
  await destination.putManifest(bytes, { mediaType });
  await destination.commit();
  return moved;
}

describeWithPeers("docker: with its peers", ["docker-registry", "skopeo"], () => {
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let transport: DockerTransport;
  let large: SampleImage;
  let count = 0;
  /** A new repository's name. */
  const fresh = (): string => `test/r${count++}`;

  beforeAll(async () => {
    registry = await startRegistry({ deletable: true, schema1: true });
    proxy = await createFaultProxy({ target: registry.url });
    transport = docker({ registries: machineWithoutConfiguration([registry.host, proxy.host]), env: {} });
    const layer = await randomLayer({ seed: "large", files: 3, fileSize: 700_000, compression: "none" });
    large = await randomImage({ seed: "large", layers: [layer], compression: "none" });
  });
  beforeEach(() => {
    proxy.clearRules();
    proxy.forget();
  });
  afterAll(async () => {
    await proxy.close();
    await registry.stop();
  });

  describe("skopeo", () => {
    const formats = [
      ["an OCI image", () => randomImage({ seed: "a" })],
      ["a docker image", () => randomImage({ seed: "b", format: "docker" })],
      ["an OCI index", () => randomIndex({ seed: "c" })],
      ["a docker manifest list", () => randomIndex({ seed: "d", format: "docker" })],
    ] as const;

    it.each(formats)("reads %s that was written here, with its digest", async (_, make) => {
      const image = await make();
      const name = `${registry.host}/${fresh()}:v1`;
      await write(transport, name, image);
      const folder = join(temporaryDirectory(), "image");
      await skopeo(["copy", "-q", "--all", "--src-tls-verify=false", `docker://${name}`, `dir:${folder}`]);
      const manifest = readFileSync(join(folder, "manifest.json"));
      expect(Buffer.compare(manifest, image.manifest.bytes)).toBe(0);
      const images = image.kind === "index" ? image.images : [image];
      const wanted = images.flatMap(({ config, layers }) => [config, ...layers]);
      const found = readdirSync(folder).filter((file) => /^[0-9a-f]{64}$/.test(file));
      const hex = [...new Set(wanted.map(({ descriptor }) => descriptor.digest.slice(7)))];
      expect(found.toSorted()).toEqual(hex.toSorted());
    });

    it.each(formats)("writes %s that is read here, with its digest", async (_, make) => {
      const image = await make();
      const [ours, theirs] = [`${registry.host}/${fresh()}:v1`, `${registry.host}/${fresh()}:v1`];
      await write(transport, ours, image);
      const flags = ["--all", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"];
      await skopeo(["copy", "-q", ...flags, `docker://${ours}`, `docker://${theirs}`]);
      expect(await digestsOf(transport, theirs)).toEqual(await digestsOf(transport, ours));
      const { digest } = await transport.resolveImage(transport.parse(`//${theirs}`));
      expect(digest).toBe(image.manifest.digest);
    });

    it("writes docker's first schema, which is read here and written again", async () => {
      const [ours, theirs] = [`${registry.host}/${fresh()}:v1`, `${registry.host}/${fresh()}:v1`];
      await write(transport, ours, await randomImage({ seed: "e", format: "docker" }));
      const flags = ["--format", "v2s1", "--src-tls-verify=false", "--dest-tls-verify=false"];
      await skopeo(["copy", "-q", ...flags, `docker://${ours}`, `docker://${theirs}`]);
      await using source = await transport.openSource(transport.parse(`//${theirs}`));
      const { bytes, mediaType } = await source.manifest();
      expect(mediaType).toBe(mediaTypes.dockerV1SignedManifest);
      await using destination = await transport.openDestination(transport.parse(`//${theirs}`));
      await destination.putManifest(bytes, { mediaType });
      await destination.commit();
      expect((await transport.resolveImage(transport.parse(`//${theirs}`))).mediaType).toBe(mediaType);
    });

    it("lists the tags that are listed here", async () => {
      const repository = `${registry.host}/${fresh()}`;
      const image = await randomImage({ seed: "f" });
      await write(transport, `${repository}:one`, image, { additionalTags: ["two", `${repository}:three`] });
      const listed = await skopeo(["list-tags", "--tls-verify=false", `docker://${repository}`]);
      expect(await transport.listTags(transport.parse(`//${repository}`))).toEqual(
        JSON.parse(listed.stdout).Tags,
      );
    });
  });

  describe("names", () => {
    it("with tag and digest are read by the digest, and written under the tag if the digest is theirs", async () => {
      const repository = fresh();
      const image = await randomImage({ seed: "g" });
      const other = await randomImage({ seed: "h" });
      const name = `${registry.host}/${repository}`;
      await write(transport, `${name}:v1@${image.manifest.digest}`, image);
      expect(await tagsIn(registry.url, repository)).toEqual({ v1: image.manifest.digest });
      await write(transport, `${name}:v1`, other);
      const found = await read(transport, `${name}:v1@${image.manifest.digest}`);
      expect(Buffer.compare(found.manifest.bytes, image.manifest.bytes)).toBe(0);
      const wrong = write(transport, `${name}:v1@${image.manifest.digest}`, other);
      await expect(wrong).rejects.toEqual(fails("ERR_DRAYAGE_DIGEST_MISMATCH"));
    });

    it("of many tags are written in one go", async () => {
      const repository = fresh();
      const image = await randomImage({ seed: "i" });
      const additionalTags = Array.from({ length: 20 }, (_, n) => `t${n}`);
      await write(transport, `${proxy.host}/${repository}:v1`, image, { additionalTags });
      const { digest } = image.manifest;
      expect(await tagsIn(registry.url, repository)).toEqual(
        Object.fromEntries(["v1", ...additionalTags].map((tag) => [tag, digest])),
      );
      expect(
        proxy.requests.filter(({ method, path }) => method === "PUT" && path.includes("/manifests/")),
      ).toHaveLength(22);
    });

    it("may be none at all: the image is there under its digest", async () => {
      const repository = fresh();
      const image = await randomImage({ seed: "j" });
      await write(transport, `${registry.host}/${repository}@@unknown-digest@@`, image);
      expect(await tagsIn(registry.url, repository)).toEqual({});
      await read(transport, `${registry.host}/${repository}@${image.manifest.digest}`);
    });
  });

  describe("between two repositories of one registry", () => {
    it("nothing is sent, neither layers nor configs, not even the first time", async () => {
      const [from, to] = [`${proxy.host}/${fresh()}:v1`, `${proxy.host}/${fresh()}:v1`];
      const image = await randomImage({ seed: "k", layers: 4 });
      await write(transport, from, image);
      proxy.forget();
      expect(await copy(transport, from, to, { blobInfoCache: fakeCache() })).toEqual([]);
      expect(proxy.blobBytes()).toEqual({ pushed: 0, pulled: 0 });
      expect(proxy.requests.filter(({ target }) => target.includes("mount="))).toHaveLength(5);
      expect(await digestsOf(transport, to)).toEqual(await digestsOf(transport, from));
    });

    it("what the registry declines to mount is copied", async () => {
      const [from, to] = [`${proxy.host}/${fresh()}:v1`, `${proxy.host}/${fresh()}:v1`];
      const image = await randomImage({ seed: "l" });
      await write(transport, from, image);
      proxy.rule({ path: /[?&]mount=/ }, { answer: { status: 404, body: "{}" } });
      expect(await copy(transport, from, to, { blobInfoCache: fakeCache() })).toHaveLength(3);
      expect(await digestsOf(transport, to)).toEqual(await digestsOf(transport, from));
    });
  });

  describe("a connection that is cut", () => {
    it.each([0, 1, 65_536, 1_234_567])("in a pull after %i bytes costs what was lost", async (after) => {
      const name = `${proxy.host}/${fresh()}:v1`;
      await write(transport, name, large);
      proxy.forget();
      const [layer] = large.layers;
      if (layer === undefined) throw new Error("the sample has a layer");
      proxy.rule({ method: "GET", path: /\/blobs\//, times: 2 }, { cutResponse: { after, ending: "end" } });
      await using source = await transport.openSource(transport.parse(`//${name}`), { connection: quick });
      const bytes = await readBlob(await source.blob(layer.descriptor), { limit });
      expect(Buffer.compare(bytes, layer.bytes)).toBe(0);
      expect(proxy.blobBytes().pulled).toBe(layer.bytes.length);
    });

    it.each([0, 65_536, 1_234_567])("in a push after %i bytes ends in a whole image", async (after) => {
      const name = `${proxy.host}/${fresh()}:v1`;
      const rule = proxy.rule(
        { method: ["PATCH", "PUT"], path: /\/blobs\/uploads\//, times: 1 },
        { cutRequest: { after, ending: "end" } },
      );
      await write(transport, name, large, { connection: quick });
      expect(rule.hits).toBe(1);
      proxy.clearRules();
      const found = await read(transport, name);
      expect(Buffer.compare(found.manifest.bytes, large.manifest.bytes)).toBe(0);
    });

    it("between a pull and a push at once does not matter", async () => {
      const [from, to] = [`${proxy.host}/${fresh()}:v1`, `${proxy.host}/${fresh()}:v1`];
      await write(transport, from, large);
      proxy.rule({ method: "GET", path: /\/blobs\/sha/, times: 1 }, { cutResponse: { after: 300_000 } });
      proxy.rule(
        { method: ["PATCH", "PUT"], path: /\/blobs\/uploads\//, times: 1 },
        { cutRequest: { after: 900_000 } },
      );
      await copy(transport, from, to, { connection: quick });
      proxy.clearRules();
      expect(await digestsOf(transport, to)).toEqual(await digestsOf(transport, from));
    });
  });

  it("bytes that are not what they should be are refused", async () => {
    const name = `${proxy.host}/${fresh()}:v1`;
    const image = await randomImage({ seed: "m" });
    await write(transport, name, image);
    const blobs = proxy.rule({ method: "GET", path: /\/blobs\// }, { corrupt: { at: 5 } });
    await expect(read(transport, name)).rejects.toEqual(fails("ERR_DRAYAGE_DIGEST_MISMATCH"));
    blobs.remove();
    proxy.rule({ method: "GET", path: /\/manifests\// }, { corrupt: { at: 5 } });
    const byDigest = read(transport, name.replace(":v1", `@${image.manifest.digest}`));
    await expect(byDigest).rejects.toEqual(fails("ERR_DRAYAGE_DIGEST_MISMATCH"));
  });

  describe("mirrors of registries.conf", () => {
    it("serve images, tags and digests; the registry what they lack", async () => {
      await using mirror = await startRegistry();
      const repository = fresh();
      const image = await randomImage({ seed: "n" });
      const other = await randomImage({ seed: "o" });
      const all = docker({ registries: machineWithoutConfiguration([registry.host, mirror.host]), env: {} });
      await write(all, `${mirror.host}/copies/${repository}:v1`, image);
      await write(all, `${registry.host}/${repository}:v2`, other);
      const registriesConf = join(temporaryDirectory(), "registries.conf");
      writeFileSync(
        registriesConf,
        `[[registry]]\nprefix = "example.test"\nlocation = "${registry.host}"\ninsecure = true\n` +
          `[[registry.mirror]]\nlocation = "${mirror.host}/copies"\ninsecure = true\n`,
      );
      const options = { connection: { ...quick, registriesConf } };
      const machine = docker({ env: { HOME: temporaryDirectory() } });
      const name = `example.test/${repository}`;
      expect((await read(machine, `${name}:v1`, options)).manifest.bytes).toEqual(
        Buffer.from(image.manifest.bytes),
      );
      expect((await read(machine, `${name}:v2`, options)).manifest.bytes).toEqual(
        Buffer.from(other.manifest.bytes),
      );
      expect(await machine.listTags(machine.parse(`//${name}`), options)).toEqual(["v1"]);
      const resolved = await machine.resolveImage(machine.parse(`//${name}:v2`), options);
      expect(resolved.digest).toBe(other.manifest.digest);
      const nowhere = machine.openSource(machine.parse(`//${name}:v3`), options);
      await expect(nowhere).rejects.toThrow(
        new RegExp(
          `^\\(Mirrors also failed: \\[${mirror.host}/copies/${repository}:v3: .*\\]\\): ${registry.host}/${repository}:v3: `,
        ),
      );
    });

    it("do not hear of credentials that were given for the registry", async () => {
      const users = { somebody: "correct horse" } as const;
      await using locked = await startRegistry({ htpasswd: users });
      const mirrors = {
        prefix: "example.test",
        location: locked.host,
        insecure: true,
        blocked: false,
        origin: "a test",
      };
      const machine = machineWithoutConfiguration();
      const transport = docker({
        env: { HOME: temporaryDirectory() },
        registries: {
          ...machine,
          registries: [
            { ...mirrors, mirrors: [{ location: proxy.host, insecure: true, pullFromMirror: "all" }] },
            { ...mirrors, prefix: locked.host, location: undefined, mirrors: [] },
          ],
        },
      });
      const connection = { ...quick, credentials: { username: "somebody", password: users.somebody } };
      const image = await randomImage({ seed: "p" });
      const repository = fresh();
      await write(transport, `${locked.host}/${repository}:v1`, image, { connection });
      // The registry is known by another name here, and is as foreign as a mirror.
      const refused = transport.openSource(transport.parse(`//example.test/${repository}:v1`), {
        connection,
      });
      await expect(refused).rejects.toEqual(fails("ERR_DRAYAGE_UNAUTHORIZED"));
      expect(proxy.requests.length).toBeGreaterThan(0);
      expect(proxy.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
      await read(transport, `${locked.host}/${repository}:v1`, { connection });
    });
  });

  describe("layers that are kept elsewhere", () => {
    interface Elsewhere extends AsyncDisposable {
      readonly url: string;
      readonly seen: IncomingHttpHeaders[];
    }

    async function serve(bytes: Uint8Array): Promise<Elsewhere> {
      const seen: IncomingHttpHeaders[] = [];
      const server = createServer((request, response) => {
        seen.push(request.headers);
        if (request.url === "/layer") response.end(bytes);
        else response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        seen,
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise((resolve) => void server.close(resolve));
        },
      };
    }

    it("come from there, without credentials; from the registry where they are not there", async () => {
      const image = await randomImage({ seed: "q", layers: 1, format: "docker" });
      const [layer] = image.layers;
      if (layer === undefined) throw new Error("the sample has a layer");
      await using elsewhere = await serve(layer.bytes);
      const document = JSON.parse(new TextDecoder().decode(image.manifest.bytes));
      const mediaType = mediaTypes.dockerForeignLayerGzip;
      const foreign = {
        ...layer.descriptor,
        mediaType,
        urls: [`${elsewhere.url}/layer`],
      };
      const bytes = new TextEncoder().encode(JSON.stringify({ ...document, layers: [foreign] }));
      const name = `${proxy.host}/${fresh()}:v1`;
      const connection = { credentials: { username: "somebody", password: "a secret of the test" } };
      await using destination = await transport.openDestination(transport.parse(`//${name}`));
      await destination.putBlob(sampleBlob(image.config), {
        kind: "config",
        mediaType: mediaTypes.dockerConfig,
      });
      await destination.putManifest(bytes, { mediaType: mediaTypes.dockerManifest });
      await destination.commit();
      await using source = await transport.openSource(transport.parse(`//${name}`), { connection });
      const found = await readBlob(
        await source.blob({ ...foreign, urls: ["ftp://127.0.0.1/", ...foreign.urls] }),
        { limit },
      );
      expect(Buffer.compare(found, layer.bytes)).toBe(0);
      expect(elsewhere.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
      const gone = { ...foreign, urls: [`${elsewhere.url}/gone`] };
      await expect(readBlob(await source.blob(gone), { limit })).rejects.toEqual(
        fails("ERR_DRAYAGE_BLOB_NOT_FOUND"),
      );
      await destination.close();
      await using filler = await transport.openDestination(transport.parse(`//${name}`));
      await filler.putBlob(sampleBlob(layer), { kind: "layer", mediaType });
      expect(Buffer.compare(await readBlob(await source.blob(gone), { limit }), layer.bytes)).toBe(0);
    });
  });

  describe("connections", () => {
    it("keep no process alive that has done its work", async () => {
      const repository = fresh();
      const image = await randomImage({ seed: "t", layers: 1 });
      await write(transport, `${registry.host}/${repository}:v1`, image);
      const folder = temporaryDirectory();
      const registriesConf = join(folder, "registries.conf");
      writeFileSync(registriesConf, `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
      const worker = await bundleForNode(join(import.meta.dirname, "exit-worker.ts"), folder);
      const name = `${registry.host}/${repository}:v1`;
      // Idle clients are kept for half a minute: one that held the process would be noticed.
      const { stdout } = await run(process.execPath, [worker, name, registriesConf], {
        signal: AbortSignal.timeout(25_000),
      });
      expect(stdout).toBe(image.manifest.digest);
    });

    it("are shared, and so are tokens, by all images that one transport opens", async () => {
      await using tokens = await startTokenServer({ anonymous: { "repository:*": ["*"] } });
      await using locked = await startRegistry({ token: tokens.registry });
      const registries = machineWithoutConfiguration([locked.host, tokens.host]);
      const shared = docker({ registries, env: { HOME: temporaryDirectory() } });
      const name = `${locked.host}/${fresh()}`;
      const image = await randomImage({ seed: "r", layers: 1 });
      await write(shared, `${name}:v1`, image);
      const before = tokens.requests.length;
      for (let round = 0; round < 5; round++) await read(shared, `${name}:v1`);
      expect(tokens.requests.length - before).toBeLessThanOrEqual(1);
    });

    it("trust the certificates that they are shown in a folder, and no others", async () => {
      const { server, authority } = await testCertificates();
      await using tls = await startRegistry({ tls: server });
      const registries = machineWithoutConfiguration();
      const secure = docker({ registries, env: { HOME: temporaryDirectory() } });
      const certDir = temporaryDirectory();
      writeFileSync(join(certDir, "ca.crt"), readFileSync(authority.certificate));
      const image = await randomImage({ seed: "s", layers: 1 });
      const name = `${tls.host}/${fresh()}:v1`;
      await write(secure, name, image, { connection: { certDir } });
      await expect(read(secure, name, { connection: quick })).rejects.toEqual(fails("ERR_DRAYAGE_TLS"));
      await read(secure, name, { connection: { tlsVerify: false } });
      await read(secure, name, { connection: { certDir } });
    });
  });
});
