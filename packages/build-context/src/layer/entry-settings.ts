import type { Entry, OwnerNames, ReadXattrs } from "@drayage/pack";
import type { TarTime } from "@drayage/tar";
import type { OwnerId } from "../owner.ts";

/** What is said of all that is added and is not in an archive. */
export interface EntryChanges {
  /** Undefined where files keep theirs. */
  readonly owner: OwnerId | undefined;
  readonly chmod: number | undefined;
  readonly time: TarTime | undefined;
}

/** How entries of a layer are written, besides. */
export interface LayerSettings extends EntryChanges {
  readonly readXattrs: ReadXattrs;
  /** The names of owners in the layer, in the dialect that has them. */
  readonly names: OwnerNames | undefined;
  /** Whether modes have the bits of the file's type. */
  readonly typeBits: boolean;
  /** Whether times keep their fractions of seconds: in a folder, but not in a layer. */
  readonly exactTimes: boolean;
}

/** `S_IFMT` of inode(7). */
export const typeBits: Readonly<Partial<Record<NonNullable<Entry["type"]>, number>>> = {
  file: 0o100000,
  link: 0o100000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  directory: 0o040000,
  fifo: 0o010000,
};

/** An entry in the dialect of the layer. */
export function inDialect(entry: Entry, { names, typeBits: hasTypeBits }: LayerSettings): Entry {
  const mode = (entry.mode ?? 0) & 0o7777;
  // For each copy by `...`, V8 of Node.js 20 makes a new shape here, which takes 1 KB until the next major collection.
  return Object.assign({}, entry, {
    mode: hasTypeBits ? mode | (typeBits[entry.type] ?? 0) : mode,
    uname: names?.user(entry.uid ?? 0) ?? "",
    gname: names?.group(entry.gid ?? 0) ?? "",
  });
}
