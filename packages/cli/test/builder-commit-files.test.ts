import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { readTar } from "@drayage/tar";
import { beforeAll, describe, expect, it } from "vitest";
import { dray, type Ran, testFolder } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const place = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
const builder = (...argv: readonly string[]): Promise<Ran> =>
  dray(["builder", ...place, ...argv], { env: { HOME: folder } });

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

async function committed(name: string, ...flags: readonly string[]) {
  const { status, stderr } = await builder(
    "commit",
    "-q",
    "--timestamp",
    "0",
    ...flags,
    "c",
    `dir:${at(name)}`,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const bytes = readFileSync(at(name, "manifest.json"));
  const { config, layers } = JSON.parse(bytes.toString()) as Manifest;
  const files: string[] = [];
  for (const { digest } of layers) {
    for await (const { header } of readTar([readFileSync(at(name, digest.slice("sha256:".length)))])) {
      files.push(`${header.name} ${((header.mode ?? 0) & 0o7777).toString(8)}`);
    }
  }
  return { bytes, config, layers, files };
}

// Others change a store as root of a user namespace, by a process of its own.
describe.skipIf(process.getuid?.() !== 0)("commit", () => {
  beforeAll(async () => {
    await builder("from", "--name", "c", "scratch");
    writeFileSync(at("a.json"), "{}");
    writeFileSync(at("b:c"), "b");
    chmodSync(at("a.json"), 0o600);
  });

  it("--add-file adds files, each under the path behind its colon, or its own", async () => {
    const own = relative(process.cwd(), at("a.json"));
    const { files, layers } = await committed(
      "out",
      ...["--add-file", `${at("a.json")}:/usr/share/sbom.json`, "--add-file", at("a.json")],
    );
    expect(layers).toHaveLength(2);
    expect(files.filter((entry) => !entry.endsWith(" 755"))).toEqual([
      `${at("a.json").slice(1)} 644`,
      "usr/share/sbom.json 644",
    ]);
    const again = await committed(
      "again",
      "--add-file",
      `${own}:usr/share/sbom.json`,
      "--add-file",
      at("a.json"),
    );
    expect(again.bytes).toEqual(readFileSync(at("out", "manifest.json")));
  });

  it.each([
    [`${"gone"}:/x`, /there is no file "gone" to add; relative paths start in the current folder\n$/],
    [
      "/:/x",
      /"\/" cannot be added: it is not a regular file; folders are added with copy, before the commit\n$/,
    ],
    ["../x.json", /there is no file|leads out of the image/],
    [
      "package.json:",
      /"package\.json" cannot be added as ""; name the path that the file gets in the image\n$/,
    ],
  ])("--add-file %s is refused, and nothing is written", async (file, sentence) => {
    const { status, stdout, stderr } = await builder(
      "commit",
      "-q",
      "--add-file",
      file,
      "c",
      `dir:${at("no")}`,
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 125,
      stdout: "",
      stderr: expect.stringMatching(sentence),
    });
    expect(readdirSync(folder)).not.toContain("no");
  });

  it("--metadata-file writes the digests of what was written, by BuildKit's keys", async () => {
    const { bytes, config } = await committed("told", "--metadata-file", at("metadata.json"));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    expect(readFileSync(at("metadata.json"), "utf8")).toBe(
      JSON.stringify({
        "containerimage.config.digest": config.digest,
        "containerimage.descriptor": {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          digest,
          size: bytes.length,
        },
        "containerimage.digest": digest,
      }),
    );
    const stored = await builder("commit", "-q", "--metadata-file", at("of-store.json"), "c", "app:1");
    expect(JSON.parse(readFileSync(at("of-store.json"), "utf8"))).toMatchObject({
      "containerimage.config.digest": `sha256:${stored.stdout.trim()}`,
    });
  });

  it("--metadata-file is not written where the commit fails", async () => {
    const { status } = await builder(
      ...["commit", "-q", "--metadata-file", at("none.json"), "--add-file", "gone", "c", `dir:${at("no")}`],
    );
    expect(status).toBe(125);
    expect(existsSync(at("none.json"))).toBe(false);
  });
});
