import { closeSync, openSync, readSync } from "node:fs";
import { DrayageError } from "@drayage/errors";
import { type BytePath, fsPath, join, textOf } from "./byte-path.ts";
import { isWhiteout } from "./marks.ts";
import { namesIn, statOf } from "./merged-view.ts";
import type { Upper } from "./upper.ts";

/**
 * Moves what a layer has in one of its folders into another that it means by it: both are one folder in an image whose layers below
 * have a link to the second in place of the first. The first is left empty.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID` where both have a file of the same name, and not the same file
 */
export function mergeFolder(upper: Upper, from: BytePath, to: BytePath): void {
  if (upper.isOpaque(from)) upper.makeOpaque(to);
  for (const name of namesIn(upper.at(from))) mergeEntry(upper, join(from, name), join(to, name));
}

function mergeEntry(upper: Upper, from: BytePath, to: BytePath): void {
  const mine = statOf(upper.at(from));
  const theirs = statOf(upper.at(to));
  if (mine === undefined) return;
  if (theirs === undefined) upper.rename(from, to);
  else if (isWhiteout(mine)) {
    // Whiteouts hide only what is below the layer.
    if (theirs.isDirectory()) upper.makeOpaque(to);
    upper.removeFile(from);
  } else if (isWhiteout(theirs)) {
    upper.removeFile(to);
    upper.rename(from, to);
    if (mine.isDirectory()) upper.makeOpaque(to);
  } else if (mine.isDirectory() && theirs.isDirectory()) {
    if (upper.implied.has(to) && !upper.implied.has(from)) upper.describe(to, from);
    mergeFolder(upper, from, to);
    upper.removeFolder(from);
  } else {
    refuseOther(upper, from, to);
    upper.removeFile(from);
  }
}

/** One of the two would be lost, and with it the layer's archive. */
function refuseOther(upper: Upper, from: BytePath, to: BytePath): void {
  if (sameContent(upper.at(from), upper.at(to))) return;
  const [first, second] = [from, to].map((path) => JSON.stringify(textOf(path)));
  throw new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `the layer has ${first} and ${second}, which are one file in this image: a layer below has a link there`,
  );
}

function sameContent(first: BytePath, second: BytePath): boolean {
  const [one, other] = [statOf(first), statOf(second)];
  if (!one?.isFile() || !other?.isFile() || one.size !== other.size) return false;
  const files = [openSync(fsPath(first), "r"), openSync(fsPath(second), "r")] as const;
  const buffers = [Buffer.alloc(65_536), Buffer.alloc(65_536)] as const;
  try {
    for (;;) {
      const count = readSync(files[0], buffers[0]);
      if (count !== readSync(files[1], buffers[1], 0, count, null)) return false;
      if (count === 0) return true;
      if (buffers[0].compare(buffers[1], 0, count, 0, count) !== 0) return false;
    }
  } finally {
    for (const fd of files) closeSync(fd);
  }
}
