import { digestBytes } from "@drayage/digest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ConfigChanges, mutate } from "../src/index.ts";
import {
  describe as descriptorOf,
  imageOf,
  indexOf,
  json,
  layerOf,
  membersOf,
  readBack,
  sourceOf,
} from "./support/images.ts";

const base = {
  Env: ["PATH=/bin", "A=1", "B=2"],
  Cmd: ["sh"],
  Labels: { z: "1", a: "2" },
  ExposedPorts: { "80/tcp": {} },
  Volumes: { "/data": {} },
  User: "me",
  Healthcheck: { Test: ["CMD", "x"] },
  Unknown: { kept: [1.5e3] },
};

async function changed(config: ConfigChanges, before: Readonly<Record<string, unknown>> = base) {
  const layer = await layerOf({ a: "1" });
  const source = sourceOf(imageOf({ layers: [layer], config: before, more: { other: { a: 1e3 } } }));
  await using edited = await mutate(source, { config });
  return { ...(await readBack(edited.source)), edited, source, layer };
}

describe("mutate", () => {
  it("sets and unsets variables, each in its place", async () => {
    const { document } = await changed({ env: { set: { A: "x=y", NEW: "" }, unset: ["B", "NONE"] } });
    expect(document.config.Env).toEqual(["PATH=/bin", "A=x=y", "NEW="]);
  });

  it("sets and unsets every other field, and keeps what it does not know", async () => {
    const { document } = await changed({
      cmd: null,
      entrypoint: ["/e"],
      labels: { set: { b: "3" }, unset: ["a"] },
      ports: { add: ["53/udp", "90"], remove: ["80"] },
      volumes: { add: ["/v"], clear: true },
      user: null,
      workingDir: "/w",
      stopSignal: "SIGINT",
      shell: ["/bin/bash", "-c"],
      healthcheck: null,
      onBuild: ["RUN x"],
      author: "you",
      created: new Date("2020-01-01T00:00:00.500Z"),
      osVersion: "1",
      osFeatures: ["f"],
    });
    expect(document.config).toEqual({
      Env: base.Env,
      Labels: { z: "1", b: "3" },
      ExposedPorts: { "53/udp": {}, "90/tcp": {} },
      Volumes: { "/v": {} },
      Unknown: { kept: [1500] },
      Entrypoint: ["/e"],
      WorkingDir: "/w",
      StopSignal: "SIGINT",
      Shell: ["/bin/bash", "-c"],
      OnBuild: ["RUN x"],
    });
    expect(document).toMatchObject({
      author: "you",
      created: "2020-01-01T00:00:00.5Z",
      "os.version": "1",
      "os.features": ["f"],
      other: { a: 1000 },
    });
  });

  it("reads no layer", async () => {
    const { source, layer, edited } = await changed({ user: "you" });
    expect(source.opened).not.toContain(layer.digest);
    expect(edited.images).toEqual([
      {
        platform: "linux/amd64",
        before: expect.stringMatching(/^sha256:/) as string,
        after: edited.digest,
        changes: [{ path: "config.User", before: "me", after: "you" }],
      },
    ]);
  });

  it("leaves an image that is so already byte for byte", async () => {
    const image = imageOf({ config: base });
    await using edited = await mutate(sourceOf(image), {
      config: {
        env: { set: { A: "1" }, unset: ["NONE"] },
        user: "me",
        cmd: ["sh"],
        labels: { set: { a: "2" } },
        ports: { add: ["80"] },
        shell: null,
        healthcheck: { Test: ["CMD", "x"] },
      },
      annotations: { unset: ["none"] },
    });
    expect(edited.digest).toBe(image.digest);
    expect(edited.images[0]?.changes).toEqual([]);
  });

  it("fields that are written in another case are the same fields", async () => {
    const { document } = await changed(
      { user: "you", env: { set: { A: "2" } } },
      { user: "me", env: ["A=1"] },
    );
    expect(document.config).toEqual({ user: "you", env: ["A=2"] });
  });

  it("takes docker's settings of old from container_config", async () => {
    const image = imageOf({
      format: "docker",
      more: { config: null, container_config: { Cmd: ["x"], User: "u" } },
    });
    await using edited = await mutate(sourceOf(image), { config: { user: "v" } });
    const { document } = await readBack(edited.source);
    expect(document.config).toEqual({ Cmd: ["x"], User: "v" });
    expect(document.container_config).toEqual({ Cmd: ["x"], User: "u" });
  });

  it("puts a note into the history where one is wanted and something changes", async () => {
    const source = sourceOf(imageOf({ layers: [await layerOf({ a: "1" })] }));
    const history = { createdBy: "dray mutate", created: new Date(0), comment: "c" };
    await using edited = await mutate(source, { config: { user: "x" }, history });
    expect((await readBack(edited.source)).history).toEqual([
      { created: "2024-01-01T00:00:00Z", created_by: "layer 0" },
      { created: "1970-01-01T00:00:00Z", created_by: "dray mutate", comment: "c", empty_layer: true },
    ]);
    await using same = await mutate(source, { history });
    expect((await readBack(same.source)).history).toHaveLength(1);
  });

  it.each<[string, ConfigChanges]>([
    ["a name with =", { env: { set: { "A=B": "" } } }],
    ["an empty name", { env: { unset: [""] } }],
    ["NUL in a value", { env: { set: { A: "\0" } } }],
    ["a port out of range", { ports: { add: ["70000"] } }],
    ["a range that runs backwards", { ports: { add: ["90-80"] } }],
    ["another protocol", { ports: { add: ["80/http"] } }],
    ["a volume without a name", { volumes: { add: [""] } }],
    ["no signal", { stopSignal: "stop!" }],
    ["no architecture", { architecture: "AMD 64" }],
    ["a label without a name", { labels: { set: { "": "x" } } }],
  ])("refuses %s", async (_, config) => {
    const source = sourceOf(imageOf({}));
    await expect(mutate(source, { config })).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
  });

  it("sets annotations of manifests, and refuses them for docker's", async () => {
    await using edited = await mutate(sourceOf(imageOf({ annotations: { a: "1", b: "2" } })), {
      annotations: { set: { c: "3" }, unset: ["a"] },
    });
    expect((await readBack(edited.source)).manifest.annotations).toEqual({ b: "2", c: "3" });
    await expect(
      mutate(sourceOf(imageOf({ format: "docker" })), { annotations: { set: { c: "3" } } }),
    ).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" });
  });

  it("refuses docker v2s1", async () => {
    const bytes = json({
      schemaVersion: 1,
      name: "a",
      tag: "b",
      architecture: "amd64",
      fsLayers: [{ blobSum: digestBytes(new Uint8Array()) }],
      history: [{ v1Compatibility: JSON.stringify({ id: "a".repeat(64) }) }],
    });
    const mediaType = "application/vnd.docker.distribution.manifest.v1+json";
    const source = sourceOf({ ...imageOf({}), manifest: { bytes, mediaType } });
    await expect(mutate(source, {})).rejects.toMatchObject({ code: "ERR_DRAYAGE_CONVERSION_UNSUPPORTED" });
  });

  it("gives the same whether it is done once or twice", async () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,4}$/);
    const changes = fc.record(
      {
        env: fc.record({ set: fc.dictionary(word, fc.string()), unset: fc.array(word) }),
        labels: fc.record({ set: fc.dictionary(word, fc.string()), unset: fc.array(word) }),
        cmd: fc.option(fc.array(fc.string())),
        user: fc.option(word),
        ports: fc.record({ add: fc.array(fc.constantFrom("80", "53/udp")), clear: fc.boolean() }),
        created: fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(changes, async (config) => {
        const clean = JSON.parse(JSON.stringify(config).replaceAll("\\u0000", "")) as typeof config;
        const mutation = { config: { ...clean, created: config.created } };
        await using once = await mutate(sourceOf(imageOf({ config: base })), mutation);
        await using twice = await mutate(once.source, mutation);
        expect(twice.digest).toBe(once.digest);
      }),
      { numRuns: 50 },
    );
  });
});

