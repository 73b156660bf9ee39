import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { smallImage, smallImageNeeds } from "@drayage-internal/fixtures";
import { describeWithPeers, run, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { dray } from "../src/dray.ts";

interface Document {
  readonly layers?: readonly { digest: string; size: number }[];
  readonly [field: string]: unknown;
}

const name = "example.com/drayage/small:1";
const destinations = ["docker-archive", "oci", "dir", "oci-archive"] as const;

describeWithPeers("skopeo copy and dray copy --compat go", [...smallImageNeeds, "skopeo", "tar"], () => {
  const folder = temporaryDirectory();
  const sources: Record<string, string> = {
    "docker-archive": "",
    oci: `oci:${folder}/source-layout:small`,
    "oci-archive": `oci-archive:${folder}/source-archive.tar:small`,
    "dir of an OCI image": `dir:${folder}/source-dir-oci`,
    "dir of a docker image": `dir:${folder}/source-dir-docker`,
    tarball: `tarball:${folder}/one.tar:${folder}/two.tar`,
  };
  const compressed = new Set(["oci", "oci-archive", "dir of an OCI image"]);

  beforeAll(async () => {
    const image = await smallImage();
    sources["docker-archive"] = `docker-archive:${image.path}:${name}`;
    const copies = [
      [sources["docker-archive"], sources.oci],
      [sources.oci, sources["oci-archive"]],
      [sources.oci, sources["dir of an OCI image"]],
      [sources["docker-archive"], sources["dir of a docker image"]],
    ];
    for (const [from = "", to = ""] of copies) await skopeo(["copy", from, to]);
    for (const [index, file] of ["one", "two"].entries()) {
      const tree = path.join(folder, file);
      mkdirSync(tree);
      const args = ["--sort=name", "--mtime=@1600000000", "-C", tree, "-cf", `${folder}/${file}.tar`, "."];
      await run("sh", ["-c", `echo ${index} > "$0/number"`, tree]);
      await run("tar", args);
    }
  });

  /** Copies with both tools, and gives the two places. */
  async function copyTwice(source: string, transport: string): Promise<[skopeo: string, dray: string]> {
    const place = path.join(folder, `${source} to ${transport}`.replaceAll(" ", "-"));
    const suffix = { "docker-archive": `:${name}`, oci: ":small", dir: "", "oci-archive": ":small" }[
      transport
    ];
    const ends = ["skopeo", "dray"].map((tool) => `${transport}:${place}-${tool}${suffix}`);
    const [first = "", second = ""] = ends;
    await skopeo(["copy", sources[source] ?? "", first]);
    await dray(["copy", "--quiet", "--compat", "go", sources[source] ?? "", second]);
    return [first, second];
  }

  const pathOf = (reference: string): string => reference.split(":")[1] ?? "";

  /** A directory as it is, an archive unpacked: what the tool wrote, to be compared with `diff -r`. */
  async function tree(reference: string): Promise<string> {
    const place = pathOf(reference);
    if (statSync(place).isDirectory()) return place;
    const unpacked = `${place}-unpacked`;
    mkdirSync(unpacked);
    await run("tar", ["-xf", place, "-C", unpacked]);
    return unpacked;
  }

  describe.each(Object.keys(sources))("from %s", (source) => {
    for (const transport of destinations) {
      // What is not compressed yet is compressed on its way to an OCI layout, by another encoder than Go's.
      const encoded = !compressed.has(source) && transport.startsWith("oci");
      const same = transport === "docker-archive" ? "file" : "tree";
      const held = encoded
        ? "gives the same manifest but for blob digests and sizes"
        : `gives the same ${same}`;
      it(`to ${transport} ${held}`, async () => {
        const [bySkopeo, byDray] = await copyTwice(source, transport);
        if (encoded) {
          expect(await withoutBlobNames(byDray)).toEqual(await withoutBlobNames(bySkopeo));
          return;
        }
        if (transport === "docker-archive") {
          expect(readFileSync(pathOf(byDray)).equals(readFileSync(pathOf(bySkopeo)))).toBe(true);
          return;
        }
        const [expected, found] = [await tree(bySkopeo), await tree(byDray)];
        await run("diff", ["-r", expected, found]);
        expect(modes(found)).toEqual(modes(expected));
      });
    }
  });
});

/** An image's manifest, its layers without digests and sizes, and its config's exact bytes. */
async function withoutBlobNames(reference: string): Promise<object> {
  const manifest = JSON.parse((await skopeo(["inspect", "--raw", reference])).stdout) as Document;
  const config = (await skopeo(["inspect", "--config", "--raw", reference])).stdout;
  const layers = manifest.layers?.map(({ digest: _digest, size: _size, ...layer }) => layer);
  return { config, manifest: { ...manifest, layers } };
}

/** The permissions of all that is below a directory. */
function modes(folder: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(path.join(folder, below), { withFileTypes: true })) {
    const at = path.join(below, entry.name);
    if (entry.isSymbolicLink()) continue;
    found[at] = (statSync(path.join(folder, at)).mode & 0o7777).toString(8);
    if (entry.isDirectory()) Object.assign(found, modes(folder, at));
  }
  return found;
}
