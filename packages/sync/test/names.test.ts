import path from "node:path";
import { digestBytes } from "@drayage/digest";
import { memoryTransport } from "@drayage/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createNaming,
  dirDestination,
  formatName,
  ociArchiveDestination,
  ociDirDestination,
  parseName,
  parseRegistryText,
  parseRename,
  registryDestination,
} from "../src/index.ts";
import { memoryRegistry } from "./memory-registry.ts";

const digest = digestBytes(new Uint8Array());

describe("names", () => {
  it.each([
    ["busybox:1", { repository: "busybox", tag: "1" }],
    ["127.0.0.1:5000/busybox", { repository: "127.0.0.1:5000/busybox" }],
    ["127.0.0.1:5000/a/busybox:1-glibc", { repository: "127.0.0.1:5000/a/busybox", tag: "1-glibc" }],
    [`a/b@${digest}`, { repository: "a/b", digest }],
    [`a/b:1@${digest}`, { repository: "a/b", tag: "1", digest }],
    ["a@b", { repository: "a@b" }],
    ["a:", { repository: "a:" }],
  ])("%s is read", (text, name) => {
    expect(parseName(text)).toEqual({ tag: undefined, digest: undefined, ...name });
  });

  it("what is written is read again", () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const name = fc.record({
      repository: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
      tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,9}$/), { nil: undefined }),
      digest: fc.constantFrom(undefined, digest),
    });
    fc.assert(
      fc.property(name, (given) => {
        expect(parseName(formatName(given))).toEqual(given);
      }),
    );
  });

  it.each([
    ["localhost:5000", "registry"],
    ["registry.example.com", "registry"],
    ["registry.example.com:443", "registry"],
    ["registry/", "registry"],
    ["registry.example.com/team/", "registry"],
    ["busybox", "repository"],
    ["registry.example.com/team", "repository"],
    ["busybox:1", "image"],
    [`localhost/x@${digest}`, "image"],
  ])("%s names a %s", (text, kind) => {
    expect(parseRegistryText(text).kind).toBe(kind);
  });

  it("without hosts a host alone is an image, as for skopeo", () => {
    const text = parseRegistryText("localhost:5000", { hosts: false });
    expect(text).toMatchObject({
      kind: "image",
      reference: { name: "docker.io/library/localhost", tag: "5000" },
    });
  });
});

describe("createNaming", () => {
  const name = { repository: "quay.io/coreos/etcd", tag: "v1", digest: undefined };
  const renamed = (...rules: string[]): string =>
    formatName(createNaming({ renames: rules.map(parseRename) })(name));

  it("keeps the last component, or all with scoped", () => {
    expect(formatName(createNaming({})(name))).toBe("etcd:v1");
    expect(formatName(createNaming({ scoped: true })(name))).toBe("quay.io/coreos/etcd:v1");
  });

  it.each([
    [["quay.io="], "coreos/etcd:v1"],
    [["*="], "coreos/etcd:v1"],
    [["quay.io/=mirror/"], "mirror/coreos/etcd:v1"],
    [["quay.io/coreos=a/b"], "a/b/etcd:v1"],
    [["quay.io/*=all"], "all/etcd:v1"],
    [["quay.io/coreos/etcd=db"], "db:v1"],
    // Whole components only: quay.io/core is another place.
    [["quay.io/core=a", "quay.io=b"], "b/coreos/etcd:v1"],
    [["quay.io/coreos=a", "quay.io=b"], "a/etcd:v1"],
    [["docker.io=x"], "etcd:v1"],
    [["quay.io/coreos/etcd/more=x"], "etcd:v1"],
  ])("%j", (rules, expected) => {
    expect(renamed(...rules)).toBe(expected);
  });

  it("refuses rules that are none, and a name of which nothing is left", () => {
    expect(() => parseRename("x")).toThrow("no rule");
    expect(() => parseRename("=x")).toThrow("no rule");
    expect(() => renamed("quay.io/coreos/etcd=")).toThrow("nothing of its name is left");
  });

  it("appends a suffix to tags, and to nothing else", () => {
    const naming = createNaming({ appendSuffix: "-mirror" });
    expect(formatName(naming(name))).toBe("etcd:v1-mirror");
    expect(formatName(naming({ repository: "a" }))).toBe("a:latest-mirror");
    expect(() => naming({ repository: "a", digest })).toThrow("no tag to append");
    expect(() => naming({ repository: "a", tag: "x".repeat(128) })).toThrow("is no tag");
    expect(() => createNaming({ appendSuffix: "/../x" })(name)).toThrow("is no tag");
  });
});

describe("destinations", () => {
  const { transport } = memoryRegistry();
  const memory = memoryTransport();

  it("a registry's places are images below a path of it", () => {
    const text = (root: string): string =>
      registryDestination(root, { transport }).locate({ repository: "a/b", tag: "1" }).text;
    expect(text("mirror.test")).toBe("docker://mirror.test/a/b:1");
    expect(text("mirror.test:5000/team//")).toBe("docker://mirror.test:5000/team/a/b:1");
    expect(registryDestination("me", { transport }).locate({ repository: "b" }).text).toBe(
      "docker://me/b:latest",
    );
    for (const root of ["", "docker://x", `x.test/y@${digest}`, "X Y", "x.test/../y"]) {
      expect(() => registryDestination(root, { transport })).toThrow(/reference|registry/);
    }
  });

  it.each(["..", "../x", "a/../../x", "/etc", "a//b", "a/.", "a\\b", "a\0b", "a\nb", "", "x".repeat(256)])(
    "%.20j never becomes a path",
    (repository) => {
      for (const make of [dirDestination, ociDirDestination, ociArchiveDestination]) {
        expect(() => make("/root", { transport: memory }).locate({ repository, tag: "1" })).toThrow(
          "cannot be the name of a folder",
        );
      }
    },
  );

  it("whatever an image is called, it stays below the destination", () => {
    const paths: string[] = [];
    const spy = {
      ...memory,
      parse: (text: string) => ({ ...memory.parse("x"), text: paths[paths.push(text) - 1] ?? "" }),
    };
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (repository, scoped) => {
        for (const make of [dirDestination, ociDirDestination, ociArchiveDestination]) {
          try {
            make("/root/there", { transport: spy }).locate(
              createNaming({ scoped })({ repository, tag: "1" }),
            );
          } catch {
            continue;
          }
          const written = paths.at(-1)?.replaceAll("\\:", ":") ?? "";
          expect(path.resolve(written).startsWith("/root/there/")).toBe(true);
        }
      }),
    );
    expect(paths.length).toBeGreaterThan(10);
  });
});
