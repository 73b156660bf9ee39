import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { bytesBlob, streamBlob } from "@drayage/blob";
import { type LayerCache, layerCache, noLayerCache } from "@drayage/build-context";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { readTar, type TarWriteEntry, writeTar } from "@drayage/tar";
import { memoryTransport, randomImage, readImage, writeImage } from "@drayage/testkit";
import type { Location, Transport } from "@drayage/transport";
import dockerArchive from "@drayage/transport-docker-archive";
import ociArchive from "@drayage/transport-oci-archive";
import ociDir from "@drayage/transport-oci-dir";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommitOptions } from "../../src/builder.ts";
import { createPipeline, type Pipeline } from "../../src/pipeline/create-pipeline.ts";
import type { ConfigChanges } from "../../src/state/changes.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "drayage-"));
  mkdirSync(join(home, "app/lib"), { recursive: true });
  writeFileSync(join(home, "app/main.js"), "main()");
  writeFileSync(join(home, "app/lib/more.js"), "more()");
  chmodSync(join(home, "app/main.js"), 0o755);
});
afterEach(() => rmSync(home, { recursive: true }));

const epoch = new Date(1_600_000_000_000);
const common: CommitOptions = {
  layerCache: noLayerCache,
  env: {},
  sourceDateEpoch: epoch,
  rewriteTimestamp: true,
};

function place(transport: Transport, text: string): Location {
  return { transport, reference: transport.parse(text), text };
}
const layout = (name: string): Location => place(ociDir, `${join(home, name)}:latest`);

async function read(location: Location) {
  const { transport, reference } = location;
  if (transport.openSource === undefined) throw new Error("it cannot be read");
  await using source = await transport.openSource(reference);
  const image = await readImage(source);
  if (image.kind !== "image") throw new Error("it is no image");
  const config = JSON.parse(new TextDecoder().decode(image.config?.bytes)) as {
    architecture: string;
    created: string;
    config: Record<string, unknown>;
    rootfs: { diff_ids: string[] };
    history: Record<string, unknown>[];
  };
  return { image, config };
}

async function entriesOf(layer: { readonly tar?: Uint8Array; readonly bytes: Uint8Array }) {
  const { gunzipSync } = await import("node:zlib");
  const bytes = layer.bytes[0] === 0x1f ? gunzipSync(layer.bytes) : layer.bytes;
  const entries: string[] = [];
  for await (const { header, body } of readTar([bytes])) {
    let content = "";
    for await (const chunk of body) content += Buffer.from(chunk).toString();
    const { name, mode, uid, mtime } = header;
    entries.push(`${name} ${(mode & 0o7777).toString(8)} ${uid} ${mtime.seconds} ${content}`.trim());
  }
  return entries;
}

async function appOnScratch(): Promise<Pipeline> {
  const pipeline = await createPipeline({
    from: "scratch",
    platform: { os: "linux", architecture: "arm64" },
  });
  await pipeline.copy(["app"], "/srv/", { contextDir: home, chown: "12:34" });
  await pipeline.config({ cmd: ["node", "main.js"], env: ["A=b"], workingDir: "/srv", addHistory: true });
  await pipeline.copy(["app/main.js"], "again.js", { contextDir: home });
  return pipeline;
}

