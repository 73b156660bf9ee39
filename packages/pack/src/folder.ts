import {
  type BigIntStats,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
} from "node:fs";
import { errnoOf, ioError } from "@drayage/errors";
import { type ByteString, byteStringOf, fsPath, textOf } from "./byte-string.ts";

/**
 * An open folder. What is in it is reached through its descriptor, so that whoever renames folders or puts links in
 * their place meanwhile leads nobody elsewhere. Names are single components.
 */
export interface Folder {
  /** For messages. */
  readonly path: ByteString;
  /** The path under which the system finds a name, or the folder itself as `.`; only while the folder is open. */
  at(name: ByteString): string | Buffer;
  /** Sorted by their bytes. */
  names(): readonly ByteString[];
  /** Follows no link. Undefined for what is not there. */
  stat(name: ByteString): BigIntStats | undefined;
  /** Undefined for what is not there, or is no folder. */
  folder(name: ByteString): Folder | undefined;
  /** Opens a regular file for reading. Undefined for what is not there, or is none. */
  file(name: ByteString): OpenFile | undefined;
  /** Undefined for what is not there, or is no symbolic link. */
  link(name: ByteString): ByteString | undefined;
  close(): void;
}

export interface OpenFile {
  readonly fd: number;
  readonly stats: BigIntStats;
}

const folderFlags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);
// Without O_NONBLOCK, a pipe that took a file's place would be waited for.
const fileFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Opens a tree at its root. A link at the path's end is followed. @throws `ERR_DRAYAGE_IO` */
export function openRoot(path: string): Folder {
  try {
    const fd = openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
    return folderOf(fd, byteStringOf(new TextEncoder().encode(path)));
  } catch (error) {
    throw ioError(error, "read", { path });
  }
}

/** Whether the system has `/proc`, once it was asked. */
let hasDescriptorPaths: boolean | undefined;

/** Where the system has no `/proc`, a folder's path has to do. */
function folderOf(fd: number, path: ByteString): Folder {
  hasDescriptorPaths ??= existsSync(`/proc/self/fd/${fd}`);
  const base = hasDescriptorPaths ? `/proc/self/fd/${fd}` : path;
  const at = (name: ByteString): string | Buffer => fsPath(`${base}/${name}`);

  /** What `read` gives; undefined where what it reads is gone, or has become something else. */
  function tolerant<Result>(name: ByteString, read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      const code = errnoOf(error) ?? "";
      if (gone.has(code)) return undefined;
      throw ioError(error, "read", { path: textOf(`${path}/${name}`) });
    }
  }

  return {
    path,
    at,
    names() {
      try {
        return readdirSync(`${base}/`, { encoding: "latin1" }).sort();
      } catch (error) {
        // A folder that was removed since it was opened.
        if (errnoOf(error) === "ENOENT") return [];
        throw ioError(error, "read", { path: textOf(path) });
      }
    },
    stat: (name) => tolerant(name, () => lstatSync(at(name), { bigint: true })),
    folder: (name) => tolerant(name, () => folderOf(openSync(at(name), folderFlags), `${path}/${name}`)),
    file(name) {
      const fd = tolerant(name, () => openSync(at(name), fileFlags));
      if (fd === undefined) return undefined;
      const stats = fstatSync(fd, { bigint: true });
      if (stats.isFile()) return { fd, stats };
      closeSync(fd);
      return undefined;
    },
    link: (name) => tolerant(name, () => readlinkSync(at(name), { encoding: "latin1" })),
    close: () => closeSync(fd),
  };
}

/** `EINVAL`: readlink of what is no link. `ENXIO`: open of a socket. */
const gone: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EINVAL", "ENXIO"]);
