import { closeSync, constants, linkSync, openSync, type Stats, symlinkSync, unlinkSync } from "node:fs";
import { errnoOf } from "@drayage/errors";
import { loadSys, requireSys } from "@drayage/sys";
import type { TarEvent, TarHeader } from "@drayage/tar";
import { attributesOf } from "./attributes.ts";
import { type ByteString, toBytes, toPath } from "./byte-string.ts";
import { entryError, invalid, tooMany } from "./entry-error.ts";
import { type Folder, pathOf } from "./folder.ts";
import type { MakeFolder } from "./folder-tree.ts";
import { createIdMap } from "./id-map.ts";
import { layersInOneFolder, noLayersBelow } from "./one-folder.ts";
import type { UnpackSettings } from "./options.ts";
import { layerInOwnFolder } from "./own-folder.ts";
import { cleanPath, joinPath, splitPath } from "./paths.ts";
import { openSite, type Site } from "./site.ts";
import type { Attributes, UnpackReport } from "./unpacked.ts";
import { parseWhiteoutName, type WhiteoutName } from "./whiteout-name.ts";
import type { LayersBelow } from "./whiteouts.ts";
import { createFileWriter, type FileWriter } from "./write-file.ts";

/** Makes files of an archive's entries as their events come. */
export interface Unpacker extends Disposable {
  /** Errors name the entry. */
  take(event: TarEvent): void;
  /** After the last event. */
  finish(): UnpackReport;
}

