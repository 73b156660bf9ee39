import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { SignalReceived } from "../src/exit-codes.ts";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  writeTarFile(at("layer.tar"), "hello.txt", "hello");
  const made = await dray(["copy", `tarball:${at("layer.tar")}`, `oci-dir:${at("layout")}:app`]);
  expect(made).toMatchObject({ status: 0, stdout: "" });
});

describe("dray itself", () => {
  it("prints its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    for (const flag of ["--version", "-v", "version"]) {
      expect(await dray([flag])).toMatchObject({
        status: 0,
        stdout: `dray version ${version}\n`,
        stderr: "",
      });
    }
    expect((await dray(["--version"], { calledAs: "/opt/bin/skopeo" })).stdout).toBe(
      `skopeo version 1.9.3 (dray ${version})\n`,
    );
  });

  it("helps when asked, and when nothing is asked", async () => {
    for (const argv of [[], ["--help"], ["help"]]) {
      const { status, stdout } = await dray(argv);
      expect(status).toBe(0);
      expect(stdout).toContain("COMMANDS");
      expect(stdout).toContain("EXAMPLES");
    }
  });

  it("shows examples in the help of every command", async () => {
    for (const command of [
      "copy",
      "inspect",
      "catalog",
      "digest",
      "list-tags",
      "validate",
      "delete",
      "login",
      "logout",
      "manifest-digest",
      "transports",
      "completion",
    ]) {
      const { status, stdout } = await dray(["help", command]);
      expect(status).toBe(0);
      expect(stdout).toMatch(new RegExp(`EXAMPLES\\n.*dray ${command}`));
    }
  });

  it("says of skopeo's commands that sign or verify that it cannot do that yet", async () => {
    for (const command of ["standalone-sign", "standalone-verify", "generate-sigstore-key"]) {
      const { status, stderr } = await dray([command, "a", "b"], { calledAs: "/usr/bin/skopeo" });
      expect(status).toBe(1);
      expect(stderr).toContain(`${command}: signing and verifying signatures are not supported yet`);
    }
  });

  it("names the nearest command for one that is not there, with status 1", async () => {
    const { status, stdout, stderr } = await dray(["copi", "a", "b"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^dray: there is no command "copi"; did you mean .*copy.*\n$/);
  });

  it("refuses bad flags and missing arguments on one line, with status 1", async () => {
    for (const argv of [
      ["copy", "dir:a"],
      ["copy", "dir:a", "dir:b", "dir:c"],
      ["copy", "--what", "dir:a", "dir:b"],
      ["copy", "--format", "v3", "dir:a", "dir:b"],
      ["copy", "--command-timeout", "soon", "dir:a", "dir:b"],
    ]) {
      const { status, stderr } = await dray(argv);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^dray: [^\n]+; see dray copy --help\n$/);
    }
    const { stderr } = await dray(["copy", "--multi-arch", "some", "dir:a", "dir:b"]);
    expect(stderr).toMatch(/^dray: --multi-arch: choose one of system, all, index-only, not "some"; /);
  });
});

