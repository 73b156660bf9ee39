import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { deflate } from "@drayage/compression";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, expect, it } from "vitest";
import { validateImage } from "../src/index.ts";
import { addBlob, addManifest, bytesOf, type TestDescriptor } from "./support/images.ts";
import { createMatrix, kinds } from "./support/matrix.ts";
import { type MemoryStore, memoryStore } from "./support/memory-store.ts";

const run = promisify(execFile);

/** A config with all that a conversion may touch: Docker's own fields, characters that Go escapes, history. */
function configOf(diffIds: readonly string[], architecture: string): unknown {
  return {
    architecture,
    os: "linux",
    created: "2024-01-02T03:04:05.678900000Z",
    author: "A <a@example.com> & others",
    config: {
      Hostname: "box",
      User: "1000",
      Env: ["PATH=/bin", "TEXT=<é>\u2028"],
      Cmd: ["/bin/sh", "-c", "true && false"],
      Healthcheck: { Test: ["CMD", "true"], Interval: 30_000_000_000 },
      OnBuild: ["RUN true"],
      Shell: ["/bin/bash", "-c"],
      Labels: { b: "2", a: "1" },
      ExposedPorts: { "80/tcp": {} },
    },
    container_config: { Cmd: ["x"] },
    docker_version: "24.0.1",
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [
      ...diffIds.map((_, at) => ({ created: "2024-01-02T03:04:05Z", created_by: `step ${at} <&>` })),
      { created: "2024-01-02T03:04:05Z", created_by: "CMD", empty_layer: true },
    ],
  };
}

type Compression = "none" | "gzip" | "zstd";

const ociLayers = {
  none: mediaTypes.ociLayerTar,
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

async function compressed(content: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression === "none") return content;
  if (compression === "gzip") return gzipSync(content);
  const chunks: Uint8Array[] = [];
  for await (const chunk of deflate([content], { algorithm: "zstd" })) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

interface Recipe {
  readonly docker?: boolean;
  readonly compression: readonly Compression[];
  readonly architecture?: string;
  readonly seed?: number;
}

async function addRealImage(store: MemoryStore, recipe: Recipe): Promise<TestDescriptor> {
  const { docker = false, compression, architecture = "amd64", seed = 0 } = recipe;
  const contents = compression.map((_, at) => bytesOf(seed + at, 20_000 + at));
  const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
  const layers: unknown[] = [];
  for (const [at, content] of contents.entries()) {
    const bytes = await compressed(content, compression[at] ?? "gzip");
    const mediaType = docker ? mediaTypes.dockerLayerGzip : ociLayers[compression[at] ?? "gzip"];
    layers.push({ mediaType, size: bytes.length, digest: addBlob(store, bytes) });
  }
  const config = encode(
    configOf(
      contents.map((content) => digestBytes(content)),
      architecture,
    ),
  );
  const mediaType = docker ? mediaTypes.dockerManifest : mediaTypes.ociManifest;
  const manifest = encode({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: docker ? mediaTypes.dockerConfig : mediaTypes.ociConfig,
      size: config.length,
      digest: addBlob(store, config),
    },
    layers,
    ...(docker ? {} : { annotations: { "org.example.a": "<x>" } }),
  });
  const digest = addManifest(store, manifest, mediaType);
  return { mediaType, digest, size: manifest.length, platform: { os: "linux", architecture } };
}

async function addRealIndex(store: MemoryStore, docker: boolean): Promise<void> {
  const manifests = [];
  for (const [at, architecture] of ["amd64", "arm64"].entries()) {
    manifests.push(
      await addRealImage(store, { docker, compression: ["gzip", "gzip"], architecture, seed: 10 * at }),
    );
  }
  const mediaType = docker ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
  addManifest(store, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })), mediaType);
}

