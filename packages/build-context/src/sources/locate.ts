import { type BigIntStats, closeSync, constants, existsSync, openSync, readlinkSync } from "node:fs";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { type ByteString, byteStringOf, type Folder, openRoot, textOf } from "@drayage/pack";
import { openFlags } from "@drayage/sys";

/** Linux's limit. */
const linkLimit = 40;

/** Something below a root, by the open folder that it is in. */
export interface Located extends Disposable {
  readonly folder: Folder;
  /** `.` for the root itself. */
  readonly name: ByteString;
  readonly stats: BigIntStats;
  /** Below the root with all links followed, but one at the end where that is not wanted; empty for the root itself. */
  readonly path: ByteString;
}

export interface LocateOptions {
  /** Whether a link at the path's end is followed. */
  readonly follow: boolean;
}

/**
 * Looks a path up below a folder, name by name, each by the descriptor of the folder that it is in. Links are followed as if the folder
 * were `/`, and `..` leads no further up: whatever links say, and whoever puts one in a folder's place meanwhile, nothing outside is reached.
 *
 * @param path its slashes in front do not count
 * @returns undefined where nothing is
 * @throws `ERR_DRAYAGE_IO`; `ERR_DRAYAGE_USAGE` where there are too many links
 */
export function locate(root: string, path: ByteString, { follow }: LocateOptions): Located | undefined {
  const rootPath = byteStringOf(new TextEncoder().encode(root));
  const steps: Step[] = [];
  try {
    steps.push(openStep(rootPath, "", rootFlags));
    const left = path.split("/").reverse();
    let links = 0;
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const step = steps.at(-1);
      if (step === undefined) return undefined;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (steps.length > 1) close(steps.pop());
        continue;
      }
      const isLast = left.every((rest) => rest === "" || rest === ".");
      const target = isLast && !follow ? undefined : linkAt(step, name);
      if (target !== undefined) {
        links += 1;
        if (links > linkLimit) throw tooManyLinks(path);
        if (target.startsWith("/")) for (const one of steps.splice(1)) close(one);
        left.push(...target.split("/").reverse());
        continue;
      }
      if (isLast) return found(step, name, steps);
      const inner = enter(step, name);
      if (inner === undefined) return undefined;
      steps.push(inner);
    }
    const last = steps.pop();
    const outer = steps.at(-1);
    if (last === undefined) return undefined;
    close(last);
    // The path ended in `..`, in a link to a folder, or was that of the root.
    if (outer !== undefined) return found(outer, last.name, steps);
    const again = openStep(rootPath, "", rootFlags);
    steps.push(again);
    return found(again, ".", steps);
  } catch (error) {
    throw ioError(error, "look up", { path: textOf(path) });
  } finally {
    for (const step of steps) close(step);
  }
}

function tooManyLinks(path: ByteString): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `${JSON.stringify(textOf(path))} leads through more than ${linkLimit} links`,
    { hint: "a link leads to itself" },
  );
}

/** A folder on the way. It is only looked up from, which needs no right to read it. */
interface Step {
  readonly fd: number;
  readonly path: ByteString;
  readonly name: ByteString;
}

const isLinux = process.platform === "linux";
const directory = constants.O_DIRECTORY ?? 0;
const rootFlags = directory | (isLinux ? openFlags.path : constants.O_RDONLY);
const stepFlags = rootFlags | (constants.O_NOFOLLOW ?? 0);

function openStep(path: ByteString, name: ByteString, flags: number): Step {
  const fd = openSync(bytesPath(path), flags);
  const own = `/proc/self/fd/${fd}`;
  return { fd, path: existsSync(own) ? own : path, name };
}

function close(step: Step | undefined): void {
  if (step !== undefined) closeSync(step.fd);
}

/** Paths are byte strings, and Node takes others than ASCII as bytes. */
function bytesPath(path: ByteString): string | Buffer {
  return /[^\0-\u007f]/.test(path) ? Buffer.from(path, "latin1") : path;
}

function enter(step: Step, name: ByteString): Step | undefined {
  return unlessGone(() => openStep(`${step.path}/${name}`, name, stepFlags));
}

function linkAt(step: Step, name: ByteString): ByteString | undefined {
  return unlessGone(() => readlinkSync(bytesPath(`${step.path}/${name}`), { encoding: "latin1" }));
}

/** `EINVAL`: readlink of what is no link. `ELOOP`: a link where a folder was. */
const gone: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EINVAL", "ELOOP"]);

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (gone.has(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

function found(step: Step, name: ByteString, steps: readonly Step[]): Located | undefined {
  const folder = openRoot(textOf(step.path));
  const stats = folder.stat(name);
  if (stats === undefined) {
    folder.close();
    return undefined;
  }
  const names = steps.slice(1).map((one) => one.name);
  if (name !== ".") names.push(name);
  return { folder, name, stats, path: names.join("/"), [Symbol.dispose]: () => folder.close() };
}
