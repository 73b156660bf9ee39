import { formatReference, parseNormalizedNamed } from "@drayage/reference";
import { describe, expect, it } from "vitest";
import { pullSources, pushTarget, type RegistriesConfig, readRegistriesConfig } from "../src/index.ts";
import { configurationFolder, failureOf } from "./configuration-folder.ts";

const digest = `sha256:${"0".repeat(64)}`;

async function configOf(text: string): Promise<RegistriesConfig> {
  const folder = configurationFolder();
  folder.write("etc/registries.conf", text);
  return readRegistriesConfig(folder.place);
}

/** Where an image is looked for: `!` before what may be insecure, `~` before a mirror. */
async function sourcesOf(text: string, name: string): Promise<readonly string[]> {
  return pullSources(await configOf(text), parseNormalizedNamed(name)).map(
    ({ reference, insecure, isMirror }) =>
      `${isMirror ? "~" : ""}${insecure ? "!" : ""}${formatReference(reference)}`,
  );
}

describe("an image is read", () => {
  it("from its own place where nothing is configured", async () => {
    expect(await sourcesOf("", "busybox:1")).toEqual(["docker.io/library/busybox:1"]);
  });

  it("from the mirrors in their order, then from the registry, with names rewritten", async () => {
    const text = `
[[registry]]
prefix = "example.com/foo"
location = "internal.example.com/bar"
insecure = true
[[registry.mirror]]
location = "one.example.com/for/foo"
[[registry.mirror]]
location = "two.example.com:5000"
insecure = true
`;
    expect(await sourcesOf(text, "example.com/foo/image:1")).toEqual([
      "~one.example.com/for/foo/image:1",
      "~!two.example.com:5000/image:1",
      "!internal.example.com/bar/image:1",
    ]);
    expect(await sourcesOf(text, `example.com/foo/image:1@${digest}`)).toEqual([
      `~one.example.com/for/foo/image:1@${digest}`,
      `~!two.example.com:5000/image:1@${digest}`,
      `!internal.example.com/bar/image:1@${digest}`,
    ]);
    expect(await sourcesOf(text, "example.com/food/image:1")).toEqual(["example.com/food/image:1"]);
  });

  it("from mirrors for tags or for digests as they are configured", async () => {
    const text = `
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "all.example.com"
[[registry.mirror]]
location = "tags.example.com"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "digests.example.com"
pull-from-mirror = "digest-only"
`;
    expect(await sourcesOf(text, "busybox:1")).toEqual([
      "~all.example.com/library/busybox:1",
      "~tags.example.com/library/busybox:1",
      "docker.io/library/busybox:1",
    ]);
    expect(await sourcesOf(text, `busybox@${digest}`)).toEqual([
      `~all.example.com/library/busybox@${digest}`,
      `~digests.example.com/library/busybox@${digest}`,
      `docker.io/library/busybox@${digest}`,
    ]);
    const older = `
[[registry]]
location = "docker.io"
mirror-by-digest-only = true
mirror = [{ location = "m.example.com" }]
`;
    expect(await sourcesOf(older, "busybox:1")).toEqual(["docker.io/library/busybox:1"]);
    expect(await sourcesOf(older, `busybox:1@${digest}`)).toHaveLength(2);
  });

  it("under its own name by a wildcard without location, and under another with one", async () => {
    expect(
      await sourcesOf('[[registry]]\nprefix = "*.example.com"\ninsecure = true', "a.b.example.com/c"),
    ).toEqual(["!a.b.example.com/c"]);
    const located = '[[registry]]\nprefix = "*.example.com"\nlocation = "one.example.org/all"';
    expect(await sourcesOf(located, "a.b.example.com/c:1")).toEqual(["one.example.org/all/c:1"]);
  });

  it("from the mirrors alone, where the registry is blocked", async () => {
    const text = `
[[registry]]
location = "docker.io"
blocked = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "hub.example.com"
`;
    expect(await sourcesOf(text, `busybox@${digest}`)).toEqual([
      `~hub.example.com/library/busybox@${digest}`,
    ]);
    await expect(sourcesOf(text, "busybox:1")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_REGISTRY_BLOCKED",
    });
  });

  it("not from mirrors and locations that are blocked themselves", async () => {
    const text = `
[[registry]]
prefix = "example.com"
location = "inner.example.com/a"
[[registry.mirror]]
location = "bad.example.com/a"
[[registry.mirror]]
location = "good.example.com/a"
[[registry]]
location = "bad.example.com"
blocked = true
[[registry]]
location = "inner.example.com"
blocked = true
`;
    expect(await sourcesOf(text, "example.com/x")).toEqual(["~good.example.com/a/x"]);
  });

  it("not at all where it is blocked, whatever its location, and the error says by what", async () => {
    const folder = configurationFolder();
    folder.write(
      "etc/registries.conf",
      '[[registry]]\nprefix = "example.com/foo"\nlocation = "inner.example.com"\nblocked = true\n[[registry]]\nprefix = "a.b"\nlocation = "c.d"\n[[registry]]\nlocation = "c.d/x"\nblocked = true',
    );
    const config = await readRegistriesConfig(folder.place);
    const failure = (name: string): ReturnType<typeof failureOf> =>
      failureOf(() => pullSources(config, parseNormalizedNamed(name)), folder);
    expect(await failure("example.com/foo/image:1")).toEqual({
      code: "ERR_DRAYAGE_REGISTRY_BLOCKED",
      message: 'example.com/foo/image:1: the registry example.com/foo is blocked in "etc/registries.conf"',
      hint: "remove blocked = true there, or name another registry",
    });
    expect((await failure("a.b/x/y")).message).toBe(
      'a.b/x/y: the registry c.d/x is blocked in "etc/registries.conf"',
    );
    expect(pullSources(config, parseNormalizedNamed("a.b/z"))).toHaveLength(1);
  });

  it("nowhere, where a location makes no name", async () => {
    const folder = configurationFolder();
    folder.write("etc/registries.conf", '[[registry]]\nprefix = "a.b/c"\nlocation = "docker.io/busybox"');
    const config = await readRegistriesConfig(folder.place);
    expect(await failureOf(() => pullSources(config, parseNormalizedNamed("a.b/c:1")), folder)).toMatchObject(
      {
        code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
        message:
          '"etc/registries.conf": the location "docker.io/busybox" for the prefix "a.b/c" makes no name of a.b/c:1: "docker.io/busybox:1" is not an image reference: it is not written in full',
      },
    );
  });
});

describe("an image is written", () => {
  const text = `
[[registry]]
prefix = "example.com"
location = "inner.example.com"
insecure = true
mirror = [{ location = "mirror.example.com" }]
[[registry]]
location = "bad.example.com"
blocked = true
mirror = [{ location = "mirror.example.com" }]
`;

  it("under its own name", async () => {
    const config = await configOf(text);
    const named = parseNormalizedNamed("example.com/a:1");
    expect(pushTarget(config, named)).toEqual({ reference: named, insecure: true });
    const other = parseNormalizedNamed("example.org/a:1");
    expect(pushTarget(config, other)).toEqual({ reference: other, insecure: false });
  });

  it("not where that is blocked", async () => {
    const config = await configOf(text);
    expect(() => pushTarget(config, parseNormalizedNamed("bad.example.com/a"))).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_REGISTRY_BLOCKED" }),
    );
  });
});
