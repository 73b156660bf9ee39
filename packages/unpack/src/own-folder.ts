import { lchownSync, type Stats } from "node:fs";
import { errnoOf } from "@drayage/errors";
import { requireSys } from "@drayage/sys";
import { type ByteString, toBytes, toPath } from "./byte-string.ts";
import { tooMany } from "./entry-error.ts";
import { type Folder, pathOf } from "./folder.ts";
import { joinPath, splitPath } from "./paths.ts";
import type { Site } from "./site.ts";
import type { OpenLink } from "./unpacked.ts";
import type { LayersBelow, LeftLink } from "./whiteouts.ts";

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
  const opaqueFolders = new Set<Folder>();
  const whiteoutFolders = new Set<Folder>();

  function hideAll(folder: Folder): void {
    opaqueFolders.add(folder);
    if (folder.parent !== undefined) sys.setXattr(tree.at(folder.parent, folder.name), opaqueXattr, opaque);
  }

  /** What is below is hidden together with its attributes, so that there is none to take them from. */
  function replaceAll(folder: Folder): void {
    folder.implied = false;
    hideAll(folder);
  }

  function hidesAllBelow(folder: Folder): boolean {
    return opaqueFolders.has(folder) || (folder.parent !== undefined && hidesAllBelow(folder.parent));
  }

  function pathBelow(path: ByteString): ByteString | undefined {
    const { folder, base } = splitPath(path);
    const parts = folder === "" ? [] : folder.split("/");
    let known: Folder = tree.root;
    let isHidden = false;
    const rest: ByteString[] = [base];
    // The longest part of the way that the layer has; from there on it is that of the layers below.
    for (let length = parts.length; length > 0; length -= 1) {
      const found = tree.lead(parts.slice(0, length).join("/"), (_parent, _name, obstacle) => {
        isHidden ||= obstacle === "other";
        return undefined;
      });
      if (found !== undefined) {
        known = found;
        break;
      }
      rest.unshift(parts[length - 1] ?? "");
    }
    return isHidden || hidesAllBelow(known) ? undefined : joinPath(pathOf(known), rest.join("/"));
  }

  return {
    pathBelow,
    openTarget(folder, name) {
      const left = linksIn.get(folder)?.get(name);
      return left === undefined || left.isReplaced ? undefined : left.link.target;
    },
    onPut(folder, name) {
      const left = linksIn.get(folder)?.get(name);
      if (left !== undefined) left.isReplaced = true;
    },
    onFolder(folder, replaced) {
      // What the layer had there before hid all that is below.
      if (replaced !== undefined) replaceAll(folder);
    },
    hide(folder, name, { uid, gid }) {
      try {
        sys.mknodAt(tree.descriptor(folder), toPath(name), characterDevice, { major: 0, minor: 0 });
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        if (site.look(folder, name)?.isDirectory() === true) replaceAll(tree.child(folder, name));
        return;
      }
      whiteoutFolders.add(folder);
      if (chowns && (uid !== 0 || gid !== 0)) lchownSync(tree.at(folder, name), uid, gid);
    },
    hideAll,
    // A folder is never made in the place of a whiteout for the sake of another whiteout.
    isHidden: () => false,
    mayReplace: (_folder, _name, stats) => isWhiteout(stats),
    refusal: (target) => (isWhiteout(target) ? "the layer itself removes its target" : undefined),
    leaveOpen(folder, name, link) {
      const left: Left = { folder, name, link, isReplaced: false };
      links.push(left);
      if (links.length > linkLimit) throw tooMany(linkLimit, "hard links to files of other layers");
      const others = linksIn.get(folder) ?? new Map<ByteString, Left>();
      linksIn.set(folder, others.set(name, left));
    },
    open: () => ({
      opaqueRoot: opaqueFolders.has(tree.root),
      links: links.map(openLink),
      whiteoutFolders: [...whiteoutFolders]
        .filter((folder) => !folder.gone)
        .map((folder) => toBytes(pathOf(folder))),
    }),
  };
}

/** A hard link that is left open. */
interface Left {
  readonly folder: Folder;
  readonly name: ByteString;
  readonly link: LeftLink;
  /** Whether the layer has put something else in its place. */
  isReplaced: boolean;
}

function openLink({ folder, name, link, isReplaced }: Left): OpenLink {
  return {
    path: toBytes(joinPath(pathOf(folder), name)),
    target: toBytes(link.target),
    replaced: isReplaced || folder.gone,
    attributes: link.attributes,
  };
}

const opaque = Buffer.from("y");
