import { execFile } from "node:child_process";
import { chmod, chown, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createHasher } from "@drayage/digest";
import { errnoOf, ioError } from "@drayage/errors";
import { ensureFolder, type RunMount } from "@drayage/run";

interface VolumeOptions {
  readonly rootfs: string;
  /** The container's own in the store. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The volumes of an image, as buildah has them: what a command changes there does not get into the image, but is there for the next command.
 * Each starts as a copy of what the image has at its place.
 */
export async function imageVolumes(
  volumes: readonly string[],
  options: VolumeOptions,
): Promise<readonly RunMount[]> {
  const mounts: RunMount[] = [];
  for (const volume of volumes) {
    const source = await volumeFolder(volume, options);
    mounts.push({ type: "bind", source, destination: volume, options: ["bind"] });
  }
  return mounts;
}

async function volumeFolder(volume: string, { rootfs, folder, signal }: VolumeOptions): Promise<string> {
  const hasher = createHasher();
  hasher.update(new TextEncoder().encode(volume));
  const name = hasher.digest().slice("sha256:".length);
  const path = join(folder, "buildah-volumes", name);
  try {
    const original = ensureFolder(rootfs, volume);
    if (await isThere(path)) return path;
    const growing = `${path}.part`;
    await rm(growing, { recursive: true, force: true });
    await mkdir(growing, { recursive: true });
    await promisify(execFile)("cp", ["-a", "--", `${original}/.`, growing], { signal });
    const { mode, uid, gid } = await stat(original);
    await chown(growing, uid, gid);
    await chmod(growing, mode & 0o7777);
    await rename(growing, path);
    return path;
  } catch (error) {
    throw ioError(error, "make the volume", { path: volume });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
