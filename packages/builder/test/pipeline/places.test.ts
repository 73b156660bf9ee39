import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bytesBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { openStore } from "@drayage/storage";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { readTar, writeTar } from "@drayage/tar";
import { memoryTransport, readImage } from "@drayage/testkit";
import type { Location, Transport } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";
import dir from "@drayage/transport-dir";
import dockerArchive from "@drayage/transport-docker-archive";
import ociArchive from "@drayage/transport-oci-archive";
import ociDir from "@drayage/transport-oci-dir";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommitOptions } from "../../src/builder.ts";
import { createPipeline, type PipelineOptions } from "../../src/pipeline/create-pipeline.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "drayage-"));
  mkdirSync(join(home, "app"));
  writeFileSync(join(home, "app/main.js"), "main()");
});
afterEach(() => rmSync(home, { recursive: true }));

const common: CommitOptions = { layerCache: noLayerCache, env: {}, timestamp: new Date(1_600_000_000_000) };

function place(transport: Transport, text: string): Location {
  return { transport, reference: transport.parse(text), text };
}

type Entries = Parameters<typeof writeTar>[0];
const mtime = { seconds: 1_500_000_000, nanoseconds: 0 };

async function tarOf(entries: Entries): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) chunks.push(new Uint8Array(chunk));
  return Buffer.concat(chunks);
}

/** Two layers: folders of several owners and modes, a link, users; and then another owner for a folder. */
async function commitBase(to: Location): Promise<readonly string[]> {
  await using pipeline = await createPipeline({ from: "scratch", format: "docker" });
  const passwd = Buffer.from("root:x:0:0::/:/bin/sh\napp:x:77:88::/:/bin/sh\n");
  const folder = { type: "directory" as const, mtime };
  const first = await tarOf([
    { header: { ...folder, name: "etc/", mode: 0o755 } },
    { header: { name: "etc/passwd", mode: 0o644, mtime }, body: passwd },
    { header: { ...folder, name: "srv/", mode: 0o700, uid: 1 } },
    { header: { ...folder, name: "data/", mode: 0o1777 } },
    { header: { name: "opt", type: "symlink", linkname: "data", mode: 0o777, mtime } },
  ]);
  const second = await tarOf([{ header: { ...folder, name: "srv/", mode: 0o750, uid: 2, gid: 3 } }]);
  pipeline.addLayer(bytesBlob(first), { created_by: "first" });
  pipeline.addLayer(bytesBlob(second), { created_by: "second" });
  return (await pipeline.commit(to, { ...common, timestamp: undefined, sourceDateEpoch: new Date(0) }))
    .diffIds;
}

async function read({ transport, reference }: Location) {
  if (transport.openSource === undefined) throw new Error("it cannot be read");
  await using source = await transport.openSource(reference);
  const image = await readImage(source);
  if (image.kind !== "image") throw new Error("it is no image");
  const config = JSON.parse(new TextDecoder().decode(image.config?.bytes)) as {
    rootfs: { diff_ids: string[] };
    history: { created_by: string }[];
  };
  return { image, config };
}

/** Names with modes and owners of the last layer. */
async function lastLayer(location: Location): Promise<readonly string[]> {
  const { image } = await read(location);
  const bytes = image.layers.at(-1)?.bytes ?? new Uint8Array();
  const entries: string[] = [];
  for await (const { header } of readTar([bytes[0] === 0x1f ? gunzipSync(bytes) : bytes])) {
    const { name, mode, uid, gid } = header;
    entries.push(`${name} ${(mode & 0o7777).toString(8)} ${uid}:${gid}`);
  }
  return entries;
}

