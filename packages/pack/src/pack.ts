import { closeSync } from "node:fs";
import { encodeTarHeader, opaqueWhiteout, tarEnd, whiteoutPrefix } from "@drayage/tar";
import { createBreather } from "./breathe.ts";
import { type ByteString, byteStringOf, bytesOf } from "./byte-string.ts";
import { type ChunkBuilder, chunkBuilder } from "./chunk.ts";
import { type Entry, type EntrySettings, entryOf } from "./entry.ts";
import type { OpenFile } from "./folder.ts";
import type { PackOptions, TreeChange } from "./options.ts";
import { type OverlayMarks, overlayMarks } from "./overlay-whiteouts.ts";
import { machineOwnerNames } from "./owner-names.ts";
import { now } from "./time.ts";
import { type Found, findPaths, walkTree } from "./walk.ts";
import { writeEntry } from "./write-entry.ts";
import { type ReadXattrs, xattrReader } from "./xattrs.ts";

/**
 * A tar of all that is in the folder, itself left out, each folder's names in the order of their bytes: the bytes that
 * containers/storage makes of it. Sockets are left out, and so is what vanishes meanwhile. Each file is read once; no
 * symbolic link is followed, not even one that takes a folder's place meanwhile.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_SIZE_MISMATCH` for a file that shrinks while it is read,
 * `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, `ERR_DRAYAGE_USAGE` for an owner that the maps lack, `ERR_DRAYAGE_ABORTED`
 */
export function packTree(root: string, options: PackOptions = {}): AsyncIterable<Uint8Array> {
  return inTurns(() => pack(walkTree(root), options), options.signal);
}

/**
 * A tar of what `changes` of `compareTrees` names, with a `.wh.` file for all that is removed: the bytes that
 * containers/storage makes of them.
 *
 * @throws as {@link packTree}
 */
export function packChanges(
  root: string,
  changes: readonly TreeChange[],
  options: PackOptions = {},
): AsyncIterable<Uint8Array> {
  return inTurns(() => pack(changed(root, changes), options), options.signal);
}

async function* inTurns(
  start: () => Generator<Uint8Array, void, undefined>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const breathe = createBreather(signal, "pack a folder");
  await breathe();
  for (const chunk of start()) {
    yield chunk;
    await breathe();
  }
}

/** Something to be packed: a file, or the path of one that is gone. */
type Item = Found | { readonly removed: ByteString };

