import { closeSync, openSync, readSync } from "node:fs";
import type { Hasher } from "@drayage/digest";
import { ioError } from "@drayage/errors";
import {
  type ByteString,
  bytesOf,
  type ChunkBuilder,
  type Entry,
  entryOf,
  type FileStats,
  type Folder,
  fileType,
  nearestSecond,
  type OpenFile,
  type OwnerNames,
  writeEntry,
} from "@drayage/pack";
import { encodeTarHeader, tarPadding } from "@drayage/tar";
import type { Download } from "../sources/download.ts";
import type { Cursor } from "./cursor.ts";
import { inDialect, type LayerSettings } from "./entry-settings.ts";
import type { Planned } from "./planned.ts";

export interface FileWriterOptions {
  readonly chunks: ChunkBuilder;
  readonly settings: LayerSettings;
  /** Of owners in the tar that buildah makes. */
  readonly contextNames: OwnerNames;
  /** What the layer has in front of the names: empty, or with a slash at its end. */
  readonly prefix: ByteString;
  readonly counts: Counts;
}

export interface Counts {
  files: number;
  bytes: number;
}

type Chunks = Generator<Uint8Array, void, undefined>;

/** The names of files that have several, in the layer and in buildah's tar of one item. */
export interface LinkNames {
  readonly layer: Map<string, ByteString>;
  readonly content: Map<string, ByteString>;
}

export function linkNames(): LinkNames {
  return { layer: new Map(), content: new Map() };
}

export interface FileContext {
  readonly cursor: Cursor;
  readonly links: LinkNames;
  readonly hasher: Hasher | undefined;
}

/** Writes what was planned, as far as it is still there, and hashes it. A file's content is read once. */
export function* writeFile(
  planned: Planned,
  { cursor, links, hasher }: FileContext,
  options: FileWriterOptions,
): Chunks {
  const { source, stats } = planned;
  if (stats === undefined) return;
  const folder = cursor.folderOf(source);
  const name = source.slice(source.lastIndexOf("/") + 1) || ".";
  if (folder === undefined) return;
  const there = linksTo(stats, links);
  const isRead =
    fileType(stats) === "file" &&
    ((planned.isKept && there.layer === undefined) || (hasher !== undefined && there.content === undefined));
  const file = isRead ? folder.file(name) : undefined;
  // Gone, or something else, since the folder was listed.
  if (isRead && file === undefined) return;
  try {
    const entry = plainEntry({ planned, stats: file?.stats ?? stats, folder, name }, options);
    if (entry === undefined) return;
    // Another file may have taken the name since: that has its own links.
    const { key, layer: layerLink, content: contentLink } = linksTo(file?.stats ?? stats, links);
    if (key !== undefined && planned.isKept && layerLink === undefined) links.layer.set(key, planned.name);
    if (key !== undefined && contentLink === undefined) links.content.set(key, planned.name);
    const { layer, content } = {
      layer: asLink(entry, layerLink, options.prefix),
      content: asLink(entry, contentLink, ""),
    };
    yield* writeBoth(
      {
        layer: planned.isKept ? layer : undefined,
        content,
        name: planned.name,
        stats: file?.stats ?? stats,
        file,
      },
      hasher,
      options,
    );
  } finally {
    if (file !== undefined) closeSync(file.fd);
  }
}

/** The names that a file has in what was written already. */
function linksTo(
  stats: FileStats,
  links: LinkNames,
): {
  readonly key: string | undefined;
  readonly layer: ByteString | undefined;
  readonly content: ByteString | undefined;
} {
  const key = fileType(stats) === "file" && stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
  if (key === undefined) return { key, layer: undefined, content: undefined };
  return { key, layer: links.layer.get(key), content: links.content.get(key) };
}

