import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dray, type Ran, testFolder } from "./run-dray.ts";

const folder = testFolder();
const place = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];

const builder = (...argv: readonly string[]): Promise<Ran> => {
  return dray(["builder", ...place, ...argv], { env: { HOME: folder } });
};

function layerTypes(layout: string): readonly string[] {
  const read = (...path: readonly string[]) => JSON.parse(readFileSync(join(layout, ...path), "utf8"));
  const { digest } = read("index.json").manifests[0];
  const { layers } = read("blobs", "sha256", digest.slice("sha256:".length));
  return layers.map(({ mediaType }: { readonly mediaType: string }) => mediaType);
}

// Others change a store as root of a user namespace, by a process of its own.
describe.skipIf(process.getuid?.() !== 0)("layers of a commit", () => {
  it("are compressed as flags say, and not at all where none says it", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "text");
    await builder("from", "--name", "c", "scratch");
    expect((await builder("add", "c", file, "/file")).status).toBe(0);
    const types = async (...flags: readonly string[]) => {
      const layout = join(folder, `layout${flags.join("")}`);
      const { status, stderr } = await builder("commit", "-q", ...flags, "c", `oci:${layout}:x`);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return layerTypes(layout);
    };
    const layer = "application/vnd.oci.image.layer.v1.tar";
    expect(await types()).toEqual([layer]);
    expect(await types("--disable-compression=false")).toEqual([`${layer}+gzip`]);
    expect(await types("--compression-level", "9")).toEqual([`${layer}+gzip`]);
    expect(await types("--compression-format", "zstd")).toEqual([`${layer}+zstd`]);
    expect(await types("--compression-format", "zstd", "--compression-level", "19")).toEqual([
      `${layer}+zstd`,
    ]);
  });

  it("give the same digest in a layout, an archive, a folder and the store where they are compressed alike", async () => {
    const file = join(folder, "same");
    writeFileSync(file, "text");
    await builder("from", "--name", "same", "scratch");
    expect((await builder("add", "same", file, "/file")).status).toBe(0);
    const digests = async (name: string, ...flags: readonly string[]) => {
      const at = ["oci-dir", "oci-archive", "dir"].map(
        (scheme) => `${scheme}:${join(folder, name + scheme)}`,
      );
      const found = new Set<unknown>();
      for (const to of [...at, `localhost/${name}:1`]) {
        const meta = join(folder, "metadata");
        const how = ["-q", "--timestamp", "0", "--metadata-file", meta, ...flags, "same", to];
        expect(await builder("commit", ...how)).toMatchObject({ status: 0, stderr: "" });
        found.add(JSON.parse(readFileSync(meta, "utf8"))["containerimage.digest"]);
      }
      return [...found];
    };
    const [plain, gzip] = [await digests("plain"), await digests("gzip", "-D=false")];
    expect([plain.length, gzip.length]).toEqual([1, 1]);
    expect(await digests("asked", "--compression-format", "gzip")).toEqual(gzip);
    expect(plain).not.toEqual(gzip);
  });

  it.each([
    [["--format", "docker", "--compression-format", "zstd"], "docker manifests take gzip"],
    [["-D", "--compression-format", "gzip"], "--disable-compression leaves nothing"],
    [["--compression-format", "xz"], "gzip"],
    [["--compression-level", "23"], "22"],
  ])("%j: is refused, and nothing is left", async (flags, sentence) => {
    await builder("from", "--name", "refused", "scratch");
    const { status, stderr } = await builder("commit", ...flags, "refused", `oci:${join(folder, "none")}:x`);
    expect({ status, stderr }).toEqual({ status: 125, stderr: expect.stringContaining(sentence) });
    expect(() => readFileSync(join(folder, "none", "index.json"))).toThrow("ENOENT");
  });
});