describe("dray copy", () => {
  it("reports what it does on standard error, and nothing on standard output", async () => {
    const ran = await dray(["copy", `oci-dir:${at("layout")}:app`, `dir:${at("plain")}`]);
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toMatch(
      /^Copying blob sha256:[0-9a-f]{64}\nCopying config sha256:[0-9a-f]{64}\nWriting manifest to image destination\n$/,
    );
  });

  it("is quiet when told so, and called as skopeo reports on standard output", async () => {
    const quiet = await dray(["copy", "-q", `oci-dir:${at("layout")}:app`, `dir:${at("quiet")}`]);
    expect(quiet).toEqual({ status: 0, stdout: "", stderr: "", bytes: Buffer.alloc(0) });
    const skopeo = await dray(
      ["--insecure-policy", "copy", `oci-dir:${at("layout")}:app`, `dir:${at("as-skopeo")}`],
      { calledAs: "skopeo" },
    );
    expect(skopeo.stdout).toMatch(
      /^Getting image source signatures\nCopying blob sha256:\w{64}\nCopying config sha256:\w{64}\nWriting manifest to image destination\nStoring signatures\n$/,
    );
    expect(skopeo.stderr).toBe("");
  });

  it("prints progress as JSON, an event a line", async () => {
    const { stderr } = await dray([
      "copy",
      "--progress=json",
      `oci-dir:${at("layout")}:app`,
      `dir:${at("json")}`,
    ]);
    const events = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; state?: string });
    expect(events.filter(({ type, state }) => type === "blob" && state === "done")).toHaveLength(2);
    expect(events.at(-1)?.type).toBeDefined();
  });

  it("prints its result as JSON, and writes the digest to a file", async () => {
    const argv = [
      "copy",
      "-q",
      "--json",
      "--digestfile",
      at("digest"),
      `oci-dir:${at("layout")}:app`,
      `dir:${at("d")}`,
    ];
    const { status, stdout } = await dray(argv);
    const result = JSON.parse(stdout) as { digest: string; to: string };
    expect(status).toBe(0);
    expect(result.to).toBe(`dir:${at("d")}`);
    expect(readFileSync(at("digest"), "utf8")).toBe(result.digest);
    const { stdout: digest } = await dray(["manifest-digest", at("d", "manifest.json")]);
    expect(digest).toBe(`${result.digest}\n`);
  });

  it("says which file could not be written when the digest could not", async () => {
    const argv = ["copy", "-q", "--digestfile", at("no", "digest"), `oci-dir:${at("layout")}:app`];
    const { status, stderr } = await dray([...argv, `dir:${at("digestless")}`]);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `dray: cannot write the digest of the copied image ${JSON.stringify(at("no", "digest"))}: no such file or directory (ENOENT)\n`,
    );
    expect(existsSync(at("digestless", "manifest.json"))).toBe(true);
  });

  it("with --dry-run shows the plan and writes nothing", async () => {
    const before = readdirSync(folder).sort();
    const text = await dray([
      "copy",
      "--dry-run",
      `oci-dir:${at("layout")}:app`,
      `docker-archive:${at("dry.tar")}:x:1`,
    ]);
    expect(text.status).toBe(0);
    expect(text.stdout).toMatch(
      /manifest converted from application\/vnd\.oci.* to application\/vnd\.docker/,
    );
    expect(text.stdout).toMatch(/layer 1 .*decompressed/);
    const json = await dray([
      "copy",
      "--dry-run",
      "--json",
      `oci-dir:${at("layout")}:app`,
      `dir:${at("dry")}`,
    ]);
    expect((JSON.parse(json.stdout) as { documents: unknown[] }).documents).toHaveLength(1);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it("ends with status 2 for an image that is not there, and 1 for a place that refuses", async () => {
    const missing = await dray(["copy", `oci-dir:${at("layout")}:none`, `dir:${at("none")}`]);
    expect(missing.status).toBe(2);
    expect(missing.stderr).toMatch(/^dray: source: [^\n]*none[^\n]*app\n$/);
    mkdirSync(at("important"));
    writeFileSync(at("important", "data"), "keep me");
    const refused = await dray(["copy", `oci-dir:${at("layout")}:app`, `dir:${at("important")}`]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^dray: destination: [^\n]+\n$/);
    expect(readdirSync(at("important"))).toEqual(["data"]);
  });

  it("tells of an error in skopeo's manner when called as skopeo", async () => {
    const { status, stderr } = await dray(["copy", `oci:${at("nowhere")}:x`, `dir:${at("none")}`], {
      calledAs: "skopeo",
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" level=fatal msg="[^\n]+"\n$/);
  });

  it("refuses flags that sign or encrypt, and flags that contradict each other, before anything is read", async () => {
    for (const flags of [
      ["--sign-by", "X"],
      ["--sign-by-sigstore-private-key", "k"],
      ["--encryption-key", "jwe:k"],
      ["--all", "--platform", "linux/amd64"],
      ["--dest-compress", "--dest-decompress"],
      ["--dest-compress-format", "bzip2"],
      ["--platform", "linux//"],
    ]) {
      const { status, stderr } = await dray(["copy", ...flags, "dir:/nonexistent/a", `dir:${at("none")}`]);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^dray: [^\n]+\n$/);
      expect(stderr).not.toMatch(/no such|not there/);
    }
    expect(existsSync(at("none"))).toBe(false);
  });

  it.each([
    [130, new Error("stopped by the program that runs dray")],
    [130, new SignalReceived("SIGINT")],
    [143, new SignalReceived("SIGTERM")],
    [129, new SignalReceived("SIGHUP")],
  ])("ends with status %i when it is interrupted, and leaves nothing: %s", async (expected, reason) => {
    const signal = AbortSignal.abort(reason);
    const { status, stderr } = await dray(["copy", `oci-dir:${at("layout")}:app`, `dir:${at("stopped")}`], {
      signal,
    });
    expect({ status, stderr }).toMatchObject({
      status: expected,
      stderr: expect.stringMatching(/interrupted\n$/) as string,
    });
    expect(existsSync(at("stopped"))).toBe(false);
  });

  it("shows where an error comes from with --debug, and never otherwise", async () => {
    const argv = ["copy", `oci-dir:${at("nowhere")}`, `dir:${at("none")}`];
    expect((await dray(argv)).stderr.split("\n")).toHaveLength(2);
    expect((await dray(["--debug", ...argv])).stderr).toMatch(
      /ERR_DRAYAGE_IMAGE_NOT_FOUND[\s\S]*\ndray: source: /,
    );
  });

  it("prints no control characters of a name", async () => {
    const { stderr } = await dray(["copy", "oci-dir:\u001b[31mred\u0007:x", `dir:${at("none")}`]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
    expect(stderr.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f]/);
  });
});

describe("dray inspect", () => {
  it("prints the manifest byte for byte with --raw, and the config likewise", async () => {
    const manifest = await dray(["inspect", "--raw", `dir:${at("plain")}`]);
    expect(Buffer.from(manifest.bytes)).toEqual(readFileSync(at("plain", "manifest.json")));
    const config = await dray(["inspect", "--raw", "--config", `dir:${at("plain")}`]);
    const { config: descriptor } = JSON.parse(manifest.stdout) as { config: { digest: string } };
    expect(Buffer.from(config.bytes)).toEqual(
      readFileSync(at("plain", descriptor.digest.slice("sha256:".length))),
    );
  });

  it("prints the config that a docker v2s1 manifest amounts to, which has none of its own", async () => {
    await dray(["copy", "-q", "--format", "v2s1", `dir:${at("plain")}`, `dir:${at("v2s1")}`]);
    const { status, stdout } = await dray(["inspect", "--config", `dir:${at("v2s1")}`]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ os: "linux", rootfs: { type: "layers" } });
    const raw = await dray(["inspect", "--config", "--raw", `dir:${at("v2s1")}`]);
    expect(raw).toMatchObject({ status: 1, stdout: "" });
    expect(raw.stderr).toMatch(/has no config of its own; /);
  });

  it("called as skopeo wants an image of an index, and otherwise shows the index", async () => {
    const index = {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          digest: `sha256:${"0".repeat(64)}`,
          size: 2,
          platform: { architecture: "mips", os: "plan9" },
        },
      ],
    };
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere", "manifest.json"), JSON.stringify(index));
    const shown = await dray(["inspect", `dir:${at("elsewhere")}`]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ Platforms: [{ Platform: "plan9/mips" }] });
    const refused = await dray(["inspect", `dir:${at("elsewhere")}`], { calledAs: "skopeo" });
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toContain("the index has no image for this machine");
  });

  it("prints what skopeo prints, in its order", async () => {
    const { stdout } = await dray(["inspect", `oci-dir:${at("layout")}:app`]);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual([
      "Digest",
      "RepoTags",
      "Created",
      "DockerVersion",
      "Labels",
      "Architecture",
      "Os",
      "Layers",
      "LayersData",
      "Env",
    ]);
    expect(stdout).toMatch(/^\{\n {4}"Digest": "sha256:/);
  });

  it("renders a template over the image, and over its config", async () => {
    const { stdout } = await dray([
      "inspect",
      "--format",
      "{{.Os}} {{len .Layers}}",
      `oci-dir:${at("layout")}:app`,
    ]);
    expect(stdout).toBe("linux 1\n");
    const config = await dray([
      "inspect",
      "--config",
      "-f",
      "{{.RootFS.Type}} {{.Config.Cmd}}",
      `oci-dir:${at("layout")}:app`,
    ]);
    expect(config.stdout).toBe("layers []\n");
  });
});

