import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { npm, type Packed, packAll, packages } from "../pack.mjs";

const folder = temporaryDirectory();
let packed: readonly Packed[];

beforeAll(async () => {
  const tarballs = path.join(folder, "tarballs");
  mkdirSync(tarballs);
  packed = await packAll(tarballs);
});

/** Installs one packed package into an empty folder, with all other packed ones at hand for what it depends on. */
async function installAlone(name: string, folderName: string = name.replace("/", "-")): Promise<string> {
  const { [name]: own, ...overrides } = Object.fromEntries(
    packed.map((one) => [one.name, `file:${one.tarball}`]),
  );
  return install(folderName, { dependencies: { [name]: own }, overrides });
}

async function install(folderName: string, wanted: object): Promise<string> {
  const place = path.join(folder, folderName);
  mkdirSync(place);
  const project = { name: "a-stranger", private: true, ...wanted };
  writeFileSync(path.join(place, "package.json"), JSON.stringify(project));
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], place);
  return place;
}

/** The installed packages below a folder, by their place in it. */
function installedManifests(place: string): Map<string, InstalledManifest> {
  const lock = JSON.parse(readFileSync(path.join(place, "node_modules/.package-lock.json"), "utf8")) as {
    packages: Record<string, unknown>;
  };
  const places = Object.keys(lock.packages);
  return new Map(
    places.map((at) => [at, JSON.parse(readFileSync(path.join(place, at, "package.json"), "utf8"))]),
  );
}

