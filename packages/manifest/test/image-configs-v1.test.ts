import type { Digest } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import {
  type ContainerConfig,
  convertManifest,
  encodeDockerConfig,
  encodeOciConfig,
  type ImageConfig,
  imageConfigs,
  mediaTypes,
  parseImageManifest,
} from "../src/index.ts";
import { json, text } from "./dir-image.ts";
import { dockerManifestOf, ociManifestOf, type Sample, samples } from "./sample-images.ts";

const digest = (character: string): Digest => `sha256:${character.repeat(64)}` as Digest;
const id = (character: string): string => character.repeat(64);
const now = new Date("2026-01-02T03:04:05Z");
const defaults = { now, os: "linux", architecture: "amd64" };

function v1Manifest(history: readonly string[], layers: number = history.length): Uint8Array {
  return json({
    schemaVersion: 1,
    name: "library/a",
    tag: "b",
    architecture: "amd64",
    fsLayers: Array.from({ length: layers }, (_, i) => ({ blobSum: digest(String(i + 1)) })),
    history: history.map((v1Compatibility) => ({ v1Compatibility })),
  });
}

const of = (...history: readonly object[]) =>
  imageConfigs({ manifest: { bytes: v1Manifest(history.map((entry) => JSON.stringify(entry))) } }, defaults);

describe("the configs of docker v2s1", () => {
  it("are those of an entry that no docker has signed with its version, too", () => {
    const { oci, docker } = of({ id: id("a"), os: "linux", architecture: "arm64", config: { Cmd: ["x"] } });
    expect([oci.architecture, oci.config, docker.config]).toEqual(["arm64", { Cmd: ["x"] }, { Cmd: ["x"] }]);
  });

  it("have the settings of the container that was committed where the image has none", () => {
    const { oci, docker } = of({ id: id("a"), container_config: { Cmd: ["x"], Hostname: "h" } });
    expect(oci.config).toEqual({ Cmd: ["x"] });
    expect(docker.config).toEqual({ Cmd: ["x"], Hostname: "h" });
    expect(docker.container_config).toEqual(docker.config);
  });

  it("have the defaults where the entry says nothing, and Go's zero time in its history", () => {
    const { oci, docker } = of({ id: id("a") });
    for (const config of [oci, docker]) {
      expect(config).toMatchObject({
        created: "2026-01-02T03:04:05Z",
        os: "linux",
        architecture: "amd64",
        rootfs: { type: "layers", diff_ids: [] },
      });
      expect(config.history).toHaveLength(1);
    }
    expect(JSON.parse(text(encodeDockerConfig(docker)))).toMatchObject({
      history: [{ created: "0001-01-01T00:00:00Z" }],
    });
  });

  it("say when a layer was made as it is written, in whatever time zone", () => {
    const created = "2020-01-02T00:00:00.5+01:30";
    const { oci, docker } = of({ id: id("a"), created });
    for (const config of [oci, docker]) {
      expect([config.created, config.history?.[0]?.created]).toEqual([created, created]);
    }
  });

  it.each([
    ["no history at all", [], 0, "fsLayers"],
    ["fewer entries than layers", [JSON.stringify({ id: id("a") })], 2, "history"],
    ["an entry that is no JSON", ["{"], 1, "history[0].v1Compatibility"],
    [
      "a lower entry that is no JSON",
      [JSON.stringify({ id: id("b"), parent: id("a") }), "nothing"],
      2,
      "history[1].v1Compatibility",
    ],
  ])("are refused with %s, by its path", (_, history, layers, path) => {
    const bytes = v1Manifest(history, layers);
    expect(() => imageConfigs({ manifest: { bytes } }, defaults)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_MANIFEST_INVALID",
        message: expect.stringContaining(path) as string,
      }),
    );
  });
});

/** What says how an image is run. */
function common({ created, author, architecture, os, variant, config }: ImageConfig): object {
  return { created, author, architecture, os, variant, config };
}

const [everything] = samples as [Sample];
const steps = (config: ImageConfig) =>
  config.history?.map((entry) => [
    entry.created_by ?? "",
    entry.author,
    entry.comment,
    entry.empty_layer === true,
  ]);

describe("from each format to each other", () => {
  const all = { oci: ociManifestOf(everything), docker: dockerManifestOf(everything) };
  const direct = imageConfigs({ config: everything.config }, defaults);

  it.each(["oci", "docker"] as const)(
    "%s through docker v2s1 gives the same configs in both formats",
    (format) => {
      const { bytes } = convertManifest({
        manifest: parseImageManifest(all[format]),
        config: everything.config,
        to: mediaTypes.dockerV1Manifest,
      });
      const through = imageConfigs({ manifest: { bytes } }, defaults);
      expect(common(through.oci)).toEqual(common(direct.oci));
      expect(common(through.docker)).toEqual(common(direct.docker));
      // The entry of the top layer is the config, which says of itself what made it, or not.
      for (const one of ["oci", "docker"] as const) {
        expect(steps(through[one])?.slice(0, -1)).toEqual(steps(direct[one])?.slice(0, -1));
        expect(through[one].history?.at(-1)?.empty_layer).toBe(direct[one].history?.at(-1)?.empty_layer);
      }
      // Its blobs are compressed: what their tars are is not said.
      expect(through.oci.rootfs).toEqual({ type: "layers", diff_ids: [] });
    },
  );

  it("what is written as OCI, or as docker, is read as the same image", () => {
    const oci = imageConfigs({ config: encodeOciConfig(direct.oci) }, defaults);
    const docker = imageConfigs({ config: encodeDockerConfig(direct.docker) }, defaults);
    expect(common(oci.oci)).toEqual(common(docker.oci));
    // What neither knows is in neither.
    const { extra: _, ...known } = direct.docker.config as ContainerConfig & { extra?: unknown };
    expect(docker.docker.config).toMatchObject(known);
    expect(steps(oci.docker)).toEqual(steps(docker.oci));
    expect([oci.docker.rootfs, docker.oci.rootfs]).toEqual([direct.oci.rootfs, direct.oci.rootfs]);
  });

  it("no version of docker is handed on, whichever it was", () => {
    for (const configs of [direct, imageConfigs({ manifest: { bytes: v1Of() } }, defaults)]) {
      expect(configs.docker.docker_version).toBeUndefined();
      expect(text(encodeDockerConfig(configs.docker))).not.toContain("docker_version");
    }
    function v1Of(): Uint8Array {
      return v1Manifest([JSON.stringify({ id: id("a"), docker_version: "20.10.17" })]);
    }
  });
});
