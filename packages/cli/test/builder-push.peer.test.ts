import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { describeWithPeers, run, skopeo, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

interface Manifest {
  readonly mediaType?: string;
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly mediaType: string }[];
  readonly manifests?: readonly { readonly digest: string; readonly platform?: unknown }[];
}

/** As Go calls this machine's, and one that it is not. */
const thisArchitecture = process.arch === "x64" ? "amd64" : process.arch;
const otherArchitecture = thisArchitecture === "amd64" ? "arm64" : "amd64";

const builders = ["buildah", "dray"] as const;
type Builder = (typeof builders)[number];

describeWithPeers("push, as buildah has it", ["buildah", "skopeo", "docker-registry", "root"], (peers) => {
  const folder = testFolder();
  const at = (...names: string[]): string => join(folder, ...names);
  const place = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];
  const env = { HOME: at("home"), CONTAINERS_REGISTRIES_CONF: at("registries.conf") };
  let registry: TestRegistry;

  beforeAll(async () => {
    mkdirSync(at("home", ".config", "containers"), { recursive: true });
    writeFileSync(at("registries.conf"), "");
    writeFileSync(
      at("home", ".config", "containers", "policy.json"),
      '{"default":[{"type":"insecureAcceptAnything"}]}',
    );
    registry = await startRegistry();
    for (const arch of [thisArchitecture, otherArchitecture]) {
      writeTarFile(at(`${arch}.tar`), arch, arch.repeat(1000));
      const container = await theirs(["from", "--arch", arch, "scratch"]);
      await theirs(["add", "-q", container, at(`${arch}.tar`), "/"]);
      await theirs(["config", "--arch", arch, container]);
      await theirs(["commit", "-q", "--rm", container, arch]);
    }
    for (const builder of builders) await makeLists(builder);
  }, 60_000);
  afterAll(async () => {
    await registry?.stop();
  });

  const theirs = async (args: readonly string[]): Promise<string> =>
    (await run(peers.buildah, [...place, ...args], { env })).stdout.trim();

  /** `BUILDER-all` has both images, `BUILDER-other` that of another machine alone. */
  async function makeLists(builder: Builder): Promise<void> {
    for (const name of [`${builder}-all`, `${builder}-other`]) await theirs(["manifest", "create", name]);
    await theirs(["manifest", "add", `${builder}-all`, thisArchitecture]);
    for (const name of [`${builder}-all`, `${builder}-other`]) {
      await theirs(["manifest", "add", name, otherArchitecture]);
    }
  }

  async function by(builder: Builder, args: readonly string[]) {
    if (builder === "dray") {
      const { status, stderr, stdout } = await dray([...place, ...args], {
        env,
        calledAs: "/usr/bin/buildah",
      });
      return { code: status, stderr, stdout };
    }
    const { code, stderr, stdout } = await run(peers.buildah, [...place, ...args], { env, mayFail: true });
    return { code, stderr, stdout };
  }

  async function pushed(builder: Builder, args: readonly string[]): Promise<void> {
    const { code, stderr } = await by(builder, ["push", "-q", "--tls-verify=false", ...args]);
    expect({ code, stderr }, `${builder} push ${args.join(" ")}`).toEqual({ code: 0, stderr: "" });
  }

  /** A folder that is written anew. */
  function fresh(name: string): string {
    rmSync(at(name), { recursive: true, force: true });
    return at(name);
  }

  const files = (path: string): ReadonlyMap<string, string> =>
    new Map(
      readdirSync(path)
        .sort()
        .map((name) => [name, readFileSync(join(path, name), "latin1")]),
    );

  async function rawOf(image: string, instance = ""): Promise<Manifest> {
    const { stdout } = await skopeo(["inspect", "--tls-verify=false", "--raw", image + instance], { env });
    return JSON.parse(stdout) as Manifest;
  }

  /** What of a manifest does not hang on who compressed the layers. */
  const shape = ({ mediaType, config, layers }: Manifest) => ({
    mediaType,
    config: config?.digest,
    layers: layers?.map((layer) => layer.mediaType),
  });

  const gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
  const plain = "application/vnd.oci.image.layer.v1.tar";

  it.each([
    [[], "dir", gzip],
    [["-D"], "dir", plain],
    [["--disable-compression=false"], "dir", gzip],
    [[], "oci", gzip],
    [["--disable-compression"], "oci", gzip],
    [["-D"], "docker", gzip],
  ] as const)("of an image with %j to %s: the layers are the same", async (flags, scheme, type) => {
    const manifests: Manifest[] = [];
    for (const builder of builders) {
      const to =
        scheme === "docker"
          ? `docker://${registry.host}/${builder}/image:1`
          : `${scheme}:${fresh(`${builder}-${scheme}`)}`;
      // That they are of lists changes nothing.
      await pushed(builder, [...flags, "--all", "--rm", thisArchitecture, to]);
      manifests.push(await rawOf(to));
    }
    expect(manifests.map(shape)).toEqual([shape(manifests[0] ?? {}), shape(manifests[0] ?? {})]);
    expect(manifests[0]?.layers?.map((layer) => layer.mediaType)).toEqual([type]);
    if (type === plain) expect(files(at("dray-dir"))).toEqual(files(at("buildah-dir")));
  });

  it("of a list gives the image for this machine, and the list stays", async () => {
    for (const builder of builders) {
      await pushed(builder, ["-D", "--rm", `${builder}-all`, `dir:${fresh(`${builder}-list`)}`]);
      expect(await theirs(["images", "-q", `${builder}-all`])).toMatch(/^[0-9a-f]{12}$/);
    }
    expect(files(at("dray-list"))).toEqual(files(at("buildah-list")));
  });

  it("of a list without such an image says so", async () => {
    for (const builder of builders) {
      const to = `dir:${fresh(`${builder}-none`)}`;
      const { code, stderr } = await by(builder, ["push", "-q", `${builder}-other`, to]);
      expect(code).toBe(125);
      expect(stderr).toContain(`Error: pushing image "${builder}-other" to "${to}": `);
      expect(stderr).toMatch(builder === "dray" ? /it has linux\/\w+/ : /no image found in image index/);
    }
  });

  it("of a list with --all is that of manifest push, into a folder to the byte", async () => {
    await theirs(["manifest", "push", "-q", "--all", "buildah-all", `dir:${fresh("theirs")}`]);
    await pushed("dray", ["--all", "-D", "--digestfile", at("digest"), "dray-all", `dir:${fresh("ours")}`]);
    expect(files(at("ours"))).toEqual(files(at("theirs")));
    expect(readFileSync(at("digest"), "utf8")).toBe(digestBytes(readFileSync(at("ours", "manifest.json"))));
  });

  it.each(["oci", "docker"])("of a list with --all to %s: the same images, compressed", async (scheme) => {
    const seen: unknown[] = [];
    for (const builder of builders) {
      const repository = `${registry.host}/${builder}/list`;
      const to = scheme === "docker" ? `docker://${repository}:1` : `oci:${fresh(`${builder}-all`)}`;
      if (builder === "dray") await pushed("dray", ["--all", "dray-all", to]);
      else await theirs(["manifest", "push", "-q", "--all", "--tls-verify=false", "buildah-all", to]);
      const index = await rawOf(to);
      const images: unknown[] = [];
      for (const { digest, platform } of index.manifests ?? []) {
        const blob = at(`${builder}-all`, "blobs", ...digest.split(":"));
        const image =
          scheme === "docker"
            ? await rawOf(`docker://${repository}@${digest}`)
            : (JSON.parse(readFileSync(blob, "utf8")) as Manifest);
        images.push({ platform, ...shape(image) });
      }
      expect(images.length).toBe(2);
      seen.push({ mediaType: index.mediaType, images });
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  it("of a list by its name in the store with --all and --rm takes the list away once it is there", async () => {
    for (const builder of builders) {
      const name = `${builder}-all`;
      // By the list's name alone buildah finds an image.
      const list = builder === "dray" ? name : `containers-storage:localhost/${name}`;
      const failed = await by(builder, ["push", "-q", "--all", "--rm", list, "dir:/proc/nosuch"]);
      expect(failed.code).toBe(125);
      expect(await theirs(["images", "-q", name])).toMatch(/^[0-9a-f]{12}$/);
      await pushed(builder, ["--all", "--rm", list, `dir:${fresh(`${builder}-removed`)}`]);
      const left = await theirs(["images", "--format", "{{.Name}}"]);
      expect(left.split("\n")).not.toContain(`localhost/${name}`);
      expect(left).toContain(`localhost/${thisArchitecture}`);
    }
    expect([...files(at("dray-removed")).keys()].length).toBe(
      [...files(at("buildah-removed")).keys()].length,
    );
  });

  it("of a list in v2s1 is refused", async () => {
    const { code, stderr } = await by("dray", [
      "push",
      "-f",
      "v2s1",
      "--all",
      "dray-other",
      `dir:${at("x")}`,
    ]);
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: `Error: pushing image "dray-other" to "dir:${at("x")}": unknown format "v2s1". Choose on of the supported formats: 'oci' or 'v2s2'\n`,
    });
  });
});
