/**
 * To and from the streams of the package tar-stream, for programs that have such.
 * @module
 */
import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { Extract, Header, Pack } from "tar-stream";
import type { TarEntryInput } from "./entry-input.ts";
import type { TarEntryType } from "./header.ts";
import { parseDecimal } from "./numbers.ts";
import { schilyXattr } from "./pax.ts";
import { quoteName } from "./problem.ts";
import { encodeText } from "./text.ts";
import { formatPaxTime, parsePaxTime, type TarTime } from "./time.ts";
import { sizeMismatch, type TarBody, type TarWriteEntry } from "./write.ts";

/** A header as tar-stream's `pack.entry` takes it. */
export type TarStreamHeader = Omit<Header, "pax"> & {
  readonly pax?: Readonly<Record<string, string>> | null;
};

const toTheirs: Readonly<Partial<Record<TarEntryType, Header["type"]>>> = {
  file: "file",
  link: "link",
  symlink: "symlink",
  character: "character-device",
  block: "block-device",
  directory: "directory",
  fifo: "fifo",
};

const toOurs: Readonly<Record<Header["type"], TarEntryType>> = {
  file: "file",
  "contiguous-file": "file",
  link: "link",
  symlink: "symlink",
  "character-device": "character",
  "block-device": "block",
  directory: "directory",
  fifo: "fifo",
};

/** The largest number that tar-stream writes into a field of 8 bytes; a larger one it replaces by this. */
const largestNumber = 0o777777;
/** tar-stream counts seconds in 32 bits. */
const largestSeconds = 2 ** 31 - 1;
const longestOwner = 32;

/**
 * A header for tar-stream's `pack.entry`. What tar-stream 3 would clip or wrap around (ids above 262143, times
 * before 1970 or after 2038, parts of a second, long owner names) goes into PAX records.
 *
 * Throws `ERR_DRAYAGE_USAGE` for what it cannot write at all: names and attributes that are not UTF-8, larger device
 * numbers, other typeflags. `writeTar` writes these.
 */
export function toTarStreamHeader(entry: TarEntryInput): TarStreamHeader {
  const name = entry.rawName === undefined ? (entry.name ?? "") : strictText(entry.rawName, "its name");
  const linkname =
    entry.rawLinkname === undefined
      ? (entry.linkname ?? "")
      : strictText(entry.rawLinkname, "its link's target");
  const type = toTheirs[entry.type ?? (name.endsWith("/") ? "directory" : "file")];
  if (type === undefined) throw refuse(`its type, ${entry.type}`);
  const pax: Record<string, string> = {};
  for (const [key, value] of entry.pax ?? []) {
    if (entry.xattrs === undefined || !key.startsWith(schilyXattr))
      pax[key] = strictText(value, `its PAX record ${key}`);
  }
  for (const [key, value] of entry.xattrs ?? []) {
    pax[schilyXattr + key] = strictText(value, `its extended attribute ${key}`);
  }
  const header: TarStreamHeader = {
    name,
    linkname,
    type,
    size: type === "file" ? (entry.size ?? 0) : 0,
    mode: (entry.mode ?? 0) & 0o7777,
    uid: id("uid"),
    gid: id("gid"),
    mtime: new Date(1000 * time("mtime", 0, largestSeconds)),
    uname: owner("uname"),
    gname: owner("gname"),
    devmajor: device("devmajor"),
    devminor: device("devminor"),
  };
  for (const key of ["atime", "ctime"] as const) time(key, Number.POSITIVE_INFINITY, 0);
  return Object.keys(pax).length === 0 ? header : { ...header, pax };

  function id(key: "uid" | "gid"): number {
    const value = entry[key] ?? 0;
    if (value >= 0 && value <= largestNumber) return value;
    pax[key] = String(value);
    return 0;
  }

  /** The seconds for the field of the header; the rest, or all, goes into a PAX record. */
  function time(key: "mtime" | "atime" | "ctime", first: number, last: number): number {
    const value = entry[key];
    if (value === undefined) return 0;
    const fits = value.seconds >= first && value.seconds <= last;
    if (!fits || value.nanoseconds !== 0) pax[key] = formatPaxTime(value);
    return fits ? value.seconds : 0;
  }

  function owner(key: "uname" | "gname"): string {
    const value = entry[key] ?? "";
    if (encodeText(value).length <= longestOwner) return value;
    pax[key] = value;
    return "";
  }

  function device(key: "devmajor" | "devminor"): number {
    const value = entry[key] ?? 0;
    if (value < 0 || value > largestNumber) throw refuse(`its ${key}, ${value}`);
    return value;
  }

  function strictText(bytes: Uint8Array, what: string): string {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    if (text.includes("\ufffd") && !isSame(encodeText(text), bytes))
      throw refuse(`${what}, which is not UTF-8`);
    return text;
  }

  function refuse(what: string): DrayageError {
    return new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `tar-stream cannot write ${what}, of the entry ${quoteName(entry.name ?? "")}`,
      {
        hint: "write the archive with writeTar",
      },
    );
  }
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/**
 * A header of tar-stream's as one for `encodeTarHeader` and `writeTar`. Ids, owners and times are taken from the PAX
 * records, which tar-stream itself does not look at. Attributes that are not UTF-8 are damaged in it already:
 * `readTar` reads them right.
 *
 * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` for a PAX record that is no number or time where one is due.
 */
