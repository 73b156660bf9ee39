import type { BigIntStats } from "node:fs";
import { createBreather } from "./breathe.ts";
import { byteStringOf } from "./byte-string.ts";
import type { TreeChange } from "./options.ts";
import { type Found, findPaths, walkTree } from "./walk.ts";

export interface SizeOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of all regular files in a folder; one that has several names counts once.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export function treeSize(root: string, options: SizeOptions = {}): Promise<number> {
  return sizeOf(walkTree(root), options);
}

/**
 * The bytes of the regular files among what was added or changed; one that has several names counts once.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export function changesSize(
  root: string,
  changes: readonly TreeChange[],
  options: SizeOptions = {},
): Promise<number> {
  const paths = changes.filter(({ kind }) => kind !== "removed").map(({ rawPath }) => byteStringOf(rawPath));
  return sizeOf(
    findPaths(
      root,
      paths.map((path) => path.slice(1)),
    ),
    options,
  );
}

async function sizeOf(files: Iterable<Found>, { signal }: SizeOptions): Promise<number> {
  const breathe = createBreather(signal, "measure a folder");
  const seen = new Set<string>();
  let size = 0;
  await breathe();
  for (const { stats } of files) {
    await breathe();
    if (stats.isFile() && isFirst(stats, seen)) size += Number(stats.size);
  }
  return size;
}

/** Whether this is the first name of a file that is met. */
function isFirst({ nlink, dev, ino }: BigIntStats, seen: Set<string>): boolean {
  if (nlink === 1n) return true;
  const key = `${dev}:${ino}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}
