import { readdirSync } from "node:fs";
import { DrayageError } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import type { OpenQuestions } from "@drayage/unpack";
import { type BytePath, bytePathOf, folderOf, fsPath, isWithin, join, textOf } from "./byte-path.ts";
import { isWhiteout, type Marks } from "./marks.ts";
import { mergeFolder } from "./merge-folder.ts";
import { type MergedFile, type MergedView, mergedView, namesIn, readLink, statOf } from "./merged-view.ts";
import { settleLinks } from "./settle-links.ts";
import { type Upper, upperOf } from "./upper.ts";

export interface SettleSettings {
  readonly sys: Sys;
  readonly marks: Marks;
  /** The layer's own files. */
  readonly diff: string;
  /** The `diff` folders of the layers below, the nearest first. */
  readonly lowers: readonly string[];
}

/**
 * Answers what unpacking a layer alone has left open, now that its parents are there.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID` where a hard link leads to nothing, or links go in circles
 */
export async function settleLayer(questions: OpenQuestions, settings: SettleSettings): Promise<void> {
  const { sys, marks, diff } = settings;
  const lowers = settings.lowers.length === 0 ? undefined : mergedView(settings.lowers, marks);
  const upper = upperOf(diff, { sys, marks, lowers });
  // Made anew whenever it is asked for, as it shows what was changed meanwhile.
  const whole = (): MergedView => mergedView([diff, ...settings.lowers], marks);
  const moves = new Moves();
  if (questions.opaqueRoot && lowers !== undefined) hideAll(upper, lowers);
  for (const path of questions.impliedFolders) upper.implied.add(bytePathOf(path));
  for (const path of questions.impliedFolders) {
    await settleFolder(moves.now(bytePathOf(path)), { upper, whole, moves });
  }
  await settleLinks(questions.links, { sys, upper, lowers, whole });
  const whiteoutFolders = questions.whiteoutFolders.map((path) => moves.now(bytePathOf(path)));
  await removeIdleWhiteouts(whiteoutFolders, upper);
  upper.restoreTimes();
}

/** The root of a mount shows what is below whatever it is marked with, so that each name is hidden by itself. */
function hideAll(upper: Upper, lowers: MergedView): void {
  for (const name of lowers.names(lowers.root)) {
    const own = statOf(upper.at(name));
    if (own === undefined) upper.makeWhiteout(name);
    else if (own.isDirectory()) upper.makeOpaque(name);
  }
  upper.forgetBelow();
}

/** Where folders went that links led elsewhere. */
class Moves {
  readonly #moves: { readonly from: BytePath; readonly to: BytePath }[] = [];

  add(from: BytePath, to: BytePath): void {
    this.#moves.push({ from, to });
  }

  now(path: BytePath): BytePath {
    return this.#moves.reduce(
      (current, { from, to }) =>
        isWithin(current, from) ? join(to, current.slice(from.length + 1)) : current,
      path,
    );
  }
}

interface Scene {
  readonly upper: Upper;
  whole(): MergedView;
}

/** A folder that the archive has not, but whose content it has: below it may have attributes, or be a link to another. */
async function settleFolder(
  path: BytePath,
  { upper, whole, moves }: Scene & { moves: Moves },
): Promise<void> {
  // It went with a folder in which whiteouts are all.
  if (!upper.implied.has(path)) return;
  const shown = upper.below(path);
  if (shown?.kind === "folder") upper.adopt(path, shown);
  else if (shown?.stats.isSymbolicLink()) await followLink(path, shown, { upper, whole, moves });
  else if (shown !== undefined) removeIfHollow(upper, path);
}

/** Whiteouts in what is a file below hide nothing, and least of all the file. */
function removeIfHollow(upper: Upper, path: BytePath): void {
  if (!isHollow(upper, path)) return;
  for (const name of namesIn(upper.at(path))) {
    const inner = join(path, name);
    if (statOf(upper.at(inner))?.isDirectory()) removeIfHollow(upper, inner);
    else upper.removeFile(inner);
  }
  upper.removeFolder(path);
  upper.implied.delete(path);
}

