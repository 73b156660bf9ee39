import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  createFaultProxy,
  type FaultProxy,
  type ProxiedRequest,
  randomImage,
  randomLayer,
  type SampleImage,
} from "@drayage/testkit";
import {
  describeWithPeers,
  registryTree,
  startRegistry,
  startTokenServer,
  type TestRegistry,
  temporaryDirectory,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { registryFolder } from "../src/registry-folder.ts";
import { blobBytesOf, putSample } from "../src/samples.ts";
import { createUser, type TestUser } from "../src/user.ts";

const password = "correct horse";
const patience = ["--retry-delay", "1ms"];

describeWithPeers("a registry that does not do what it should", ["docker-registry", "skopeo"], () => {
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let user: TestUser;
  let image: SampleImage;
  let out: string;

  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: { me: password } });
    const layer = await randomLayer({ seed: "faults", files: 2, fileSize: 400_000, compression: "none" });
    image = await randomImage({ seed: "faults", layers: [layer], compression: "none" });
    putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
  });
  beforeEach(async () => {
    proxy = await createFaultProxy({ target: registry.url });
    user = createUser({ home: temporaryDirectory(), secrets: [password] });
    user.allowPlain(proxy.host);
    out = `${user.home}/out`;
    expect(await user.dray(["login", "-u", "me", "-p", password, proxy.host])).toMatchObject({ code: 0 });
    proxy.forget();
    return () => proxy.close();
  });
  afterAll(() => registry.stop());

  const pull = (...flags: readonly string[]): ReturnType<TestUser["dray"]> =>
    user.dray(["copy", "--quiet", ...patience, ...flags, `docker://${proxy.host}/app:1`, `dir:${out}`]);
  const blobs = { method: "GET", path: /\/blobs\/sha/ };

  async function expectPulled(): Promise<void> {
    expect(await pull()).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(`${out}/manifest.json`)).toEqual(Buffer.from(image.manifest.bytes));
    expect((await user.dray(["validate", "--quiet", `dir:${out}`])).code).toBe(0);
  }

  async function expectRefused(says: RegExp): Promise<void> {
    const { code, stderr } = await pull("--retry-times", "1");
    expect(stderr).toMatch(/^dray: source: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(code).toBe(1);
    expect(existsSync(out)).toBe(false);
  }

  describe("redirects of blobs to another host", () => {
    it("are followed without the login", async () => {
      proxy.rule({ path: /\/blobs\/sha/ }, { redirect: {} });
      await expectPulled();
      const elsewhere = proxy.requests.filter(({ at }) => at === "elsewhere");
      expect(elsewhere.length).toBe(2);
      expect(elsewhere.every(({ headers }) => headers.authorization === undefined)).toBe(true);
      const here = proxy.requests.filter(({ at, path }) => at === "registry" && path.includes("/blobs/"));
      expect(here.every(({ headers }) => headers.authorization?.startsWith("Basic ") === true)).toBe(true);
    });

    it("are followed again after a cut there, for the rest alone", async () => {
      proxy.rule(blobs, { redirect: {} });
      proxy.rule({ at: "elsewhere", times: 2 }, { cutResponse: { after: 300, ending: "end" } });
      await expectPulled();
      expect(proxy.blobBytes().pulled).toBe(blobBytesOf(image));
    });

    it("do not bring the login back to the host where they came from", async () => {
      proxy.rule({ ...blobs, path: /\/blobs\/sha256:[0-9a-f]+$/, at: "registry" }, { redirect: {} });
      proxy.rule({ at: "elsewhere" }, { redirect: { to: `${proxy.url}/v2/stolen` } });
      await expectRefused(/cannot|401|credentials/);
      const back = proxy.requests.filter(({ path }) => path === "/v2/stolen");
      expect(back.length).toBeGreaterThan(0);
      expect(back.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    });

    it("in circles end", async () => {
      proxy.rule(blobs, { redirect: { to: `${proxy.url}/v2/app/blobs/sha256:${"1".repeat(64)}` } });
      await expectRefused(/redirect/);
    });
  });

  describe("answers that pass", () => {
    it.each([
      ["429 with Retry-After", { status: 429, headers: { "retry-after": "0" } }],
      ["429", { status: 429 }],
      ["503", { status: 503 }],
      ["500", { status: 500 }],
      ["408", { status: 408 }],
    ])("%s is ridden out, at whatever request", async (_, answer) => {
      const rule = proxy.rule({ when: ({ number }) => number % 3 !== 0, times: 5 }, { answer });
      await expectPulled();
      expect(rule.hits).toBeGreaterThan(1);
    });

    it("503 while something is pushed is ridden out", async () => {
      await expectPulled();
      for (const method of ["POST", "PUT", "HEAD"])
        proxy.rule({ method, times: 1 }, { answer: { status: 503 } });
      const to = `docker://${proxy.host}/pushed:1`;
      expect(await user.dray(["copy", "--quiet", ...patience, `dir:${out}`, to])).toMatchObject({
        code: 0,
        stderr: "",
      });
      expect(registryTree(registry.folder).pushed?.tags).toEqual({ 1: image.manifest.digest });
    });

    it("429 that does not pass is said to be one", async () => {
      proxy.rule(blobs, { answer: { status: 429 } });
      await expectRefused(/fewer requests.*; wait and try again/);
    });
  });

  describe("bytes that are not the image's", () => {
    it("a corrupted blob is refused", async () => {
      proxy.rule(blobs, { corrupt: { at: 5 } });
      await expectRefused(/sha256:[0-9a-f]{64}/);
    });

    it("a corrupted manifest is refused", async () => {
      proxy.rule({ method: "GET", path: /\/manifests\// }, { corrupt: { at: 20 } });
      await expectRefused(/sha256:[0-9a-f]{64}/);
    });

    it("a manifest with another digest than the answer says is refused", async () => {
      const other = `sha256:${"2".repeat(64)}`;
      proxy.rule({ path: /\/manifests\// }, { responseHeaders: { "docker-content-digest": other } });
      await expectRefused(/sha256:2222/);
    });

    it("a blob that is shorter, or longer, is refused", async () => {
      const shorter = proxy.rule(blobs, { truncate: { length: 100 } });
      await expectRefused(/./);
      shorter.remove();
      proxy.rule(
        { ...blobs, path: new RegExp(image.config.descriptor.digest) },
        { redirect: { to: `${proxy.url}/v2/app/blobs/${image.layers[0]?.descriptor.digest}` } },
      );
      await expectRefused(/./);
    });

    it("an answer with a wrong Content-Range is not used: the whole is asked for, and what one has is left out", async () => {
      proxy.rule({ ...blobs, times: 1 }, { cutResponse: { after: 300, ending: "end" } });
      const isPart = { ...blobs, when: ({ headers }: ProxiedRequest) => headers.range !== undefined };
      const lie = proxy.rule(isPart, {
        responseHeaders: { "content-range": "bytes 0-99/100" },
        corrupt: { at: 0 },
      });
      await expectPulled();
      expect(lie.hits).toBe(1);
    });

    it("the whole blob instead of its rest is taken from where it was cut", async () => {
      proxy.rule({ ...blobs, times: 1 }, { cutResponse: { after: 300, ending: "end" } });
      const whole = proxy.rule(
        { ...blobs, when: ({ headers }) => headers.range !== undefined },
        { ignoreRange: true },
      );
      await expectPulled();
      expect(whole.hits).toBe(1);
    });
  });
});

describeWithPeers("mirrors of registries.conf", ["docker-registry", "skopeo"], () => {
  let registry: TestRegistry;
  let mirror: TestRegistry;
  let behind: FaultProxy;
  let user: TestUser;
  let image: SampleImage;

  beforeAll(async () => {
    [registry, mirror] = await Promise.all([startRegistry(), startRegistry()]);
    image = await randomImage({ seed: "mirrors" });
    putSample(registryFolder(registry.folder), { repository: "hub/app", tag: "1" }, image);
    putSample(registryFolder(registry.folder), { repository: "hub/app", tag: "2" }, image);
    putSample(registryFolder(mirror.folder), { repository: "copies/app", tag: "1" }, image);
  });
  beforeEach(async () => {
    behind = await createFaultProxy({ target: mirror.url });
    user = createUser({ home: temporaryDirectory(), secrets: [password] });
    writeFileSync(
      user.registriesConf,
      `[[registry]]\nprefix = "example.com/hub"\nlocation = "${registry.host}/hub"\ninsecure = true\n` +
        `[[registry.mirror]]\nlocation = "${behind.host}/copies"\ninsecure = true\n`,
    );
    return () => behind.close();
  });
  afterAll(async () => {
    await Promise.all([registry.stop(), mirror.stop()]);
  });

  const name = "docker://example.com/hub/app";
  async function succeeds(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await user.dray(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  }

  it("serve copies, inspections, digests and lists of tags", async () => {
    await succeeds("copy", "--quiet", `${name}:1`, `dir:${user.home}/out`);
    expect(behind.blobBytes().pulled).toBe(blobBytesOf(image));
    expect(JSON.parse(await succeeds("inspect", `${name}:1`))).toMatchObject({
      Digest: image.manifest.digest,
    });
    expect(await succeeds("digest", `${name}:1`)).toBe(`${image.manifest.digest}\n`);
    // The mirror has one tag, the registry two.
    expect(await succeeds("list-tags", "--plain", name)).toBe("1\n");
  });

  it("give way to the registry for what they lack, and where they fail", async () => {
    await succeeds("copy", "--quiet", `${name}:2`, `dir:${user.home}/lacking`);
    behind.rule({}, { refuse: "reset" });
    await succeeds("copy", "--quiet", ...patience, `${name}:1`, `dir:${user.home}/failing`);
    behind.clearRules();
    behind.rule({}, { answer: { status: 503 } });
    await succeeds("copy", "--quiet", ...patience, `${name}:1`, `dir:${user.home}/unavailable`);
    expect((await succeeds("list-tags", ...patience, "--plain", name)).trim().split("\n").sort()).toEqual([
      "1",
      "2",
    ]);
    await behind.close();
    await succeeds("copy", "--quiet", ...patience, `${name}:1`, `dir:${user.home}/gone`);
  });

  it("that fail in the middle of a blob give way to the registry, which sends the rest", async () => {
    const blobs = { method: "GET", path: /\/blobs\/sha/ };
    behind.rule(
      { ...blobs, when: ({ headers }) => headers.range === undefined },
      { cutResponse: { after: 10, ending: "end" } },
    );
    behind.rule(blobs, { answer: { status: 503 } });
    const args = ["copy", "--quiet", ...patience, "--retry-times", "1", `${name}:1`];
    await succeeds(...args, `dir:${user.home}/out`);
    expect(behind.blobBytes().pulled).toBe(10 * (image.layers.length + 1));
    await succeeds("validate", "--quiet", `dir:${user.home}/out`);
  });

  it("are not pushed to, and get no credentials that were given for the registry", async () => {
    await succeeds("copy", "--quiet", "--src-creds", `me:${password}`, `${name}:1`, `dir:${user.home}/out`);
    expect(behind.requests.length).toBeGreaterThan(0);
    expect(behind.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    behind.forget();
    writeFileSync(
      user.registriesConf,
      `[[registry]]\nlocation = "${registry.host}/hub"\ninsecure = true\n` +
        `[[registry.mirror]]\nlocation = "${behind.host}/copies"\ninsecure = true\n`,
    );
    await succeeds("copy", "--quiet", `dir:${user.home}/out`, `docker://${registry.host}/hub/app:3`);
    expect(behind.requests).toEqual([]);
    expect(registryTree(registry.folder)["hub/app"]?.tags[3]).toBe(image.manifest.digest);
  });
});

describeWithPeers("a token server on another host", ["docker-registry", "openssl", "skopeo"], () => {
  it("that is busy is asked again", async () => {
    await using tokens = await startTokenServer({ anonymous: { "repository:app": ["pull"] } });
    await using registry = await startRegistry({ token: tokens.registry });
    putSample(
      registryFolder(registry.folder),
      { repository: "app", tag: "1" },
      await randomImage({ seed: 1 }),
    );
    const user = createUser({ home: temporaryDirectory() });
    user.allowPlain(registry.host);
    tokens.fail({ status: 503 }, { status: 429, headers: { "retry-after": "0" } });
    expect(await user.dray(["digest", ...patience, `docker://${registry.host}/app:1`])).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(tokens.requests.map(({ status }) => status)).toEqual([503, 429, 200]);
  });
});