describe("the base of a pipeline", () => {
  async function added(destination: string, options: Partial<PipelineOptions> & { chown?: string } = {}) {
    const memory = memoryTransport();
    await commitBase(place(memory, "base"));
    const { chown, ...others } = options;
    await using pipeline = await createPipeline({ from: place(memory, "base"), ...others });
    await pipeline.copy(["app/main.js"], destination, { contextDir: home, chown });
    const to = place(memory, "out");
    await pipeline.commit(to, common);
    return await lastLayer(to);
  }

  it("is read for folders that are usual: their modes and owners stay, links are followed", async () => {
    expect(await added("/srv/")).toEqual(["srv/ 750 2:3", "srv/main.js 644 0:0"]);
    expect(await added("/opt/deep/")).toEqual([
      "data/ 1777 0:0",
      "data/deep/ 755 0:0",
      "data/deep/main.js 644 0:0",
    ]);
  });

  it("is not read for others, unless it is to be; and never where it is not to be", async () => {
    expect(await added("/data/")).toEqual(["data/ 755 0:0", "data/main.js 644 0:0"]);
    expect(await added("/data/", { readBase: true })).toEqual(["data/ 1777 0:0", "data/main.js 644 0:0"]);
    expect(await added("/srv/", { readBase: false })).toEqual(["srv/ 755 0:0", "srv/main.js 644 0:0"]);
  });

  it("knows the names of users in any case", async () => {
    for (const readBase of [undefined, false]) {
      expect(await added("/x", { readBase, chown: "app" })).toEqual(["x 644 77:88"]);
      await expect(added("/x", { readBase, chown: "nobody" })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
      });
    }
  });
});

describe("a pipeline between places", () => {
  const kinds = ["containers-storage", "dir", "docker-archive", "memory", "oci", "oci-archive"] as const;
  const memory = memoryTransport();

  async function located(kind: (typeof kinds)[number], name: string): Promise<Location & AsyncDisposable> {
    const nothing = { [Symbol.asyncDispose]: async () => {} };
    const path = join(home, name);
    const named = `${path}:localhost/${name}:1`;
    if (kind === "dir") return { ...place(dir, path), ...nothing };
    if (kind === "oci") return { ...place(ociDir, named), ...nothing };
    if (kind === "oci-archive") return { ...place(ociArchive, named), ...nothing };
    if (kind === "docker-archive") return { ...place(dockerArchive, named), ...nothing };
    if (kind === "memory") return { ...place(memory, name), ...nothing };
    const roots = { graphRoot: join(path, "graph"), runRoot: join(path, "run") };
    const store = await openStore({ ...roots, driver: vfsDriver() });
    const location = place(containersStorage({ store }), `localhost/${name}:1`);
    return { ...location, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  }

  it.each(kinds)(
    "stands upon a base in %s, and goes to any other, with its layers in their order",
    async (kind) => {
      await using from = await located(kind, "base");
      const base = await commitBase(from);
      expect((await read(from)).config.rootfs.diff_ids).toEqual(base);
      const results = new Set<string>();
      for (const target of kinds) {
        await using pipeline = await createPipeline({ from, platform: { os: "linux" } });
        await pipeline.copy(["app"], "/srv/app", { contextDir: home });
        await pipeline.copy(["app/main.js"], "/second", { contextDir: home });
        await using to = await located(target, `to-${target}`);
        const { diffIds } = await pipeline.commit(to, common);
        const { config } = await read(to);
        expect(config.rootfs.diff_ids).toEqual(diffIds);
        expect(diffIds.slice(0, -2)).toEqual(base);
        expect(config.history.map((entry) => entry.created_by)).toEqual([
          "first",
          "second",
          "COPY app /srv/app",
          "COPY app/main.js /second",
        ]);
        expect(await lastLayer(to)).toEqual(["second 644 0:0"]);
        results.add(diffIds.join());
      }
      expect(results.size).toBe(1);
    },
  );

  it.each(["docker-archive", "oci-archive"] as const)("%s has the base's layers first", async (kind) => {
    await using from = await located("oci", "base");
    await commitBase(from);
    await using pipeline = await createPipeline({ from });
    await pipeline.copy(["app"], "/srv/app", { contextDir: home });
    await using to = await located(kind, "archive.tar");
    await pipeline.commit(to, common);
    const { readFileSync } = await import("node:fs");
    const names: string[] = [];
    for await (const { header } of readTar([readFileSync(join(home, "archive.tar"))]))
      names.push(header.name);
    const { image, config } = await read(to);
    const wanted =
      kind === "docker-archive"
        ? config.rootfs.diff_ids.map((digest) => `${digest.slice("sha256:".length)}.tar`)
        : image.layers.map(({ descriptor }) => `blobs/${descriptor.digest.replace(":", "/")}`);
    expect(wanted).toHaveLength(3);
    expect(names.filter((name) => wanted.includes(name))).toEqual(wanted);
  });
});