interface InstalledManifest {
  readonly name: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** The names of all that a package needs, itself included, as far as they are ours. */
function ownClosure(name: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const { dependencies = {} } = packed.find((one) => one.name === name)?.manifest ?? {};
  for (const dependency of Object.keys(dependencies)) {
    if (packed.some((one) => one.name === dependency)) ownClosure(dependency, found);
  }
  return found;
}

describe.each(packages.map(({ name }) => name))("%s", (name) => {
  let place: string;

  beforeAll(async () => {
    place = await installAlone(name);
  });

  it("brings its dependencies and nothing else of ours", () => {
    const names = [...installedManifests(place).values()].map((manifest) => manifest.name);
    const ours = names.filter((one) => packed.some((other) => other.name === one));
    expect(ours.sort()).toEqual([...ownClosure(name)].sort());
  });

  it("installs without a script and without a compiler", () => {
    for (const [at, { scripts = {} }] of installedManifests(place)) {
      const atInstall = ["preinstall", "install", "postinstall"].filter((script) => script in scripts);
      expect(atInstall, at).toEqual([]);
      expect(existsSync(path.join(place, at, "binding.gyp")), at).toBe(false);
    }
  });

  it("is imported from an ES module and from CommonJS, with the same exports and without output", async () => {
    const { exports } = packed.find((one) => one.name === name)?.manifest ?? { exports: {} };
    const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
    expect(entries).toContain(".");
    for (const entry of entries) {
      const specifier = JSON.stringify(path.posix.join(name, entry));
      const print = "process.stdout.write(JSON.stringify(Object.keys(found).sort()))";
      writeFileSync(path.join(place, "try.mjs"), `import * as found from ${specifier};\n${print};\n`);
      writeFileSync(path.join(place, "try.cjs"), `const found = require(${specifier});\n${print};\n`);
      const imported = await run(process.execPath, ["try.mjs"], { cwd: place });
      const required = await run(process.execPath, ["--no-warnings", "try.cjs"], { cwd: place });
      expect(JSON.parse(imported.stdout)).not.toEqual([]);
      const withoutMarks = (JSON.parse(required.stdout) as string[]).filter((key) => key !== "__esModule");
      expect(withoutMarks).toEqual(JSON.parse(imported.stdout));
      expect(imported.stderr).toBe("");
    }
  });

  it("has commands that start", async () => {
    const { bin = {} } = packed.find((one) => one.name === name)?.manifest ?? {};
    for (const command of Object.keys(bin)) {
      const { stdout } = await run(path.join(place, "node_modules/.bin", command), ["--help"], {
        cwd: place,
      });
      expect(stdout).toContain(command);
    }
  });

  it("has its README, its licence and the declarations of each entry", () => {
    const at = path.join(place, "node_modules", name);
    expect(readdirSync(at)).toEqual(expect.arrayContaining(["README.md", "LICENSE", "dist", "src"]));
    expect(existsSync(path.join(at, "dist/index.d.ts"))).toBe(true);
  });
});

it("all packages can be installed together", async () => {
  const dependencies = Object.fromEntries(packed.map((one) => [one.name, `file:${one.tarball}`]));
  const place = await install("together", { dependencies });
  const statements = packages.map(({ name }) => `await import(${JSON.stringify(name)});`);
  writeFileSync(path.join(place, "try.mjs"), statements.join("\n"));
  const { stdout, stderr } = await run(process.execPath, ["try.mjs"], { cwd: place });
  expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
  const ours = [...installedManifests(place).values()].filter(({ name }) => name in dependencies);
  expect(ours).toHaveLength(packages.length);
});

describe("dray, installed from its archive", () => {
  let place: string;
  let dist: string;

  beforeAll(async () => {
    place = await installAlone("@drayage/cli", "command");
    dist = path.join(place, "node_modules/@drayage/cli/dist");
    // More than a job for one thread, and nothing that gets much smaller.
    writeFileSync(path.join(place, "large"), randomBytes(20 * 1024 * 1024));
    await run("tar", ["-cf", "layer.tar", "large"], { cwd: place });
  });

  const dray = async (...argv: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await run(path.join(place, "node_modules/.bin/dray"), argv, { cwd: place });
    expect(stderr).toBe("");
    return stdout;
  };

  it("says its version", async () => {
    const version = packed.find(({ name }) => name === "@drayage/cli")?.manifest.version;
    expect(await dray("--version")).toBe(`dray version ${version}\n`);
  });

  it("copies, with workers and with the engines that are installed beside it", async () => {
    for (const [format, mediaType] of [
      ["gzip", "application/vnd.oci.image.layer.v1.tar+gzip"],
      ["zstd", "application/vnd.oci.image.layer.v1.tar+zstd"],
    ] as const) {
      await dray(
        "copy",
        "--quiet",
        "--dest-compress-format",
        format,
        "tarball:layer.tar",
        `oci:${format}:app`,
      );
      expect(JSON.parse(await dray("inspect", `oci:${format}:app`))).toMatchObject({
        LayersData: [{ MIMEType: mediaType }],
      });
      await dray("copy", "--quiet", `oci:${format}:app`, `docker-archive:${format}.tar:app:latest`);
      const [layer] = JSON.parse(await dray("inspect", "--config", `docker-archive:${format}.tar`)).rootfs
        .diff_ids as string[];
      const bytes = readFileSync(path.join(place, "layer.tar"));
      expect(layer).toBe(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
      expect(await dray("validate", "--quiet", `docker-archive:${format}.tar`)).toContain("is valid");
    }
  });

  describe("where it is restricted", () => {
    const permission = process.allowedNodeEnvironmentFlags.has("--permission")
      ? "--permission"
      : "--experimental-permission";
    const usual = `"$0" "$@"`;

    it.each([
      ["no WebAssembly", ["--jitless"], usual],
      [
        "no threads and no call for the mode of an open file",
        [permission, "--allow-fs-read=*", "--allow-fs-write=*"],
        usual,
      ],
      ...(process.platform === "linux"
        ? [["few addresses", [], `ulimit -v 20000000 && exec ${usual}`] as const]
        : []),
    ] as const)("copies the same: %s", async (name, options, script) => {
      const archive = (file: string): string => `docker-archive:${name}-${file}.tar:app:latest`;
      const restricted = (...argv: readonly string[]): Promise<unknown> =>
        run(
          "sh",
          [
            "-c",
            script,
            process.execPath,
            ...options,
            path.join(dist, "bin.cjs"),
            "copy",
            "--quiet",
            ...argv,
          ],
          {
            cwd: place,
          },
        );
      await dray("copy", "--quiet", "tarball:layer.tar", `oci:${name}:app`);
      await dray("copy", "--quiet", `oci:${name}:app`, archive("usual"));
      await restricted(`oci:${name}:app`, archive("restricted"));
      const bytes = readFileSync(path.join(place, `${name}-usual.tar`));
      expect(readFileSync(path.join(place, `${name}-restricted.tar`)).equals(bytes)).toBe(true);
      // Another engine deflates, so that other bytes come of it, which inflate to the same.
      await restricted("tarball:layer.tar", `oci:${name}-restricted:app`);
      await dray("copy", "--quiet", `oci:${name}-restricted:app`, archive("again"));
      expect(readFileSync(path.join(place, `${name}-again.tar`)).equals(bytes)).toBe(true);
    });
  });

  it("has the licences of what is bundled from elsewhere", () => {
    const text = readFileSync(path.join(dist, "THIRD-PARTY-LICENSES.txt"), "utf8");
    const sources = readdirSync(dist)
      .filter((file) => file.endsWith(".cjs.map"))
      .flatMap((file) => (JSON.parse(readFileSync(path.join(dist, file), "utf8")) as SourceMap).sources);
    const bundled = sources.flatMap(
      (source) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? [],
    );
    expect(bundled).toContain("@stricli/core");
    for (const name of bundled) expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+`, "m"));
  });

  it("has the source map that each file names", () => {
    const files = readdirSync(dist).filter((file) => file.endsWith(".cjs"));
    const named = files.flatMap(
      (file) => /^\/\/# sourceMappingURL=(.*)$/m.exec(readFileSync(path.join(dist, file), "utf8"))?.[1] ?? [],
    );
    expect(named).toContain("bin.cjs.map");
    expect(readdirSync(dist)).toEqual(expect.arrayContaining(named));
  });
});

interface SourceMap {
  readonly sources: readonly string[];
}
