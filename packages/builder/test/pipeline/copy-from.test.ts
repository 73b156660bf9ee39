import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBlob } from "@drayage/blob";
import { noLayerCache } from "@drayage/build-context";
import { parseConfig, parseImageManifest } from "@drayage/manifest";
import type { Location, Transport } from "@drayage/transport";
import dir from "@drayage/transport-dir";
import dockerArchive from "@drayage/transport-docker-archive";
import ociArchive from "@drayage/transport-oci-archive";
import ociDir from "@drayage/transport-oci-dir";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AddOptions, CommitOptions } from "../../src/builder.ts";
import { createPipeline } from "../../src/pipeline/create-pipeline.ts";

let home: string;
const common: CommitOptions = { layerCache: noLayerCache, env: {}, timestamp: new Date(1_600_000_000_000) };
const at = (transport: Transport, text: string): Location => ({
  transport,
  reference: transport.parse(text),
  text,
});
const layout = (name: string): Location => at(ociDir, `${join(home, name)}:latest`);

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "drayage-"));
  const tree = join(home, "tree");
  mkdirSync(join(tree, "srv/app/lib"), { recursive: true });
  mkdirSync(join(tree, "srv/app/.hidden"), { mode: 0o700 });
  writeFileSync(join(tree, "srv/app/main.js"), "main()");
  chmodSync(join(tree, "srv/app/main.js"), 0o755);
  writeFileSync(join(tree, "srv/app/lib/more.js"), "more()");
  writeFileSync(join(tree, "srv/app/lib/empty"), "");
  linkSync(join(tree, "srv/app/main.js"), join(tree, "srv/app/again.js"));
  symlinkSync("main.js", join(tree, "srv/app/link"));
  symlinkSync("/srv/app", join(tree, "way"));
  // In two layers, so that what is copied is in neither as a whole.
  await using base = await createPipeline({ from: "scratch" });
  await base.copy(["tree"], "/", { contextDir: home });
  await base.copy(["tree/srv/app/lib/more.js"], "/srv/app/lib/added.js", { contextDir: home, chmod: "600" });
  await base.commit(layout("image"), common);
  writeFileSync(join(tree, "srv/app/lib/added.js"), "more()", { mode: 0o600 });
});
afterEach(() => rmSync(home, { recursive: true }));

interface Copy {
  readonly sources: readonly string[];
  readonly to: string;
  readonly options?: AddOptions;
}

/** The layers and the history of steps upon nothing. */
async function made(instruction: "add" | "copy", copies: readonly Copy[]) {
  await using pipeline = await createPipeline({
    from: "scratch",
    platform: { os: "linux", architecture: "arm64" },
  });
  for (const { sources, to, options } of copies) await pipeline[instruction](sources, to, options);
  await using source = await pipeline.openSource({ ...common, compression: { format: "none" } });
  const { bytes, mediaType } = await source.manifest();
  const { config, layers } = parseImageManifest(bytes, mediaType);
  if (config === undefined) throw new Error("it has a config");
  const { history } = parseConfig(await readBlob(await source.blob(config), { limit: 1 << 20 }));
  return { layers: layers.map(({ digest }) => digest), history: history?.map((entry) => entry.created_by) };
}

