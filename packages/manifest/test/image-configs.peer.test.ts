import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { digestHex } from "@drayage/digest";
import { buildahStore, describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import {
  emptyImageConfigs,
  encodeDockerConfig,
  encodeOciConfig,
  type ImageConfigs,
  imageConfigs,
  parseImageManifest,
} from "../src/index.ts";
import { json, readDirImage, text, tinyLayer, writeDirImage } from "./dir-image.ts";
import { dockerManifestOf, ociManifestOf, type Sample, samples } from "./sample-images.ts";

interface State {
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
  /** The texts of these members. */
  readonly oci: string;
  readonly docker: string;
}

/** The only container's buildah.json. */
function readState(folder: string): State {
  const containers = path.join(folder, "root", "vfs-containers");
  const id = readdirSync(containers).find((name) => name.length === 64) ?? "";
  const whole = readFileSync(path.join(containers, id, "userdata", "buildah.json"), "utf8");
  const {
    config = "",
    manifest = "",
    annotations,
  } = JSON.parse(whole) as Record<string, string> & {
    annotations: State["annotations"];
  };
  const ociAt = whole.indexOf('"ociv1":') + '"ociv1":'.length;
  const dockerAt = whole.indexOf(',"docker":', ociAt);
  const end = [',"defaultMountsFilePath":', ',"Isolation":'].map((name) => whole.indexOf(name, dockerAt));
  return {
    config: Buffer.from(config, "base64"),
    manifest: Buffer.from(manifest, "base64"),
    annotations,
    oci: whole.slice(ociAt, dockerAt),
    docker: whole.slice(dockerAt + ',"docker":'.length, Math.min(...end.filter((at) => at > 0))),
  };
}

/** As `buildah from` leaves it: ONBUILD was carried out, and the time is that of the command where the image had none. */
function expectAlike(ours: ImageConfigs, theirs: State): void {
  const created = (JSON.parse(theirs.oci) as { created: string }).created;
  const onBuild = { ...ours.docker.config, OnBuild: [] };
  const docker = { ...ours.docker, config: onBuild, container_config: onBuild };
  const since = (config: string): string =>
    config.replace(/"created":"2038-[^"]*"/, `"created":"${created}"`);
  expect(since(text(encodeOciConfig(ours.oci)))).toBe(theirs.oci);
  expect(since(text(encodeDockerConfig(docker)))).toBe(theirs.docker);
}

const now = new Date("2038-01-01T00:00:00Z");
const one = tinyLayer("one");
const rootfs = { type: "layers", diff_ids: [one.diffId] };
const more: readonly Sample[] = [
  { name: "next to nothing", layers: [one], config: json({ rootfs }) },
  {
    name: "empty values",
    layers: [one],
    config: json({
      architecture: "aarch64",
      os: "linux",
      created: "0001-01-01T00:00:00Z",
      config: { ExposedPorts: {}, Volumes: {}, Labels: {}, Env: [], Cmd: [], Entrypoint: [], StopTimeout: 0 },
      rootfs,
      history: [{ created_by: "x" }],
    }),
  },
  {
    name: "a health check",
    layers: [one],
    config: json({
      architecture: "arm",
      variant: "v6",
      os: "linux",
      config: { Healthcheck: { Test: ["CMD", "x"], Interval: 1, Timeout: 2, StartPeriod: 3, Retries: 4 } },
      rootfs,
      history: [],
    }),
  },
];

/** ONBUILD would be carried out, which needs a shell and the user that the image names. */
function withoutTriggers(sample: Sample): Sample {
  const config = Buffer.from(sample.config)
    .toString("latin1")
    .replaceAll('"OnBuild":["RUN x"]', '"OnBuild":[]');
  return { ...sample, config: Buffer.from(config, "latin1") };
}

describeWithPeers("configs, against buildah", ["buildah", "skopeo"], () => {
  const cases = [...samples.map(withoutTriggers), ...more].flatMap((sample) =>
    (["oci", "docker"] as const).map((format) => ({ name: `${sample.name}, ${format}`, sample, format })),
  );
  it.each(cases)("$name: both configs are those of buildah from", async ({ sample, format }) => {
    const folder = temporaryDirectory();
    const manifest = format === "oci" ? ociManifestOf(sample) : dockerManifestOf(sample);
    const blobs = [sample.config, ...sample.layers.map((layer) => layer.gzip)];
    const image = writeDirImage(path.join(folder, "image"), manifest, blobs);
    await buildahStore(folder).buildah(["from", `dir:${image}`]);
    const theirs = readState(folder);
    const ours = imageConfigs({ config: theirs.config, manifest: { bytes: theirs.manifest } }, { now });
    expectAlike(ours, theirs);
    expect(theirs.annotations).toMatchObject(ours.annotations);
    expect(ours.annotations).toEqual(
      format === "oci" && sample.layers.length > 0 ? { b: "2", a: "<1>" } : {},
    );
  });

  it("scratch: both configs are those of buildah from", async () => {
    const folder = temporaryDirectory();
    await buildahStore(folder).buildah(["from", "scratch"]);
    expectAlike(emptyImageConfigs({ now }), readState(folder));
  });

  it.each(["oci", "docker"] as const)("what commit writes as %s is written alike", async (format) => {
    const folder = temporaryDirectory();
    const { buildah } = buildahStore(folder);
    const sample = withoutTriggers(samples[0] as Sample);
    const blobs = [sample.config, ...sample.layers.map((layer) => layer.gzip)];
    const image = writeDirImage(path.join(folder, "image"), ociManifestOf(sample), blobs);
    const name = (await buildah(["from", `dir:${image}`])).stdout.trim();
    const committed = path.join(folder, "committed");
    await buildah(["config", "--env", "B=<1>", "--healthcheck", "CMD true", "--shell", "sh -c", name]);
    await buildah(["commit", "--format", format, name, `dir:${committed}`]);
    const { manifest, files } = readDirImage(committed);
    const digest = parseImageManifest(manifest).config?.digest;
    const config = digest === undefined ? undefined : files.get(digestHex(digest));
    const { oci, docker } = imageConfigs({ config, manifest: { bytes: manifest } });
    const ours = format === "oci" ? encodeOciConfig(oci) : encodeDockerConfig(docker);
    expect(text(ours)).toBe(text(config));
  });

  it("docker v2s1 as skopeo makes it gives the config that it was made of", async () => {
    const folder = temporaryDirectory();
    const sample = samples[0] as Sample;
    const blobs = [sample.config, ...sample.layers.map((layer) => layer.gzip)];
    const image = writeDirImage(path.join(folder, "image"), dockerManifestOf(sample), blobs);
    const old = path.join(folder, "old");
    await skopeo(["copy", "--quiet", "--format", "v2s1", `dir:${image}`, `dir:${old}`]);
    const before = imageConfigs({ config: sample.config });
    const after = imageConfigs({ manifest: { bytes: readDirImage(old).manifest } });
    expect({ ...after.oci, bytes: undefined, history: undefined }).toEqual({
      ...before.oci,
      bytes: undefined,
      history: undefined,
      rootfs: { type: "layers", diff_ids: [] },
    });
    expect(after.docker.config).toEqual(before.docker.config);
    expect(after.oci.history?.map((entry) => [entry.created_by, entry.empty_layer])).toEqual([
      ["ADD <x> & y", undefined],
      ["ENV A=1", true],
      ["RUN two", undefined],
      [undefined, true],
    ]);
  });
});
