import { execFile } from "node:child_process";
import { chmod, chown, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createHasher } from "@drayage/digest";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import { acquireLock } from "@drayage/file-lock";
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
  const volumes = join(folder, "buildah-volumes");
  const path = join(volumes, name);
  try {
    const original = ensureFolder(rootfs, volume);
    await mkdir(volumes, { recursive: true });
    // Commands may be run at the same time, and the copy is made once.
    await using _lock = await acquireLock(`${path}.lock`, { signal });
    if (await isThere(path)) return path;
    const growing = `${path}.part`;
    await rm(growing, { recursive: true, force: true });
    await mkdir(growing);
    const { mode, uid, gid } = await stat(`${original}/.`);
    await copyAll(original, growing, signal);
    await chown(growing, uid, gid);
    await chmod(growing, mode & 0o7777);
    await rename(growing, path);
    return path;
  } catch (error) {
    throw ioError(error, "make the volume", { path: volume });
  }
}

async function copyAll(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await promisify(execFile)("cp", ["-a", "--", `${from}/.`, to], { signal });
  } catch (error) {
    throwIfAborted(signal, "make a volume");
    const { stderr, message } = error as Error & { readonly stderr?: string };
    const [said = message] = stderr?.split("\n") ?? [];
    throw new DrayageError("ERR_DRAYAGE_IO", `cannot copy what the image has in a volume: ${said}`, {
      cause: error,
    });
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
