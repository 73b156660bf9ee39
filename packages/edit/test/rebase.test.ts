import { describe, expect, it } from "vitest";
import { type RebaseOptions, rebase } from "../src/index.ts";
import {
  type ImageInput,
  imageOf,
  indexOf,
  layerOf,
  membersOf,
  readBack,
  sourceOf,
} from "./support/images.ts";

const one = await layerOf({ base: "old" });
const two = await layerOf({ base: "new" });
const three = await layerOf({ more: "new" }, "zstd");
const own = await layerOf({ app: "1" });

interface Configs {
  readonly base?: Record<string, unknown>;
  readonly ours?: Record<string, unknown>;
  readonly theirs?: Record<string, unknown>;
}

async function rebased(
  configs: Configs,
  options: Partial<RebaseOptions> = {},
  inputs: Record<string, Partial<ImageInput>> = {},
) {
  const oldBase = sourceOf(imageOf({ layers: [one], config: configs.base ?? {}, ...inputs.base }));
  const newBase = sourceOf(imageOf({ layers: [two, three], config: configs.theirs ?? {}, ...inputs.theirs }));
  const image = sourceOf(imageOf({ layers: [one, own], config: configs.ours ?? {}, ...inputs.ours }));
  await using edited = await rebase(image, { oldBase, newBase, ...options });
  return { ...(await readBack(edited.source)), edited, image, newBase, oldBase };
}