describe("dray validate", () => {
  it("ends with status 0 for a whole image, and says what it checked", async () => {
    const { status, stdout } = await dray(["validate", "-q", `oci-dir:${at("layout")}:app`]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64} is valid: checked 1 manifest, 1 config, 1 layer, \d+ B\n$/);
  });

  it("ends with status 1 for a damaged layer, and names it", async () => {
    await dray(["copy", "-q", `oci-dir:${at("layout")}:app`, `dir:${at("damaged")}`]);
    const { layers } = JSON.parse(readFileSync(at("damaged", "manifest.json"), "utf8")) as {
      layers: { digest: string }[];
    };
    const file = at("damaged", String(layers[0]?.digest.slice("sha256:".length)));
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const { status, stdout } = await dray(["validate", "-q", `dir:${at("damaged")}`]);
    expect(status).toBe(1);
    expect(stdout).toContain(`error: layer 1 ${layers[0]?.digest}`);
    expect(stdout).toContain("NOT valid");
    const report = JSON.parse((await dray(["validate", "-q", "--json", `dir:${at("damaged")}`])).stdout) as {
      valid: boolean;
    };
    expect(report.valid).toBe(false);
  });
});

describe("names at a place", () => {
  it("are listed, and an image is deleted by its name", async () => {
    await dray(["copy", "-q", `oci-dir:${at("layout")}:app`, `oci-dir:${at("many")}:one`]);
    await dray(["copy", "-q", `oci-dir:${at("layout")}:app`, `oci-dir:${at("many")}:two`]);
    expect(JSON.parse((await dray(["list-tags", `oci-dir:${at("many")}`])).stdout)).toEqual({
      Tags: ["one", "two"],
    });
    expect((await dray(["delete", `oci-dir:${at("many")}:one`])).status).toBe(0);
    expect((await dray(["list-tags", "--plain", `oci-dir:${at("many")}`])).stdout).toBe("two\n");
    expect((await dray(["validate", "-q", `oci-dir:${at("many")}:two`])).status).toBe(0);
    expect((await dray(["delete", `oci-dir:${at("many")}:one`])).status).toBe(2);
  });

  it("cannot be listed or deleted where the transport cannot, and the error says what it can", async () => {
    const { status, stderr } = await dray(["delete", `tarball:${at("layer.tar")}`]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/tarball cannot delete images; it can read images\n$/);
  });
});

