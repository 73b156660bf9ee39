import { digestBytes } from "@drayage/digest";
import { describe, expect, it } from "vitest";
import { parseSourceList } from "../src/index.ts";

const manual = `registry.example.com:
    images:
        busybox: []
        redis:
            - "1.0"
            - 2.10
            - "${digestBytes(new Uint8Array())}"
    images-by-tag-regex:
        nginx: ^1\\.13\\.[12]-alpine-perl$
    images-by-semver:
        alpine: ">= 3.12.0"
    credentials:
        username: john
        password: this is a secret
    tls-verify: true
    cert-dir: /home/john/certs
quay.io:
    tls-verify: false
    images:
        coreos/etcd:
            - latest
`;

describe("parseSourceList", () => {
  it("reads the example of skopeo's manual", () => {
    const { registries, warnings } = parseSourceList(manual, "sync.yml");
    expect(warnings).toEqual([]);
    expect(registries).toEqual([
      {
        host: "registry.example.com",
        repositories: [
          { path: "busybox", selection: { kind: "all" } },
          // Scalars are what was written: 2.10 is no number.
          {
            path: "redis",
            selection: { kind: "named", references: ["1.0", "2.10", digestBytes(new Uint8Array())] },
          },
          { path: "nginx", selection: { kind: "filtered", accepts: expect.any(Function) } },
          { path: "alpine", selection: { kind: "filtered", accepts: expect.any(Function) } },
        ],
        credentials: { username: "john", password: "this is a secret" },
        tlsVerify: true,
        certDir: "/home/john/certs",
      },
      {
        host: "quay.io",
        repositories: [{ path: "coreos/etcd", selection: { kind: "named", references: ["latest"] } }],
        credentials: undefined,
        tlsVerify: false,
        certDir: undefined,
      },
    ]);
    const accepted = (path: string, tags: readonly string[]): readonly string[] => {
      const found = registries[0]?.repositories.find((repository) => repository.path === path);
      const { selection } = found ?? {};
      return selection?.kind === "filtered" ? tags.filter((tag) => selection.accepts(tag)) : [];
    };
    expect(accepted("nginx", ["1.13.1-alpine-perl", "1.13.3-alpine-perl", "latest"])).toEqual([
      "1.13.1-alpine-perl",
    ]);
    expect(accepted("alpine", ["3.12.0", "3.11", "4", "edge"])).toEqual(["3.12.0", "4"]);
  });

  it("takes nothing at all for all tags, and follows anchors and merged mappings", () => {
    const text = `defaults: &defaults
  credentials: &who {username: a, password: b}
  images:
    one:
x.test:
  <<: *defaults
  tls-verify: off
  images: {two: ~, three: null}
y.test: {<<: [*defaults], credentials: {<<: *who, username: c}}
`;
    const { registries } = parseSourceList(text, "f");
    const [, x, y] = registries;
    expect(x?.repositories.map(({ path, selection }) => [path, selection.kind])).toEqual([
      ["two", "all"],
      ["three", "all"],
    ]);
    expect(x).toMatchObject({ tlsVerify: false, credentials: { username: "a", password: "b" } });
    expect(y).toMatchObject({
      credentials: { username: "c", password: "b" },
      repositories: [{ path: "one", selection: { kind: "all" } }],
    });
  });

  it("leaves out keys that it does not know, as skopeo does, and says so", () => {
    const { registries, warnings } = parseSourceList(
      "a.test:\n  image:\n    x: []\n  images: {y: []}\nb.test:\n",
      "list.yml",
    );
    expect(registries).toHaveLength(2);
    expect(warnings).toEqual([
      'list.yml:2:3: "image" is not known, and left out',
      'list.yml:5:8: no images are named for "b.test"',
    ]);
  });

  it.each([
    ["a:\n  images: [x]\n", "list.yml:2:11: a mapping"],
    ["a:\n  images:\n    x: latest\n", "list.yml:3:8: a list is needed"],
    ["a:\n  images:\n    x: [{}]\n", "list.yml:3:9: a text is needed"],
    ["a:\n  images:\n    x: ['no tag']\n", 'list.yml:3:9: "no tag" is neither a tag nor a digest'],
    ["a:\n  images:\n    x: ['sha256:12']\n", "neither a tag nor a digest"],
    [
      "a:\n  images-by-tag-regex:\n    x: '('\n",
      'list.yml:3:5: "(": error parsing regexp: missing closing )',
    ],
    ["a:\n  images-by-semver:\n    x: new\n", 'list.yml:3:5: "new" is no constraint on versions'],
    ["a:\n  tls-verify: maybe\n", "list.yml:2:15: neither true nor false"],
    ["a:\n  tls-verify: true\n  tls-verify: true\n", "list.yml:3:3"],
    ["a: [\n", "list.yml:2:1"],
    ["- a\n", "list.yml:1:1: a mapping"],
    ["a: &x\n  <<: *x\n", "merged more than"],
    ["a:\n  images: *nowhere\n", "list.yml:2:11: there is no anchor"],
  ])("%j is refused with its place", (text, message) => {
    expect(() => parseSourceList(text, "list.yml")).toThrow(message);
  });

  it("an empty file is an empty list", () => {
    expect(parseSourceList("", "f").registries).toEqual([]);
    expect(parseSourceList("# nothing\n", "f").registries).toEqual([]);
  });

  it("neither a large file nor many aliases take much", () => {
    expect(() => parseSourceList(" ".repeat(4 * 1024 * 1024 + 1), "f")).toThrow("characters");
    const tags = Array.from({ length: 2000 }, (_, at) => `t${at}`).join(",");
    const repositories = Array.from({ length: 2000 }, (_, at) => `    r${at}: *tags`).join("\n");
    expect(() =>
      parseSourceList(`x: {images: {y: &tags [${tags}]}}\na:\n  images:\n${repositories}\n`, "f"),
    ).toThrow("more than 1000000 images");
  });

  it("no message repeats a password", () => {
    expect(() => parseSourceList("a:\n  credentials: {password: [hunter2]}\n", "f")).toThrow(
      /^f:2:27: a text/,
    );
  });
});