function* changed(root: string, changes: readonly TreeChange[]): Generator<Item, void, undefined> {
  const sorted = changes
    .map(({ kind, rawPath }) => ({ removed: kind === "removed", path: byteStringOf(rawPath).slice(1) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const present = findPaths(
    root,
    sorted.filter(({ removed }) => !removed).map(({ path }) => path),
  );
  try {
    let next = present.next();
    for (const { removed, path } of sorted) {
      if (removed) yield { removed: path };
      else if (next.done !== true && next.value.path === path) {
        yield next.value;
        next = present.next();
      }
    }
  } finally {
    present.return();
  }
}

interface Packer {
  readonly settings: EntrySettings;
  readonly chunks: ChunkBuilder;
  readonly readXattrs: ReadXattrs;
  readonly marks: OverlayMarks | undefined;
  /** Names in the tar by the files that have several. */
  readonly seen: Map<string, Uint8Array>;
}

function* pack(items: Iterable<Item>, options: PackOptions): Generator<Uint8Array, void, undefined> {
  using marks = options.overlay && overlayMarks(options.overlay);
  const hasNames = options.ownerNames ?? options.dialect === "1.43";
  const packer: Packer = {
    settings: { options, names: hasNames ? machineOwnerNames() : undefined },
    chunks: chunkBuilder(options.borrow ?? false),
    readXattrs: xattrReader(options.xattrs ?? true),
    marks,
    seen: new Map(),
  };
  for (const item of items) {
    if ("removed" in item) yield* addRemoved(item.removed, packer);
    else yield* addFound(item, packer);
  }
  yield* packer.chunks.add(tarEnd());
  const rest = packer.chunks.rest();
  if (rest !== undefined) yield rest;
}

type Chunks = Generator<Uint8Array, void, undefined>;

function* addRemoved(path: ByteString, { chunks, settings }: Packer): Chunks {
  yield* chunks.add(
    encodeTarHeader({
      rawName: bytesOf(whiteoutOf(path)),
      type: "file",
      mtime: settings.options.time ?? settings.options.latest ?? now(),
    }),
  );
}

function whiteoutOf(path: ByteString): ByteString {
  const slash = path.lastIndexOf("/");
  return `${path.slice(0, slash + 1)}${whiteoutPrefix}${path.slice(slash + 1)}`;
}

function* addFound(found: Found, packer: Packer): Chunks {
  const { folder, name, stats } = found;
  const key = isLinked(found, packer) ? `${stats.dev}:${stats.ino}` : undefined;
  const earlier = key === undefined ? undefined : packer.seen.get(key);
  const opens = stats.isFile() && earlier === undefined;
  const file = opens ? folder.file(name) : undefined;
  // Gone, or something else, since the folder was listed.
  if (opens && file === undefined) return;
  try {
    const plain = plainEntry(found, file, packer);
    if (plain === undefined) return;
    const entry = asWhiteout(found, earlier === undefined ? plain : asLink(plain, earlier), packer);
    yield* writeEntry(entry, file, packer.chunks);
    if (key !== undefined && earlier === undefined) packer.seen.set(key, nameForLinks(entry, plain, packer));
    if (packer.marks?.hidesLower(found) === true)
      yield* writeEntry(opaqueEntry(found, entry, packer), undefined, packer.chunks);
  } finally {
    if (file !== undefined) closeSync(file.fd);
  }
}

/** Whether other names of the file are written as links. */
function isLinked({ stats }: Found, { settings }: Packer): boolean {
  if (stats.isDirectory() || stats.nlink === 1n) return false;
  return settings.options.dialect !== "copier" || stats.isFile();
}

function plainEntry(
  { folder, name, path, stats }: Found,
  file: OpenFile | undefined,
  { settings, readXattrs }: Packer,
): Entry | undefined {
  const target = stats.isSymbolicLink() ? folder.link(name) : undefined;
  if (stats.isSymbolicLink() && target === undefined) return undefined;
  return entryOf({ path, stats: file?.stats ?? stats, xattrs: readXattrs(folder, name), target }, settings);
}

/** A link's header says of the file what the file's own header says, but for its size. */
function asLink(entry: Entry, earlier: Uint8Array): Entry {
  return { ...entry, type: "link", rawLinkname: earlier, size: 0 };
}

/** What the kernel marks as hidden becomes a file of the name that the image-spec gives it. It keeps its owner and time. */
function asWhiteout(found: Found, entry: Entry, { marks }: Packer): Entry {
  if (marks?.isWhiteout(found) !== true) return entry;
  return { ...entry, rawName: bytesOf(whiteoutOf(found.path)), type: "file", mode: 0, size: 0 };
}

/** The kernel makes whiteouts as links of one file: the older tools name it in their headers by what it hides. */
function nameForLinks(entry: Entry, plain: Entry, { settings }: Packer): Uint8Array {
  return settings.options.dialect === "1.43" ? plain.rawName : entry.rawName;
}

function opaqueEntry(
  { path }: Found,
  { mode = 0, uid, gid, uname, gname }: Entry,
  { settings }: Packer,
): Entry {
  return {
    rawName: bytesOf(`${path}/${opaqueWhiteout}`),
    type: "file",
    mode: mode & 0o777,
    ...(settings.options.time && { mtime: settings.options.time }),
    uid,
    gid,
    uname,
    gname,
  };
}
