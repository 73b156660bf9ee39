import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import {
  createFaultProxy,
  type FaultProxy,
  randomImage,
  randomIndex,
  type SampleImage,
} from "@drayage/testkit";
import {
  describeWithPeers,
  registryTree,
  skopeo,
  startRegistry,
  type TestRegistry,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { registryFolder } from "../src/registry-folder.ts";
import { putSample } from "../src/samples.ts";
import { createUser, type TestUser } from "../src/user.ts";

describeWithPeers("what a registry has already", ["docker-registry", "skopeo"], () => {
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let user: TestUser;
  let image: SampleImage;
  const nothing = { pushed: 0, pulled: 0 };

  beforeAll(async () => {
    registry = await startRegistry();
    proxy = await createFaultProxy({ target: registry.url });
    image = await randomImage({ seed: "reuse", layers: 4 });
    putSample(registryFolder(registry.folder), { repository: "first/app", tag: "1" }, image);
    putSample(
      registryFolder(registry.folder),
      { repository: "first/multi", tag: "1" },
      await randomIndex({ seed: "reuse", format: "docker" }),
    );
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
  const asked = (): readonly string[] => proxy.requests.map(({ method, target }) => `${method} ${target}`);
  const writes = (): readonly string[] =>
    proxy.requests.flatMap(({ method, path }) =>
      method === "GET" || method === "HEAD" ? [] : [`${method} ${path}`],
    );

  async function copy(...args: readonly string[]): Promise<void> {
    expect(await user.dray(["copy", "--quiet", ...args])).toMatchObject({ code: 0, stderr: "" });
  }

  describe("a first copy between two repositories", () => {
    it("moves manifests, and neither layers nor configs", async () => {
      await copy(at("first/app:1"), at("second/app:1"));
      expect(proxy.blobBytes()).toEqual(nothing);
      expect(asked().filter((line) => line.startsWith("GET") && line.includes("/blobs/"))).toEqual([]);
      expect(writes()).toEqual([
        ...Array<string>(5).fill("POST /v2/second/app/blobs/uploads/"),
        ...writes().filter((line) => line.startsWith("PUT /v2/second/app/manifests/")),
      ]);
      const tree = registryTree(registry.folder);
      expect(tree["second/app"]).toEqual({ ...tree["first/app"], tags: { 1: image.manifest.digest } });
    });

    it("moves all images of an index so", async () => {
      await copy("--all", at("first/multi:1"), at("second/multi:1"));
      expect(proxy.blobBytes()).toEqual(nothing);
      const tree = registryTree(registry.folder);
      expect(tree["second/multi"]).toEqual(tree["first/multi"]);
    });

    it("is planned without a request that writes, and the plan says that nothing is moved", async () => {
      const { code, stdout } = await user.dray([
        "copy",
        "--dry-run",
        "--json",
        at("first/app:1"),
        at("third/app:1"),
      ]);
      expect(code).toBe(0);
      expect(writes()).toEqual([]);
      expect(proxy.blobBytes()).toEqual(nothing);
      expect(registryTree(registry.folder)["third/app"]).toBeUndefined();
      const { documents } = JSON.parse(stdout) as { documents: { layers: { action: { do: string } }[] }[] };
      expect(documents.flatMap(({ layers }) => layers.map(({ action }) => action.do))).toEqual(
        Array(image.layers.length).fill("reuse"),
      );
    });

    it("copies the bytes where the registry declines to mount", async () => {
      const rule = proxy.rule({ path: /[?&]mount=/ }, { answer: { status: 405, body: "{}" } });
      await copy(at("first/app:1"), at("fourth/app:1"));
      rule.remove();
      expect(rule.hits).toBeGreaterThan(0);
      expect(registryTree(registry.folder)["fourth/app"]?.blobs).toEqual(
        registryTree(registry.folder)["first/app"]?.blobs,
      );
    });
  });

  it("a copy that nothing is left of to do sends one HEAD for each blob at the most, and no blob", async () => {
    await copy(at("first/app:1"), at("again/app:1"));
    proxy.forget();
    await copy(at("first/app:1"), at("again/app:1"));
    expect(proxy.blobBytes()).toEqual(nothing);
    expect(writes().filter((line) => line.startsWith("POST"))).toEqual([]);
  });

  it("a digest costs one HEAD", async () => {
    const { stdout } = await user.dray(["digest", at("first/app:1")]);
    expect(stdout).toBe(`${image.manifest.digest}\n`);
    expect(asked().filter((line) => line !== "GET /v2/")).toEqual(["HEAD /v2/first/app/manifests/1"]);
  });

  describe("an archive that is pushed again", () => {
    const folder = temporaryDirectory();
    const archive = `docker-archive:${folder}/image.tar:example.com/app:1`;

    beforeAll(async () => {
      await skopeo([
        "copy",
        "--quiet",
        "--src-tls-verify=false",
        `docker://${registry.host}/first/app:1`,
        archive,
      ]);
    });

    const push = async (name: string): Promise<number> => {
      proxy.forget();
      await copy(archive, at(name));
      const tree = registryTree(registry.folder)[name.split(":")[0] ?? ""];
      expect(tree?.blobs).toHaveLength(image.layers.length + 1);
      return proxy.blobBytes().pushed;
    };

    it("is planned without a request that writes", async () => {
      for (const to of ["archive/planned:1", "first/app:2"]) {
        expect((await user.dray(["copy", "--dry-run", archive, at(to)])).code).toBe(0);
      }
      expect(writes()).toEqual([]);
      const sync = ["sync", "--dry-run", "--src", "docker", "--dest", "docker"];
      const { code, stdout } = await user.dray([...sync, `${proxy.host}/first/`, `${proxy.host}/planned`]);
      expect(code).toBe(0);
      expect(stdout).toContain(`"docker://${proxy.host}/planned/app:1"`);
      expect(writes()).toEqual([]);
    });

    it("goes to many tags at once, for one transfer", async () => {
      const tags = ["1.0.1", "1.0", "1", "latest"];
      const [first = "", ...more] = tags;
      await copy(archive, at(`many/app:${first}`), ...more.flatMap((tag) => ["--additional-tag", tag]));
      const { [first]: digest } = registryTree(registry.folder)["many/app"]?.tags ?? {};
      expect(digest).toMatch(/^sha256:/);
      expect(registryTree(registry.folder)["many/app"]?.tags).toEqual(
        Object.fromEntries(tags.map((tag) => [tag, digest])),
      );
      expect(writes().filter((line) => line.startsWith("POST"))).toHaveLength(image.layers.length + 1);
    });

    it("is not sent: neither to the same repository nor to another", async () => {
      expect(await push("archive/a:1")).toBeGreaterThan(0);
      expect(await push("archive/a:2")).toBe(0);
      expect(await push("archive/b:1")).toBe(0);
      user.forgetBlobs();
      expect(await push("archive/c:1")).toBeGreaterThan(0);
    });

    it.each([
      ["cut off", (file: string) => truncateSync(file, Math.floor(readFileSync(file).length / 2) + 3)],
      ["emptied", (file: string) => truncateSync(file, 0)],
      ["overwritten", (file: string) => writeFileSync(file, Buffer.alloc(10_000, 0xa5))],
      ["overwritten with a list", (file: string) => writeFileSync(file, "[]\n{}\nnull\n")],
      [
        "damaged in the middle",
        (file: string) => {
          const bytes = readFileSync(file);
          writeFileSync(file, bytes.fill(0, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2)));
        },
      ],
    ])("is pushed whole after the cache was %s, and the cache is rebuilt", async (how, damage) => {
      const name = `damaged/${how.replaceAll(" ", "-")}`;
      await push(`${name}:1`);
      damage(user.cacheFile);
      await push(`${name}:2`);
      expect(await push(`${name}:3`)).toBe(0);
    });

    it("is pushed where the cache is a folder, or cannot be in its place", async () => {
      mkdirSync(user.cacheFile, { recursive: true });
      await push("damaged/folder:1");
      rmSync(`${user.home}/cache`, { recursive: true });
      writeFileSync(`${user.home}/cache`, "");
      await push("damaged/no-folder:1");
    });

    it("is sent where the cache knows of a blob that is gone", async () => {
      await push("gone/a:1");
      rmSync(`${registry.folder}/docker/registry/v2/repositories/gone/a/_layers`, { recursive: true });
      await push("gone/b:1");
      await push("gone/a:2");
    });
  });
});