/** Writes a store as a layout or folder with plain file calls, so that the input owes nothing to what is tested. */
function writeLayout(store: MemoryStore, folder: string): string {
  fs.mkdirSync(path.join(folder, "blobs/sha256"), { recursive: true });
  for (const [digest, bytes] of [
    ...store.blobs,
    ...[...store.manifests].map(([d, m]) => [d, m.bytes] as const),
  ]) {
    fs.writeFileSync(path.join(folder, "blobs/sha256", digest.slice(7)), bytes);
  }
  const root = store.root === undefined ? undefined : store.manifests.get(store.root);
  if (root === undefined) throw new Error("the store has no root");
  const entry = {
    mediaType: root.mediaType,
    digest: store.root,
    size: root.bytes.length,
    annotations: { "org.opencontainers.image.ref.name": "it" },
  };
  fs.writeFileSync(path.join(folder, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
  fs.writeFileSync(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  return `oci:${folder}:it`;
}

function writeDir(store: MemoryStore, folder: string): string {
  fs.mkdirSync(folder);
  for (const [digest, bytes] of store.blobs) fs.writeFileSync(path.join(folder, digest.slice(7)), bytes);
  for (const [digest, { bytes }] of store.manifests) {
    const name = digest === store.root ? "manifest.json" : `${digest.slice(7)}.manifest.json`;
    fs.writeFileSync(path.join(folder, name), bytes);
  }
  fs.writeFileSync(path.join(folder, "version"), "Directory Transport Version: 1.1\n");
  return `dir:${folder}`;
}

interface Input {
  readonly name: string;
  readonly isIndex: boolean;
  /** skopeo cannot write it to an archive of docker's. */
  readonly isZstd?: boolean;
  readonly layers: number;
  readonly plainLayers: number;
  make(folder: string): Promise<string>;
}

function single(name: string, recipe: Recipe): Input {
  return {
    name,
    isIndex: false,
    isZstd: recipe.compression.includes("zstd"),
    layers: recipe.compression.length,
    plainLayers: recipe.compression.filter((compression) => compression === "none").length,
    async make(folder) {
      const store = memoryStore();
      await addRealImage(store, recipe);
      return recipe.docker === true ? writeDir(store, folder) : writeLayout(store, folder);
    },
  };
}

const inputs: readonly Input[] = [
  single("an OCI image in gzip", { compression: ["gzip", "gzip", "gzip"] }),
  single("an OCI image, uncompressed", { compression: ["none", "none"] }),
  single("an OCI image in gzip and uncompressed", { compression: ["gzip", "none"] }),
  single("an OCI image in zstd", { compression: ["zstd", "gzip"] }),
  single("a docker image", { docker: true, compression: ["gzip", "gzip"] }),
  {
    name: "an OCI index",
    isIndex: true,
    layers: 4,
    plainLayers: 0,
    async make(folder) {
      const store = memoryStore();
      await addRealIndex(store, false);
      return writeLayout(store, folder);
    },
  },
  {
    name: "a docker manifest list",
    isIndex: true,
    layers: 4,
    plainLayers: 0,
    async make(folder) {
      const store = memoryStore();
      await addRealIndex(store, true);
      return writeDir(store, folder);
    },
  },
];

describeWithPeers("every pair of transports, against skopeo", ["skopeo"], ({ skopeo }) => {
  const matrix = createMatrix(skopeo);
  const { place, compare } = matrix;
  afterAll(() => matrix.remove());

  for (const input of inputs) {
    it(`${input.name}: the same trees`, async () => {
      const native = await input.make(place());
      const sources = new Map<string, string>([["where it was made", native]]);
      for (const kind of kinds) {
        if (kind === "docker-archive" && (input.isZstd === true || input.isIndex)) continue;
        const at = place();
        await matrix.skopeoCopy(native, matrix.textOf(kind, at), input.isIndex);
        sources.set(kind, matrix.textOf(kind, at));
      }
      for (const [name, from] of sources) {
        const targets = kinds.filter((kind) => kind !== "docker-archive" || input.isZstd !== true);
        for (const to of targets) {
          const all = input.isIndex && to !== "docker-archive";
          const recompressed = await compare(from, to, all);
          const compresses = to === "oci-dir" || to === "oci-archive";
          // skopeo has compressed them already on their way into a layout.
          const isLayout = name === "oci-dir" || name === "oci-archive";
          const plain = name === "docker-archive" ? input.layers : isLayout ? 0 : input.plainLayers;
          expect(recompressed, `${name} to ${to}`).toBe(compresses ? plain : 0);
        }
      }
    });
  }

  it("a tarball: the same trees", async () => {
    const files = await Promise.all(
      [1, 2].map(async (seed) => {
        const folder = place();
        fs.mkdirSync(folder);
        fs.writeFileSync(path.join(folder, "file"), bytesOf(seed, 5000));
        const archive = `${folder}.tar`;
        await run("tar", ["--mtime=@0", "--owner=0", "--group=0", "-cf", archive, "-C", folder, "file"]);
        return archive;
      }),
    );
    const gz = `${files[1]}.gz`;
    fs.writeFileSync(gz, gzipSync(fs.readFileSync(files[1] ?? "")));
    for (const to of kinds) await compare(`tarball:${files[0]}:${gz}`, to, false);
  });

  it("what both write is sound", async () => {
    const native = await single("x", { compression: ["none", "gzip"] }).make(place());
    for (const kind of kinds) {
      const at = place();
      await matrix.ourCopy(native, matrix.textOf(kind, at), false);
      await using source = await matrix.openSource(matrix.textOf(kind, at));
      expect((await validateImage(source)).problems).toEqual([]);
    }
  });

  it("an index cannot become a docker archive as a whole, for both", async () => {
    const store = memoryStore();
    await addRealIndex(store, false);
    const native = writeLayout(store, place());
    await expect(matrix.skopeoCopy(native, matrix.textOf("docker-archive", place()), true)).rejects.toThrow(
      /copying multiple images/,
    );
    await expect(matrix.ourCopy(native, matrix.textOf("docker-archive", place()), true)).rejects.toThrow(
      /copying multiple images/,
    );
  });
});

describeWithPeers("images that buildah made", ["skopeo", "buildah", "root"], ({ skopeo, buildah }) => {
  const matrix = createMatrix(skopeo);
  const { place, compare } = matrix;
  afterAll(() => matrix.remove());

  it("the same trees", async () => {
    const [store, runRoot, layer] = [place(), place(), place()];
    fs.mkdirSync(path.join(layer, "etc"), { recursive: true });
    fs.writeFileSync(path.join(layer, "etc/motd"), bytesOf(5, 9000));
    const buildahRun = async (...args: string[]): Promise<string> => {
      const where = ["--root", store, "--runroot", runRoot, "--storage-driver", "vfs"];
      return (await run(buildah, [...where, ...args])).stdout.trim();
    };
    const container = await buildahRun("from", "scratch");
    await buildahRun("copy", container, layer, "/");
    await buildahRun("config", "--env", "A=<b>", "--cmd", "true", "--label", "x=y&z", container);
    for (const format of ["oci", "docker"]) {
      const native = `dir:${place()}`;
      await buildahRun("commit", "--disable-compression=false", "--format", format, container, native);
      for (const to of kinds) expect(await compare(native, to, false), `${format} to ${to}`).toBe(0);
    }
    await buildahRun("rm", container);
  });
});
