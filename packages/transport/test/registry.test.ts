import { describe, expect, it } from "vitest";
import { createRegistry, lazyTransport, type Transport } from "../src/index.ts";
import { errorOf, example } from "./support.ts";

const dir = example({ scheme: "dir", summary: "a folder" });
const oci = example({ scheme: "oci-dir", aliases: ["oci"] });

describe("createRegistry", () => {
  it("resolves at the first colon, by scheme and by alias", async () => {
    const registry = createRegistry([dir, oci]);
    expect(await registry.resolve("oci:/tmp/x:latest")).toEqual({
      transport: oci,
      reference: { text: "/tmp/x:latest" },
      text: "oci:/tmp/x:latest",
    });
    expect((await registry.resolve("dir:C:\\x")).reference.text).toBe("C:\\x");
    expect((await registry.resolve("dir:")).reference.text).toBe("");
    expect(registry.has("oci")).toBe(true);
    expect(registry.has("zip")).toBe(false);
  });

  it("lists its transports in order with their facts", () => {
    const facts = createRegistry([oci, dir]).transports();
    expect(
      facts.map(({ scheme, aliases, summary, syntax }) => ({ scheme, aliases, summary, syntax })),
    ).toEqual([
      { scheme: "oci-dir", aliases: ["oci"], summary: "an example", syntax: "NAME" },
      { scheme: "dir", aliases: [], summary: "a folder", syntax: "NAME" },
    ]);
  });

  it("refuses a scheme or alias that is taken", async () => {
    for (const second of [
      dir,
      example({ scheme: "dir2", aliases: ["dir"] }),
      example({ scheme: "x", aliases: ["x"] }),
    ]) {
      const error = await errorOf(() => createRegistry([dir, oci, second]));
      expect(error.code).toBe("ERR_DRAYAGE_TRANSPORT_DUPLICATE");
    }
    const error = await errorOf(() => createRegistry([dir, example({ scheme: "other", aliases: ["dir"] })]));
    expect(error.message).toBe("two transports claim dir: other (an example) and dir (a folder)");
  });

  it("refuses what is no transport", async () => {
    const error = await errorOf(() => createRegistry([{ scheme: "x" } as unknown as Transport]));
    expect(error.code).toBe("ERR_DRAYAGE_PLUGIN_INVALID");
  });

  it("passes on what a transport's parser throws", async () => {
    const own = new Error("mine");
    const strict = example({
      parse() {
        throw own;
      },
    });
    await expect(createRegistry([strict]).resolve("example:x")).rejects.toBe(own);
  });

  it("is no global: two know nothing of each other", async () => {
    createRegistry([dir]);
    expect(createRegistry([]).has("dir")).toBe(false);
  });
});