describe("of an index, mutate", () => {
  const arm = { architecture: "arm64", os: "linux", variant: "v8" };
  async function multi() {
    const amd64 = imageOf({ layers: [await layerOf({ a: "amd" })], config: { User: "me" } });
    const arm64 = imageOf({ layers: [await layerOf({ a: "arm" })], config: { User: "me" }, platform: arm });
    const statement = imageOf({
      config: {},
      platform: { architecture: "unknown", os: "unknown" },
      history: [{ created_by: "x", empty_layer: true }],
    });
    const attestation = {
      ...descriptorOf(statement.manifest.mediaType, statement.manifest.bytes),
      platform: { architecture: "unknown", os: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": amd64.digest,
      },
    };
    const index = indexOf([amd64, arm64], { manifests: [attestation], annotations: { k: "v" } });
    return { amd64, arm64, statement, source: sourceOf([amd64, arm64, statement], index), index };
  }

  it("changes all images, leaves out what told of the old ones, and says so", async () => {
    const { source, amd64, arm64, statement } = await multi();
    const warnings: string[] = [];
    await using edited = await mutate(
      source,
      { config: { user: "you" } },
      { onWarning: (text) => warnings.push(text) },
    );
    const members = await membersOf(edited.source);
    expect(members.map(({ platform }) => platform)).toEqual([amd64.platform, arm]);
    for (const { digest } of members) {
      expect((await readBack(edited.source, digest)).document.config.User).toBe("you");
    }
    expect(members.map(({ digest }) => digest)).not.toContain(arm64.digest);
    expect(warnings).toEqual([
      `${statement.digest} tells of ${amd64.digest}, which is ${members[0]?.digest} now; it is left out, unless it is kept by attestations: "keep" (--keep-attestations)`,
    ]);
    const document = JSON.parse(Buffer.from((await edited.source.manifest()).bytes).toString()) as object;
    expect(document).toMatchObject({ annotations: { k: "v" } });
  });

  it("keeps attestations where that is wished, and where their image stays", async () => {
    const { source, statement, arm64, amd64 } = await multi();
    await using kept = await mutate(source, { config: { user: "you" } }, { attestations: "keep" });
    expect((await membersOf(kept.source))[2]?.digest).toBe(statement.digest);
    await using other = await mutate(source, { config: { user: "you" } }, { platforms: ["linux/arm64"] });
    const members = await membersOf(other.source);
    expect(members.map(({ digest }) => digest)).toEqual([
      amd64.digest,
      expect.not.stringContaining(arm64.digest) as string,
      statement.digest,
    ]);
    expect(other.images.map(({ platform }) => platform)).toEqual(["linux/arm64/v8"]);
  });

  it("changes annotations of the index and of its entries, and the platform with the config", async () => {
    const { source } = await multi();
    await using edited = await mutate(
      source,
      { config: { variant: null, osVersion: "9" }, entryAnnotations: { set: { e: "1" } } },
      { platforms: ["linux/arm64/v8"], index: { set: { x: "y" }, unset: ["k"] } },
    );
    const members = await membersOf(edited.source);
    expect(members[1]).toMatchObject({
      platform: { architecture: "arm64", os: "linux", "os.version": "9" },
      annotations: { e: "1" },
    });
    expect(members[1]?.platform).not.toHaveProperty("variant");
    const document = JSON.parse(Buffer.from((await edited.source.manifest()).bytes).toString()) as {
      annotations: object;
    };
    expect(document.annotations).toEqual({ x: "y" });
  });

  it("is the same index where nothing changes", async () => {
    const { source, index } = await multi();
    await using edited = await mutate(source, { config: { user: "me" } });
    expect(edited.digest).toBe(digestBytes(index.bytes));
  });

  it("refuses platforms that are not there, and names those that are", async () => {
    const { source } = await multi();
    await expect(mutate(source, {}, { platforms: ["linux/s390x"] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
      hint: "it has linux/amd64, linux/arm64/v8",
    });
  });
});

describe("what an image alone does not have", () => {
  it("is refused: annotations of an index, platforms that it is not for", async () => {
    const image = sourceOf(imageOf({}));
    await expect(mutate(image, {}, { index: { set: { a: "b" } } })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: "the source is an image alone: there is no index to annotate",
    });
    await expect(mutate(image, { entryAnnotations: { unset: ["a"] } })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
    await expect(mutate(image, {}, { platforms: ["linux/amd64", "linux/arm64"] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND",
      message: "the image is for linux/amd64, and not for linux/arm64",
    });
    await using same = await mutate(image, {}, { platforms: ["linux/amd64"] });
    expect(same.digest).toBe(imageOf({}).digest);
  });
});
