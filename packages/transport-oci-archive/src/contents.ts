import { readSync } from "node:fs";
import { open } from "node:fs/promises";
import { DrayageError, ioError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { type RandomAccess, scanTar, type TarHeader } from "@drayage/tar";
import { cleanName } from "./clean-name.ts";

/** A regular file of the archive, as a range of it. */
export interface ArchiveFile {
  readonly offset: number;
  readonly size: number;
}

/** What a name in the archive stands for, once all of it is unpacked. */
type Member =
  | { readonly kind: "file"; readonly file: ArchiveFile }
  | { readonly kind: "symlink"; readonly target: string }
  /** A folder, a device, a sparse file: nothing whose bytes could be had. */
  | { readonly kind: "other"; readonly what: string };

/** The names of an archive. */
export interface ArchiveContents {
  /**
   * The file of a name, symbolic links within the archive followed; undefined where there is none.
   *
   * @throws ERR_DRAYAGE_ARCHIVE_INVALID where it is something else, or a link leads nowhere
   */
  find(name: string): ArchiveFile | undefined;
  /** Every name, in the order of the archive. */
  readonly names: readonly string[];
}

export interface ScanOptions {
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
}

/** More than any layout has. */
const mostEntries = 100_000;
/** After how many entries others get a turn, and the signal is looked at. */
const turn = 500;

/** Reads the headers of a plain archive, never the data. */
export async function scanContents(path: string, options: ScanOptions): Promise<ArchiveContents> {
  const members = new Map<string, Member>();
  const file = await open(path, "r").catch((error: unknown) => {
    throw ioError(error, "read", { path });
  });
  try {
    const { size } = await file.stat();
    let count = 0;
    for (const { header, dataOffset } of scanTar(randomAccess(file.fd, size, path))) {
      if (++count > mostEntries) throw tooMany(options.label);
      if (count % turn === 0) await new Promise((resolve) => setImmediate(resolve));
      throwIfAborted(options.signal, `read ${options.label}`);
      addMember(members, header, { dataOffset, label: options.label });
    }
  } catch (error) {
    throw withLabel(error, options.label);
  } finally {
    await file.close();
  }
  return { names: [...members.keys()], find: (name) => find(members, name, options.label) };
}

function randomAccess(fd: number, size: number, path: string): RandomAccess {
  let buffer = new Uint8Array(4096);
  return {
    size,
    read(position, length) {
      if (buffer.length < length) buffer = new Uint8Array(length);
      try {
        return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
      } catch (error) {
        throw ioError(error, "read", { path });
      }
    },
  };
}

/** A later entry takes the place of an earlier one of its name, as it would when both are unpacked. */
function addMember(
  members: Map<string, Member>,
  header: TarHeader,
  { dataOffset, label }: { dataOffset: number; label: string },
): void {
  const name = cleanName(header.name, label);
  switch (header.type) {
    case "file":
      members.set(name, { kind: "file", file: { offset: dataOffset, size: header.size } });
      return;
    case "link":
      members.set(
        name,
        members.get(cleanName(header.linkname, label)) ?? { kind: "other", what: "a link to nothing" },
      );
      return;
    case "symlink":
      members.set(name, { kind: "symlink", target: header.linkname });
      return;
    case "directory":
      // A folder is unpacked into one that is there.
      if (members.get(name)?.kind !== "symlink") members.set(name, { kind: "other", what: "a folder" });
      return;
    default:
      members.set(name, {
        kind: "other",
        what: header.type === "sparse" ? "a sparse file" : "no regular file",
      });
  }
}

/** As many as Linux follows. */
const mostLinks = 40;

function find(members: ReadonlyMap<string, Member>, wanted: string, label: string): ArchiveFile | undefined {
  let name = wanted;
  for (let links = 0; links <= mostLinks; links++) {
    const link = firstLink(members, name);
    if (link !== undefined) {
      name = cleanName(link, label);
      continue;
    }
    const member = members.get(name);
    if (member === undefined) return undefined;
    if (member.kind === "file") return member.file;
    throw invalid(label, `${JSON.stringify(wanted)} is ${member.kind === "other" ? member.what : "a link"}`);
  }
  throw invalid(label, `${JSON.stringify(wanted)} leads through more than ${mostLinks} symbolic links`);
}

/** The name with the first of its parts that is a symbolic link replaced by what that leads to. */
function firstLink(members: ReadonlyMap<string, Member>, name: string): string | undefined {
  const parts = name.split("/");
  for (let count = 1; count <= parts.length; count++) {
    const member = members.get(parts.slice(0, count).join("/"));
    if (member?.kind !== "symlink") continue;
    // A leading slash would leave the archive.
    if (member.target.startsWith("/")) return `../${member.target}`;
    return [...parts.slice(0, count - 1), member.target, ...parts.slice(count)].join("/");
  }
  return undefined;
}

/** What the codec says of the archive, with the archive's name. */
function withLabel(error: unknown, label: string): unknown {
  if (
    !isDrayageError(error, "ERR_DRAYAGE_ARCHIVE_INVALID") &&
    !isDrayageError(error, "ERR_DRAYAGE_LIMIT_EXCEEDED")
  ) {
    return error;
  }
  if (error.message.startsWith(label)) return error;
  const hint = error.hint ?? "the archive is damaged, or no tar file";
  return new DrayageError(error.code, `${label}: ${error.message}`, { hint, cause: error });
}

function tooMany(label: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${label}: the archive has more than ${mostEntries} entries, which no OCI layout has`,
  );
}

function invalid(label: string, what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", `${label}: ${what}`, {
    hint: "the archive is damaged, or no OCI layout",
  });
}
