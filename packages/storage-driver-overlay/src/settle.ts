import { chmodSync, lchownSync } from "node:fs";
import { DrayageError, errnoOf } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import type { OpenLink, OpenQuestions } from "@drayage/unpack";
import { isMachineXattr, setTimes } from "./attributes.ts";
import { type BytePath, bytePathOf, folderOf, fsPath, isWithin, join, nameOf, textOf } from "./byte-path.ts";
import { isWhiteout, type Marks } from "./marks.ts";
import { mergeFolder } from "./merge-folder.ts";
import { type MergedFile, type MergedView, mergedView, readLink, statOf } from "./merged-view.ts";
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
  for (const link of questions.links) await settleLink(link, { sys, upper, whole });
  upper.restoreTimes();
}

/** The root of a mount shows what is below whatever it is marked with, so that each name is hidden by itself. */
function hideAll(upper: Upper, lowers: MergedView): void {
  for (const name of lowers.names(lowers.root)) {
    const own = statOf(upper.at(name));
    if (own === undefined) upper.makeWhiteout(name);
    else if (own.isDirectory()) upper.makeOpaque(name);
  }
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
  const shown = upper.below(path);
  if (shown?.kind === "folder") upper.adopt(path, shown);
  else if (shown?.stats.isSymbolicLink()) await followLink(path, shown, { upper, whole, moves });
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
  const there = whole().find(target);
  // As where a file is below: the folder takes its place.
  if (there?.kind === "file" && !isWithin(target, path)) return;
  upper.ensureFolder(target);
  mergeFolder(upper, path, target);
  upper.removeFolder(path);
  upper.implied.delete(path);
  await upper.copyUp(path, link);
  moves.add(path, target);
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

async function settleLink(link: OpenLink, { sys, upper, whole }: Scene & { sys: Sys }): Promise<void> {
  const path = realPath(bytePathOf(link.path), link, whole());
  const target = realPath(bytePathOf(link.target), link, whole());
  await bringUp(target, { link, upper });
  const present = statOf(upper.at(path));
  if (present !== undefined) {
    if (!isWhiteout(present)) throw unusable(link, "something else is there");
    upper.removeFile(path);
  }
  upper.ensureFolder(folderOf(path));
  upper.link(target, path);
  applyAttributes(sys, upper.at(path), link);
}

/** The path without links on its way; one at its end stays. */
function realPath(path: BytePath, link: OpenLink, view: MergedView): BytePath {
  const folder = view.resolve(folderOf(path));
  if (folder === undefined) throw unusable(link, "links on the way lead round in a circle");
  return join(folder, nameOf(path));
}

/** Sees to it that the layer itself has the file. */
async function bringUp(target: BytePath, { link, upper }: { link: OpenLink; upper: Upper }): Promise<void> {
  const own = statOf(upper.at(target));
  if (own === undefined) {
    const shown = upper.below(target);
    if (shown === undefined) throw unusable(link, "neither the layer nor those below have it");
    if (shown.kind === "folder") throw unusable(link, "that is a folder");
    upper.ensureFolder(folderOf(target));
    await upper.copyUp(target, shown);
  } else if (own.isDirectory()) throw unusable(link, "that is a folder");
  else if (isWhiteout(own)) throw unusable(link, "the layer itself removes it");
}

/** The header of a link counts for the file, as in the Go tools. */
function applyAttributes(sys: Sys, path: BytePath, { attributes }: OpenLink): void {
  const { uid, gid, mode, atime, mtime, xattrs } = attributes;
  if (statOf(path)?.isSymbolicLink()) return;
  lchownSync(fsPath(path), uid, gid);
  chmodSync(fsPath(path), mode);
  for (const [name, value] of xattrs) if (!isMachineXattr(name)) setLayerXattr(sys, path, [name, value]);
  setTimes(sys, path, { atime, mtime });
}

/** What the file system does not take is left out, as it is in unpacking. */
function setLayerXattr(sys: Sys, path: BytePath, [name, value]: readonly [string, Uint8Array]): void {
  try {
    sys.setXattr(fsPath(path), name, value);
  } catch (error) {
    if (!["ENOTSUP", "EOPNOTSUPP", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
  }
}

function unusable({ path, target }: OpenLink, why: string): DrayageError {
  const [from, to] = [path, target].map((name) => JSON.stringify(textOf(bytePathOf(name))));
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", `${from} cannot be a hard link to ${to}: ${why}`);
}
