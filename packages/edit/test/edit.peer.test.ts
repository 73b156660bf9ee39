import path from "node:path";
import { bytesBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { copyImage } from "@drayage/copy";
import { snapshotTree } from "@drayage/testkit";
import transport from "@drayage/transport-oci-dir";
import { buildahStore, describeWithPeers, run, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { append, editImage, flatten, mutate, scratchSource, squash } from "../src/index.ts";
import { imageOf, layerOf, sourceOf } from "./support/images.ts";

const at = (text: string) => ({ transport, reference: transport.parse(text), text: `oci-dir:${text}` });

/** An image in a layout, of layers in two compressions that umoci 0.4 knows. */
async function writeSample(layout: string): Promise<void> {
  const layers = [
    await layerOf({ "a/": "", "a/one": "1", "a/two": "2", gone: "g", "d/": "", "d/old": "o", link: "-> a" }),
    await layerOf({
      "a/.wh.one": "",
      ".wh.gone": "",
      "d/.wh..wh..opq": "",
      "d/new": "n",
      hard: "h",
      hard2: "=> hard",
    }),
    await layerOf({ "a/two": "new", "e/": "", "e/f": "x".repeat(100_000) }, "none"),
  ];
  const config = { Env: ["PATH=/bin"], Cmd: ["sh"], Labels: { a: "1" } };
  const source = sourceOf(imageOf({ layers, config, annotations: { k: "v" } }));
  await using destination = await transport.openDestination(transport.parse(`${layout}:app`));
  await copyImage({ source, destination });
}

describeWithPeers("edited images", ["umoci", "skopeo", "buildah"], ({ umoci }) => {
  const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
  async function unpacked(layout: string, name: string): Promise<Readonly<Record<string, string>>> {
    const folder = path.join(temporaryDirectory(), "rootfs");
    await run(umoci, ["raw", "unpack", ...rootless, "--image", `${layout}:${name}`, folder]);
    return snapshotTree(folder);
  }

  it.each([
    ["flatten", 1, (source: Parameters<typeof flatten>[0], to: object) => flatten(source, to)],
    [
      "squash from layer 1",
      2,
      (source: Parameters<typeof flatten>[0], to: object) => squash(source, { ...to, fromLayer: 2 }),
    ],
  ] as const)("umoci unpacks the same files after %s", async (_, count, edit) => {
    const layout = path.join(temporaryDirectory(), "layout");
    await writeSample(layout);
    const before = await unpacked(layout, "app");
    await editImage(at(`${layout}:app`), at(`${layout}:edited`), edit);
    expect(await unpacked(layout, "edited")).toEqual(before);
    const { stdout } = await skopeo(["inspect", `oci:${layout}:edited`]);
    expect((JSON.parse(stdout) as { Layers: string[] }).Layers).toHaveLength(count);
  });

  it("skopeo shows what mutate says, and no blob of a layer is written anew", async () => {
    const layout = path.join(temporaryDirectory(), "layout");
    await writeSample(layout);
    const { copied } = await editImage(at(`${layout}:app`), at(`${layout}:edited`), (source, to) =>
      mutate(source, { config: { env: { set: { A: "b" } }, labels: { set: { x: "y" }, unset: ["a"] } } }, to),
    );
    const { stdout } = await skopeo(["inspect", `oci:${layout}:edited`]);
    const shown = JSON.parse(stdout) as object;
    expect(shown).toMatchObject({ Digest: copied.digest, Labels: { x: "y" }, Env: ["PATH=/bin", "A=b"] });
    expect(await unpacked(layout, "edited")).toEqual(await unpacked(layout, "app"));
  });

  it("buildah takes an image that was appended to scratch, and has its files", async () => {
    const folder = temporaryDirectory();
    const layout = path.join(folder, "layout");
    const layers = [
      await layerOf({ "x/": "", "x/y": "content" }, "none"),
      await layerOf({ z: "zstd" }, "zstd"),
    ];
    await editImage("scratch", at(`${layout}:made`), (source, to) =>
      append(
        source,
        layers.map(({ bytes }) => ({ tar: bytesBlob(bytes) })),
        { layerCache: noLayerCache, ...to },
      ),
    );
    const { buildah } = buildahStore(folder);
    // buildah makes a name of a layout's path, and takes none with capital letters.
    await skopeo(["copy", "--quiet", `oci:${layout}:made`, `dir:${folder}/image`]);
    const name = (await buildah(["from", `dir:${folder}/image`])).stdout.trim();
    const root = (await buildah(["inspect", "--format", "{{.OCIv1.RootFS.DiffIDs}}", name])).stdout.trim();
    expect(root).toBe(`[${layers.map(({ diffId }) => diffId).join(" ")}]`);
  });

  it("the image is as it was where an edit fails", async () => {
    const layout = path.join(temporaryDirectory(), "layout");
    await writeSample(layout);
    const before = await snapshotTree(layout);
    const broken = { tar: bytesBlob(Buffer.from("no tar at all ".repeat(100))) };
    const edit = editImage(at(`${layout}:app`), at(`${layout}:app`), (source, to) =>
      append(source, [{ tar: bytesBlob(extra.bytes) }, broken], { layerCache: noLayerCache, ...to }),
    );
    await expect(edit).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
    expect(await snapshotTree(layout)).toEqual(before);
  });

  it("scratch for several platforms is an index", async () => {
    const layout = path.join(temporaryDirectory(), "layout");
    const platforms = [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64", variant: "v8" },
    ];
    await using source = scratchSource({ platforms });
    expect((await source.manifest()).mediaType).toBe("application/vnd.oci.image.index.v1+json");
    await editImage(
      "scratch",
      at(`${layout}:multi`),
      (from, to) => append(from, [{ tar: bytesBlob(extra.bytes) }], { layerCache: noLayerCache, ...to }),
      { scratch: { platforms } },
    );
    for (const { architecture } of platforms) {
      const { stdout } = await skopeo(["--override-arch", architecture, "inspect", `oci:${layout}:multi`]);
      expect(JSON.parse(stdout)).toMatchObject({ Architecture: architecture, Layers: [extra.digest] });
    }
  });
});

const extra = await layerOf({ b: "2" });
