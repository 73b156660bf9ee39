import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "../src/index.ts";
import { json, type TinyLayer, tinyLayer } from "./dir-image.ts";

export interface Sample {
  readonly name: string;
  readonly config: Uint8Array;
  readonly layers: readonly TinyLayer[];
}

const one = tinyLayer("one");
const two = tinyLayer("two");

const rootfs = { type: "layers", diff_ids: [one.diffId, two.diffId] };

/** All that Docker can say, with what is awkward to encode. */
const everything: Sample = {
  name: "every field of Docker",
  layers: [one, two],
  config: json({
    architecture: "arm64",
    variant: "v8",
    os: "linux",
    "os.version": "10.0.1",
    "os.features": ["win32k", "a<b"],
    author: 'Jörg <j@x> & "co" \\ \u2028\u2029 \b\f\n\r\t\u0001\u007f 😀',
    comment: "hello",
    container: "6de09dfd",
    created: "2026-11-21T11:12:38.144482000+01:30",
    docker_version: "20.10.17",
    id: "an id",
    parent: "sha256:0c0d08464bf500e5a62d9a61e4524b412f00f81530d87c23867f7540e782404f",
    unknown: { b: [1, 1e21, -0.5, 1e-7], a: "<>" },
    config: {
      Hostname: "host",
      Domainname: "domain",
      User: "1:2",
      AttachStdin: true,
      ExposedPorts: { "80/tcp": {}, "53/udp": {}, "100/tcp": {} },
      Env: ["A=ü<&>", "B=", "C=\u2028"],
      Cmd: ["sh", "-c", "echo <x>"],
      Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 5000000000, Retries: 3 },
      ArgsEscaped: true,
      Image: "",
      Volumes: { "/b": {}, "/a": {} },
      WorkingDir: "/w",
      Entrypoint: ["/e", "<&>"],
      NetworkDisabled: true,
      MacAddress: "00:11:22:33:44:55",
      OnBuild: ["RUN x"],
      Labels: {
        z: "<b>",
        a: "ü€😀",
        "10": "ten",
        "9": "nine",
        "\uffee": "below",
        "😀": "above",
        "": "empty",
      },
      StopSignal: "SIGINT",
      StopTimeout: 7,
      Shell: ["/bin/ash", "-c"],
      Unknown: true,
    },
    container_config: { Hostname: "x", Env: null, Cmd: null, Labels: {} },
    rootfs,
    history: [
      {
        created: "2026-11-21T10:12:37.900000000Z",
        author: "<a>",
        created_by: "ADD <x> & y",
        comment: "c\u2028",
      },
      { created: "2026-11-21T10:12:37Z", created_by: "ENV A=1", empty_layer: true },
      { created_by: "RUN two" },
      { created: "0001-01-01T00:00:00Z", created_by: "CMD", empty_layer: true },
    ],
  }),
};

/** As little as possible, with null where it can be. */
const sparse: Sample = {
  name: "nulls and empty values",
  layers: [one, two],
  config: json({
    architecture: "amd64",
    os: "linux",
    created: "2020-01-02T03:04:05.000000000Z",
    author: "",
    config: {
      Env: null,
      Cmd: [],
      Entrypoint: null,
      Labels: null,
      Volumes: {},
      ExposedPorts: {},
      OnBuild: null,
      WorkingDir: "",
    },
    rootfs,
    history: [{ created: "2020-01-02T03:04:05-00:00" }, { created: "2020-01-02T03:04:05.120+00:00" }],
  }),
};

/** Fields in other cases than theirs, which Go reads all the same, and text that is no UTF-8. */
const odd: Sample = {
  name: "names in other cases and damaged text",
  layers: [one, two],
  config: Buffer.concat([
    Buffer.from(
      '{ "Architecture" : "amd64",\n "OS": "linux", "Config": {"user": "me", "env": ["a=b"], "labels": {"x": "',
    ),
    Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x98, 0x3c]),
    Buffer.from(
      '", "y": "\\ud800 \\udc00\\ud83d\\ude00 \\u00e9\\/"}}, "created": "2020-01-02T03:04:05.10Z",\n',
    ),
    Buffer.from('"unknown": [ 1.0, 1e3, 12345678901234567890, {"b" : 1 ,"a": "<"} ],'),
    Buffer.from(`"rootfs": ${JSON.stringify(rootfs)}, "history": [{"created_by":"a"},{"created_by":"b"}]}`),
  ]),
};

/** What docker before 1.8.3 left out of its configs, which v2s1 of those times needs when it is converted. */
const old: Sample = {
  name: "a config of docker 1.7",
  layers: [one, two],
  config: json({
    docker_version: "1.7.1-fc22",
    architecture: "amd64",
    os: "linux",
    created: "2015-01-02T03:04:05Z",
    container: "abc",
    unknown: 1,
    config: {
      Env: ["A=1"],
      Labels: { b: "<", a: "1" },
      Volumes: { "/v": {} },
      StopTimeout: 3,
      Entrypoint: ["one", "two"],
    },
    container_config: {
      Hostname: "h",
      Cmd: ["x"],
      ExposedPorts: { "80/tcp": {} },
      Healthcheck: { Retries: 2 },
    },
    Size: 5,
    rootfs,
    history: [{ created: "2015-01-01T00:00:00Z", created_by: "a" }, { created: "2015-01-02T03:04:05Z" }],
  }),
};

export const samples: readonly Sample[] = [everything, sparse, odd, old];

export function dockerManifestOf({ config, layers }: Sample): Uint8Array {
  return json({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, size: config.length, digest: digestBytes(config) },
    layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.dockerLayerGzip, size, digest })),
  });
}

export function ociManifestOf({ config, layers }: Sample): Uint8Array {
  return json({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: digestBytes(config), size: config.length },
    layers: layers.map(({ digest, size }, i) => ({
      mediaType: mediaTypes.ociLayerGzip,
      digest,
      size,
      annotations: { place: String(i), "<": "&" },
    })),
    annotations: { b: "2", a: "<1>" },
  });
}
