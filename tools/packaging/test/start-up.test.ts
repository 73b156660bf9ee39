import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const dist = fileURLToPath(new URL("../../../packages/cli/dist", import.meta.url));
const dray = path.join(dist, "bin.cjs");
const folder = temporaryDirectory();
const layout = `oci:${path.join(folder, "layout")}:app`;
const hook = path.join(folder, "loaded.cjs");
const report = path.join(folder, "loaded.json");

/** Writes down, when the process ends, what it has loaded. */
const hookText = `
const before = new Set(process.moduleLoadList);
let kernels = 0;
WebAssembly.Module = new Proxy(WebAssembly.Module, {
  construct(target, args) { kernels += 1; return new target(...args); },
});
process.on("exit", () => {
  const builtins = process.moduleLoadList.filter((name) => !before.has(name));
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  require("node:fs").writeFileSync(process.env.LOADED, JSON.stringify({ builtins, files, kernels }));
});
`;

interface Loaded {
  /** The files, without the hashes in their names. */
  readonly names: readonly string[];
  readonly bytes: number;
  /** Node's own modules that Node itself has not loaded before. */
  readonly builtins: readonly string[];
  /** How many WebAssembly modules were compiled. */
  readonly kernels: number;
}

/** Nothing of the machine's configuration is read that has a file of its own. */
const configuration = {
  HOME: folder,
  XDG_CACHE_HOME: "",
  XDG_CONFIG_HOME: "",
  CONTAINERS_REGISTRIES_CONF: path.join(folder, "registries.conf"),
  REGISTRY_AUTH_FILE: path.join(folder, "auth.json"),
};

async function loadedBy(...argv: readonly string[]): Promise<Loaded> {
  await run(process.execPath, ["--require", hook, dray, ...argv], {
    cwd: folder,
    env: { ...process.env, ...configuration, LOADED: report },
  });
  const { builtins, files, kernels } = JSON.parse(readFileSync(report, "utf8")) as {
    readonly builtins: readonly string[];
    readonly files: readonly string[];
    readonly kernels: number;
  };
  return {
    names: files.map((file) => path.relative(dist, file).replace(/-.{8}(?=\.cjs$)/, "")).sort(),
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    builtins: builtins
      .filter((name) => /^NativeModule (?!internal\/)/.test(name))
      .map((name) => name.slice("NativeModule ".length)),
    kernels,
  };
}

beforeAll(async () => {
  writeFileSync(hook, hookText);
  writeFileSync(path.join(folder, "hello.txt"), "hello");
  await run("tar", ["-cf", "layer.tar", "hello.txt"], { cwd: folder });
  await run(process.execPath, [dray, "copy", "tarball:layer.tar", layout], { cwd: folder });
});

describe("what dray loads", () => {
  it.each([["--version"], ["--help"], ["help"]])(
    "for %s: its entry alone, and nothing of Node's",
    async (...argv) => {
      const { names, bytes, builtins, kernels } = await loadedBy(...argv);
      expect({ names, builtins, kernels }).toEqual({ names: ["bin.cjs"], builtins: [], kernels: 0 });
      expect(bytes).toBeLessThan(64 * 1024);
    },
  );

  it("to inspect a plain layout: its entry alone, and one kernel to hash with", async () => {
    const { names, builtins, kernels } = await loadedBy("inspect", layout);
    expect({ names, builtins, kernels }).toEqual({ names: ["bin.cjs"], builtins: [], kernels: 1 });
  });

  it("to inspect anything else: nothing that copies, parses arguments or writes help", async () => {
    const { names, bytes, builtins, kernels } = await loadedBy("inspect", "--raw", layout);
    expect(names).toEqual([
      "bin.cjs",
      "chunk-inspect-copy-registry-store.cjs",
      "chunk-inspect-copy-registry.cjs",
      "chunk-inspect-copy-store.cjs",
      "chunk-inspect-copy.cjs",
      "chunk-inspect.cjs",
      "chunk-parser-commands-inspect-copy-registry-store.cjs",
      "chunk-parser-commands-inspect-copy-registry.cjs",
      "chunk-parser-commands-inspect.cjs",
      "chunk-rolldown-runtime.cjs",
      "chunk-run.cjs",
    ]);
    expect(bytes).toBeLessThan(288 * 1024);
    expect(kernels).toBe(0);
    expect(builtins.filter((name) => heavy.test(name))).toEqual([]);
  });

  it("for the help of a command: the parser of arguments with what it knows of commands, and no command", async () => {
    const { names, builtins, kernels } = await loadedBy("inspect", "--help");
    const other = names.filter((name) => !name.startsWith("chunk-parser"));
    expect(other).toEqual(["bin.cjs", "chunk-rolldown-runtime.cjs", "chunk-run.cjs"]);
    expect(names).toContain("chunk-parser.cjs");
    // It is asked whether it keeps compiled code.
    expect(builtins).toEqual(["module"]);
    expect(kernels).toBe(0);
  });

  it("to copy a layout: nothing of registries but how images are named there, nor what connects or compresses", async () => {
    const { names, bytes, builtins, kernels } = await loadedBy("copy", "--quiet", layout, "oci:second:app");
    expect(names).toEqual([
      "bin.cjs",
      "chunk-copy-registry-store.cjs",
      "chunk-copy-store.cjs",
      "chunk-copy.cjs",
      "chunk-inspect-copy-registry-store.cjs",
      "chunk-inspect-copy-registry.cjs",
      "chunk-inspect-copy-store.cjs",
      "chunk-inspect-copy.cjs",
      "chunk-inspect.cjs",
      "chunk-parser-commands-copy.cjs",
      "chunk-parser-commands-inspect-copy-registry-store.cjs",
      "chunk-parser-commands-inspect-copy-registry.cjs",
      "chunk-rolldown-runtime.cjs",
      "chunk-run.cjs",
    ]);
    expect(bytes).toBeLessThan(560 * 1024);
    expect(kernels).toBe(0);
    expect(builtins.filter((name) => heavy.test(name))).toEqual([]);
  });
});

