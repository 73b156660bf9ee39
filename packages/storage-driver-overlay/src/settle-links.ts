import { chmodSync, lchownSync } from "node:fs";
import { DrayageError, errnoOf } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import type { OpenLink } from "@drayage/unpack";
import { isMachineXattr, setTimes } from "./attributes.ts";
import { type BytePath, bytePathOf, folderOf, fsPath, join, nameOf, textOf } from "./byte-path.ts";
import { isWhiteout } from "./marks.ts";
import { type MergedFile, type MergedView, statOf } from "./merged-view.ts";
import type { Upper } from "./upper.ts";

export interface LinkScene {
  readonly sys: Sys;
  readonly upper: Upper;
  readonly lowers: MergedView | undefined;
  /** The layer on those below, as it is now. */
  whole(): MergedView;
}

/**
 * Makes hard links to files of the layers below: these are copied into the layer.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID` where a link leads to nothing
 */
export async function settleLinks(links: readonly OpenLink[], scene: LinkScene): Promise<void> {
  /** Where in the layer each file is that was copied into it, by its place below. */
  const copies = new Map<BytePath, BytePath>();
  for (const link of links) await settleLink(link, { ...scene, copies });
}

type Scene = LinkScene & { readonly copies: Map<BytePath, BytePath> };

async function settleLink(link: OpenLink, scene: Scene): Promise<void> {
  const { sys, upper } = scene;
  const target = realPath(bytePathOf(link.target), link, scene.whole());
  const isElsewhere = target !== bytePathOf(link.target);
  let copy = isElsewhere ? ownFile(target, link, scene) : undefined;
  if (copy === undefined) {
    const file = fileBelow(link, scene);
    copy = scene.copies.get(file.place) ?? (await copyUnderItsName(target, file, scene));
    if (copy === undefined && isElsewhere) throw unusable(link, "the layer itself removes it");
    copy ??= await copyToLink(link, file, scene);
    if (copy !== undefined) scene.copies.set(file.place, copy);
  }
  // Whatever named the file is replaced: nobody is left to see its attributes.
  if (copy === undefined) return;
  if (!link.replaced) putLink(link, copy, scene);
  applyAttributes(sys, upper.at(copy), link);
}

/** What the layer itself has there, where links of the layers below lead. */
function ownFile(path: BytePath, link: OpenLink, { upper }: Scene): BytePath | undefined {
  const own = statOf(upper.at(path));
  if (own?.isDirectory()) throw unusable(link, "that is a folder");
  return own === undefined || isWhiteout(own) ? undefined : path;
}

/** What the layers below have there. When the link came, the layer itself had nothing there, and hid nothing. */
function fileBelow(link: OpenLink, { lowers }: Scene): MergedFile {
  const path = lowers && realPath(bytePathOf(link.target), link, lowers);
  const found = path === undefined ? undefined : lowers?.find(path);
  if (found === undefined) throw unusable(link, "neither the layer nor those below have it");
  if (found.kind === "folder") throw unusable(link, "that is a folder");
  return found;
}

/** Copies the file under the name that it has below, unless the layer hides that now, or has something else there. */
async function copyUnderItsName(
  path: BytePath,
  file: MergedFile,
  { upper }: Scene,
): Promise<BytePath | undefined> {
  const shown = statOf(upper.at(path)) === undefined ? upper.below(path) : undefined;
  if (shown?.kind !== "file" || shown.place !== file.place) return undefined;
  upper.ensureFolder(folderOf(path));
  await upper.copyUp(path, file);
  return path;
}

async function copyToLink(link: OpenLink, file: MergedFile, scene: Scene): Promise<BytePath | undefined> {
  if (link.replaced) return undefined;
  const path = linkPath(link, scene);
  clearPlace(path, link, scene.upper);
  await scene.upper.copyUp(path, file);
  return path;
}

function putLink(link: OpenLink, copy: BytePath, scene: Scene): void {
  const path = linkPath(link, scene);
  if (path === copy) return;
  clearPlace(path, link, scene.upper);
  scene.upper.link(copy, path);
}

function linkPath(link: OpenLink, { whole }: Scene): BytePath {
  return realPath(bytePathOf(link.path), link, whole());
}

/** Takes away what keeps the link's place. */
function clearPlace(path: BytePath, link: OpenLink, upper: Upper): void {
  const present = statOf(upper.at(path));
  if (present === undefined) upper.ensureFolder(folderOf(path));
  else if (isWhiteout(present) || (present.isFile() && present.size === 0n)) upper.removeFile(path);
  else throw unusable(link, "something else is there");
}

/** The path without links on its way; one at its end stays. */
function realPath(path: BytePath, link: OpenLink, view: MergedView): BytePath {
  const folder = view.resolve(folderOf(path));
  if (folder === undefined) throw unusable(link, "links on the way lead round in a circle");
  return join(folder, nameOf(path));
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