describe("dray transports", () => {
  it("lists what each transport can do, also as JSON", async () => {
    const { stdout } = await dray(["transports"]);
    expect(stdout).toMatch(/^oci-dir, oci +read write delete list +oci-dir:PATH/m);
    expect(stdout).toMatch(/^containers-storage +read write delete list +containers-storage:\[\[DRIVER@/m);
    const { transports } = JSON.parse((await dray(["transports", "--json"])).stdout) as {
      transports: { scheme: string; abilities: string[] }[];
    };
    expect(transports.find(({ scheme }) => scheme === "tarball")?.abilities).toEqual(["read"]);
  });

  it("a transport that nobody knows lists what is there", async () => {
    expect((await dray(["inspect", "ocidir:x"])).stderr).toMatch(/did you mean oci-dir/);
    expect((await dray(["inspect", "alpine.tar"])).stderr).toMatch(/names no transport/);
    expect((await dray(["inspect", "dokcer://alpine"])).stderr).toMatch(/did you mean docker\?/);
  });
});

describe("plugins", () => {
  const plugin = `export default {
    [Symbol.for("@drayage/transport")]: true, apiVersion: 1,
    scheme: "nowhere", summary: "a place without images", syntax: "NAME",
    parse: (text) => ({ text }), listTags: async ({ text }) => [text, "b"],
  };`;

  it("are loaded from the file that --plugin names, and from what the configuration names", async () => {
    writeFileSync(at("nowhere.mjs"), plugin);
    const argv = ["list-tags", "--plain", "nowhere:a"];
    expect((await dray(["--plugin", at("nowhere.mjs"), ...argv])).stdout).toBe("a\nb\n");
    writeFileSync(at("config.json"), JSON.stringify({ plugins: ["./nowhere.mjs"] }));
    expect((await dray(argv, { env: { DRAYAGE_CONFIG: at("config.json") } })).stdout).toBe("a\nb\n");
    expect((await dray(argv)).status).toBe(1);
  });

  it("that are no plugins, or a configuration that is malformed, are refused with a sentence", async () => {
    writeFileSync(at("empty.mjs"), "export {};");
    writeFileSync(at("thrower.mjs"), "throw new Error('broken');");
    for (const name of ["empty.mjs", "thrower.mjs", "absent.mjs"]) {
      const { status, stderr } = await dray(["transports", "--plugin", at(name)]);
      expect(status).toBe(1);
      expect(stderr).toMatch(new RegExp(`^dray: [^\\n]*${name}[^\\n]*\\n$`));
    }
    for (const text of ["{", "[]", '{"plugins": 1}', '{"plugin": []}']) {
      writeFileSync(at("bad.json"), text);
      const { status, stderr } = await dray(["transports"], { env: { DRAYAGE_CONFIG: at("bad.json") } });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^dray: configuration "[^\n]*bad\.json": [^\n]+\n$/);
    }
  });

  it("are not looked for in a home that cannot be read", async () => {
    const env = { DRAYAGE_CONFIG: "", XDG_CONFIG_HOME: at("layer.tar") };
    expect(await dray(["transports"], { env })).toMatchObject({ status: 0, stderr: "" });
    const named = await dray(["transports"], { env: { DRAYAGE_CONFIG: at("layer.tar", "config.json") } });
    expect(named).toMatchObject({ status: 1, stdout: "" });
  });

  it("that claim a built-in scheme are refused", async () => {
    writeFileSync(at("thief.mjs"), plugin.replace('"nowhere"', '"dir"'));
    const { status, stderr } = await dray(["transports", "--plugin", at("thief.mjs")]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/two transports claim dir/);
  });
});

describe("completion", () => {
  it("has a script for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { status, stdout } = await dray(["completion", shell]);
      expect(status).toBe(0);
      expect(stdout).toContain("dray __complete");
    }
    expect((await dray(["completion", "tcsh"])).status).toBe(1);
  });

  it("proposes commands, flags and values", async () => {
    expect((await dray(["__complete", "co"])).stdout.split("\n")).toEqual(
      expect.arrayContaining(["copy", "completion"]),
    );
    expect((await dray(["__complete", "copy", "--dest-oci"])).stdout).toBe(
      "--dest-oci-accept-uncompressed-layers\n",
    );
    expect((await dray(["__complete", "copy", "--sparse", ""])).stdout.split("\n")).toEqual(
      expect.arrayContaining(["keep", "strip"]),
    );
    expect((await dray(["__complete", "copy", "oci-d"])).stdout).toBe("oci-dir:\n");
    expect((await dray(["__complete", "copy", `dir:${at("layo")}`])).stdout).toBe(`dir:${at("layout")}/\n`);
    expect((await dray(["__complete", "copy", "dir:/nonexistent/x"])).stdout).toBe("");
  });
});
