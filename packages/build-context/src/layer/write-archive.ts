import type { Hasher } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type ByteString, byteStringOf, bytesOf, type ChunkBuilder, type Entry, textOf } from "@drayage/pack";
import { encodeTarHeader, type TarEvent, type TarHeader, tarPadding } from "@drayage/tar";
import { pathBelow } from "../patterns/clean-path.ts";
import { inDialect, type LayerSettings } from "./entry-settings.ts";
import { type Expander, expandSparse } from "./sparse.ts";
import type { Counts } from "./write-files.ts";

export interface ArchiveWriterOptions {
  readonly chunks: ChunkBuilder;
  readonly settings: LayerSettings;
  readonly prefix: ByteString;
  readonly counts: Counts;
  readonly hasher: Hasher | undefined;
  /** How many entries are accepted. */
  readonly entryLimit: number;
  /** Written before an entry: the folders that lead to it. */
  before(path: ByteString): AsyncIterable<Entry> | readonly Entry[];
  /** Told of the entry of a folder. */
  onFolder(path: ByteString): void;
}

const epoch = { seconds: 0, nanoseconds: 0 };

/**
 * Writes what an archive has below the prefix. Whatever names it has, none leads out of there; owners, modes and times are the archive's.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED`, and what reading it throws
 */
export async function* writeArchive(
  events: AsyncIterable<TarEvent>,
  options: ArchiveWriterOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { chunks, hasher } = options;
  let left = options.entryLimit;
  let current: (Expander & { readonly size: number }) | undefined;
  for await (const event of events) {
    if (event.type === "global") {
      hasher?.update(
        encodeTarHeader({ name: globalName(event.rawBlocks), typeflag: "g", pax: event.records }),
      );
    } else if (event.type === "header") {
      left -= 1;
      if (left < 0) throw tooMany(options.entryLimit);
      const { header } = event;
      const size = header.sparse?.realSize ?? header.size;
      const content = contentEntry(header, size);
      hasher?.update(encodeTarHeader(content));
      const entry = layerEntry(header, size, options);
      if (entry !== undefined) {
        const path = withoutSlash(byteStringOf(entry.rawName));
        for await (const folder of options.before(path))
          yield* chunks.add(encodeTarHeader(inDialect(folder, options.settings)));
        if (entry.type === "directory") options.onFolder(path);
        count(entry, options.counts);
        yield* chunks.add(encodeTarHeader(inDialect(entry, options.settings)));
      }
      current = { size, ...expandSparse(header) };
    } else if (event.type === "data" && current !== undefined) {
      for (const bytes of current.expand(event.bytes)) {
        hasher?.update(bytes);
        yield* chunks.add(bytes);
      }
    } else if (event.type === "entry-end" && current !== undefined) {
      for (const bytes of current.finish()) {
        hasher?.update(bytes);
        yield* chunks.add(bytes);
      }
      const padding = tarPadding(current.size);
      hasher?.update(padding);
      yield* chunks.add(padding);
      current = undefined;
    }
  }
}

/** As Go writes again what it has read, without times. */
function contentEntry(header: TarHeader, size: number): Parameters<typeof encodeTarHeader>[0] {
  const { sparse: _sparse, atime: _atime, ctime: _ctime, ...rest } = header;
  const plain = header.sparse === undefined ? rest : { ...rest, type: "file" as const, typeflag: "0", size };
  return { ...plain, mtime: epoch };
}

/** Undefined for the entry of a layer's own root, which no layer has. @throws `ERR_DRAYAGE_ARCHIVE_INVALID` */
function layerEntry(
  header: TarHeader,
  size: number,
  { prefix, settings }: ArchiveWriterOptions,
): Entry | undefined {
  if (header.type === "other") {
    throw new DrayageError(
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      `the entry ${JSON.stringify(header.name)} has the type ${JSON.stringify(header.typeflag)}, which means nothing in an image`,
    );
  }
  const path = withoutSlash(`${prefix}${pathBelow(byteStringOf(header.rawName))}`);
  const type = header.type === "sparse" ? "file" : header.type;
  if (path === "" && type !== "directory") throw noName(header);
  if (path === "" && !settings.exactTimes) return undefined;
  const target = byteStringOf(header.rawLinkname);
  const mtime = settings.time ?? header.mtime;
  const isExact = settings.exactTimes && mtime.nanoseconds !== 0;
  return {
    rawName: bytesOf(type === "directory" ? `${path === "" ? "." : path}/` : path),
    type,
    mode: header.mode & 0o7777,
    uid: header.uid,
    gid: header.gid,
    size: type === "file" ? size : 0,
    mtime: isExact ? mtime : { seconds: mtime.seconds, nanoseconds: 0 },
    ...(isExact && { format: "pax" as const }),
    ...(type === "symlink" && { rawLinkname: header.rawLinkname }),
    ...(type === "link" && { rawLinkname: bytesOf(`${prefix}${pathBelow(target)}`) }),
    ...((type === "character" || type === "block") && {
      devmajor: header.devmajor,
      devminor: header.devminor,
    }),
    xattrs: layerXattrs(header.xattrs),
  };
}

/** Those that buildah sets. */
function layerXattrs(xattrs: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const isKept = (name: string): boolean =>
    name === "security.capability" || name === "security.ima" || name.startsWith("user.");
  return new Map([...xattrs].filter(([name]) => isKept(name)));
}

function count(entry: Entry, counts: Counts): void {
  if (entry.type !== "directory") counts.files += 1;
  if (entry.type === "file") counts.bytes += entry.size ?? 0;
}

function withoutSlash(path: ByteString): ByteString {
  return path.endsWith("/") ? path.slice(0, -1) : path === "." ? "" : path;
}

/** The name in the header of a global PAX header. */
function globalName(rawBlocks: Uint8Array): string {
  const end = rawBlocks.subarray(0, 100).indexOf(0);
  return textOf(byteStringOf(rawBlocks.subarray(0, end === -1 ? 100 : end)));
}

function noName({ name }: TarHeader): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `the entry ${JSON.stringify(name)} would take the place of the folder that the archive goes to`,
  );
}

function tooMany(limit: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the archive has more than the ${limit} entries that are accepted`,
  );
}