describe("rebase", () => {
  it("puts the image's own layers upon the new base's, and reads none", async () => {
    const { manifest, diffIds, history, image, newBase, oldBase } = await rebased({});
    expect(manifest.layers.map(({ digest }) => digest)).toEqual([two.digest, three.digest, own.digest]);
    expect(diffIds).toEqual([two.diffId, three.diffId, own.diffId]);
    expect(history.map(({ created_by }) => created_by)).toEqual(["layer 0", "layer 1", "layer 1"]);
    for (const source of [image, newBase, oldBase]) {
      for (const layer of [one, two, three, own]) expect(source.opened).not.toContain(layer.digest);
    }
  });

  it("gives the layers from where they are", async () => {
    const oldBase = sourceOf(imageOf({ layers: [one] }));
    const newBase = sourceOf(imageOf({ layers: [two] }));
    const image = sourceOf(imageOf({ layers: [one, own] }));
    await using edited = await rebase(image, { oldBase, newBase });
    const { manifest } = await readBack(edited.source);
    for (const layer of manifest.layers) await edited.source.blob(layer);
    expect(newBase.opened).toContain(two.digest);
    expect(image.opened).toContain(own.digest);
    expect(image.opened).not.toContain(two.digest);
  });

  it("merges variables, labels, ports and volumes each by name, and all else as a whole", async () => {
    const { document } = await rebased({
      base: {
        Env: ["PATH=/bin", "V=1", "GONE=x", "DROPPED=y"],
        Labels: { version: "1", vendor: "v" },
        ExposedPorts: { "80/tcp": {} },
        Cmd: ["sh"],
        User: "root",
        WorkingDir: "/",
        Healthcheck: { Test: ["CMD", "old"] },
      },
      ours: {
        Env: ["PATH=/bin:/app", "V=1", "GONE=x", "APP=1"],
        Labels: { version: "1", vendor: "v", app: "a" },
        ExposedPorts: { "80/tcp": {}, "90/tcp": {} },
        Cmd: ["app"],
        User: "root",
        WorkingDir: "/app",
        Healthcheck: { Test: ["CMD", "old"] },
        Hostname: "ours",
      },
      theirs: {
        Env: ["NEW=n", "PATH=/bin", "V=2", "DROPPED=y"],
        Labels: { version: "2", vendor: "v" },
        ExposedPorts: {},
        Volumes: { "/data": {} },
        Cmd: ["sh"],
        User: "node",
        WorkingDir: "/",
        Healthcheck: { Test: ["CMD", "new"] },
        Hostname: "theirs",
      },
    });
    expect(document.config).toEqual({
      Env: ["NEW=n", "PATH=/bin:/app", "V=2", "APP=1"],
      Labels: { version: "2", vendor: "v", app: "a" },
      ExposedPorts: { "90/tcp": {} },
      Volumes: { "/data": {} },
      Cmd: ["app"],
      User: "node",
      WorkingDir: "/app",
      Healthcheck: { Test: ["CMD", "new"] },
      Hostname: "ours",
    });
  });

  const conflicting: Configs = {
    base: { Env: ["A=1"], Cmd: ["sh"], Labels: { x: "1" } },
    ours: { Env: ["A=2"], Cmd: ["app"], Labels: { x: "1" } },
    theirs: { Env: ["A=3"], Cmd: ["bash"] },
  };

  it("names all fields that both changed, and takes whose it is told to take", async () => {
    await expect(rebased(conflicting)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFLICT",
      message: "the image for linux/amd64 and the new base both changed config.Env[A], config.Cmd",
    });
    const ours = await rebased(conflicting, { conflicts: "ours" });
    expect(ours.document.config).toEqual({ Env: ["A=2"], Cmd: ["app"] });
    const theirs = await rebased(conflicting, { conflicts: "theirs" });
    expect(theirs.document.config).toEqual({ Env: ["A=3"], Cmd: ["bash"] });
  });

  it("the same change on both sides is no conflict", async () => {
    const both = { Env: ["A=2"], Labels: { b: "" } };
    const { document } = await rebased({ base: { Env: ["A=1"] }, ours: both, theirs: both });
    expect(document.config).toEqual(both);
  });

  it("refuses an image that is not built upon the old base, and says where they differ", async () => {
    const image = sourceOf(imageOf({ layers: [own, one] }));
    const oldBase = sourceOf(imageOf({ layers: [one] }));
    await expect(rebase(image, { oldBase, newBase: oldBase })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFLICT",
      message: `the image for linux/amd64 is not built upon the old base: its layer 1 is ${own.diffId}, and the base's ${one.diffId}`,
      hint: "give the base that it was built upon: dray inspect --config shows its layers in rootfs.diff_ids",
    });
  });

  it("finds the bases by the image's annotations, and writes down the new one", async () => {
    const oldImage = imageOf({ layers: [one] });
    const newImage = imageOf({ layers: [two] });
    const image = sourceOf(
      imageOf({
        layers: [one, own],
        annotations: {
          "org.opencontainers.image.base.name": "registry.example.com/base:1",
          "org.opencontainers.image.base.digest": oldImage.digest,
          other: "stays",
        },
      }),
    );
    const asked: unknown[] = [];
    await using edited = await rebase(image, {
      openBase: async (base) => {
        asked.push(base);
        return sourceOf(base.digest === undefined ? newImage : oldImage);
      },
    });
    expect(asked).toEqual([
      { name: "registry.example.com/base:1", digest: oldImage.digest },
      { name: "registry.example.com/base:1", digest: undefined },
    ]);
    const { manifest } = await readBack(edited.source);
    expect(manifest.annotations).toEqual({
      "org.opencontainers.image.base.name": "registry.example.com/base:1",
      "org.opencontainers.image.base.digest": newImage.digest,
      other: "stays",
    });
  });

  it("needs to be told of bases that the image does not name", async () => {
    const image = sourceOf(imageOf({ layers: [one] }));
    await expect(rebase(image, {})).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      hint: "name it: --old-base",
    });
  });

  it("takes the image of each platform from the bases' indexes", async () => {
    const arm = { architecture: "arm64", os: "linux" };
    const images = [imageOf({ layers: [one, own] }), imageOf({ layers: [one, own], platform: arm })];
    const olds = [imageOf({ layers: [one] }), imageOf({ layers: [one], platform: arm })];
    const news = [imageOf({ layers: [two] }), imageOf({ layers: [three], platform: arm })];
    await using edited = await rebase(sourceOf(images, indexOf(images)), {
      oldBase: sourceOf(olds, indexOf(olds)),
      newBase: sourceOf(news, indexOf(news)),
    });
    const bottoms = [];
    for (const { digest } of await membersOf(edited.source))
      bottoms.push((await readBack(edited.source, digest)).diffIds[0]);
    expect(bottoms).toEqual([two.diffId, three.diffId]);
  });

  it("refuses a base for another platform", async () => {
    const inputs = { theirs: { platform: { architecture: "s390x", os: "linux" } } };
    await expect(rebased({}, {}, inputs)).rejects.toMatchObject({ code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND" });
  });

  it("calls the new base's layers as the image's format does", async () => {
    const inputs = { ours: { format: "docker" as const }, theirs: { layers: [two] } };
    const { manifest } = await rebased({}, {}, inputs);
    expect(manifest.layers[0]?.mediaType).toBe("application/vnd.docker.image.rootfs.diff.tar.gzip");
  });

  it("an entrypoint of the image's own keeps its arguments, and those of the base's are merged", async () => {
    const base = { Entrypoint: ["/base"], Cmd: ["old"] };
    const theirs = { Entrypoint: ["/base"], Cmd: ["new"] };
    const commands = async (ours: object, over: object = theirs, conflicts?: "ours" | "theirs") => {
      const { document } = await rebased({ base, ours: { ...ours }, theirs: { ...over } }, { conflicts });
      return [document.config.Entrypoint, document.config.Cmd];
    };
    // As a Dockerfile's ENTRYPOINT leaves it, and as one that is set afterwards does.
    expect(await commands({ Entrypoint: ["/own"] })).toEqual([["/own"], undefined]);
    expect(await commands({ Entrypoint: ["/own"], Cmd: ["old"] })).toEqual([["/own"], ["old"]]);
    expect(await commands(base)).toEqual([["/base"], ["new"]]);
    expect(await commands({ Entrypoint: ["/base"], Cmd: ["own"] }, { ...theirs, Cmd: ["old"] })).toEqual([
      ["/base"],
      ["own"],
    ]);
    const other = { Entrypoint: ["/other"], Cmd: ["old"] };
    expect(await commands({ Entrypoint: ["/base"], Cmd: ["own"] }, other)).toEqual([["/other"], ["own"]]);
    const both = { Entrypoint: ["/own"], Cmd: ["own"] };
    await expect(commands(both, other)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFLICT",
      message: "the image for linux/amd64 and the new base both changed config.Entrypoint",
    });
    expect(await commands(both, other, "ours")).toEqual([["/own"], ["own"]]);
    expect(await commands(both, other, "theirs")).toEqual([["/other"], ["old"]]);
  });

  it("ONBUILD of a base was carried out, and is not handed on", async () => {
    const [old, other] = [{ OnBuild: ["RUN old"] }, { OnBuild: ["RUN new"] }];
    expect((await rebased({ base: old, theirs: other })).document.config).toEqual({});
    const { document } = await rebased({ base: old, ours: { OnBuild: ["RUN own"] }, theirs: other });
    expect(document.config).toEqual({ OnBuild: ["RUN own"] });
  });

  it("of a variable that is set twice the last counts", async () => {
    const { document } = await rebased({
      base: { Env: ["A=1", "B=1"] },
      ours: { Env: ["A=0", "A=1", "B=1", "B=2"] },
      theirs: { Env: ["A=3", "B=1"] },
    });
    expect(document.config).toEqual({ Env: ["A=3", "B=2"] });
  });

  it("takes the tail of the history by the layers where the base tells of none", async () => {
    const inputs = { base: { history: [] } };
    const { history, manifest } = await rebased({}, {}, inputs);
    expect(history).toHaveLength(manifest.layers.length);
    expect(history.map(({ created_by }) => created_by)).toEqual(["layer 0", "layer 1", "layer 1"]);
  });

  it("leaves a history out that would tell of other layers than there are", async () => {
    const inputs = { theirs: { history: [{ created_by: "one of two" }] } };
    expect((await rebased({}, {}, inputs)).document).not.toHaveProperty("history");
  });

  it("says which base it is that something is wrong with", async () => {
    const arm = imageOf({ layers: [one], platform: { architecture: "arm64", os: "linux" } });
    const only = sourceOf(arm, indexOf([arm]));
    const good = sourceOf(imageOf({ layers: [one] }));
    const image = sourceOf(imageOf({ layers: [one, own] }));
    const refused = async (oldBase: typeof good, newBase: typeof good): Promise<string> => {
      const error: unknown = await rebase(image, { oldBase, newBase }).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_PLATFORM_NOT_FOUND" });
      return (error as Error).message;
    };
    expect(await refused(sourceOf(arm), good)).toBe(
      "the old base: it is for linux/arm64, and the image for linux/amd64",
    );
    expect(await refused(good, only)).toMatch(/^the new base: /);
  });

  it("upon the base that it has is the same image, but for a name that is given", async () => {
    const base = sourceOf(imageOf({ layers: [one] }));
    const annotations = { "org.opencontainers.image.base.name": "kept", other: "stays" };
    for (const format of ["oci", "docker"] as const) {
      const before = imageOf({
        layers: [one, own],
        format,
        annotations: format === "oci" ? annotations : undefined,
      });
      await using same = await rebase(sourceOf(before), { oldBase: base, newBase: base });
      expect(same.digest).toBe(before.digest);
      await using named = await rebase(sourceOf(before), {
        oldBase: base,
        newBase: base,
        newBaseName: "example.com/base:2",
      });
      const { manifest } = await readBack(named.source);
      expect(manifest.annotations).toEqual(
        format === "docker"
          ? undefined
          : {
              "org.opencontainers.image.base.name": "example.com/base:2",
              "org.opencontainers.image.base.digest": imageOf({ layers: [one] }).digest,
              other: "stays",
            },
      );
    }
  });
});
