import { DrayageError } from "@drayage/errors";
import type { TarEntryType, TarHeader, TarTime } from "@drayage/tar";
import { opaqueWhiteout, whiteoutPrefix } from "@drayage/tar";
import { type ByteString, namesOf, toByteString } from "./byte-string.ts";
import { type DataRange, plainContent, sparseContent } from "./content.ts";
import { invalid } from "./entry-error.ts";
import type { Attributes, FileNode, FileType, Maker } from "./tree.ts";

/** What of an archive's entry is needed to make a file of it, without the header that it came from. */
export interface Entry {
  /** As in the archive, for messages. */
  readonly name: ByteString;
  /** Cleaned; empty for the root. */
  readonly path: readonly ByteString[];
  readonly type: TarEntryType;
  readonly typeflag: string;
  readonly attributes: Attributes;
  /** Of links of both kinds. */
  readonly target: ByteString;
  readonly major: number;
  readonly minor: number;
  readonly sparse: TarHeader["sparse"];
  readonly data: DataRange;
}

/** The longest path that Linux takes, with the zero at its end: `PATH_MAX`. */
const pathLimit = 4096;
/** The largest id: the number behind it stands for none. */
const largestId = 0xfffffffe;

export function entryOf(header: TarHeader, data: DataRange): Entry {
  const { type, typeflag, devmajor: major, devminor: minor, sparse } = header;
  const name = toByteString(header.rawName);
  if (name.includes("\0")) throw invalid("a name has a NUL");
  const path = namesOf(name);
  if (path.join("/").length >= pathLimit) {
    throw new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `a name has more than ${pathLimit - 1} bytes`);
  }
  const target = toByteString(header.rawLinkname);
  return { name, path, type, typeflag, attributes: attributesOf(header), target, major, minor, sparse, data };
}

function attributesOf(header: TarHeader): Attributes {
  const { mode, type, mtime, xattrs } = header;
  const [uid, gid] = [validId(header.uid, "user"), validId(header.gid, "group")];
  return {
    mode: mode & 0o7777,
    uid,
    gid,
    mtime: type === "symlink" ? mtime : sane(mtime),
    xattrs: xattrs.size === 0 ? noXattrs : keptXattrs(xattrs),
  };
}

/** Most files have none: one map is enough for them. */
const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();

/** Values are copied: they may be views of all that the archive brought with them. */
function keptXattrs(xattrs: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  return new Map([...xattrs].filter(isKept).map(([name, value]) => [name, Uint8Array.from(value)]));
}

/** A record without a value says that there is none. SELinux's labels are the machine's to give, and overlayfs's marks its own. */
function isKept([name, value]: readonly [string, Uint8Array]): boolean {
  return value.length > 0 && name !== "security.selinux" && !/^(?:trusted|user)\.overlay\./.test(name);
}

function validId(id: number, kind: string): number {
  if (Number.isInteger(id) && id >= 0 && id <= largestId) return id;
  throw invalid(`${id} is no ${kind} id`);
}

/** What Go counts in nanoseconds of 63 bits. containers/storage takes what is later, or before 1970, for 1970. */
const latest = 9_223_372_036;

function sane(time: TarTime): TarTime {
  return time.seconds < 0 || time.seconds > latest ? { seconds: 0, nanoseconds: 0 } : time;
}

export type Whiteout =
  | { readonly kind: "removed"; readonly name: ByteString }
  | { readonly kind: "opaque" }
  /** The aufs driver's own files, which mean nothing in a layer. */
  | { readonly kind: "metadata" };

const metadataPrefix = `${whiteoutPrefix}${whiteoutPrefix}`;

/** What an entry stands for: OCI image-spec, layer.md, "Whiteouts". Undefined for a file. */
export function whiteoutOf({ path }: Pick<Entry, "path">): Whiteout | undefined {
  const base = path.at(-1) ?? "";
  if (base === opaqueWhiteout) return { kind: "opaque" };
  if (path[0]?.startsWith(metadataPrefix) || base.startsWith(metadataPrefix)) return { kind: "metadata" };
  if (!base.startsWith(whiteoutPrefix)) return undefined;
  const name = base.slice(whiteoutPrefix.length);
  if (name === "" || name === "." || name === "..") throw invalid("it is a whiteout of no file");
  return { kind: "removed", name };
}

/** The file of an entry that is neither a folder nor a hard link. */
export function fileOf(entry: Entry, type: FileType, maker: Maker): FileNode {
  const { attributes, target, major, minor, sparse, data } = entry;
  const isDevice = type === "character" || type === "block";
  return {
    type,
    maker,
    attributes,
    target: type === "symlink" ? target : "",
    major: isDevice ? major : 0,
    minor: isDevice ? minor : 0,
    content:
      type !== "file" ? undefined : sparse === undefined ? plainContent(data) : sparseContent(data, sparse),
  };
}
