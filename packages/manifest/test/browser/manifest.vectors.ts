import {
  chooseInstance,
  convertIndex,
  convertManifest,
  encodeGoJson,
  guessMediaType,
  hostPlatform,
  manifestDigest,
  mediaTypes,
  parseConfig,
  parseImageIndex,
  parseImageManifest,
  parseManifest,
  RawJson,
  updateLayers,
} from "../../src/index.ts";

const encoder = new TextEncoder();

function bytes(value: unknown): Uint8Array {
  return encoder.encode(typeof value === "string" ? value : JSON.stringify(value));
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

const hex = (digit: string): string => digit.repeat(64);
const layerDigest = `sha256:${hex("b")}` as ReturnType<typeof manifestDigest>;

const config = bytes({
  created: "2020-01-02T03:04:05.120Z",
  architecture: "amd64",
  os: "linux",
  config: { Env: ["A=<1>"], Labels: { b: "2", a: "ü" }, Healthcheck: { Test: ["NONE"] } },
  rootfs: { type: "layers", diff_ids: [`sha256:${hex("a")}`] },
  history: [
    { created: "2020-01-01T00:00:00Z", created_by: "x" },
    { created_by: "y", empty_layer: true },
  ],
});

const docker = bytes({
  schemaVersion: 2,
  mediaType: mediaTypes.dockerManifest,
  config: { mediaType: mediaTypes.dockerConfig, size: config.length, digest: manifestDigest(config) },
  layers: [{ mediaType: mediaTypes.dockerLayerGzip, size: 5, digest: layerDigest }],
});

const ociText = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociManifest}","config":{"mediaType":"${mediaTypes.ociConfig}","digest":"${manifestDigest(config)}","size":${config.length}},"layers":[{"mediaType":"${mediaTypes.ociLayerGzip}","digest":"${layerDigest}","size":5}]}`;

export const vectors: readonly { name: string; run(): void | Promise<void> }[] = [
  {
    name: "JSON is written as Go writes it",
    run() {
      const value = {
        s: "<&>\u2028\u0007é",
        m: new Map([
          ["b", 1],
          ["a", -0],
        ]),
        n: [1e21, 1e-7, 0.5],
        raw: new RawJson(bytes('{ "x" : "<" }')),
      };
      same(
        text(encodeGoJson(value)),
        String.raw`{"s":"\u003c\u0026\u003e\u2028\u0007é","m":{"a":-0,"b":1},"n":[1e+21,1e-7,0.5],"raw":{"x":"\u003c"}}`,
      );
      same(text(encodeGoJson(new Uint8Array([251, 255]))), '"+/8="');
    },
  },
  {
    name: "a manifest is guessed, read and hashed",
    run() {
      same(guessMediaType(docker), mediaTypes.dockerManifest);
      const manifest = parseImageManifest(docker);
      same(manifest.layers[0]?.digest, layerDigest);
      same(
        manifestDigest(bytes("{}")),
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      );
    },
  },
  {
    name: "what can be read in two ways is refused",
    run() {
      const code = "ERR_DRAYAGE_MANIFEST_INVALID";
      same(
        codeOf(() => parseManifest(bytes(ociText.replace("{", '{"manifests":[],')))),
        code,
      );
      same(
        codeOf(() => parseManifest(bytes(ociText.replace("{", '{"Layers":[],')))),
        code,
      );
      same(
        codeOf(() => parseManifest(bytes(ociText.replace("{", '{"schemaVersion":2,')))),
        code,
      );
      same(
        codeOf(() => parseManifest(bytes(ociText), mediaTypes.ociIndex)),
        code,
      );
    },
  },
  {
    name: "docker v2s2 becomes OCI with its config kept, or with Go's",
    run() {
      const manifest = parseImageManifest(docker);
      const kept = convertManifest({ manifest, config, to: mediaTypes.ociManifest });
      same(text(kept.bytes), ociText);
      same(kept.config?.bytes, config);
      const go = convertManifest({ manifest, config, to: mediaTypes.ociManifest, compat: "go" });
      same(
        text(go.config?.bytes ?? config),
        String.raw`{"created":"2020-01-02T03:04:05.12Z","architecture":"amd64","os":"linux","config":{"Env":["A=\u003c1\u003e"],"Labels":{"a":"ü","b":"2"}},"rootfs":{"type":"layers","diff_ids":["sha256:${hex("a")}"]},"history":[{"created":"2020-01-01T00:00:00Z","created_by":"x"},{"created_by":"y","empty_layer":true}]}`,
      );
    },
  },
  {
    name: "docker v2s1 is made unsigned, and read",
    run() {
      const manifest = parseImageManifest(docker);
      const v1 = convertManifest({ manifest, config, to: mediaTypes.dockerV1Manifest });
      same(v1.extraBlobs.length, 1);
      const read = parseImageManifest(v1.bytes);
      same(read.layers.length, 2);
      same(read.layers[1]?.emptyLayer, true);
      const back = convertManifest({
        manifest: read,
        layers: read.layers.map(({ digest }) => ({ digest, size: 5 })),
        diffIds: read.layers.map(() => layerDigest),
        to: mediaTypes.dockerManifest,
      });
      same(parseConfig(back.config?.bytes ?? config).config?.Env?.[0], "A=<1>");
    },
  },
  {
    name: "layers are edited",
    run() {
      const edited = updateLayers(parseImageManifest(bytes(ociText)), [
        { digest: layerDigest, size: 6, compression: "zstd" },
      ]);
      same(
        text(edited),
        ociText.replace(mediaTypes.ociLayerGzip, mediaTypes.ociLayerZstd).replace('"size":5', '"size":6'),
      );
    },
  },
  {
    name: "an index is chosen from and converted",
    run() {
      const entry = { mediaType: mediaTypes.ociManifest, digest: layerDigest, size: 1 };
      const manifests = [
        { ...entry, platform: { architecture: "arm", os: "linux", variant: "v6" } },
        { ...entry, size: 2, platform: { architecture: "arm", os: "linux", variant: "v7" } },
      ];
      const index = parseImageIndex(bytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
      const host = { architecture: "arm", os: "linux", variant: "v8" };
      same(chooseInstance(index, { host }).size, 2);
      const list = parseImageIndex(convertIndex(index, mediaTypes.dockerManifestList));
      same(list.mediaType, mediaTypes.dockerManifestList);
      same(list.manifests[1]?.platform?.variant, "v7");
      same(
        codeOf(() => chooseInstance(index, { host, platform: { os: "windows" } })),
        "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
      );
    },
  },
  {
    name: "there is a platform everywhere",
    run() {
      const { os, architecture } = hostPlatform();
      same(/^[a-z]+\/[a-z0-9_]+$/.test(`${os}/${architecture}`), true);
    },
  },
];
