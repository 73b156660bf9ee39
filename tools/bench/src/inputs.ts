import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { FixtureImage } from "@drayage-internal/fixtures";
import { makeCertificates, type TestCertificates } from "@drayage-internal/peers/certificates";
import { startRegistry } from "@drayage-internal/peers/registry";
import { skopeo } from "@drayage-internal/peers/run";
import type { Place } from "./bench.ts";
import { writeLargeLayer } from "./large-layer.ts";
import { peerCopy, readManifestFile } from "./peer-copy.ts";
import { contentHash } from "./verify.ts";

/** Makes the image that is hauled, or finds it. */
export type ImageSource = () => Promise<FixtureImage>;

/** A layer in three forms. */
export interface LayerFiles {
  readonly tar: string;
  readonly gzip: string;
  readonly zstd: string;
}

/** An image of one layer that is far larger than memory should be. */
export interface LargeImage {
  /** `tarball:…` */
  readonly tarball: string;
  /** `oci:…`, compressed by gzip. */
  readonly layout: string;
  readonly diffIds: readonly string[];
}

/**
 * What the operations read, made when it is first asked for. All of it but the image is written by skopeo, so that no
 * side reads what it has written itself. References are spelt as both skopeo and dray take them.
 */
export interface Inputs {
  /** `docker-archive:…`; its layers are not compressed. */
  archive(): Promise<string>;
  /** `oci:…`, compressed by gzip. */
  gzipLayout(): Promise<string>;
  /** `oci:…`, compressed by zstd. */
  zstdLayout(): Promise<string>;
  /** `dir:…`, compressed by gzip. */
  directory(): Promise<string>;
  layers(): Promise<readonly LayerFiles[]>;
  /** The largest of them. */
  layer(): Promise<LayerFiles>;
  /** The digests of all layers before compression. */
  diffIds(): Promise<readonly string[]>;
  large(): Promise<LargeImage>;
  /** What a registry keeps that has the image of `gzipLayout` under {@link nameInRegistry}: a folder to start one with. */
  registry(): Promise<string>;
  /** The same with the large image. */
  largeRegistry(): Promise<string>;
  certificates(): Promise<TestCertificates>;
}

/** What images are called in the registries that have one from the start. */
export const nameInRegistry = "bench/image:1";

const largeSize = 3 * 1024 ** 3;

export function createInputs({
  image,
  newPlace,
}: {
  readonly image: ImageSource;
  readonly newPlace: (name: string) => Place;
}): Inputs {
  const archive = once(async () => {
    const { path: file, name } = await image();
    return `docker-archive:${file}:${name}`;
  });
  const plain = copied({ from: archive, name: "input-plain", to: (folder) => `dir:${folder}/image` });
  const gzipLayout = copied({
    from: archive,
    name: "input-gzip",
    to: (folder) => `oci:${folder}/image:gzip`,
  });
  const zstdLayout = copied({
    from: archive,
    name: "input-zstd",
    to: (folder) => `oci:${folder}/image:zstd`,
    flags: ["--dest-compress-format", "zstd"],
  });
  const directory = copied({ from: gzipLayout, name: "input-dir", to: (folder) => `dir:${folder}/image` });

  const layers = once(async () => {
    const tars = layersOfDirectory(await plain());
    const gzips = layersOfLayout(await gzipLayout());
    const zstds = layersOfLayout(await zstdLayout());
    return tars.map((tar, index) => ({ tar, gzip: gzips[index] ?? "", zstd: zstds[index] ?? "" }));
  });

  const large = once(async () => {
    const { folder, scratch } = newPlace("input-large");
    const file = path.join(folder, "layer.tar");
    const [model] = await layers();
    if (model === undefined) throw new Error("the image has no layers");
    writeLargeLayer(file, { model: model.tar, size: largeSize });
    const tarball = `tarball:${file}`;
    const layout = `oci:${folder}/image:large`;
    await peerCopy({ from: tarball, to: layout, scratch });
    return { tarball, layout, diffIds: [`sha256:${await contentHash(file)}`] };
  });

  function copied(way: {
    readonly from: () => Promise<string>;
    readonly name: string;
    readonly to: (folder: string) => string;
    readonly flags?: readonly string[];
  }): () => Promise<string> {
    return once(async () => {
      const { folder, scratch } = newPlace(way.name);
      const destination = way.to(folder);
      await peerCopy({ from: await way.from(), to: destination, flags: way.flags, scratch });
      return destination;
    });
  }

  function pushed(name: string, from: () => Promise<string>): () => Promise<string> {
    return once(async () => {
      const source = await from();
      const { folder, scratch } = newPlace(name);
      await using registry = await startRegistry({ folder: path.join(folder, "registry") });
      const to = `docker://${registry.host}/${nameInRegistry}`;
      await peerCopy({ from: source, to, flags: ["--dest-tls-verify=false"], scratch });
      return registry.folder;
    });
  }

  return {
    archive,
    gzipLayout,
    zstdLayout,
    directory,
    layers,
    layer: once(async () => {
      const all = await layers();
      const sizes = all.map(({ tar }) => statSync(tar).size);
      const largest = all[sizes.indexOf(Math.max(...sizes))];
      if (largest === undefined) throw new Error("the image has no layers");
      return largest;
    }),
    diffIds: once(async () => {
      const { stdout } = await skopeo(["inspect", "--config", "--raw", await archive()]);
      return (JSON.parse(stdout) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids;
    }),
    large,
    registry: pushed("input-registry", gzipLayout),
    largeRegistry: pushed("input-large-registry", async () => (await large()).layout),
    certificates: once(() => makeCertificates(path.join(newPlace("input-certificates").folder, "made"))),
  };
}

/** The path in a reference that has one before its name. */
export function pathOf(reference: string): string {
  return reference.split(":")[1] ?? "";
}

function layersOfDirectory(reference: string): string[] {
  const folder = pathOf(reference);
  const { layers } = readManifestFile(path.join(folder, "manifest.json"));
  return layers.map(({ digest }) => path.join(folder, hexOf(digest)));
}

function layersOfLayout(reference: string): string[] {
  const folder = pathOf(reference);
  const index = JSON.parse(readFileSync(path.join(folder, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const blob = (digest: string): string => path.join(folder, "blobs", "sha256", hexOf(digest));
  const { layers } = readManifestFile(blob(index.manifests[0]?.digest ?? ""));
  return layers.map(({ digest }) => blob(digest));
}

function hexOf(digest: string): string {
  return digest.replace("sha256:", "");
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