/** A regular file that is being written. */
interface OpenFile {
  readonly fd: number;
  readonly folder: Folder;
  readonly name: ByteString;
  readonly attributes: Attributes;
  readonly header: TarHeader;
  readonly writer: FileWriter;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const fileFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const nodeTypes = { character: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

export function createUnpacker(settings: UnpackSettings): Unpacker {
  const { whiteouts = "apply", forceMask, rootEntry = "apply" } = settings;
  const isRoot = process.geteuid?.() === 0;
  const ownership = settings.ownership ?? (isRoot ? "chown" : "none");
  const devices = settings.devices ?? (isRoot ? "make" : "skip");
  const ids = {
    user: createIdMap(settings.uidMap, "user"),
    group: createIdMap(settings.gidMap, "group"),
  };
  const { limits = {} } = settings;
  const { entries: entryLimit = 5_000_000, folders: folderLimit = 1_000_000, openLinks = 100_000 } = limits;
  const sys = loadSys();
  const keepsTimes = whiteouts === "apply";
  const { xattrs = "set", root } = settings;
  const { implied: given } = settings;
  const site = openSite({
    root,
    sys,
    isRoot,
    ownership,
    xattrs,
    forceMask,
    ids,
    keepsTimes,
    folderLimit,
    implied: given,
  });
  const { tree, set } = site;
  const below = layersBelow(site, { whiteouts, chowns: ownership !== "none", linkLimit: openLinks });

  const uids = new Set<number>();
  const gids = new Set<number>();
  const implied: Folder[] = [];
  let entries = 0;
  let bytes = 0;
  let skippedDevices = 0;
  let rootAttributes: Attributes | undefined;
  let entry: TarHeader | undefined;
  let file: OpenFile | undefined;

  /** Makes a folder for the sake of what is in it. */
  const makeImplied: MakeFolder = (parent, name, obstacle) => {
    let replaced: Stats | undefined;
    if (obstacle === "other") {
      replaced = site.look(parent, name);
      if (replaced !== undefined) {
        if (!below.mayReplace(parent, name, replaced)) {
          throw invalid(`the archive has something else than a folder where its folder is to be`);
        }
        site.clear(parent, name, replaced);
      }
    }
    const folder = site.addFolder(parent, name);
    site.setImplied(folder);
    below.onPut(parent, name);
    below.onFolder(folder, replaced);
    implied.push(folder);
    return folder;
  };

  /** As {@link makeImplied}, but nothing that the layer hides comes to be again. */
  const makeForWhiteout: MakeFolder = (parent, name, obstacle) =>
    obstacle === "other" || below.isHidden(parent, name) ? undefined : makeImplied(parent, name, obstacle);

  /** Makes something of a name, in the place of what was there. */
  function put<T>(folder: Folder, name: ByteString, make: (path: string | Buffer) => T): T {
    let made: T;
    try {
      made = make(tree.at(folder, name));
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      const stats = site.look(folder, name);
      if (stats !== undefined) site.clear(folder, name, stats);
      made = make(tree.at(folder, name));
    }
    below.onPut(folder, name);
    return made;
  }

  function putFolder(parent: Folder, name: ByteString, attributes: Attributes): void {
    const stats = parent.children?.get(name) === undefined ? site.look(parent, name) : undefined;
    const isThere = stats === undefined ? parent.children?.get(name) !== undefined : stats.isDirectory();
    if (stats !== undefined && !isThere) site.clear(parent, name, stats);
    const folder = isThere ? tree.child(parent, name) : site.addFolder(parent, name);
    folder.implied = false;
    site.setFolder(folder, attributes);
    below.onPut(parent, name);
    if (!isThere) below.onFolder(folder, stats);
  }

  function putFile(folder: Folder, name: ByteString, { header, attributes }: Described): void {
    const wanted = site.masked(attributes);
    const fd = put(folder, name, (path) => openSync(path, fileFlags, wanted.mode & 0o777));
    file = { fd, folder, name, attributes, header, writer: createFileWriter(fd, header) };
  }

  function finishFile({ fd, folder, name, attributes, header, writer }: OpenFile): void {
    writer.finish();
    bytes += writer.size;
    set.file(fd, folder, name, site.masked(attributes));
    site.setOverride(folder, name, attributes, header);
  }

  /** Removes what is half written, after something went wrong. */
  function discard({ fd, folder, name }: OpenFile): void {
    closeSync(fd);
    try {
      unlinkSync(tree.at(folder, name));
    } catch {
      // What went wrong before is what is told.
    }
  }

  function putSymlink(folder: Folder, name: ByteString, { header, attributes }: Described): void {
    put(folder, name, (path) => symlinkSync(Buffer.from(header.rawLinkname), path));
    set.symlink(folder, name, attributes);
  }

  function putLink(folder: Folder, name: ByteString, { header, attributes }: Described): void {
    const target = cleanPath(header.rawLinkname);
    const { folder: targetFolder, base: targetName } = splitPath(target);
    const there = tree.find(targetFolder);
    if (there === folder && targetName === name) throw invalid("it is a link to itself");
    const stats = there && site.look(there, targetName);
    const refuse = (why: string): Error =>
      invalid(`it is a hard link to ${JSON.stringify(header.linkname)}: ${why}`);
    const openTarget =
      there === undefined || stats === undefined
        ? below.pathBelow(target)
        : below.openTarget(there, targetName);
    const own = joinPath(pathOf(folder), name);
    const targetPath = openTarget ?? (there && joinPath(pathOf(there), targetName));
    if (targetPath?.startsWith(`${own}/`)) throw refuse("it takes the place of a folder that has its target");
    if (openTarget !== undefined) {
      put(folder, name, (path) => closeSync(openSync(path, fileFlags, 0o600)));
      below.leaveOpen(folder, name, { target: openTarget, attributes: plainAttributes(attributes) });
      return;
    }
    // As everywhere where layers are unpacked in turn: what comes later in the archive does not count.
    if (there === undefined || stats === undefined) throw refuse("its target is not there");
    const refusal = stats.isDirectory() ? "its target is a folder" : below.refusal(stats);
    if (refusal !== undefined) throw refuse(refusal);
    put(folder, name, (path) => linkSync(tree.at(there, targetName), path));
    set.other(folder, name, site.masked(attributes));
    if (!stats.isSymbolicLink()) site.changeOverride(folder, name, attributes);
  }

  function putNode(folder: Folder, name: ByteString, { header, attributes }: Described): void {
    const { type, devmajor: major, devminor: minor } = header;
    if (forceMask !== undefined) {
      putFile(folder, name, { header, attributes });
      return;
    }
    if (type !== "fifo" && devices === "skip") {
      skippedDevices += 1;
      return;
    }
    const calls = sys ?? requireSys(type === "fifo" ? "make a named pipe" : "make a device");
    const mode = nodeTypes[type as keyof typeof nodeTypes] | attributes.mode;
    const device = type === "fifo" ? { major: 0, minor: 0 } : { major, minor };
    put(folder, name, () => calls.mknodAt(tree.descriptor(folder), toPath(name), mode, device));
    set.other(folder, name, attributes);
  }

  function putRoot(header: TarHeader): void {
    if (header.type !== "directory") throw invalid("the root of a layer can only be a folder");
    rootAttributes = attributesOf(header, ids);
    if (rootEntry === "apply") site.setFolder(tree.root, rootAttributes);
  }

  function takeWhiteout(path: ByteString, header: TarHeader, whiteout: WhiteoutName): void {
    if (whiteout.kind === "metadata") return;
    const folder = tree.lead(splitPath(path).folder, makeForWhiteout);
    if (folder === undefined) return;
    if (whiteout.kind === "opaque") {
      below.hideAll(folder);
    } else {
      below.hide(folder, whiteout.name, { uid: ids.user(header.uid), gid: ids.group(header.gid) });
    }
  }

  function takeHeader(header: TarHeader): void {
    entries += 1;
    if (entries > entryLimit) throw tooMany(entryLimit, "entries");
    const path = cleanPath(header.rawName);
    const { folder: folderPath, base } = splitPath(path);
    const whiteout = whiteouts === "keep" ? undefined : parseWhiteoutName(path, base);
    if (whiteout !== undefined) {
      takeWhiteout(path, header, whiteout);
      return;
    }
    uids.add(header.uid);
    gids.add(header.gid);
    if (path === "") {
      putRoot(header);
      return;
    }
    const attributes = attributesOf(header, ids);
    const described = { header, attributes };
    const folder = tree.lead(folderPath, makeImplied);
    if (folder === undefined) throw new TypeError("a missing folder is made");
    putEntry(folder, base, described);
  }

  function putEntry(folder: Folder, base: ByteString, described: Described): void {
    const { header, attributes } = described;
    switch (header.type) {
      case "directory":
        putFolder(folder, base, attributes);
        break;
      case "file":
      case "sparse":
        putFile(folder, base, described);
        break;
      case "symlink":
        putSymlink(folder, base, described);
        break;
      case "link":
        putLink(folder, base, described);
        break;
      case "character":
      case "block":
      case "fifo":
        putNode(folder, base, described);
        break;
      case "other":
        throw invalid(`its type ${JSON.stringify(header.typeflag)} has no meaning in a layer`);
    }
  }

  function endEntry(): void {
    const ended = file;
    if (ended === undefined) return;
    finishFile(ended);
    file = undefined;
    closeSync(ended.fd);
  }

  return {
    take(event) {
      try {
        if (event.type === "data") {
          file?.writer.write(event.bytes);
        } else if (event.type === "entry-end") {
          endEntry();
        } else if (event.type === "header") {
          entry = event.header;
          takeHeader(event.header);
        }
      } catch (error) {
        throw entry === undefined ? error : entryError(error, entry);
      }
    },
    finish() {
      site.finish();
      return {
        entries,
        bytes,
        uids: sorted(uids),
        gids: sorted(gids),
        skippedDevices,
        rootEntry: rootAttributes && plainAttributes(rootAttributes),
        open: {
          ...below.open(),
          impliedFolders: whiteouts.startsWith("overlay") ? implied.filter(isStillImplied).map(bytesOf) : [],
        },
      };
    },
    [Symbol.dispose]() {
      if (file !== undefined) discard(file);
      site[Symbol.dispose]();
    },
  };
}

interface Described {
  readonly header: TarHeader;
  readonly attributes: Attributes;
}

interface BelowOptions {
  readonly whiteouts: UnpackSettings["whiteouts"];
  readonly chowns: boolean;
  readonly linkLimit: number;
}

function layersBelow(site: Site, { whiteouts, chowns, linkLimit }: BelowOptions): LayersBelow {
  switch (whiteouts) {
    case "overlay-trusted":
      return layerInOwnFolder(site, { opaqueXattr: "trusted.overlay.opaque", chowns, linkLimit });
    case "overlay-user":
      return layerInOwnFolder(site, { opaqueXattr: "user.overlay.opaque", chowns, linkLimit });
    case "keep":
      return noLayersBelow();
    default:
      return layersInOneFolder(site);
  }
}

function isStillImplied(folder: Folder): boolean {
  return folder.implied && !folder.gone;
}

function bytesOf(folder: Folder): Uint8Array {
  return toBytes(pathOf(folder));
}

function sorted(ids: ReadonlySet<number>): readonly number[] {
  return [...ids].sort((a, b) => a - b);
}

/** With bytes of their own: views of larger buffers would be sent to another thread with all that is around them. */
function plainAttributes(attributes: Attributes): Attributes {
  const xattrs = [...attributes.xattrs].map(([name, value]) => [name, Uint8Array.from(value)] as const);
  return { ...attributes, xattrs: new Map(xattrs) };
}
