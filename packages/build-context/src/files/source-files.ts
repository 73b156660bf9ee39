import { type ByteString, byteStringOf, bytesOf, type FileStats } from "@drayage/pack";
import type { TarTime } from "@drayage/tar";
import { typeBits } from "../layer/entry-settings.ts";

/** Files that are in no folder of this machine, such as those of an image: `ImageFiles` of @drayage/image-files. */
export interface SourceFiles {
  /** What is at a path, links below the root followed, at its end unless `follow` is false. */
  stat(
    path: Uint8Array,
    options?: { readonly follow?: boolean | undefined },
  ): Promise<SourceFile | undefined>;
  /** What is in a folder, sorted by the bytes of the names. */
  list(path: Uint8Array): Promise<readonly SourceFile[]>;
  /** The folder, and all below it, a folder before what is in it, each folder's names sorted by their bytes. */
  walk(path: Uint8Array): AsyncIterable<SourceFile>;
  /** A regular file's bytes. */
  read(path: Uint8Array): AsyncIterable<Uint8Array>;
  /** For reading these files, each in its turn. */
  contents(
    files: readonly SourceFile[],
  ): AsyncDisposable & { read(file: SourceFile): AsyncIterable<Uint8Array> };
  /** The same for all names of one regular file. */
  fileKey(file: SourceFile): string | undefined;
}

export interface SourceFile {
  /** Absolute, without links. */
  readonly rawPath: Uint8Array;
  readonly type: "file" | "directory" | "symlink" | "character" | "block" | "fifo";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: TarTime;
  readonly rawLinkname: Uint8Array;
  readonly devmajor: number;
  readonly devminor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** A path as `SourceFiles` take it. */
export function pathBytes(path: ByteString): Uint8Array {
  return bytesOf(`/${path}`);
}

/** Below the root, without a slash in front. */
export function pathOf({ rawPath }: SourceFile): ByteString {
  return byteStringOf(rawPath).slice(1);
}

/** What plans go by. Nothing tells whether a file of an image was changed: its layers' digests do. */
export function statsOf({ type, mode, uid, gid, size, mtime }: SourceFile): FileStats {
  const mtimeNs = BigInt(mtime.seconds) * 1_000_000_000n + BigInt(mtime.nanoseconds);
  return {
    mode: BigInt((mode & 0o7777) | (typeBits[type] ?? 0)),
    uid: BigInt(uid),
    gid: BigInt(gid),
    size: BigInt(size),
    ...{ rdev: 0n, dev: 0n, ino: 0n, nlink: 1n, mtimeNs, ctimeNs: mtimeNs },
  };
}
