import type { SparseFile } from "./sparse.ts";
import type { TarTime } from "./time.ts";

/** What an entry is. `sparse` is a regular file whose data is given by a map; `other` are typeflags with no meaning here. */
export type TarEntryType =
  | "file"
  | "link"
  | "symlink"
  | "character"
  | "block"
  | "directory"
  | "fifo"
  | "sparse"
  | "other";

/** The dialect of a header, as far as it can be told; `unknown` is a mixture, which Go calls unknown too. */
export type TarFormat = "v7" | "ustar" | "pax" | "gnu" | "star" | "unknown";

/** An entry's header, with what its PAX records and GNU long names say put in the place of the header block's fields. */
export interface TarHeader {
  /** The name as text; bytes that are not UTF-8 are U+FFFD in it. See `rawName` for the exact bytes. */
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly type: TarEntryType;
  /** The typeflag as one character, U+0000 included. */
  readonly typeflag: string;
  /** Permissions, set-id and sticky bits; some writers add the bits of the file's type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** How many bytes of data follow in the archive. 0 for links, devices, directories and fifos. */
  readonly size: number;
  /** What the header says for the size, also where no data follows. Go's `Header.Size`, but for sparse files. */
  readonly declaredSize: number;
  readonly mtime: TarTime;
  readonly atime?: TarTime | undefined;
  readonly ctime?: TarTime | undefined;
  /** What a hard or symbolic link points to; "" for others. */
  readonly linkname: string;
  readonly rawLinkname: Uint8Array;
  readonly uname: string;
  readonly gname: string;
  readonly devmajor: number;
  readonly devminor: number;
  /** Extended attributes by name, as raw bytes. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** All records of the entry's own PAX header, as raw bytes. */
  readonly pax: ReadonlyMap<string, Uint8Array>;
  /** What is known of a sparse file; undefined for all others. */
  readonly sparse?: SparseFile | undefined;
  readonly format: TarFormat;
}

const types: Readonly<Record<string, TarEntryType>> = {
  "\0": "file",
  "0": "file",
  "1": "link",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  // POSIX: a contiguous file is a regular one where the system knows no contiguous files.
  "7": "file",
  S: "sparse",
};

const typeflags: Readonly<Record<TarEntryType, string | undefined>> = {
  file: "0",
  link: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  sparse: undefined,
  other: undefined,
};

export function typeOf(typeflag: string): TarEntryType {
  return types[typeflag] ?? "other";
}

/** The typeflag that is written for a type; undefined where there is no single one. */
export function typeflagOf(type: TarEntryType): string | undefined {
  return typeflags[type];
}

/** Whether no data follows a header of this typeflag, whatever size it gives: Go's rule. */
export function isHeaderOnly(typeflag: string): boolean {
  return typeflag >= "1" && typeflag <= "6" && typeflag.length === 1;
}
