import path from "node:path";
import { snapshotTree } from "@drayage/testkit";
import { describeWithPeers, podmanStore, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, expect, it } from "vitest";
import { dray } from "../src/dray.ts";
import { type Edit, type EditSamples, editLines, writeEditSamples } from "../src/edit-samples.ts";
import { type SharedStore, sharedStore } from "../src/shared-store.ts";

const edits = Object.keys(editLines("", String)) as Edit[];
const kinds = ["oci", "v2s2", "zstd"] as const;

describeWithPeers("edited images", ["buildah", "podman", "skopeo", "root"], () => {
  const folder = temporaryDirectory();
  let samples: EditSamples;
  let shared: SharedStore;
  let files: Readonly<Record<string, string>>;

  beforeAll(async () => {
    samples = await writeEditSamples(path.join(folder, "samples"));
    shared = sharedStore("vfs", { folder: path.join(folder, "store") });
    files = await filesOf(`oci:${samples.layout}:app`, "unedited");
  });

  /** What buildah mounts of an image, which checks each layer on its way into the store. */
  async function filesOf(reference: string, name: string): Promise<Readonly<Record<string, string>>> {
    const image = `localhost/${name}:1`;
    await shared.skopeo(["copy", "--quiet", reference, shared.reference(image)]);
    await shared.buildah(["from", "--name", name, image]);
    const { stdout } = await shared.buildah(["mount", name]);
    const tree = await snapshotTree(stdout.trim());
    await shared.buildah(["rm", name]);
    return tree;
  }

  it.each(edits.flatMap((edit) => kinds.map((kind) => [edit, kind] as const)))(
    "skopeo, buildah and podman read what %s made as %s",
    async (edit, kind) => {
      const name = `${edit}-${kind}`;
      const place = path.join(folder, name);
      const [to, reference] =
        kind === "v2s2" ? [`dir:${place}`, `dir:${place}`] : [`oci-dir:${place}:x`, `oci:${place}:x`];
      const isRead = ["rebase", "mutate"].includes(edit);
      const flags = {
        oci: [],
        v2s2: ["--format", "v2s2"],
        zstd: isRead ? [] : ["--dest-compress-format", "zstd"],
      }[kind];
      const at = (base: string): string => `oci-dir:${samples.layout}:${base}`;
      await dray([...editLines(samples.tar, at)[edit], ...flags, at("app"), to]);
      const inspected = await shared.skopeo(["inspect", reference]);
      const { Layers: layers } = JSON.parse(inspected.stdout) as { Layers: readonly string[] };
      expect(layers).toHaveLength(
        { append: 3, flatten: 1, mutate: 2, normalize: 2, rebase: 3, squash: 1 }[edit],
      );

      const tree = await filesOf(reference, name);
      const isSame = ["flatten", "mutate", "squash", "normalize"].includes(edit);
      if (isSame) expect(tree).toEqual(files);
      else expect(Object.keys(tree).length).toBeGreaterThan(Object.keys(files).length);

      const { podman } = podmanStore(path.join(folder, `podman-${name}`));
      // podman makes a name of the path, and takes none with capital letters.
      const near = reference.replace(`${folder}/`, "");
      const { stdout } = await podman(["pull", "--quiet", near], { cwd: folder });
      const shown = await podman(["image", "inspect", "--format", "{{len .RootFS.Layers}}", stdout.trim()]);
      expect(shown.stdout.trim()).toBe(String(layers.length));
    },
    60_000,
  );
});