/** Whether a folder is there for whiteouts alone. */
function isHollow(upper: Upper, path: BytePath): boolean {
  const isIdle = (inner: BytePath): boolean => {
    const stats = statOf(upper.at(inner));
    return stats === undefined || isWhiteout(stats) || (stats.isDirectory() && isHollow(upper, inner));
  };
  return upper.implied.has(path) && namesIn(upper.at(path)).every((name) => isIdle(join(path, name)));
}

/**
 * Puts the content where the link leads, and the link in its place. The layer has the link, too, then, since the Go tools look for the
 * content of an archive's entries under their names in the layer alone.
 */
async function followLink(
  path: BytePath,
  link: MergedFile,
  { upper, whole, moves }: Scene & { moves: Moves },
): Promise<void> {
  const target = linkTarget(path, link, whole());
  const obstacle = fileOnTheWay(target, whole());
  if (obstacle !== undefined) {
    if (isHollow(upper, path)) {
      removeIfHollow(upper, path);
      return;
    }
    // As where a file is below: a folder takes its place, but not that of the layer's own.
    if (statOf(upper.at(obstacle)) !== undefined) throw twoThings(path, target);
  }
  upper.ensureFolder(target);
  mergeFolder(upper, path, target);
  upper.removeFolder(path);
  upper.implied.delete(path);
  await upper.copyUp(path, link);
  moves.add(path, target);
}

/** What keeps the path from being a folder: itself, or one that it is to be in. */
function fileOnTheWay(path: BytePath, view: MergedView): BytePath | undefined {
  for (let place = path; place !== ""; place = folderOf(place)) {
    const found = view.find(place);
    if (found !== undefined) return found.kind === "file" ? place : undefined;
  }
  return undefined;
}

function twoThings(path: BytePath, target: BytePath): DrayageError {
  const [from, to] = [path, target].map((name) => JSON.stringify(textOf(name)));
  return new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `the layer has files in ${from}, which is a link below to ${to}, and something else than a folder there`,
  );
}

function linkTarget(path: BytePath, { place }: MergedFile, view: MergedView): BytePath {
  const text = readLink(place);
  const target = view.resolve(text.startsWith("/") ? text : join(folderOf(path), text));
  if (target !== undefined && target !== path && !target.startsWith(`${path}/`)) return target;
  throw new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `the layer has files in ${JSON.stringify(textOf(path))}, which is a link below that leads round in a circle`,
  );
}

/**
 * Removes whiteouts in folders that show nothing of the layers below: the kernel lists the names in a folder of one layer alone as they
 * are, whiteouts included. The archive is given back without them, as their headers are in its tar-split.
 */
async function removeIdleWhiteouts(folders: readonly BytePath[], upper: Upper): Promise<void> {
  for (const [index, folder] of folders.entries()) {
    if (index % foldersAtOnce === 0) await breathe();
    if (!statOf(upper.at(folder))?.isDirectory() || showsBelow(upper, folder)) continue;
    for (const [count, name] of whiteoutsIn(upper.at(folder)).entries()) {
      if (count % whiteoutsAtOnce === 0) await breathe();
      upper.removeFile(join(folder, name));
    }
  }
}

/** The root does, whatever it is marked with. */
function showsBelow(upper: Upper, folder: BytePath): boolean {
  if (folder === "") return upper.hasBelow;
  return !upper.isOpaque(folder) && upper.below(folder)?.kind === "folder";
}

const foldersAtOnce = 512;
const whiteoutsAtOnce = 4096;

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function whiteoutsIn(folder: BytePath): readonly BytePath[] {
  return readdirSync(fsPath(folder), { encoding: "latin1", withFileTypes: true })
    .filter((entry) => entry.isCharacterDevice())
    .map(({ name }) => name)
    .filter((name) => {
      const stats = statOf(join(folder, name));
      return stats !== undefined && isWhiteout(stats);
    });
}
