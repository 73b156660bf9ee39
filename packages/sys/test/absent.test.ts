import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { loadKernel } from "../src/load-kernel.ts";
import { useFolder } from "./support/folder.ts";

const at = useFolder();
const binary = `@koromix/koffi-linux-${process.arch}`;
const notInstalled = `the package ${binary}, an optional dependency of @drayage/sys, is not installed`;
const linux = { platform: "linux", arch: process.arch };

/** A package in the node_modules of the test's folder. */
function install(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(at("node_modules", name), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(at("node_modules", name, file), text);
}

describe("without koffi", () => {
  it("one sentence says so, writing is refused, and reading without locks must be asked for", async () => {
    const program = await bundleForNode(join(import.meta.dirname, "support", "absent-worker.ts"), at());
    const env = { ...process.env, NODE_PATH: "", HOME: at() };
    const hint =
      "use Linux on x64 or arm64, and install the optional dependencies: npm install --include=optional";
    const path = at("lock");
    const refused = (what: string) => ({
      code: "ERR_DRAYAGE_SYSTEM_UNSUPPORTED",
      message: `cannot ${what} without system calls that Node lacks: ${notInstalled}`,
      hint,
    });
    expect(JSON.parse(execFileSync(process.execPath, [program, path], { encoding: "utf8", env }))).toEqual({
      loaded: false,
      why: notInstalled,
      required: refused("mount a layer"),
      write: refused(`lock ${JSON.stringify(path)}`),
      read: refused(`lock ${JSON.stringify(path)}`),
      reading: { held: false, kind: "read" },
    });
  });

  it("it is told apart from a koffi that cannot be loaded", () => {
    expect(loadKernel([at("module.js")], linux)).toEqual({ reason: notInstalled });
    install(binary, { "index.js": 'throw new Error("no binary for this machine\\nand more")' });
    expect(loadKernel([at("module.js")], linux)).toEqual({
      reason: "koffi cannot be loaded: no binary for this machine",
    });
    install(binary, { "index.js": 'exports.load = () => { throw new Error("no such library") }' });
    expect(loadKernel([at("module.js")], linux)).toEqual({
      reason: "koffi does not reach the C library: no such library",
    });
  });
});

describe("koffi", () => {
  it("is found from where this package is, too", () => {
    install("@drayage/sys", { "package.json": "{}" });
    install(`@drayage/sys/node_modules/${binary}`, {
      "index.js": 'exports.load = () => { throw new Error("found") }',
    });
    expect(loadKernel([at("module.js")], linux)).toEqual({
      reason: "koffi does not reach the C library: found",
    });
  });
});

describe("other machines", () => {
  it("are told that they are others", () => {
    const bases = [import.meta.url];
    expect(loadKernel(bases, { platform: "darwin", arch: "arm64" })).toEqual({
      reason: "they are Linux's, and this is darwin",
    });
    expect(loadKernel(bases, { platform: "linux", arch: "riscv64" })).toEqual({
      reason: "they are known for x64 and arm64, and this is riscv64",
    });
  });
});