function plainEntry(
  {
    planned,
    stats,
    folder,
    name,
  }: {
    readonly planned: Planned;
    readonly stats: FileStats;
    readonly folder: Folder;
    readonly name: ByteString;
  },
  { settings, prefix }: FileWriterOptions,
): Entry | undefined {
  const isLink = fileType(stats) === "symlink";
  const target = isLink ? folder.link(name) : undefined;
  if (isLink && target === undefined) return undefined;
  const xattrs = settings.readXattrs(folder, name);
  const { owner, chmod } = settings;
  const entry = entryOf(
    { path: `${prefix}${planned.name}`, stats, xattrs, target },
    { options: { owner }, names: undefined },
  );
  if (entry === undefined) return undefined;
  return {
    ...entry,
    // A link's mode cannot be set.
    mode: chmod === undefined || entry.type === "symlink" ? entry.mode : chmod,
    mtime: settings.time ?? nearestSecond(stats.mtimeNs),
  };
}

function asLink(entry: Entry, target: ByteString | undefined, prefix: ByteString): Entry {
  if (target === undefined) return entry;
  return { ...entry, type: "link", rawLinkname: bytesOf(`${prefix}${target}`), size: 0 };
}

interface Both {
  readonly layer: Entry | undefined;
  readonly content: Entry;
  readonly name: ByteString;
  readonly stats: FileStats;
  readonly file: OpenFile | undefined;
}

const epoch = { seconds: 0, nanoseconds: 0 };

function* writeBoth(
  { layer, content, name, stats, file }: Both,
  hasher: Hasher | undefined,
  options: FileWriterOptions,
): Chunks {
  const { chunks, settings, contextNames, counts } = options;
  const hasContent = content.type === "file" && hasher !== undefined;
  hasher?.update(
    encodeTarHeader({
      ...content,
      rawName: bytesOf(name),
      mode: settings.chmod ?? content.mode,
      uname: contextNames.user(Number(stats.uid)),
      gname: contextNames.group(Number(stats.gid)),
      mtime: epoch,
    }),
  );
  const onBytes = hasContent ? (bytes: Uint8Array): void => hasher.update(bytes) : undefined;
  if (layer !== undefined) {
    if (layer.type !== "directory") counts.files += 1;
    if (layer.type === "file") counts.bytes += layer.size ?? 0;
  }
  if (layer !== undefined && (layer.type === "file" || !hasContent)) {
    yield* writeEntry(inDialect(layer, settings), layer.type === "file" ? file : undefined, chunks, onBytes);
  } else {
    if (layer !== undefined) yield* writeEntry(inDialect(layer, settings), undefined, chunks);
    if (hasContent && file !== undefined) hashFile(file.fd, content.size ?? 0, hasher);
  }
  if (hasContent) hasher.update(tarPadding(content.size ?? 0));
}

const bufferSize: number = 256 * 1024;

/** Hashes a file that something else takes the place of. */
function hashFile(fd: number, size: number, hasher: Hasher): void {
  const buffer = new Uint8Array(Math.min(bufferSize, size));
  for (let at = 0; at < size; ) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - at), at);
    if (count === 0) return;
    hasher.update(buffer.subarray(0, count));
    at += count;
  }
}

/** Writes a file that was downloaded, with the mode that docker gives it, and hashes it as buildah does: with its time. */
export function* writeDownload(
  download: Download,
  planned: Planned,
  { hasher, options }: { readonly hasher: Hasher | undefined; readonly options: FileWriterOptions },
): Chunks {
  const { settings, chunks, prefix, counts } = options;
  const { owner = { uid: 0, gid: 0 } } = settings;
  const entry: Entry = {
    rawName: bytesOf(`${prefix}${planned.name}`),
    type: "file",
    mode: settings.chmod ?? 0o600,
    ...owner,
    size: download.size,
    mtime: settings.time ?? download.mtime,
    xattrs: new Map(),
  };
  hasher?.update(encodeTarHeader({ ...entry, rawName: bytesOf(planned.name), mtime: download.mtime }));
  const fd = openDownload(download.path);
  try {
    const onBytes = hasher === undefined ? undefined : (bytes: Uint8Array): void => hasher.update(bytes);
    if (planned.isKept) {
      counts.files += 1;
      counts.bytes += download.size;
      yield* writeEntry(inDialect(entry, settings), { fd }, chunks, onBytes);
    } else if (hasher !== undefined) {
      hashFile(fd, download.size, hasher);
    }
  } finally {
    closeSync(fd);
  }
  hasher?.update(tarPadding(download.size));
}

function openDownload(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw ioError(error, "read", { path });
  }
}
