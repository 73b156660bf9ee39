import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomImage, randomIndex, type SampleImage, type SampleIndex, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import { beforeAll, describe, expect, it } from "vitest";
import type { DrayContext } from "../src/context.ts";
import { withoutLogin } from "../src/manifest-list/source-connection.ts";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const env = { HOME: at("home"), CONTAINERS_REGISTRIES_CONF: at("registries.conf") };
const flags = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];

interface Inspected {
  readonly mediaType: string;
  readonly manifests:
    | readonly { readonly digest: string; readonly platform: object; readonly annotations?: object }[]
    | null;
  readonly annotations?: object;
}

const run = (command: string, ...args: readonly string[]) =>
  dray(["manifest", command, ...flags, ...args], { env });
const ok = async (command: string, ...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await run(command, ...args);
  expect({ command, args, status, stderr }).toEqual({ command, args, status: 0, stderr: "" });
  return stdout;
};
const inspect = async (list: string): Promise<Inspected> =>
  JSON.parse(await ok("inspect", list)) as Inspected;

let image: SampleImage;
let index: SampleIndex;
beforeAll(async () => {
  writeFileSync(at("registries.conf"), "");
  image = await randomImage({ seed: "one" });
  index = await randomIndex({ seed: "two" });
  const layouts = ociDir();
  for (const [name, sample] of Object.entries({ image, index })) {
    await using destination = await layouts.openDestination(layouts.parse(`${at("oci")}:${name}`));
    await writeImage(destination, sample);
  }
});
const layout = (name: string): string => `oci:${at("oci")}:${name}`;