describe("a pipeline from scratch", () => {
  it("becomes an image with a layer for each addition, and a history in the order of the steps", async () => {
    await using pipeline = await appOnScratch();
    const committed = await pipeline.commit(layout("out"), common);
    const { image, config } = await read(layout("out"));
    expect(committed.id).toBe(image.config?.descriptor.digest.slice("sha256:".length));
    expect(committed.manifestDigest).toBe(digestBytes(image.manifest.bytes));
    expect(config.rootfs.diff_ids).toEqual(committed.diffIds);
    expect(config).toMatchObject({
      architecture: "arm64",
      created: "2020-09-13T12:26:40Z",
      config: { Cmd: ["node", "main.js"], Env: expect.arrayContaining(["A=b"]), WorkingDir: "/srv" },
    });
    const created = "2020-09-13T12:26:40Z";
    const [first, ...others] = config.history;
    expect(first).toEqual({ created, created_by: "COPY app /srv/" });
    expect(others.at(-1)).toEqual({ created, created_by: "COPY app/main.js again.js" });
    expect(others.slice(0, -1).map((entry) => entry.empty_layer)).toEqual([true, true, true]);
    expect(image.layers.map(({ descriptor }) => descriptor.mediaType)).toEqual([
      mediaTypes.ociLayerGzip,
      mediaTypes.ociLayerGzip,
    ]);
    const [app, again] = image.layers;
    if (app === undefined || again === undefined) throw new Error("there are two layers");
    const seconds = epoch.getTime() / 1000;
    expect(await entriesOf(app)).toEqual(
      expect.arrayContaining([
        `srv/main.js 755 12 ${seconds} main()`,
        `srv/lib/more.js 644 12 ${seconds} more()`,
      ]),
    );
    expect((await entriesOf(again)).at(-1)).toBe(`srv/again.js 755 0 ${seconds} main()`);
  });

  it("calls an architecture by its usual name, and takes a variant as it is", async () => {
    await using pipeline = await createPipeline({ from: "scratch" });
    for (const [changes, wanted] of [
      [{ architecture: "armhf" }, { architecture: "arm", variant: "v7" }],
      [
        { architecture: "arm", variant: "v6" },
        { architecture: "arm", variant: "v6" },
      ],
      [{ architecture: "x86_64", variant: "" }, { architecture: "amd64" }],
    ] as const) {
      await pipeline.config(changes);
      expect(pipeline.state.image).toMatchObject({ oci: wanted, docker: wanted });
      await pipeline.commit(layout("out"), common);
      const { config } = await read(layout("out"));
      expect(config).toMatchObject(wanted);
      expect("variant" in config).toBe("variant" in wanted);
    }
  });

  it("refuses values that no tool could use, and fields that there are not, and stays as it was", async () => {
    await using pipeline = await createPipeline({ from: "scratch" });
    const before = pipeline.state;
    for (const [changes, said] of [
      [
        { user: "1", ports: ["80", "abc"] },
        { message: 'ports: "abc" is not accepted', hint: /80\/tcp/ },
      ],
      [{ entrypont: ["/app"] }, { message: "entrypont: there is no such field", hint: /\bentrypoint\b/ }],
      [{ ports: "80" }, { message: 'ports: "80" is not accepted', hint: /./ }],
      [{ cmd: ["a", 1] }, { message: "cmd: 1 is not accepted", hint: /program/ }],
      [
        { healthcheck: { interval: -1 } },
        { message: "healthcheck.interval: -1 is not accepted", hint: /1m30s/ },
      ],
      [
        { healthcheck: { period: "1s" } },
        { message: "healthcheck.period: there is no such field", hint: /startPeriod/ },
      ],
    ] as const) {
      await expect(pipeline.config(changes as ConfigChanges)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_USAGE",
        message: said.message,
        hint: expect.stringMatching(said.hint),
      });
    }
    expect(pipeline.state).toBe(before);
  });

  it("gives the same digest when SOURCE_DATE_EPOCH is set, whenever and wherever it is made", async () => {
    const digests = new Set<string>();
    for (const name of ["one", "two"]) {
      await using pipeline = await appOnScratch();
      const options = { layerCache: noLayerCache, env: { SOURCE_DATE_EPOCH: "1600000000" } };
      digests.add((await pipeline.commit(layout(name), options)).manifestDigest);
      // Another machine has checked the files out at another time, and has other rights by default.
      utimesSync(join(home, "app/main.js"), 1_700_000_000, 1_700_000_000 + digests.size);
    }
    expect(digests.size).toBe(1);
  });

  it("is committed in docker's format, and into archives", async () => {
    for (const [name, transport] of Object.entries({ docker: dockerArchive, oci: ociArchive })) {
      await using pipeline = await createPipeline({ from: "scratch", format: "docker" });
      await pipeline.copy(["app"], "/app", { contextDir: home });
      const to = place(transport, `${join(home, `${name}.tar`)}:localhost/app:1`);
      const { diffIds } = await pipeline.commit(to, common);
      const { config, image } = await read(to);
      expect(config.rootfs.diff_ids).toEqual(diffIds);
      expect(image.layers).toHaveLength(1);
    }
  });

  it.each([
    ["none", mediaTypes.ociLayerTar],
    ["gzip", mediaTypes.ociLayerGzip],
    ["zstd", mediaTypes.ociLayerZstd],
  ] as const)("compresses with %s", async (format, mediaType) => {
    await using pipeline = await appOnScratch();
    await pipeline.commit(layout(format), { ...common, compression: { format } });
    const { image } = await read(layout(format));
    expect(new Set(image.layers.map(({ descriptor }) => descriptor.mediaType))).toEqual(new Set([mediaType]));
  });

  it("knows what its steps have added, and what the base has", async () => {
    mkdirSync(join(home, "root/tmp"), { recursive: true });
    chmodSync(join(home, "root/tmp"), 0o1777);
    mkdirSync(join(home, "app/secret"), { mode: 0o700 });
    writeFileSync(join(home, "other"), "other");
    const contextDir = home;
    {
      await using base = await createPipeline({ from: "scratch" });
      await base.copy(["root"], "/", { contextDir });
      await base.commit(layout("base"), common);
    }
    await using pipeline = await createPipeline({ from: layout("base") });
    await pipeline.copy(["other"], "/tmp/", { contextDir });
    await pipeline.copy(["app"], "/srv/app/", { contextDir, chown: "5:5" });
    await pipeline.copy(["other"], "/srv/app/secret/", { contextDir });
    await pipeline.copy(["other"], "/srv/name", { contextDir });
    await pipeline.copy(["app/main.js"], "/srv/name", { contextDir });
    await pipeline.commit(layout("out"), common);
    const { image } = await read(layout("out"));
    const layers = await Promise.all(image.layers.map(entriesOf));
    const plain = layers.slice(1).map((lines) =>
      lines.map((line) =>
        line
          .split(" ")
          .filter((_, at) => at !== 3)
          .join(" "),
      ),
    );
    expect(plain).toEqual([
      ["tmp/ 1777 0", "tmp/other 644 0 other"],
      expect.arrayContaining(["srv/ 755 5", "srv/app/ 755 5", "srv/app/secret/ 700 5"]),
      ["srv/ 755 5", "srv/app/ 755 5", "srv/app/secret/ 700 5", "srv/app/secret/other 644 0 other"],
      ["srv/ 755 5", "srv/name 644 0 other"],
      ["srv/ 755 5", "srv/name 755 0 main()"],
    ]);
  });

  it("knows what archives hold that were expanded, and what layers hold and remove", async () => {
    const contextDir = home;
    const other = join(home, "other");
    writeFileSync(other, "other");
    const passwd = "root:x:0:0::/:/bin/sh\nnode:x:1000:1001::/:/bin/sh\n";
    const archive = await tarOf([
      { header: { name: "etc/passwd", mode: 0o644 }, body: Buffer.from(passwd) },
      { header: { name: "real/", type: "directory", mode: 0o750, uid: 7 } },
      { header: { name: "way", type: "symlink", linkname: "real" } },
      { header: { name: "app/", type: "directory", mode: 0o711 } },
      { header: { name: "gone/", type: "directory", mode: 0o700 } },
    ]);
    writeFileSync(join(home, "root.tar.gz"), gzipSync(archive));
    const layer = await tarOf([
      { header: { name: "way/inner/", type: "directory", mode: 0o701, uid: 8 } },
      { header: { name: "etc/group", mode: 0o644 }, body: Buffer.from("people:x:34:\n") },
      { header: { name: ".wh.gone" } },
    ]);
    await using pipeline = await createPipeline({ from: "scratch" });
    await pipeline.add(["root.tar.gz"], "/", { contextDir });
    pipeline.addLayer(bytesBlob(layer), { created_by: "layer" });
    await pipeline.copy(["other"], "/way/", { contextDir, chown: "node" });
    await pipeline.copy(["other"], "/way/inner", { contextDir, chown: "node:people" });
    await pipeline.config({ workingDir: "/app" });
    await pipeline.copy(["other"], ".", { contextDir });
    await pipeline.copy(["other"], "/gone", { contextDir });
    await expect(pipeline.copy(["other"], "/", { contextDir, chown: "nobody" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    });
    await pipeline.commit(layout("out"), common);
    const { image } = await read(layout("out"));
    const layers = await Promise.all(image.layers.slice(2).map(entriesOf));
    const plain = layers.map((lines) => lines.map((line) => line.split(" ").slice(0, 3).join(" ")));
    expect(plain).toEqual([
      ["real/ 750 7", "real/other 644 1000"],
      ["real/ 750 7", "real/inner/ 701 8", "real/inner/other 644 1000"],
      ["app/ 711 0", "app/other 644 0"],
      ["gone 644 0"],
    ]);
  });

  it("is squashed into one layer of its files and the base's, with what was to be told and one entry more", async () => {
    const contextDir = home;
    const other = join(home, "other");
    mkdirSync(join(other, "etc"), { recursive: true });
    writeFileSync(join(other, "etc/name"), "old");
    writeFileSync(join(other, "etc/kept"), "kept");
    linkSync(join(other, "etc/kept"), join(other, "etc/linked"));
    {
      await using base = await createPipeline({ from: "scratch" });
      await base.copy(["other"], "/", { contextDir });
      await base.config({ env: ["OF=base"] });
      await base.commit(layout("base"), common);
    }
    await using pipeline = await createPipeline({ from: layout("base") });
    await pipeline.copy(["app/main.js"], "/etc/name", { contextDir });
    await pipeline.config({ user: "5", addHistory: true });
    await pipeline.copy(["app/lib"], "/lib", { contextDir, addHistory: true });
    const removing = await tarOf([{ header: { name: "etc/.wh.kept" } }]);
    pipeline.addLayer(bytesBlob(removing), { created_by: "remove etc/kept" });
    const { diffIds } = await pipeline.commit(layout("out"), { ...common, squash: true });
    const { image, config } = await read(layout("out"));
    expect(config.rootfs.diff_ids).toEqual(diffIds);
    const [layer, ...others] = image.layers;
    if (layer === undefined) throw new Error("there is a layer");
    expect(others).toEqual([]);
    const seconds = epoch.getTime() / 1000;
    expect(await entriesOf(layer)).toEqual([
      `etc 755 0 ${seconds}`,
      `etc/linked 644 0 ${seconds} kept`,
      `etc/name 755 0 ${seconds} main()`,
      "lib 755 0 0",
      `lib/more.js 644 0 ${seconds} more()`,
    ]);
    expect(config.config).toMatchObject({ User: "5", Env: expect.arrayContaining(["OF=base"]) });
    const created = "2020-09-13T12:26:40Z";
    expect(config.history).toEqual([
      { created, created_by: "/bin/sh -c #(nop) USER 5", empty_layer: true },
      { created, created_by: "/bin/sh -c #(nop) ENV ", empty_layer: true },
      {
        created,
        created_by: expect.stringMatching(/^\/bin\/sh -c #\(nop\) COPY dir:[0-9a-f]{64}$/) as string,
        empty_layer: true,
      },
      { created_by: "remove etc/kept", empty_layer: true },
      { created, created_by: "/bin/sh", comment: expect.stringContaining("FROM ") as string },
    ]);
    await using source = await pipeline.openSource({
      ...common,
      squash: true,
      compression: { format: "none" },
    });
    const { bytes } = await source.manifest();
    const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as { layers: { digest: string }[] };
    expect(layers.map(({ digest }) => digest)).toEqual(diffIds);
  });

  it("is closed only after what was begun", async () => {
    const pipeline = await appOnScratch();
    const committing = pipeline.commit(layout("late"), common);
    await pipeline[Symbol.asyncDispose]();
    expect((await committing).diffIds).toHaveLength(2);
    await expect(pipeline.commit(layout("later"), common)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });

  it("refuses zstd in docker's format, in buildah's words", async () => {
    await using pipeline = await createPipeline({ from: "scratch", format: "docker" });
    const refused = pipeline.commit(layout("no"), { ...common, compression: { format: "zstd" } });
    await expect(refused).rejects.toThrow("media type for zstd-compressed layers is not defined");
  });

  it("refuses what takes files or a store", async () => {
    await using pipeline = await createPipeline({ from: "scratch" });
    const unsupported = { code: "ERR_DRAYAGE_CONTAINER_UNSUPPORTED" };
    await expect(pipeline.run(["true"])).rejects.toMatchObject(unsupported);
    await expect(pipeline.mount()).rejects.toMatchObject(unsupported);
    await expect(pipeline.copy(["a"], "/", { from: "other" })).rejects.toMatchObject(unsupported);
    await expect(pipeline.commit(undefined, common)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    expect(readdirSync(home)).toEqual(["app"]);
  });

  it("leaves nothing behind where it is aborted, or a file cannot be read", async () => {
    await using pipeline = await appOnScratch();
    const controller = new AbortController();
    pipeline.addLayer(
      streamBlob(async function* () {
        yield new Uint8Array(1024);
        controller.abort();
        yield new Uint8Array(1024);
      }),
      { created_by: "aborts" },
    );
    const aborted = pipeline.commit(layout("gone"), { ...common, signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    expect(readdirSync(home)).toEqual(["app"]);
  });
});

async function tarOf(entries: readonly TarWriteEntry[]): Promise<Uint8Array> {
  const tar: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) tar.push(new Uint8Array(chunk));
  return Buffer.concat(tar);
}

/** A layer that counts how often it is read. */
async function countedLayer(content: string) {
  const header = { name: "file", mode: 0o644 };
  const tar = [await tarOf([{ header, body: Buffer.from(content) }])];
  const counted = {
    reads: 0,
    tar: streamBlob(() => {
      counted.reads += 1;
      return toStream(tar);
    }),
  };
  return counted;
}

async function* toStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe("the layer cache of a pipeline", () => {
  const key = async (): Promise<{ hash: string; settled: boolean }> => ({
    hash: "ab".repeat(32),
    settled: true,
  });
  async function commit(layer: Awaited<ReturnType<typeof countedLayer>>, to: Location, cache: LayerCache) {
    await using pipeline = await createPipeline({ from: "scratch" });
    pipeline.addLayer(layer.tar, { created_by: "layer" }, key);
    return await pipeline.commit(to, {
      ...common,
      timestamp: undefined,
      rewriteTimestamp: false,
      layerCache: cache,
    });
  }

  it("spares reading what the destination has; what it lacks is read and compared", async () => {
    const cache = layerCache({ folder: join(home, "cache") });
    const layer = await countedLayer("content");
    const first = await commit(layer, layout("one"), cache);
    expect(layer.reads).toBe(1);
    expect(await commit(layer, layout("one"), cache)).toEqual(first);
    expect(layer.reads).toBe(1);
    expect(await commit(layer, layout("two"), cache)).toEqual(first);
    expect(layer.reads).toBe(2);
  });

  it("is put right where the tree is another than it says", async () => {
    const cache = layerCache({ folder: join(home, "cache") });
    await commit(await countedLayer("content"), layout("one"), cache);
    const other = await countedLayer("other");
    const committed = await commit(other, layout("two"), cache);
    expect((await cache.find(await key()))?.diffId).toBe(committed.diffIds[0]);
    expect((await read(layout("two"))).config.rootfs.diff_ids).toEqual(committed.diffIds);
  });

  it("knows an unchanged folder, and a changed one for another", async () => {
    const cache = layerCache({ folder: join(home, "cache") });
    const found: (string | undefined)[] = [];
    const watched: LayerCache = {
      ...cache,
      async find(asked) {
        const facts = await cache.find(asked);
        found.push(facts?.diffId);
        return facts;
      },
    };
    const run = async (): Promise<string | undefined> => {
      await using pipeline = await createPipeline({ from: "scratch" });
      await pipeline.copy(["app"], "/app", { contextDir: home, addHistory: true });
      const { diffIds } = await pipeline.commit(layout("out"), { ...common, layerCache: watched });
      return diffIds[0];
    };
    await setTimeout(80);
    const first = await run();
    const history = (await read(layout("out"))).config.history;
    expect(await run()).toBe(first);
    // What the history says of the files is known as well.
    expect((await read(layout("out"))).config.history).toEqual(history);
    writeFileSync(join(home, "app/main.js"), "MAIN()");
    expect(await run()).not.toBe(first);
    expect(found).toEqual([undefined, first, undefined]);
  });

  it("does not take a layer of other times for that of these", async () => {
    const run = async (options: CommitOptions, layers: LayerCache): Promise<string | undefined> => {
      await using pipeline = await createPipeline({ from: "scratch" });
      await pipeline.copy(["app"], "/app", { contextDir: home });
      const times = { sourceDateEpoch: undefined, rewriteTimestamp: undefined, ...options };
      return (await pipeline.commit(layout("times"), { ...common, ...times, layerCache: layers })).diffIds[0];
    };
    await setTimeout(80);
    const cache = layerCache({ folder: join(home, "cache") });
    const wishes: readonly CommitOptions[] = [
      {},
      { timestamp: epoch },
      { timestamp: new Date(0) },
      { sourceDateEpoch: epoch, rewriteTimestamp: true },
      { sourceDateEpoch: new Date(1_000_000_000_000), rewriteTimestamp: true },
    ];
    // At the second time each is known.
    for (const wish of [...wishes, ...wishes]) {
      expect(await run(wish, cache)).toBe(await run(wish, noLayerCache));
    }
  });
});

describe("a pipeline upon a base", () => {
  it("keeps the base's layers and history, and says what it stands on", async () => {
    const base = await randomImage({ seed: 3, layers: 2, format: "oci" });
    const memory = memoryTransport();
    const from = place(memory, "base");
    {
      await using destination = await memory.openDestination(memory.parse("base"));
      await writeImage(destination, base);
    }
    await using pipeline = await createPipeline({ from });
    await pipeline.copy(["app"], "/app", { contextDir: home });
    await pipeline.commit(layout("out"), common);
    const { image, config } = await read(layout("out"));
    const digests = image.layers.map(({ descriptor }) => descriptor.digest);
    expect(digests.slice(0, 2)).toEqual(base.layers.map(({ descriptor }) => descriptor.digest));
    expect(digests).toHaveLength(3);
    expect(config.rootfs.diff_ids).toHaveLength(3);
    expect(config.history.at(-1)).toMatchObject({
      created_by: "COPY app /app",
      comment: expect.stringContaining("FROM "),
    });
    const manifest = JSON.parse(new TextDecoder().decode(image.manifest.bytes)) as { annotations: object };
    expect(manifest.annotations).toMatchObject({
      "org.opencontainers.image.base.digest": digestBytes(base.manifest.bytes),
    });
  });
});
