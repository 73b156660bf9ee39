import {
  createFaultProxy,
  type FaultProxy,
  randomIndex,
  type SampleImage,
  type SampleIndex,
} from "@drayage/testkit";
import {
  describeWithPeers,
  registryTree,
  startRegistry,
  type TestRegistry,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type EditSamples, writeEditSamples } from "../src/edit-samples.ts";
import { registryFolder } from "../src/registry-folder.ts";
import { putSample } from "../src/samples.ts";
import { createUser, type TestUser } from "../src/user.ts";

interface Manifest {
  readonly config: { readonly size: number };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

describeWithPeers("an edit from a registry to the same one", ["docker-registry", "skopeo"], () => {
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let user: TestUser;
  let samples: EditSamples;
  let index: SampleIndex;

  beforeAll(async () => {
    registry = await startRegistry();
    proxy = await createFaultProxy({ target: registry.url });
    samples = await writeEditSamples(temporaryDirectory(), { layerSize: 60_000 });
    const folder = registryFolder(registry.folder);
    const { app, old, new: other } = samples.images;
    putSample(folder, { repository: "own/app", tag: "1" }, app);
    putSample(folder, { repository: "bases/old", tag: "1" }, old);
    putSample(folder, { repository: "bases/new", tag: "1" }, other);
    index = await randomIndex({ seed: "edited" });
    putSample(folder, { repository: "own/multi", tag: "1" }, index);
  });
  beforeEach(() => {
    user = createUser({ home: temporaryDirectory() });
    user.allowPlain(proxy.host);
    proxy.forget();
  });
  afterAll(async () => {
    await proxy.close();
    await registry.stop();
  });

  const at = (name: string): string => `docker://${proxy.host}/${name}`;

  async function edit(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await user.dray([...args, "--quiet"]);
    expect({ code, stderr }, args.join(" ")).toEqual({ code: 0, stderr: "" });
  }

  async function manifestOf(name: string): Promise<Manifest> {
    const { stdout } = await user.skopeo([
      "inspect",
      "--raw",
      `docker://${registry.host}/${name}`,
      "--tls-verify=false",
    ]);
    return JSON.parse(stdout) as Manifest;
  }

  const sizeOf = ({ config }: SampleImage): number => config.bytes.length;
  /** Uploads that were begun, and those that took over a blob of another repository. */
  function uploads(): { readonly begun: number; readonly mounted: number } {
    const posts = proxy.requests.filter(({ method }) => method === "POST");
    const mounted = posts.filter(({ target, status }) => target.includes("mount=") && status === 201);
    return { begun: posts.length - mounted.length, mounted: mounted.length };
  }
  const writesOfManifests = (): readonly string[] =>
    proxy.requests.flatMap(({ method, path }) =>
      method === "PUT" && path.includes("/manifests/") ? [path.replace(/sha256:.*/, "digest")] : [],
    );

  it.each([
    ["the same repository", "own/app:appended", 0],
    ["another", "other/app:appended", 2],
  ])("append into %s sends the layer, the config and the manifest", async (_, to, mounted) => {
    const { app, old } = samples.images;
    await edit("append", "--layer", samples.tar, at("own/app:1"), at(to));
    const made = await manifestOf(to);
    expect(made.layers.slice(0, -1).map(({ digest }) => digest)).toEqual(
      app.layers.map(({ descriptor }) => descriptor.digest),
    );
    const fresh = made.layers.at(-1)?.size ?? 0;
    expect(proxy.blobBytes()).toEqual({ pushed: fresh + made.config.size, pulled: sizeOf(app) });
    expect(uploads()).toEqual({ begun: 2, mounted });
    expect(writesOfManifests().at(-1)).toBe(`/v2/${to.replace(":", "/manifests/")}`);
    expect(fresh).toBeGreaterThan(sizeOf(old));
  });

  it("mutate sends a config and a manifest, and reads a config", async () => {
    await edit("mutate", "--env", "A=b", at("own/app:1"), at("own/app:mutated"));
    const made = await manifestOf("own/app:mutated");
    expect(proxy.blobBytes()).toEqual({ pushed: made.config.size, pulled: sizeOf(samples.images.app) });
    expect(uploads()).toEqual({ begun: 1, mounted: 0 });
    // Once more, there is nothing to send but the manifest's new name.
    proxy.forget();
    await edit("mutate", "--env", "A=b", at("own/app:1"), at("own/app:again"));
    expect(proxy.blobBytes()).toEqual({ pushed: 0, pulled: sizeOf(samples.images.app) });
    expect(uploads()).toEqual({ begun: 0, mounted: 0 });
    const tags = new Map(Object.entries(registryTree(registry.folder)["own/app"]?.tags ?? {}));
    expect(tags.get("again")).toMatch(/^sha256:/);
    expect(tags.get("again")).toBe(tags.get("mutated"));
  });

  it("mutate of an index sends a config and a manifest for each image, and the index", async () => {
    await edit("mutate", "--env", "A=b", at("own/multi:1"), at("own/multi:mutated"));
    const read = index.images.reduce((sum, image) => sum + sizeOf(image), 0);
    expect(proxy.blobBytes().pulled).toBe(read);
    expect(uploads()).toEqual({ begun: index.images.length, mounted: 0 });
    expect(writesOfManifests().length).toBeGreaterThan(index.images.length);
  });

  it("rebase takes over the new base's layers from where they are in the registry", async () => {
    const { app, old, new: other } = samples.images;
    const bases = ["--old-base", at("bases/old:1"), "--new-base", at("bases/new:1"), "--conflicts", "ours"];
    await edit("rebase", ...bases, at("own/app:1"), at("own/app:rebased"));
    const made = await manifestOf("own/app:rebased");
    expect(made.layers).toHaveLength(3);
    expect(proxy.blobBytes()).toEqual({
      pushed: made.config.size,
      pulled: sizeOf(app) + sizeOf(old) + sizeOf(other),
    });
    expect(uploads()).toEqual({ begun: 1, mounted: other.layers.length });
  });

  it("rebase sends of a base from elsewhere what the registry lacks, and of the image nothing", async () => {
    const { app, new: other } = samples.images;
    const bases = [
      ...["--old-base", `oci-dir:${samples.layout}:old`, "--new-base", `oci-dir:${samples.layout}:new`],
      ...["--conflicts", "ours"],
    ];
    putSample(registryFolder(registry.folder), { repository: "lone/app", tag: "1" }, app);
    // One of its layers is there.
    const [first, second] = other.layers;
    if (first === undefined || second === undefined) throw new Error("a base of two layers is needed");
    registryFolder(registry.folder).blob("lone/app", first.bytes);
    await edit("rebase", ...bases, at("lone/app:1"), at("lone/app:rebased"));
    const made = await manifestOf("lone/app:rebased");
    expect(proxy.blobBytes()).toEqual({
      pushed: second.bytes.length + made.config.size,
      pulled: sizeOf(app),
    });
    expect(uploads()).toEqual({ begun: 2, mounted: 0 });
  });

  it("squash reads the upper layers once, and the lower ones not at all", async () => {
    const { app } = samples.images;
    await edit("append", "--layer", samples.tar, at("own/app:1"), at("own/app:three"));
    const three = await manifestOf("own/app:three");
    proxy.forget();
    await edit("squash", "--from-layer", "2", at("own/app:three"), at("own/app:squashed"));
    const made = await manifestOf("own/app:squashed");
    expect(made.layers.map(({ digest }) => digest)[0]).toBe(app.layers[0]?.descriptor.digest);
    const upper = three.layers.slice(1).reduce((sum, { size }) => sum + size, 0);
    const fresh = made.layers.at(-1)?.size ?? 0;
    expect(proxy.blobBytes()).toEqual({
      pushed: fresh + made.config.size,
      pulled: three.config.size + upper,
    });
    expect(uploads()).toEqual({ begun: 2, mounted: 0 });
  });
});