describe("a text that cannot be resolved", () => {
  const registry = createRegistry([dir, oci]);
  const cases: readonly [text: string, code: string, hint: RegExp][] = [
    ["ocl:/tmp/x", "ERR_DRAYAGE_TRANSPORT_UNKNOWN", /did you mean oci\? the transports here/],
    ["DIR:/tmp/x", "ERR_DRAYAGE_TRANSPORT_UNKNOWN", /did you mean dir\?/],
    ["docker-archiv:x", "ERR_DRAYAGE_TRANSPORT_UNKNOWN", /did you mean docker-archive\?/],
    [
      "wonderful:x",
      "ERR_DRAYAGE_TRANSPORT_UNKNOWN",
      /containers-storage:localhost\/wonderful:x; the transports here are: dir, oci, oci-dir$/,
    ],
    ["alpine:3.20", "ERR_DRAYAGE_TRANSPORT_UNKNOWN", /docker:\/\/alpine:3\.20/],
    [
      "alpine",
      "ERR_DRAYAGE_REFERENCE_INVALID",
      /docker:\/\/alpine, one of podman's store containers-storage:alpine or, if made here, containers-storage:localhost\/alpine$/,
    ],
    [
      "quay.io/a/b:tag",
      "ERR_DRAYAGE_REFERENCE_INVALID",
      /docker:\/\/quay\.io\/a\/b:tag, one of podman's store containers-storage:quay\.io\/a\/b:tag$/,
    ],
    [
      "lay:app",
      "ERR_DRAYAGE_TRANSPORT_UNKNOWN",
      /^a folder is written oci-dir:lay:app, an archive docker-archive:lay:app or oci-archive:lay:app; an image in a registry is docker:\/\/lay:app/,
    ],
    [
      "nonexist/x",
      "ERR_DRAYAGE_REFERENCE_INVALID",
      /^a folder is written oci-dir:nonexist\/x or dir:nonexist\/x, an archive docker-archive:nonexist\/x/,
    ],
    ["./x/y", "ERR_DRAYAGE_REFERENCE_INVALID", /oci-dir:\.\/x\/y or dir:\.\/x\/y/],
    ["/tmp/x:y", "ERR_DRAYAGE_REFERENCE_INVALID", /oci-dir:\/tmp\/x:y/],
    ["C:\\x", "ERR_DRAYAGE_REFERENCE_INVALID", /oci-dir:C:\\x/],
    ["image.tar", "ERR_DRAYAGE_REFERENCE_INVALID", /docker-archive:image\.tar or oci-archive:image\.tar/],
    ["/tmp/i.tar.gz", "ERR_DRAYAGE_REFERENCE_INVALID", /docker-archive:\/tmp\/i\.tar\.gz/],
    ["", "ERR_DRAYAGE_REFERENCE_INVALID", /./],
    [":x", "ERR_DRAYAGE_REFERENCE_INVALID", /./],
    ["docker-daemon:x:y", "ERR_DRAYAGE_TRANSPORT_MISSING", /^npm install @drayage\/transport-docker-daemon$/],
    ["docker://alpine", "ERR_DRAYAGE_TRANSPORT_MISSING", /^npm install @drayage\/transport-docker$/],
    ["containers-storage:x", "ERR_DRAYAGE_TRANSPORT_MISSING", /transport-containers-storage$/],
  ];

  it.each(cases)("%j is refused with %s and a hint", async (text, code, hint) => {
    const error = await errorOf(() => registry.resolve(text));
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
  });

  it("names the scheme that is unknown or missing", async () => {
    expect((await errorOf(() => registry.get("zip"))).message).toBe('no transport has the scheme "zip"');
    expect((await errorOf(() => registry.get("docker"))).message).toBe(
      "the transport docker is not installed",
    );
  });

  it("knows those missing that it is told of, and no others", async () => {
    const own = createRegistry([], {
      missing: [{ scheme: "zip", aliases: ["z"], package: "drayage-transport-zip" }],
    });
    expect((await errorOf(() => own.resolve("z:x"))).hint).toBe("npm install drayage-transport-zip");
    expect((await errorOf(() => own.resolve("docker://x"))).code).toBe("ERR_DRAYAGE_TRANSPORT_UNKNOWN");
    expect((await errorOf(() => own.resolve("qqqqq:x"))).hint).toContain("no transport is registered");
  });

  it("is judged in no time, however long it is", async () => {
    const long = "a".repeat(1_000_000);
    for (const text of [long, `${long}:x`, `/${long}`, ".tar.".repeat(200_000)]) {
      await errorOf(() => registry.resolve(text));
    }
  });
});

describe("lazyTransport", () => {
  const facts = { scheme: "dir", summary: "a folder", syntax: "PATH" };

  it("loads on first use only, and once", async () => {
    let loads = 0;
    const load = async (): Promise<Transport> => {
      loads++;
      return dir;
    };
    const registry = createRegistry([lazyTransport({ ...facts, aliases: ["d"], load }), oci]);
    await registry.resolve("oci:x");
    expect(registry.transports()[0]).toMatchObject({ ...facts, aliases: ["d"] });
    expect(loads).toBe(0);
    const both = await Promise.all([registry.resolve("dir:x"), registry.resolve("d:y")]);
    expect(both.map(({ transport }) => transport)).toEqual([dir, dir]);
    expect(loads).toBe(1);
  });

  it("tries again after a failure", async () => {
    const results: (Transport | Error)[] = [new Error("offline"), dir];
    const lazy = lazyTransport({
      ...facts,
      load() {
        const next = results.shift();
        if (next instanceof Error || next === undefined) throw next;
        return next;
      },
    });
    await expect(lazy.load()).rejects.toThrow("offline");
    expect(await lazy.load()).toBe(dir);
  });

  it("refuses another transport than was said, and what is none", async () => {
    const other = lazyTransport({ ...facts, load: () => oci });
    const error = await errorOf(() => createRegistry([other]).resolve("dir:x"));
    expect(error.code).toBe("ERR_DRAYAGE_PLUGIN_INVALID");
    expect(error.message).toBe("what was loaded for the scheme dir is the transport oci-dir");
    const none = lazyTransport({ ...facts, load: () => ({}) as Transport });
    expect((await errorOf(() => none.load())).code).toBe("ERR_DRAYAGE_PLUGIN_INVALID");
    expect((await errorOf(() => lazyTransport({ ...facts, scheme: "A", load: () => dir }))).code).toBe(
      "ERR_DRAYAGE_PLUGIN_INVALID",
    );
  });

  it("claims its scheme and aliases as a loaded one does", async () => {
    const lazy = lazyTransport({ ...facts, load: () => dir });
    expect((await errorOf(() => createRegistry([dir, lazy]))).code).toBe("ERR_DRAYAGE_TRANSPORT_DUPLICATE");
  });
});
