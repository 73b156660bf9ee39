import type { Digest } from "@drayage/digest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  emptyImageConfigs,
  encodeDockerConfig,
  encodeOciConfig,
  type ImageConfigs,
  imageConfigs,
  mediaTypes,
} from "../src/index.ts";
import { json, text } from "./dir-image.ts";

const digest = (character: string): Digest => `sha256:${character.repeat(64)}` as Digest;
const now = new Date("2026-01-02T03:04:05.600Z");
const defaults = { now, os: "linux", architecture: "amd64" };

const everything = {
  created: "2020-01-02T03:04:05.5Z",
  author: "me",
  architecture: "arm64",
  variant: "v8",
  os: "linux",
  config: {
    Hostname: "h",
    User: "u",
    ExposedPorts: { "80/tcp": {} },
    Env: ["A=b"],
    Cmd: ["c"],
    Healthcheck: { Test: ["CMD", "x"], Interval: 5, StartInterval: 3, Retries: 2 },
    Volumes: { "/v": {} },
    WorkingDir: "/w",
    Entrypoint: ["/e"],
    OnBuild: ["RUN x"],
    Labels: { z: "1", a: "2" },
    StopSignal: "SIGINT",
    StopTimeout: 7,
    Shell: ["/bin/bash", "-c"],
  },
  rootfs: { type: "layers", diff_ids: [digest("a")] },
  history: [
    { created: "2020-01-01T00:00:00Z", created_by: "x", author: "y", comment: "z" },
    { created_by: "nothing", empty_layer: true },
  ],
};

function of(config: object): ImageConfigs {
  return imageConfigs({ config: json(config) }, defaults);
}

function v1Manifest(history: readonly object[]): Uint8Array {
  return json({
    schemaVersion: 1,
    name: "library/a",
    tag: "b",
    architecture: "amd64",
    fsLayers: history.map((_, i) => ({ blobSum: digest(String(i + 1)) })),
    history: history.map((entry) => ({ v1Compatibility: JSON.stringify(entry) })),
  });
}

const id = (character: string): string => character.repeat(64);

