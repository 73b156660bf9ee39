import { readFileSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";

/** One mount (proc(5), `/proc/pid/mountinfo`). */
interface MountInfo {
  readonly id: string;
  readonly parent: string;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** What of the file system is mounted. */
  readonly root: string;
  readonly point: string;
}

/** Where anything is mounted, in the order of mounting. */
export function mountPoints(): readonly string[] {
  return mounts().map(({ point }) => point);
}

/**
 * What is mounted below a folder, or on it; the last to be mounted first, which is the order to unmount in.
 *
 * @param points where anything is mounted, if that is known
 */
export function mountsIn(folder: string, points: readonly string[] = mountPoints()): readonly string[] {
  const real = realPath(folder);
  if (real === undefined) return [];
  return points.filter((point) => point === real || point.startsWith(`${real}/`)).reverse();
}

export function isMountPoint(folder: string): boolean {
  const real = realPath(folder);
  return real !== undefined && mounts().some(({ point }) => point === real);
}

/** Whether the folder is mounted on itself, rather than that another file system is mounted on it. */
export function isSelfBound(folder: string): boolean {
  const real = realPath(folder);
  const all = mounts();
  const mount = all.findLast(({ point }) => point === real);
  const parent = all.find(({ id }) => id === mount?.parent);
  if (mount === undefined || parent === undefined) return false;
  return (
    mount.device === parent.device && mount.root === join(parent.root, relative(parent.point, mount.point))
  );
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "read", { path });
  }
}

/** In the order of mounting. */
function mounts(): readonly MountInfo[] {
  try {
    return readFileSync("/proc/self/mountinfo", "latin1").split("\n").filter(Boolean).map(parseLine);
  } catch (error) {
    throw ioError(error, "read", { path: "/proc/self/mountinfo" });
  }
}

function parseLine(line: string): MountInfo {
  const [id = "", parent = "", device = "", root = "", point = ""] = line.split(" ");
  return { id, parent, device, root: plainPath(root), point: plainPath(point) };
}

/** Blanks, tabs, newlines and backslashes stand as octal numbers. */
function plainPath(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
