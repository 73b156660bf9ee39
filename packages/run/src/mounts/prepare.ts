import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ioError } from "@drayage/errors";
import type { Bundle } from "../process/bundle.ts";
import { giveAway } from "./give-away.ts";
import type { OverlayMount, RunMount, SecretMount } from "./mount.ts";
import type { SpecMount } from "./spec.ts";

interface PrepareOptions {
  readonly bundle: Bundle;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly signal?: AbortSignal | undefined;
}

/** Makes what the mounts need outside of the container, and says how they are mounted. */
export async function prepareMounts(
  mounts: readonly RunMount[],
  options: PrepareOptions,
): Promise<readonly SpecMount[]> {
  const prepared: SpecMount[] = [];
  for (const [index, mount] of mounts.entries()) prepared.push(await prepare(mount, index, options));
  return prepared;
}

async function prepare(mount: RunMount, index: number, options: PrepareOptions): Promise<SpecMount> {
  const { destination } = mount;
  switch (mount.type) {
    case "secret":
      return bindSecret(mount, join(options.bundle.path, `secret-${index}`));
    case "tmpfs":
      return { destination, type: "tmpfs", source: "tmpfs", options: mount.options };
    case "overlay":
      return overlay(mount, options);
    case "bind": {
      if (mount.chown) await giveTo(mount.source, options);
      const kind = mount.options.includes("bind") ? [] : ["rbind"];
      const rights = mount.options.some((one) => one === "ro" || one === "rw") ? [] : ["rw"];
      const spread = mount.options.some((one) => /^r?(shared|slave|private|unbindable)$/.test(one))
        ? []
        : ["private"];
      return {
        destination,
        type: "bind",
        source: mount.source,
        options: [...new Set([...mount.options, ...rights, ...spread, ...kind])],
      };
    }
  }
}

function bindSecret({ destination, bytes, mode, uid, gid }: SecretMount, file: string): SpecMount {
  writeFileSync(file, bytes, { mode: 0o600, flag: "wx" });
  // Who is not root has one user only.
  if (process.geteuid?.() === 0) chownSync(file, uid, gid);
  chmodSync(file, mode);
  return { destination, type: "bind", source: file, options: ["bind", "rprivate", "ro"] };
}

async function overlay(mount: OverlayMount, options: PrepareOptions): Promise<SpecMount> {
  const { source, destination } = mount;
  const scratch = mount.upper === undefined ? options.bundle.scratch() : undefined;
  const upper = mount.upper ?? join(scratch ?? "", "upper");
  const work = mount.work ?? join(scratch ?? "", "work");
  if (scratch !== undefined) {
    for (const folder of [upper, work]) mkdirSync(folder);
    const { mode, uid, gid } = statSync(source);
    chownSync(upper, uid, gid);
    chmodSync(upper, mode & 0o7777);
  }
  if (mount.chown) await giveTo(upper, options);
  const folders = Object.entries({ lowerdir: source, upperdir: upper, workdir: work });
  return {
    destination,
    type: "overlay",
    source: "overlay",
    options: [
      ...folders.map(([name, folder]) => `${name}=${folder.replaceAll(/[\\:,]/g, "\\$&")}`),
      ...mount.options.filter((option) => option !== "bind" && option !== "rbind"),
    ],
  };
}

async function giveTo(path: string, { user, signal }: PrepareOptions): Promise<void> {
  try {
    await giveAway(path, user, signal);
  } catch (error) {
    throw ioError(error, "give to the user of the command", { path });
  }
}