describe("imageConfigs", () => {
  it("gives OCI the fields of docker's config that it has, and docker all", () => {
    const { oci, docker } = of({ ...everything, docker_version: "20.10", parent: digest("b") });
    expect(JSON.parse(text(encodeOciConfig(oci)))).toEqual({
      created: "2020-01-02T03:04:05.5Z",
      author: "me",
      architecture: "arm64",
      variant: "v8",
      os: "linux",
      config: {
        User: "u",
        ExposedPorts: { "80/tcp": {} },
        Env: ["A=b"],
        Entrypoint: ["/e"],
        Cmd: ["c"],
        Volumes: { "/v": {} },
        WorkingDir: "/w",
        Labels: { a: "2", z: "1" },
        StopSignal: "SIGINT",
      },
      rootfs: everything.rootfs,
      history: everything.history,
    });
    const written = JSON.parse(text(encodeDockerConfig(docker))) as Record<string, unknown>;
    expect(written.config).toMatchObject(everything.config);
    expect(written.container_config).toEqual(written.config);
    expect(written.parent).toBe(digest("b"));
    expect(Object.keys(written)).not.toContain("docker_version");
  });

  it("gives docker what an OCI config says, whether or not it has docker's fields", () => {
    const { docker } = of({
      architecture: "amd64",
      os: "linux",
      config: { Env: ["A=b"], Healthcheck: { Test: ["NONE"] }, Labels: { a: "b" } },
      rootfs: { type: "layers", diff_ids: [digest("c")] },
      history: [{ created_by: "x" }],
    });
    expect(docker.config).toEqual({
      Env: ["A=b"],
      Healthcheck: { Test: ["NONE"] },
      Labels: { a: "b" },
    });
    expect(docker.container_config).toEqual(docker.config);
    expect(docker.rootfs).toEqual({ type: "layers", diff_ids: [digest("c")] });
    expect(text(encodeDockerConfig(docker))).toContain(
      '"history":[{"created":"0001-01-01T00:00:00Z","created_by":"x"}]',
    );
  });

  it("prefers the image's settings to those of the container that it was made of", () => {
    const both = of({ config: { Cmd: ["image"] }, container_config: { Cmd: ["container"] } });
    expect(both.docker.container_config).toEqual({ Cmd: ["image"] });
    const one = of({ config: null, container_config: { Cmd: ["container"] } });
    expect(one.docker.config).toEqual({ Cmd: ["container"] });
    expect(one.oci.config).toEqual({ Cmd: ["container"] });
  });

  it("fills in time, system and architecture where nothing is said, or the time is Go's zero", () => {
    for (const created of [undefined, "0001-01-01T00:00:00Z"]) {
      const { oci, docker } = of({ created });
      for (const config of [oci, docker]) {
        expect(config).toMatchObject({
          created: "2026-01-02T03:04:05.6Z",
          os: "linux",
          architecture: "amd64",
        });
      }
    }
    expect(of(everything).oci).toMatchObject({ created: "2020-01-02T03:04:05.5Z", architecture: "arm64" });
  });

  it("fills in a working folder when one is given, and only then", () => {
    expect(of({}).oci.config?.WorkingDir).toBeUndefined();
    const { oci, docker } = imageConfigs({ config: json({}) }, { ...defaults, workingDir: "/" });
    expect([oci.config?.WorkingDir, docker.config?.WorkingDir, docker.container_config?.WorkingDir]).toEqual([
      "/",
      "/",
      "/",
    ]);
    const set = imageConfigs({ config: json(everything) }, { ...defaults, workingDir: "/" });
    expect(set.docker.config?.WorkingDir).toBe("/w");
  });

  it.each([
    ["aarch64", "", "arm64", undefined],
    ["x86_64", "", "amd64", undefined],
    ["armhf", "", "arm", "v7"],
    ["armel", "", "arm", "v6"],
    ["arm", "", "arm", "v7"],
    ["arm", "v6", "arm", "v6"],
    ["arm64", "v8", "arm64", "v8"],
    ["ARM64", "", "arm64", undefined],
    ["aarch64", "v8", "aarch64", "v8"],
    ["constructor", "", "constructor", undefined],
  ])("calls the architecture %s %s %s %s", (architecture, variant, wanted, wantedVariant) => {
    const { oci, docker } = of({ architecture, variant, os: "linux" });
    expect([oci.architecture, oci.variant || undefined]).toEqual([wanted, wantedVariant]);
    expect([docker.architecture, docker.variant || undefined]).toEqual([wanted, wantedVariant]);
  });

  it("leaves the name of the system as it is", () => {
    expect(of({ architecture: "x86_64", os: "Linux" }).oci).toMatchObject({
      os: "Linux",
      architecture: "amd64",
    });
  });

  it("takes diffIDs of layers alone", () => {
    const { oci, docker } = of({ rootfs: { type: "layers+base", diff_ids: [digest("a")] } });
    expect(oci.rootfs).toEqual({ type: "", diff_ids: [] });
    expect(docker.rootfs).toEqual({ type: "", diff_ids: [] });
  });

  it("takes the annotations of an OCI manifest", () => {
    const config = { mediaType: mediaTypes.ociConfig, digest: digest("a"), size: 2 };
    const manifest = { bytes: json({ schemaVersion: 2, config, layers: [], annotations: { a: "b" } }) };
    expect(imageConfigs({ config: json({}), manifest }, defaults).annotations).toEqual({ a: "b" });
    expect(of({}).annotations).toEqual({});
  });

  it("turns docker v2s1 around, and leaves its diffIDs empty", () => {
    const manifest = {
      bytes: v1Manifest([
        {
          id: id("c"),
          parent: id("b"),
          created: "2020-01-03T00:00:00Z",
          docker_version: "20.10",
          os: "linux",
          architecture: "arm64",
          author: "me",
          config: { Cmd: ["run"], Healthcheck: { Test: ["NONE"] } },
          container_config: { Cmd: ["/bin/sh", "-c", "#(nop)", "CMD run"] },
          throwaway: true,
        },
        {
          id: id("b"),
          parent: id("a"),
          created: "2020-01-02T00:00:00Z",
          comment: "second",
          container_config: { Cmd: ["touch b"] },
        },
        { id: id("a"), created: "2020-01-01T00:00:00+01:00", author: "you", container_config: { Cmd: null } },
      ]),
    };
    const { oci, docker, annotations } = imageConfigs({ manifest }, defaults);
    for (const config of [oci, docker]) {
      expect(config).toMatchObject({ created: "2020-01-03T00:00:00Z", architecture: "arm64", author: "me" });
      expect(config.config).toMatchObject({ Cmd: ["run"] });
      expect(config.rootfs).toEqual({ type: "layers", diff_ids: [] });
      expect(JSON.parse(JSON.stringify(config.history))).toEqual([
        { created: "2020-01-01T00:00:00+01:00", author: "you" },
        { created: "2020-01-02T00:00:00Z", created_by: "touch b", comment: "second" },
        {
          created: "2020-01-03T00:00:00Z",
          author: "me",
          created_by: "/bin/sh -c #(nop) CMD run",
          empty_layer: true,
        },
      ]);
    }
    expect(docker.config?.Healthcheck).toEqual({ Test: ["NONE"] });
    expect(docker.id).toBeUndefined();
    expect(annotations).toEqual({});
  });

  it("gives scratch nothing but the defaults", () => {
    const { oci, docker, annotations } = emptyImageConfigs(defaults);
    expect(text(encodeOciConfig(oci))).toBe(
      '{"created":"2026-01-02T03:04:05.6Z","architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"","diff_ids":null}}',
    );
    expect(text(encodeDockerConfig(docker))).toBe(
      '{"created":"2026-01-02T03:04:05.6Z","container_config":EMPTY,"config":EMPTY,"architecture":"amd64","os":"linux"}'.replaceAll(
        "EMPTY",
        '{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,' +
          '"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,' +
          '"OnBuild":null,"Labels":null}',
      ),
    );
    expect(annotations).toEqual({});
  });

  it.each<[string, object]>([
    ["config", { config: [] }],
    ["config.Env", { config: { Env: "A=b" } }],
    ["config.Env[1]", { config: { Env: ["A=b", 1] } }],
    ["config.Labels", { config: { Labels: ["a"] } }],
    ["config.ExposedPorts", { config: { ExposedPorts: { "80": 1 } } }],
    ["config.Healthcheck.Interval", { config: { Healthcheck: { Interval: "5s" } } }],
    ["container_config.Cmd", { container_config: { Cmd: {} } }],
    ["rootfs.diff_ids[0]", { rootfs: { type: "layers", diff_ids: ["sha256:1"] } }],
    ["history[0].empty_layer", { history: [{ empty_layer: "yes" }] }],
    ["created", { created: "yesterday" }],
    ["os", { os: 1 }],
  ])("refuses a wrong type and names its path: %s", (path, config) => {
    const message = `config ${path}:`;
    expect(() => of(config)).toThrow(
      expect.objectContaining({
        code: "ERR_DRAYAGE_CONFIG_INVALID",
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});

const word = fc.string({ maxLength: 6 });
const time = fc
  .date({ min: new Date("1971-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());
const words = fc.array(word, { maxLength: 3 });
const names = fc.dictionary(word, fc.constant({}), { maxKeys: 3 });
const anyContainer = fc.record(
  {
    User: word,
    ExposedPorts: names,
    Env: words,
    Entrypoint: words,
    Cmd: words,
    Volumes: names,
    WorkingDir: word,
    Labels: fc.dictionary(word, word, { maxKeys: 3 }),
    StopSignal: word,
    ArgsEscaped: fc.boolean(),
    Hostname: word,
    Tty: fc.boolean(),
    Healthcheck: fc.record(
      { Test: words, Interval: fc.nat(), StartInterval: fc.nat() },
      { requiredKeys: [] },
    ),
    OnBuild: words,
    StopTimeout: fc.nat(),
    Shell: words,
  },
  { requiredKeys: [] },
);
const anyConfig = fc.record(
  {
    created: time,
    author: word,
    architecture: fc.constantFrom("", "amd64", "arm", "aarch64", "x"),
    os: fc.constantFrom("", "linux", "windows"),
    variant: fc.constantFrom("", "v7"),
    "os.version": word,
    "os.features": words,
    config: anyContainer,
    container_config: anyContainer,
    docker_version: word,
    comment: word,
    rootfs: fc.record({ type: fc.constant("layers"), diff_ids: fc.constant([digest("d")]) }),
    history: fc.array(
      fc.record(
        { created: time, created_by: word, author: word, comment: word, empty_layer: fc.boolean() },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);

describe("of any config", () => {
  it("what is written in a format and read again is written alike", () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const { oci, docker } = of(config);
        const ociBytes = encodeOciConfig(oci);
        const dockerBytes = encodeDockerConfig(docker);
        const ociAgain = imageConfigs({ config: ociBytes }, defaults);
        const dockerAgain = imageConfigs({ config: dockerBytes }, defaults);
        expect(text(encodeOciConfig(ociAgain.oci))).toBe(text(ociBytes));
        expect(text(encodeDockerConfig(dockerAgain.docker))).toBe(text(dockerBytes));
        // docker's config has all that OCI's has.
        expect(JSON.parse(text(encodeOciConfig(dockerAgain.oci)))).toEqual({
          ...(JSON.parse(text(ociBytes)) as object),
          ...(oci.history === undefined || oci.history.length === 0
            ? {}
            : { history: JSON.parse(text(encodeOciConfig(dockerAgain.oci))).history as unknown }),
        });
        expect(docker.config).toBe(docker.container_config);
      }),
    );
  });
});
