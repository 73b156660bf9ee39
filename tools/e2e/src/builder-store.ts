import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type RunOptions, type RunResult, run } from "@drayage-internal/peers/run";
import { writeShellRoot } from "@drayage-internal/peers/shell-root";
import { drayBinary } from "./dray.ts";
import { type DriverName, type SharedStore, sharedStore } from "./shared-store.ts";
import { type Started, type StartOptions, startDray, startProgram } from "./start.ts";

/** Whose commands are run: buildah's own, or dray called by buildah's name. */
export type Builder = "buildah" | "dray";

/** A store with a base image in it, and a folder to add files from. */
export interface BuilderStore {
  readonly shared: SharedStore;
  /** The folder that all of it is in. */
  readonly folder: string;
  /** Runs a command line of buildah's, in the folder of the context. It may fail. */
  by(builder: Builder, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts a command line of buildah's without waiting for its end. */
  start(builder: Builder, args: readonly string[], options?: StartOptions): Started;
  /** What an image says, and what it consists of. */
  image(name: string): Promise<StoredImage>;
}

export interface StoredImage {
  readonly id: string;
  readonly manifest: unknown;
  readonly config: Readonly<Record<string, unknown>>;
}

export const baseImage = "localhost/base:1";

/** Makes a store below a folder. The base is the same in all of them, to the byte. */
export async function builderStore(driver: DriverName, folder: string): Promise<BuilderStore> {
  const shared = sharedStore(driver, { folder });
  const context = path.join(folder, "context");
  writeContext(context);
  const bin = path.join(folder, "bin");
  mkdirSync(bin);
  const link = path.join(bin, "buildah");
  symlinkSync(drayBinary, link);
  const engine = ["--root", shared.root, "--runroot", shared.run, "--storage-driver", driver];
  const by: BuilderStore["by"] = (builder, args, options = {}) => {
    const how = { cwd: context, mayFail: true, ...options, env: { ...shared.env, ...options.env } };
    if (builder === "buildah") return shared.buildah(args, how);
    return run(process.execPath, [link, ...engine, ...args], how);
  };
  await makeBase(folder, by);
  return {
    shared,
    folder,
    by,
    start(builder, args, options = {}) {
      const all = [...engine, ...args];
      const how = { ...options, env: { ...shared.env, ...options.env } };
      if (builder === "dray") return startDray(["builder", ...all], how);
      return startProgram("buildah", all, how);
    },
    async image(name) {
      const reference = shared.reference(name);
      const manifest = await shared.skopeo(["inspect", "--raw", reference]);
      const config = await shared.skopeo(["inspect", "--config", "--raw", reference]);
      const ids = await shared.buildah(["images", "--quiet", "--no-trunc", name]);
      return {
        id: ids.stdout.trim(),
        manifest: JSON.parse(manifest.stdout),
        config: JSON.parse(config.stdout),
      };
    },
  };
}

const epoch = new Date("2024-05-06T07:08:09Z");

function writeContext(context: string): void {
  mkdirSync(path.join(context, "tree/deep"), { recursive: true });
  writeFileSync(path.join(context, "one"), "one\n");
  writeFileSync(path.join(context, "two"), "two\n");
  writeFileSync(path.join(context, "tree/leaf"), "leaf\n");
  writeFileSync(path.join(context, "tree/deep/stone"), "stone\n");
  writeFileSync(path.join(context, "tree/.hidden"), "hidden\n");
  symlinkSync("leaf", path.join(context, "tree/link"));
  for (const file of [
    "one",
    "two",
    "tree/leaf",
    "tree/deep/stone",
    "tree/.hidden",
    "tree/deep",
    "tree",
    ".",
  ]) {
    utimesSync(path.join(context, file), epoch, epoch);
  }
}

async function makeBase(folder: string, by: BuilderStore["by"]): Promise<void> {
  const root = path.join(folder, "shell-root");
  writeShellRoot(root);
  for (const each of ["dev", "proc", "root", "run", "sys"]) mkdirSync(path.join(root, each));
  const steps = [
    ["from", "--name", "base", "scratch"],
    ["copy", "--quiet", "base", root, "/"],
    ["config", "--env", "PATH=/usr/bin:/bin", "--cmd", "/bin/sh", "--label", "base=yes", "base"],
    ["commit", "--quiet", "--timestamp", "0", "--identity-label=false", "--rm", "base", baseImage],
  ];
  for (const step of steps) {
    const { code, stderr } = await by("buildah", step);
    if (code !== 0) throw new Error(`buildah ${step.join(" ")}: ${stderr}`);
  }
}