describe("files of another image", () => {
  const cases: readonly (Copy & { readonly what: string })[] = [
    { what: "a folder", sources: ["srv/app"], to: "/new/" },
    { what: "a file by a new name", sources: ["srv/app/main.js"], to: "/bin/run" },
    { what: "what patterns name", sources: ["srv/*/m*.js", "srv/app/l[i]b"], to: "/new" },
    { what: "what a link leads to", sources: ["way/link"], to: "/new/" },
    { what: "owners, modes", sources: ["way"], to: "/new", options: { chown: "12:34", chmod: "0750" } },
    {
      what: "all but what is excluded",
      sources: ["/srv"],
      to: "/",
      options: { exclude: ["**/lib", "!**/more.js"] },
    },
    {
      what: "with their folders",
      sources: ["srv/./app/lib", "srv/app/main.js"],
      to: "/p/",
      options: { parents: true },
    },
    { what: "the same name twice", sources: ["srv/app/lib/more.js", "srv/app/lib"], to: "/new/" },
    { what: "all", sources: ["/"], to: "/all" },
  ];
  it.each(cases)("$what: as those of a folder", async ({ sources, to, options }) => {
    const own = { ...options, addHistory: true };
    const folder = await made("copy", [{ sources, to, options: { ...own, contextDir: join(home, "tree") } }]);
    const image = await made("copy", [{ sources, to, options: { ...own, from: layout("image") } }]);
    expect(folder.layers).toHaveLength(1);
    expect(image).toEqual(folder);
  });

  it("are read by every transport, and archives among them expanded by add", async () => {
    const results = new Set<string>();
    const places = [
      at(dir, join(home, "dir")),
      at(ociArchive, `${join(home, "oci.tar")}:localhost/a:1`),
      at(dockerArchive, `${join(home, "docker.tar")}:localhost/a:1`),
    ];
    for (const place of places) {
      await using pipeline = await createPipeline({ from: layout("image") });
      // An archive within the image: the one that was written before it.
      if (place.transport === dockerArchive) await pipeline.copy(["oci.tar"], "/", { contextDir: home });
      await pipeline.commit(place, common);
      const { layers, history } = await made("copy", [
        { sources: ["way"], to: "/x/", options: { from: place } },
      ]);
      const { scheme } = place.transport;
      expect(history).toEqual([
        `COPY --from=${scheme === "docker-archive" ? "localhost/a:1" : scheme} way /x/`,
      ]);
      results.add(layers.join());
    }
    expect(results.size).toBe(1);
    const [, , archived] = places;
    const expanded = await made("add", [
      { sources: ["oci.tar"], to: "/x/", options: { from: archived, addHistory: true } },
    ]);
    const local = await made("add", [
      { sources: ["oci.tar"], to: "/x/", options: { contextDir: home, addHistory: true } },
    ]);
    expect(expanded).toEqual(local);
  });

  it("are known to later steps", async () => {
    await using pipeline = await createPipeline({ from: "scratch" });
    const from = layout("image");
    await pipeline.copy(["/"], "/", { from });
    await pipeline.copy(["srv/app/main.js"], "/way/.hidden", { from });
    await pipeline.commit(layout("out"), common);
    const { layers } = await made("copy", [
      { sources: ["srv/app/.hidden"], to: "/x/", options: { from: layout("out"), chmod: "0700" } },
    ]);
    const alone = join(home, "alone/.hidden");
    mkdirSync(alone, { recursive: true });
    writeFileSync(join(alone, "main.js"), "main()");
    expect(layers).toEqual(
      (
        await made("copy", [
          { sources: [".hidden"], to: "/x/", options: { contextDir: join(home, "alone"), chmod: "0700" } },
        ])
      ).layers,
    );
  });

  it.each([
    [["absent"], {}, "ERR_DRAYAGE_FILE_NOT_FOUND", 'there is no "absent" in the image'],
    [["no*match"], {}, "ERR_DRAYAGE_FILE_NOT_FOUND", 'there is no "no*match" in the image'],
    [["../../../etc/passwd"], {}, "ERR_DRAYAGE_FILE_NOT_FOUND", "in the image"],
    [["srv"], { exclude: ["srv"] }, "ERR_DRAYAGE_FILE_NOT_FOUND", "is to be excluded"],
    [["https://example.com/x"], {}, "ERR_DRAYAGE_USAGE", "is no path of the image"],
    [[], {}, "ERR_DRAYAGE_USAGE", "there is no source to add"],
  ] as const)("%j is refused", async (sources, options, code, message) => {
    await using pipeline = await createPipeline({ from: "scratch" });
    const refused = pipeline.copy(sources, "/x", { ...options, from: layout("image") });
    await expect(refused).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it("leave no temporary files, and a place that is none is told of", async () => {
    const before = readdirSync(home);
    await using pipeline = await createPipeline({ from: "scratch" });
    await expect(pipeline.copy(["x"], "/", { from: layout("absent") })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_DRAYAGE_/) as string,
    });
    await expect(pipeline.copy(["x"], "/", { from: "alpine" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
    });
    expect(readdirSync(home)).toEqual(before);
  });
});