describe("what dray loads for the store", () => {
  const root = path.join(folder, "storage");
  const place = ["--root", root, "--runroot", path.join(folder, "run"), "--storage-driver", "vfs"];

  beforeAll(async () => {
    await run(
      process.execPath,
      [dray, "copy", layout, `containers-storage:[vfs@${root}+${root}-run]localhost/app:1`],
      {
        cwd: folder,
        env: { ...process.env, ...configuration },
      },
    );
  });

  it("to list its images: nothing that copies, asks registries, parses arguments or calls the system itself", async () => {
    const { names, bytes, builtins, kernels } = await loadedBy("images", ...place);
    expect(names).toEqual([
      "bin.cjs",
      "chunk-copy-registry-store.cjs",
      "chunk-copy-store.cjs",
      "chunk-inspect-copy-registry-store.cjs",
      "chunk-inspect-copy-store.cjs",
      "chunk-parser-commands-inspect-copy-registry-store.cjs",
      "chunk-parser-commands-store.cjs",
      "chunk-registry-store.cjs",
      "chunk-render.cjs",
      "chunk-rolldown-runtime.cjs",
      "chunk-run.cjs",
      "chunk-store.cjs",
      "chunk-transport-containers-storage.cjs",
    ]);
    expect(bytes).toBeLessThan(800 * 1024);
    expect(kernels).toBe(0);
    expect(builtins.filter((name) => heavy.test(name))).toEqual([]);
  });

  it("for working containers: nothing that copies, adds, runs, commits or asks registries where they are only listed", async () => {
    const { names, bytes, builtins, kernels } = await loadedBy("builder", ...place, "containers");
    expect(names).not.toContain("chunk-copy.cjs");
    expect(names).not.toContain("chunk-registry.cjs");
    expect(bytes).toBeLessThan(896 * 1024);
    expect(kernels).toBe(0);
    expect(builtins.filter((name) => heavy.test(name))).toEqual([]);
  });
});

