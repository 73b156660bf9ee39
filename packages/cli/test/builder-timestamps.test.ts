import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
let count = 0;

interface Config {
  readonly container?: string;
  readonly config?: { readonly Labels?: Readonly<Record<string, string>>; readonly Hostname?: string };
}

/** Begins a container in a store of its own and commits it: what is written, and what its config says. */
async function commit(calledAs: "buildah" | "dray", ...flags: readonly string[]) {
  const at = join(folder, String(count++));
  const place = ["--root", join(at, "root"), "--runroot", join(at, "run"), "--storage-driver", "vfs"];
  const run = async (command: string, ...argv: readonly string[]): Promise<void> => {
    const words = [...place, command, ...argv];
    const { status, stderr } = await dray(calledAs === "dray" ? ["builder", ...words] : words, {
      env: { HOME: folder },
      calledAs,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  };
  await run("from", "--name", "c", "--format", "docker", "scratch");
  await run("config", "--env", "A=b", "c");
  await run("commit", "-q", "--format", "docker", ...flags, "c", `dir:${at}/out`);
  const manifest = readFileSync(join(at, "out", "manifest.json"), "utf8");
  const { digest } = JSON.parse(manifest).config as { readonly digest: string };
  const config = JSON.parse(readFileSync(join(at, "out", digest.slice("sha256:".length)), "utf8")) as Config;
  return { manifest, config, files: readdirSync(join(at, "out")) };
}

const label = "io.buildah.version";

// Others change a store as root of a user namespace, by a process of its own.
describe.skipIf(process.getuid?.() !== 0)("commit with a time", () => {
  it.each([
    ["--timestamp", "0"],
    ["--source-date-epoch", "0"],
  ])("%s: containers of docker's format that are made alike are the same image", async (...flags) => {
    const first = await commit("dray", ...flags);
    const second = await commit("dray", ...flags);
    expect(second).toEqual(first);
    expect(first.config.container ?? "").toBe("");
    expect(first.config.config?.Labels?.[label]).toBeUndefined();
  });

  it("says what built the image and of which container, where no time is given", async () => {
    const { config } = await commit("dray");
    expect(config.container).toMatch(/^[0-9a-f]{64}$/);
    expect(config.config?.Labels?.[label]).toBe("drayage");
  });

  it("says so with a time, too, to who called buildah, as 1.28 does", async () => {
    const { config } = await commit("buildah", "--timestamp", "0");
    expect(config.container).toMatch(/^[0-9a-f]{64}$/);
    expect(config.config?.Hostname).toMatch(/^[0-9a-f]{12}$/);
    expect(config.config?.Labels?.[label]).toBe("drayage");
  });
});