describe("dray manifest", () => {
  it("makes a list, which then exists, is shown, and is removed name by name", async () => {
    const id = (await ok("create", "app")).trim();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect((await inspect("app")).manifests).toBeNull();
    expect((await run("exists", "localhost/app:latest")).status).toBe(0);
    expect((await run("exists", "other")).status).toBe(1);
    expect((await dray(["tag", ...flags, "app", "second"], { env })).status).toBe(0);
    expect(await ok("rm", "app")).toBe("untagged: localhost/app:latest\n");
    expect(await ok("rm", id)).toBe(`untagged: localhost/second:latest\n${id}\n`);
    expect((await run("exists", id)).status).toBe(1);
  });

  it("looks for an entry in the store, and elsewhere only where a transport says so", async () => {
    await ok("create", "entries", layout("image"));
    for (const [command, text] of [
      ["remove", "nope"],
      ["annotate", "registry.invalid/me/app:1"],
      ["remove", "sha256:00"],
    ] as const) {
      const { status, stdout, stderr } = await run(command, "entries", text);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(
        new RegExp(`^dray: the list has no entry "${text}"; dray manifest inspect [^\\n]+\\n$`),
      );
    }
    expect(await ok("remove", "entries", layout("image"))).toContain(image.manifest.digest);
  });

  it("names what is no list as it was named", async () => {
    const names = ["localhost/image:latest", "localhost/second-name:latest"];
    const [first = "", second = ""] = names;
    const pulled = await dray(["pull", "-q", ...flags, layout("image")], { env });
    expect(pulled).toMatchObject({ status: 0, stderr: "" });
    expect((await dray(["tag", ...flags, first, second], { env })).status).toBe(0);
    for (const [text, name] of [
      ["image", first],
      ["second-name", second],
    ] as const) {
      const { status, stderr } = await run("rm", text);
      expect(status).toBe(1);
      expect(stderr).toContain(`${name} is no list of images`);
    }
  });

  it("says of a list that is not there that it is a list", async () => {
    const { status, stderr } = await run("push", "nolist", `oci:${at("out")}:nolist`);
    expect(status).toBeGreaterThan(0);
    expect(stderr).toMatch(/^dray: the store has no list "nolist"; [^\n]+\n$/);
  });

  it("adds one image of an index, all, or the index itself", async () => {
    const digests = index.images.map(({ manifest }) => manifest.digest);
    await ok("create", "one");
    const id = (await ok("add", "--arch", "arm64", "one", layout("index"))).split(":")[0];
    expect((await inspect("one")).manifests?.map(({ digest }) => digest)).toEqual([digests[1]]);
    expect(await ok("add", "--all", "one", layout("index"))).toBe(`${id}: ${digests[0]}\n`);
    expect((await inspect("one")).manifests?.map(({ digest }) => digest)).toEqual(digests);
    expect(await ok("add", "--nested", "one", layout("index"))).toBe(`${id}: ${index.manifest.digest}\n`);
    // A list of the store, too, and all its images from where they are.
    await ok("create", "--all", "copy", "one");
    expect((await inspect("copy")).manifests?.map(({ digest }) => digest)).toEqual([
      ...digests,
      index.manifest.digest,
    ]);
    await ok("push", "-q", "copy", `oci:${at("out")}:copy`);
    const checked = await dray(["validate", `oci:${at("out")}:copy`], { env });
    expect(checked.status).toBe(0);
    expect(checked.stdout).not.toMatch(/missing|wrong/);
  });

  it("amends, replaces, or leaves alone what has the name", async () => {
    const first = await ok("create", "--annotation", "a=b", "named", layout("image"));
    expect((await inspect("named")).annotations).toEqual({ a: "b" });
    const refused = await run("create", "named");
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toContain('the name "localhost/named:latest" is that of the image');
    expect(refused.stderr).toContain("(--replace), or change the list that it is (--amend)");
    expect(await ok("create", "--amend", "--annotation", "c=d", "named", layout("index"))).toBe(first);
    expect(await inspect("named")).toMatchObject({ annotations: { a: "b", c: "d" }, manifests: [{}, {}] });
    const second = await ok("create", "--replace", "named");
    expect(second).not.toBe(first);
    expect((await inspect(first.trim())).manifests).toHaveLength(2);
    expect((await inspect("named")).manifests).toBeNull();
  });

  it("leaves no list, and none changed, where an image cannot be read", async () => {
    expect((await run("create", "half", layout("image"), layout("nothing"))).status).toBe(2);
    expect((await run("exists", "half")).status).toBe(1);
    await ok("create", "whole", layout("image"));
    expect((await run("add", "whole", layout("nothing"))).status).toBe(2);
    expect((await inspect("whole")).manifests).toHaveLength(1);
    const aborted = await dray(["manifest", "add", ...flags, "whole", layout("index")], {
      env,
      signal: AbortSignal.abort(),
    });
    expect(aborted.status).toBe(130);
    expect((await inspect("whole")).manifests).toHaveLength(1);
    // Nor is anything left where a push fails.
    await ok("add", "whole", layout("index"));
    await ok("annotate", "--annotation", "a=b", "whole", layout("image"));
    const format = await run("push", "-q", "--format", "v2s2", "whole", `oci:${at("refused")}:x`);
    expect(format.status).toBe(1);
    expect(existsSync(at("refused", "index.json"))).toBe(false);
  });

  it("annotates an entry by its digest or image, the list, and both", async () => {
    const { digest } = image.manifest;
    const id = (await ok("create", "noted", layout("image"))).trim();
    expect(await ok("annotate", "--annotation", "a=1,b=2", "--variant", "v2", "noted", digest)).toBe(
      `${id}: ${digest}\n`,
    );
    expect(await ok("annotate", "--annotation", "b=3", "noted", layout("image"))).toBe(`${id}: ${digest}\n`);
    expect(await ok("annotate", "--index", "--annotation", "of=list", "noted")).toBe(`${id}\n`);
    expect(await inspect("noted")).toMatchObject({
      annotations: { of: "list" },
      manifests: [
        { annotations: { a: "1", b: "3" }, platform: { architecture: "amd64", os: "linux", variant: "v2" } },
      ],
    });
    expect(await ok("remove", "noted", digest)).toBe(`${id}: ${digest}\n`);
    expect((await inspect("noted")).manifests).toEqual([]);
  });

  it("tells what is wrong with its arguments in a line", async () => {
    await ok("create", "usage");
    for (const [args, words] of [
      [["create", "--amend", "--replace", "x"], "--amend and --replace exclude each other"],
      [["create", "sha256:x@y"], "x@y"],
      [["add", "usage"], "name a list, and one image"],
      [["add", "usage", "a", "b"], "name a list, and one image"],
      [["add", "--artifact-type", "x/y", "usage", "a"], "needs --artifact"],
      [["add", "--all", "--nested", "usage", "a"], "exclude each other"],
      [["add", "--artifact", "--all", "usage", "a"], "--artifact excludes"],
      [["add", "--artifact", "usage", at("nothing")], "nothing"],
      [
        ["add", "--artifact", "--artifact-type", "not a type", "usage", at("nothing")],
        '--artifact-type: "not a type" is no media type; it is written type/subtype',
      ],
      [["add", "--artifact", "--artifact-layer-type", "text", "usage", "x"], '"text" is no media type'],
      [["add", "--artifact", "--artifact-config-type", "a/b;c=d", "usage", "x"], "is no media type"],
      [["add", "--annotation", "a", "usage", "a"], "expected key=value"],
      [["annotate", "usage"], "one of its entries"],
      [["annotate", "usage", "a", "b"], "one of its entries"],
      [["push", "--format", "v1", "usage", "oci:x"], "choose one of oci, v2s2, docker"],
      [["inspect", layout("image")], "is no list"],
    ] as const) {
      const { status, stdout, stderr } = await run(...(args as unknown as [string, ...string[]]));
      expect({ args, status: status !== 0, stdout }).toEqual({ args, status: true, stdout: "" });
      expect(stderr).toMatch(/^dray: [^\n]+\n$/);
      expect(stderr).toContain(words);
    }
  });

  it("pushes artifacts that refer to their image as the destination has it", async () => {
    writeFileSync(at("about"), "about it");
    expect((await dray(["pull", "-q", ...flags, layout("image")], { env })).status).toBe(0);
    await ok("create", "about", layout("image"));
    await ok("add", "--artifact", "--artifact-subject", layout("image"), "about", at("about"));
    const to = `oci:${at("about-oci")}:1`;
    await ok("push", "-q", "--compression-format", "zstd", "--force-compression", "about", to);
    const read = (digest: string): unknown =>
      JSON.parse(readFileSync(at("about-oci", "blobs", "sha256", digest.replace("sha256:", "")), "utf8"));
    const raw = await dray(["inspect", "--raw", to], { env });
    const { manifests } = JSON.parse(raw.stdout) as { manifests: { digest: string; size: number }[] };
    const [first, artifact] = manifests;
    expect(first?.digest).not.toBe(image.manifest.digest);
    expect(read(artifact?.digest ?? "")).toMatchObject({
      subject: { digest: first?.digest, size: first?.size },
    });
    expect((await dray(["validate", to], { env })).status).toBe(0);
  });

  it("says that the store has no such image, where no registry gives it either", async () => {
    const conf = at("nowhere.conf");
    writeFileSync(
      conf,
      ["localhost", "example.test"]
        .map((prefix) => `[[registry]]\nprefix = "${prefix}"\nlocation = "127.0.0.1:1"\ninsecure = true\n`)
        .join("\n"),
    );
    writeFileSync(at("sbom"), "sbom");
    await ok("create", "lacking");
    await ok("add", "--artifact", "lacking", at("sbom"));
    const nowhere = { ...env, CONTAINERS_REGISTRIES_CONF: conf };
    const once = [...flags, "--retry-times", "0", "--registries-conf", conf];
    const said = async (argv: readonly string[], calledAs?: string): Promise<string> => {
      const { status, stdout, stderr } = await dray(argv, { env: nowhere, ...(calledAs && { calledAs }) });
      expect({ argv, failed: status !== 0, stdout }).toEqual({ argv, failed: true, stdout: "" });
      return stderr;
    };
    const unreachable = "cannot connect to 127.0.0.1:1: ";
    const add = ["manifest", "add", ...once];
    for (const [name, argv] of [
      ["example.test/nosuch:tag", [...add, "lacking", "example.test/nosuch:tag"]],
      ["localhost/nosuch", [...add, "lacking", "localhost/nosuch"]],
      [
        "example.test/thing:1",
        [...add, "--artifact", "--artifact-subject", "example.test/thing:1", "lacking", at("sbom")],
      ],
      [
        "example.test/of:builder",
        ["builder", "manifest", ...add.slice(1), "lacking", "example.test/of:builder"],
      ],
      [
        "localhost/nosuch:1",
        ["builder", ...flags, "--registries-conf", conf, "from", "--retry", "0", "localhost/nosuch:1"],
      ],
    ] as const) {
      const line = await said(argv);
      const start = `dray: source: the store has no image "${name}", and no registry gave it: ${unreachable}`;
      expect(line.slice(0, start.length)).toBe(start);
      expect(line.includes("dray images lists those")).toBe(name.startsWith("localhost/"));
    }
    expect(await said([...add, "lacking", "example.test/nosuch:tag"], "/usr/bin/buildah")).not.toContain(
      "the store has no",
    );

    const hint = "name a destination, as docker://REGISTRY/NAME:TAG";
    expect(await said(["manifest", "push", ...once, "lacking"])).toMatch(
      new RegExp(`^dray: destination: [^;]+; localhost/ [^\n;]* ${hint}\n$`),
    );
    expect(await said(["manifest", "push", ...once, "lacking", "docker://localhost/a/b"])).not.toContain(
      hint,
    );
    expect(await said(["manifest", "push", ...once, "lacking", "docker://127.0.0.1:1/a"])).not.toContain(
      hint,
    );
  });

  it("called as buildah takes any text for an artifact's type, as buildah does", async () => {
    writeFileSync(at("typed"), "typed");
    await ok("create", "typed");
    const given = ["add", ...flags, "--artifact", "--artifact-type", "not a type", "typed", at("typed")];
    const { status, stderr } = await dray(["manifest", ...given], { env, calledAs: "/usr/bin/buildah" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect((await inspect("typed")).manifests).toMatchObject([{ artifactType: "not a type" }]);
  });

  it("gives an artifact's config the type that buildah gives it", async () => {
    writeFileSync(at("notes"), "notes");
    writeFileSync(at("config.json"), "{ }");
    const id = (await ok("create", "artifacts")).trim();
    const types: unknown[] = [];
    for (const more of [
      [],
      ["--artifact-config", at("config.json")],
      ["--artifact-config", at("config.json"), "--artifact-config-type", "x/y"],
      ["--artifact-config", at("config.json"), "--artifact-config-type", ""],
    ]) {
      const digest =
        (await ok("add", "--artifact", ...more, "artifacts", at("notes"))).trim().split(": ")[1] ?? "";
      const kept = JSON.parse(readFileSync(at("root", "vfs-images", id, "artifacts.json"), "utf8")) as {
        manifests: Readonly<Record<string, string>>;
      };
      const { config } = JSON.parse(kept.manifests[digest] ?? "") as {
        config: { mediaType: string; size: number };
      };
      types.push([config.mediaType, config.size]);
    }
    expect(types).toEqual([
      ["application/vnd.oci.empty.v1+json", 2],
      ["application/vnd.oci.empty.v1+json", 3],
      ["x/y", 3],
      ["application/vnd.oci.image.config.v1+json", 3],
    ]);
  });

  it("keeps the login for the destination", () => {
    const context = { signal: new AbortController().signal } as DrayContext;
    const { connection } = withoutLogin(context, {
      creds: "me:secret",
      registryToken: "secret",
      tlsVerify: false,
      authfile: "/auth.json",
    });
    expect(JSON.stringify(connection)).not.toContain("secret");
    expect(connection).toMatchObject({ tlsVerify: false, authFile: "/auth.json" });
  });
});
