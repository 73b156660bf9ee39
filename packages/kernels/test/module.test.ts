import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adoptKernels, type CompiledKernels, compileKernels, createInflater } from "../src/index.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "drayage-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The program bundled, as users bundle theirs: kernels travel in it. */
async function bundle(format: "esm" | "cjs", minify: boolean): Promise<string> {
  const outfile = path.join(folder, `${format}-${minify}.${format === "esm" ? "mjs" : "cjs"}`);
  await build({
    entryPoints: [path.join(import.meta.dirname, "support/round-trip-worker.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    conditions: ["@drayage/source"],
    format,
    minify,
    outfile,
  });
  return outfile;
}

function runProgram(program: string, nodeOptions: readonly string[] = []): unknown {
  const stdout = execFileSync(process.execPath, [...nodeOptions, program], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(stdout);
}

/** By zlib, of the text that the program sends through. */
const crc = 173184132;

it.each([
  ["esm", false],
  ["esm", true],
  ["cjs", false],
  ["cjs", true],
] as const)(
  "a bundle (%s, minified: %s) runs, and its worker adopts what this thread compiled",
  async (format, minify) => {
    expect(runProgram(await bundle(format, minify))).toEqual({ here: crc, there: crc });
  },
);

it("without WebAssembly the reason is told", async () => {
  const reason = "this runtime has no WebAssembly";
  expect(runProgram(await bundle("esm", false), ["--jitless"])).toEqual({ reason, checksums: reason });
});

it.runIf(process.platform === "linux")("where addresses are few the reason is told", async () => {
  const program = await bundle("esm", false);
  const limited = `ulimit -v 20000000 && exec "$0" "$1"`;
  const stdout = execFileSync("sh", ["-c", limited, process.execPath, program], { encoding: "utf8" });
  const reason = "the limit of this process's address space (ulimit -v) leaves no room for it";
  expect(JSON.parse(stdout)).toEqual({ reason, checksums: reason });
});

it.runIf(process.arch === "x64")("without SIMD the reason is told, and checksums run", async () => {
  expect(runProgram(await bundle("esm", false), ["--no-enable-sse4-1"])).toEqual({
    reason: expect.stringMatching(/^this runtime does not compile it: .*SIMD unsupported/),
    checksums: "runs",
  });
});

describe("what another thread has compiled is adopted only where it is what it says:", () => {
  const compiled = compileKernels();

  it.each<[string, object]>([
    ["no modules", { ...compiled, deflate: {} }],
    ["nothing", { ...compiled, inflate: undefined }],
    ["another kernel's module", { ...compiled, inflate: compiled.checksums }],
    ["modules that are swapped", { inflate: compiled.deflate, deflate: compiled.inflate }],
    ["a kernel that there is not", { ...compiled, toString: compiled.inflate }],
  ])("not %s", (_, wrong) => {
    expect(() => adoptKernels(wrong as CompiledKernels)).toThrow(TypeError);
    expect(compileKernels()).toEqual(compiled);
    const inflater = createInflater();
    inflater.push(Uint8Array.of(3, 0));
    expect(inflater.next().length).toBe(0);
    expect(inflater.ended).toBe(true);
  });

  it("all of them, some of them, none", () => {
    const { inflate, ...others } = compiled;
    for (const some of [compiled, others, {}]) adoptKernels(some);
    expect(compileKernels()).toEqual(compiled);
  });
});