export function fromTarStreamHeader(header: Header): TarEntryInput {
  const pax = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(header.pax ?? {})) pax.set(key, encodeText(String(value)));
  const milliseconds = header.mtime.getTime();
  return {
    name: header.name,
    type: toOurs[header.type],
    mode: header.mode,
    uid: parsed("uid", parseDecimal) ?? header.uid,
    gid: parsed("gid", parseDecimal) ?? header.gid,
    size: header.type === "file" || header.type === "contiguous-file" ? header.size : 0,
    mtime: parsed("mtime", parsePaxTime) ?? {
      seconds: Math.floor(milliseconds / 1000),
      nanoseconds: (((milliseconds % 1000) + 1000) % 1000) * 1_000_000,
    },
    atime: parsed<TarTime>("atime", parsePaxTime),
    ctime: parsed<TarTime>("ctime", parsePaxTime),
    linkname: header.linkname ?? "",
    uname: text("uname") ?? header.uname,
    gname: text("gname") ?? header.gname,
    devmajor: header.devmajor,
    devminor: header.devminor,
    pax,
    format: pax.size > 0 ? "pax" : undefined,
  };

  function parsed<T>(key: string, parse: (bytes: Uint8Array) => T | undefined): T | undefined {
    const value = pax.get(key);
    if (value === undefined || value.length === 0) return undefined;
    const result = parse(value);
    if (result !== undefined) return result;
    throw new DrayageError(
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      `tar entry ${quoteName(header.name)}: its PAX record ${key} is malformed`,
    );
  }

  function text(key: string): string | undefined {
    const value = pax.get(key);
    return value === undefined || value.length === 0 ? undefined : new TextDecoder().decode(value);
  }
}

/** The entries of a tar-stream `extract()`, for `writeTar` and others; each body is to be taken before the next entry. */
export async function* fromTarStream(extract: Extract): AsyncGenerator<TarWriteEntry, void, undefined> {
  for await (const source of extract) {
    yield { header: fromTarStreamHeader(source.header), body: source as AsyncIterable<Uint8Array> };
    // tar-stream goes on only when the entry's stream was read to its end.
    source.resume();
  }
}

/**
 * Writes entries to a tar-stream `pack()` and finalizes it. Entries of `readTar` can be given as they are.
 *
 * Throws as {@link toTarStreamHeader} and `writeTar`; the pack is destroyed then.
 */
export async function toTarStream(
  entries: AsyncIterable<TarWriteEntry> | Iterable<TarWriteEntry>,
  pack: Pack,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  try {
    for await (const { header, body = [] } of entries) {
      throwIfAborted(options.signal, "write a tar archive");
      const size = header.size ?? (body instanceof Uint8Array ? body.length : 0);
      await writeEntry(pack, toTarStreamHeader({ ...header, size }), body);
    }
    pack.finalize();
  } catch (error) {
    pack.destroy(error instanceof Error ? error : undefined);
    throw error;
  }
}

async function writeEntry(pack: Pack, header: TarStreamHeader, body: TarBody): Promise<void> {
  let settle: (error?: Error | null) => void = () => {};
  const written = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve());
  });
  const sink = pack.entry(header, settle);
  // Without a listener the error of a destroyed pack would end the process; the callback may have it already.
  sink.on("error", settle);
  await Promise.all([written, feed()]);

  async function feed(): Promise<void> {
    let length = 0;
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      length += chunk.length;
      if (length > header.size) throw sizeMismatch(header.name, header.size, "more");
      if (chunk.length === 0 || sink.write(chunk)) continue;
      // A pack that is destroyed never drains.
      await Promise.race([new Promise<void>((resolve) => sink.once("drain", () => resolve())), written]);
    }
    if (length < header.size) throw sizeMismatch(header.name, header.size, `only ${length}`);
    sink.end(null);
  }
}
