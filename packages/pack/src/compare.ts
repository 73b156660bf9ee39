import { createBreather } from "./breathe.ts";
import { type ByteString, bytesOf, textOf } from "./byte-string.ts";
import { isDifferent, isSameFile, type Place } from "./differences.ts";
import { type Folder, openRoot } from "./folder.ts";
import type { CompareOptions, TreeChange } from "./options.ts";
import { type ReadXattrs, xattrReader } from "./xattrs.ts";

/**
 * What makes `newer` another tree than `older`, sorted by path, byte by byte: the rules of containers/storage's naive diff.
 * Type, mode, owner, device, time, size, link's target, `security.capability` and `user.` attributes count, contents do not, and of
 * folders neither size nor time.
 * Two times are equal too where they share their second and one of them has no fraction. Folders that hold changes are
 * changed. What is removed, or replaced by another type, stands for all that was in it. The roots are not compared.
 *
 * @param older absent: everything is added
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, `ERR_DRAYAGE_ABORTED`
 */
export async function compareTrees(
  newer: string,
  older?: string | undefined,
  options: CompareOptions = {},
): Promise<readonly TreeChange[]> {
  const breathe = createBreather(options.signal, "compare folders");
  await breathe();
  const readXattrs = xattrReader(options.xattrs ?? true);
  const changes = new Map<ByteString, TreeChange>();
  const pairs: Pair[] = [];
  try {
    pairs.push(openRoots(newer, older));
    for (let pair = pairs.at(-1); pair !== undefined; pair = pairs.at(-1)) {
      const { value: name, done } = pair.names.next();
      if (done === true) {
        close(pair);
        pairs.pop();
        continue;
      }
      const inner = comparePlace(pair, name, { options, readXattrs, changes });
      if (inner !== undefined) pairs.push(inner);
      await breathe();
    }
  } finally {
    for (const pair of pairs) close(pair);
  }
  return [...changes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
}

/** One folder in both trees. */
interface Pair {
  readonly newer: Folder;
  readonly older: Folder | undefined;
  /** Below the roots, with a slash in front; empty for the roots. */
  readonly path: ByteString;
  /** Those of both, each once. */
  readonly names: Iterator<ByteString>;
}

function openRoots(newer: string, older: string | undefined): Pair {
  const first = openRoot(newer);
  try {
    return pairOf(first, older === undefined ? undefined : openRoot(older), "");
  } catch (error) {
    first.close();
    throw error;
  }
}

function pairOf(newer: Folder, older: Folder | undefined, path: ByteString): Pair {
  const names = new Set([...newer.names(), ...(older?.names() ?? [])]);
  return { newer, older, path, names: names.values() };
}

function close({ newer, older }: Pair): void {
  newer.close();
  older?.close();
}

interface Comparison {
  readonly options: CompareOptions;
  readonly readXattrs: ReadXattrs;
  /** By their paths. */
  readonly changes: Map<ByteString, TreeChange>;
}

/** Compares what both trees have at a name. Gives the folders to go on with, if there are any. */
function comparePlace(pair: Pair, name: ByteString, comparison: Comparison): Pair | undefined {
  const path = `${pair.path}/${name}`;
  const newer = placeIn(pair.newer, name);
  const older = pair.older && placeIn(pair.older, name);
  if (newer === undefined) {
    if (older !== undefined) record(comparison, { kind: "removed", path, size: 0 });
    return undefined;
  }
  if (older !== undefined && isSameFile(newer.stats, older.stats)) return undefined;
  if (older === undefined || isDifferent(newer, older, comparison)) {
    const kind = older === undefined ? "added" : "changed";
    record(comparison, { kind, path, size: newer.stats.isFile() ? Number(newer.stats.size) : 0 });
  }
  if (!newer.stats.isDirectory()) return undefined;
  const folder = pair.newer.folder(name);
  const below = older?.stats.isDirectory() === true ? pair.older?.folder(name) : undefined;
  if (folder !== undefined) return pairOf(folder, below, path);
  below?.close();
  return undefined;
}

function placeIn(folder: Folder, name: ByteString): Place | undefined {
  const stats = folder.stat(name);
  return stats && { folder, name, stats };
}

/** Records a change, and that the folders around it are changed by it. */
function record(
  { changes }: Comparison,
  change: { readonly kind: TreeChange["kind"]; readonly path: ByteString; readonly size: number },
): void {
  const { kind, path, size } = change;
  changes.set(path, { kind, path: textOf(path), rawPath: bytesOf(path), size });
  for (let folder = outerOf(path); folder !== "" && !changes.has(folder); folder = outerOf(folder))
    changes.set(folder, { kind: "changed", path: textOf(folder), rawPath: bytesOf(folder), size: 0 });
}

function outerOf(path: ByteString): ByteString {
  return path.slice(0, path.lastIndexOf("/"));
}
