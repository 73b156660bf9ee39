import { lchownSync, type Stats } from "node:fs";
import { errnoOf } from "@drayage/errors";
import { requireSys } from "@drayage/sys";
import { type ByteString, toBytes, toPath } from "./byte-string.ts";
import { tooMany } from "./entry-error.ts";
import { type Folder, pathOf } from "./folder.ts";
import { joinPath } from "./paths.ts";
import type { Site } from "./site.ts";
import type { OpenLink } from "./unpacked.ts";
import type { LayersBelow } from "./whiteouts.ts";

const characterDevice = 0o020000;

/** Whether it is what overlayfs takes for a whiteout: a character device 0:0. */
function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

export interface LayerInOwnFolderOptions {
  /** `trusted.overlay.opaque` or `user.overlay.opaque` */
  readonly opaqueXattr: string;
  readonly chowns: boolean;
  readonly linkLimit: number;
}

/** The layer has a folder of its own, which overlayfs will put on those of the layers below. */
export function layerInOwnFolder(
  site: Site,
  { opaqueXattr, chowns, linkLimit }: LayerInOwnFolderOptions,
): LayersBelow {
  const { tree } = site;
  const sys = site.sys ?? requireSys("unpack a layer for overlayfs");
  const links: Left[] = [];
  const linksIn = new Map<Folder, Map<ByteString, Left>>();
  let opaqueRoot = false;

  function hideAll(folder: Folder): void {
    if (folder.parent === undefined) opaqueRoot = true;
    else sys.setXattr(tree.at(folder.parent, folder.name), opaqueXattr, opaque);
  }

  /** What is below is hidden together with its attributes, so that there is none to take them from. */
  function replaceAll(folder: Folder): void {
    folder.implied = false;
    hideAll(folder);
  }

  return {
    onPut(folder, name) {
      const left = linksIn.get(folder)?.get(name);
      if (left !== undefined) left.isReplaced = true;
    },
    onFolder(folder, replaced) {
      if (replaced !== undefined && isWhiteout(replaced)) replaceAll(folder);
    },
    hide(folder, name, { uid, gid }) {
      try {
        sys.mknodAt(tree.descriptor(folder), toPath(name), characterDevice, { major: 0, minor: 0 });
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        if (site.look(folder, name)?.isDirectory() === true) replaceAll(tree.child(folder, name));
        return;
      }
      if (chowns && (uid !== 0 || gid !== 0)) lchownSync(tree.at(folder, name), uid, gid);
    },
    hideAll,
    // A folder is never made in the place of a whiteout for the sake of another whiteout.
    isHidden: () => false,
    mayReplace: (_folder, _name, stats) => isWhiteout(stats),
    refusal: (target) =>
      target !== undefined && isWhiteout(target) ? "the layer itself removes its target" : undefined,
    leaveOpen(folder, name, link) {
      const left: Left = { folder, name, link, isReplaced: false };
      links.push(left);
      if (links.length > linkLimit) throw tooMany(linkLimit, "hard links to files of other layers");
      const others = linksIn.get(folder) ?? new Map<ByteString, Left>();
      linksIn.set(folder, others.set(name, left));
    },
    open: () => ({ opaqueRoot, links: links.filter(isLeft).map(openLink) }),
  };
}

/** A hard link that is left open. */
interface Left {
  readonly folder: Folder;
  readonly name: ByteString;
  readonly link: Omit<OpenLink, "path">;
  /** Whether the layer has put something else in its place. */
  isReplaced: boolean;
}

function isLeft({ folder, isReplaced }: Left): boolean {
  return !isReplaced && !folder.gone;
}

function openLink({ folder, name, link }: Left): OpenLink {
  return { path: toBytes(joinPath(pathOf(folder), name)), ...link };
}

const opaque = Buffer.from("y");