describe("what dray loads for a registry", () => {
  let registry: Server;
  let image: string;

  beforeAll(async () => {
    registry = createServer((request, response) => {
      const { type, bytes } = served(request.url ?? "");
      response.writeHead(bytes === undefined ? 404 : 200, {
        "content-type": type,
        "content-length": bytes?.length ?? 0,
        ...(bytes === undefined ? {} : { "docker-content-digest": digestOf(bytes) }),
      });
      response.end(request.method === "HEAD" ? undefined : bytes);
    });
    await new Promise<void>((resolve) => {
      registry.listen(0, "127.0.0.1", resolve);
    });
    const { port } = registry.address() as AddressInfo;
    image = `docker://127.0.0.1:${port}/app:1`;
    writeFileSync(
      configuration.CONTAINERS_REGISTRIES_CONF,
      `[[registry]]\nlocation = "127.0.0.1:${port}"\ninsecure = true\n`,
    );
    writeFileSync(configuration.REGISTRY_AUTH_FILE, "{}");
  });

  afterAll(() => {
    registry.close();
  });

  it("to ask for a digest: nothing that copies, inspects, parses arguments or calls helpers", async () => {
    const { names, bytes, builtins, kernels } = await loadedBy("digest", image);
    expect(names).toEqual([
      "bin.cjs",
      "chunk-copy-registry-store.cjs",
      "chunk-inspect-copy-registry-store.cjs",
      "chunk-inspect-copy-registry.cjs",
      "chunk-parser-commands-inspect-copy-registry-store.cjs",
      "chunk-parser-commands-inspect-copy-registry.cjs",
      "chunk-parser-commands-registry.cjs",
      // How a registries.conf is read.
      "chunk-registry-store.cjs",
      "chunk-registry.cjs",
      "chunk-rolldown-runtime.cjs",
      "chunk-run.cjs",
    ]);
    expect(bytes).toBeLessThan(448 * 1024);
    expect(kernels).toBe(0);
    // This machine's own registries are asked without TLS first.
    expect(builtins.filter((name) => heavy.test(name)).sort()).toEqual(["http", "net"]);
    expect(builtins).not.toContain("fs/promises");
    expect(builtins).not.toContain("perf_hooks");
  });

  it("to copy from there: what a copy and a registry need, and no more", async () => {
    const { names, bytes, builtins, kernels } = await loadedBy("copy", "--quiet", image, "oci:pulled:app");
    expect(names).toEqual([
      "bin.cjs",
      "chunk-copy-registry-store.cjs",
      "chunk-copy-store.cjs",
      "chunk-copy.cjs",
      "chunk-inspect-copy-registry-store.cjs",
      "chunk-inspect-copy-registry.cjs",
      "chunk-inspect-copy-store.cjs",
      "chunk-inspect-copy.cjs",
      "chunk-inspect.cjs",
      "chunk-parser-commands-copy.cjs",
      "chunk-parser-commands-inspect-copy-registry-store.cjs",
      "chunk-parser-commands-inspect-copy-registry.cjs",
      "chunk-registry-store.cjs",
      "chunk-registry.cjs",
      "chunk-rolldown-runtime.cjs",
      "chunk-run.cjs",
    ]);
    expect(bytes).toBeLessThan(896 * 1024);
    expect(kernels).toBe(0);
    expect(builtins.filter((name) => heavy.test(name)).sort()).toEqual(["http", "net"]);
  });
});

/** What a registry with the layout's image answers to a path. */
function served(url: string): { readonly type: string; readonly bytes: Uint8Array | undefined } {
  if (url === "/v2/") return { type: "application/json", bytes: Buffer.from("{}") };
  const blob = (digest: string): Uint8Array | undefined => {
    const file = path.join(folder, "layout/blobs", digest.replace(":", "/"));
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  const [, kind, name = ""] = /^\/v2\/app\/(manifests|blobs)\/([a-z0-9:]+)$/.exec(url) ?? [];
  if (kind === undefined) return { type: "text/plain", bytes: undefined };
  if (kind === "blobs") return { type: "application/octet-stream", bytes: blob(name) };
  const index = JSON.parse(readFileSync(path.join(folder, "layout/index.json"), "utf8")) as {
    readonly manifests: readonly [{ readonly mediaType: string; readonly digest: string }];
  };
  const [{ mediaType, digest }] = index.manifests;
  return { type: mediaType, bytes: blob(name === "1" ? digest : name) };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

describe("compiled code", () => {
  const home = path.join(folder, "home");
  const cache = path.join(home, ".cache");
  const env = {
    HOME: home,
    XDG_CACHE_HOME: "",
    NODE_COMPILE_CACHE: undefined,
    NODE_DISABLE_COMPILE_CACHE: undefined,
  };

  beforeAll(() => {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
  });

  it("is not kept of short answers, nor where Node is told to keep none", async () => {
    await run(process.execPath, [dray, "--version"], { env });
    await run(process.execPath, [dray, "inspect", layout], { env });
    const disabled = { ...env, NODE_DISABLE_COMPILE_CACHE: "1" };
    await run(process.execPath, [dray, "inspect", "--raw", layout], { env: disabled });
    expect(readdirSync(cache)).toEqual([]);
  });

  it("is kept of other commands, and changes nothing that they print", async () => {
    const first = await run(process.execPath, [dray, "inspect", "--config", layout], { env });
    const second = await run(process.execPath, [dray, "inspect", "--config", layout], { env });
    expect(second.stdout).toBe(first.stdout);
    expect(readdirSync(cache)).toEqual(["drayage"]);
    const kept = readdirSync(path.join(cache, "drayage/compiled"), { recursive: true });
    expect(kept.length).toBeGreaterThan(2);
  });
});

/** What takes long to load, or means a thread, a process or a connection. */
const heavy = /^(?:child_process|dgram|dns|http2?|https|net|tls|worker_threads|zlib)$/;
