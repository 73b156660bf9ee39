import type { FileEntry } from "./file-entry.ts";
import type { ImageFiles } from "./image-files.ts";

/** One file that is not the same in two images. */
export interface FileChange {
  readonly kind: "added" | "changed" | "removed";
  readonly path: string;
  /** As it is in the first image; undefined for what was added. */
  readonly before: FileEntry | undefined;
  readonly after: FileEntry | undefined;
  /** What of a changed file is not the same. */
  readonly differs: readonly ("type" | "mode" | "owner" | "content" | "target" | "device" | "xattrs")[];
}

/**
 * What the second image adds, changes and removes, by path. Times do not count. Both must have been opened with one cache
 * that has `digests`: layers that they share are then read once, and contents compared by their hashes.
 */
export async function* diffImages(
  before: ImageFiles,
  after: ImageFiles,
): AsyncGenerator<FileChange, void, undefined> {
  const left = before.walk()[Symbol.asyncIterator]();
  const right = after.walk()[Symbol.asyncIterator]();
  let [a, b] = [await left.next(), await right.next()];
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compareWalked(a.value, b.value);
    if (order < 0 && !a.done) {
      yield { kind: "removed", path: a.value.path, before: a.value, after: undefined, differs: [] };
      a = await left.next();
    } else if (order > 0 && !b.done) {
      yield { kind: "added", path: b.value.path, before: undefined, after: b.value, differs: [] };
      b = await right.next();
    } else if (!a.done && !b.done) {
      const differs = differences(a.value, b.value, {
        before: before.contentDigest(a.value),
        after: after.contentDigest(b.value),
      });
      if (differs.length > 0) {
        yield { kind: "changed", path: a.value.path, before: a.value, after: b.value, differs };
      }
      [a, b] = [await left.next(), await right.next()];
    }
  }
}

/** The order of a walk: name by name, so a folder's content comes before its later neighbours. */
function compareWalked(a: FileEntry, b: FileEntry): number {
  const [left, right] = [a.rawPath, b.rawPath];
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [left[at] ?? 0, right[at] ?? 0];
    // A slash ends a name, and the shorter name comes first.
    if (x !== y) return (x === 0x2f ? -1 : x) - (y === 0x2f ? -1 : y);
  }
  return left.length - right.length;
}

function differences(
  before: FileEntry,
  after: FileEntry,
  digests: { readonly before: string | undefined; readonly after: string | undefined },
): FileChange["differs"] {
  if (before.type !== after.type) return ["type"];
  const found: [FileChange["differs"][number], boolean][] = [
    ["mode", before.mode !== after.mode],
    ["owner", before.uid !== after.uid || before.gid !== after.gid],
    ["content", before.size !== after.size || digests.before !== digests.after],
    ["target", before.linkname !== after.linkname],
    ["device", before.devmajor !== after.devmajor || before.devminor !== after.devminor],
    ["xattrs", !sameXattrs(before.xattrs, after.xattrs)],
  ];
  return found.filter(([, differs]) => differs).map(([what]) => what);
}

function sameXattrs(a: FileEntry["xattrs"], b: FileEntry["xattrs"]): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([name, value]) => {
    const other = b.get(name);
    return other !== undefined && Buffer.compare(value, other) === 0;
  });
}
