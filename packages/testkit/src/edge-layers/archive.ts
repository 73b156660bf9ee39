import { encodeTarHeader, type TarEntryInput, type TarTime, tarEnd, tarPadding } from "@drayage/tar";
import { concat } from "../bytes.ts";

/** The modification time of all that has no other one. */
export const time: TarTime = { seconds: 1_700_000_000, nanoseconds: 0 };

/** One entry of an archive, or any bytes in its place. */
export type Entry = Uint8Array;

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A regular file. The content is its name by default, so that two files differ. */
export function file(name: string, content: string | Uint8Array = name, header: TarEntryInput = {}): Entry {
  const data = typeof content === "string" ? text(content) : content;
  return entry({ mode: 0o644, name, ...header }, data);
}

export function folder(name: string, header: TarEntryInput = {}): Entry {
  return entry({ mode: 0o755, name: `${name}/`, ...header });
}

export function symlink(name: string, linkname: string, header: TarEntryInput = {}): Entry {
  return entry({ mode: 0o777, name, type: "symlink", linkname, ...header });
}

export function hardLink(name: string, linkname: string, header: TarEntryInput = {}): Entry {
  return entry({ mode: 0o644, name, type: "link", linkname, ...header });
}

/** A file without content that hides what is below. */
export function whiteout(name: string): Entry {
  return file(name, "", { mode: 0o600 });
}

export function entry(header: TarEntryInput, data: Uint8Array = new Uint8Array()): Entry {
  return concat([
    encodeTarHeader({ mtime: time, size: data.length, ...header }),
    data,
    tarPadding(data.length),
  ]);
}

/** An archive with its two blocks of zeros at the end. */
export function archive(...entries: readonly Entry[]): Uint8Array {
  return concat([...entries, tarEnd()]);
}

/** The fields of a header block by hand, as no honest writer has them. */
export interface Block {
  readonly name: string;
  readonly typeflag?: string | undefined;
  /** Of the data that follows. */
  readonly size?: number | undefined;
  readonly magic?: string | undefined;
  readonly linkname?: string | undefined;
  /** Text to put at an offset, before the checksum is made. */
  readonly patches?: Readonly<Record<number, string>> | undefined;
}

const checksum = 148;

export function block({
  name,
  typeflag = "0",
  size = 0,
  magic = "ustar\x0000",
  linkname = "",
  patches = {},
}: Block): Entry {
  const bytes = new Uint8Array(512);
  const fields: Readonly<Record<number, string>> = {
    0: name,
    100: "0000644\0",
    108: "0000000\0",
    116: "0000000\0",
    124: octal(size),
    136: octal(time.seconds),
    [checksum]: " ".repeat(8),
    156: typeflag,
    157: linkname,
    257: magic,
    ...patches,
  };
  for (const [offset, value] of Object.entries(fields)) bytes.set(text(value), Number(offset));
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.set(text(`${sum.toString(8).padStart(6, "0")}\0 `), checksum);
  return bytes;
}

/** A number of a header block of 12 bytes. */
export function octal(value: number): string {
  return `${value.toString(8).padStart(11, "0")}\0`;
}

/** A PAX header, to stand before an entry; with `g` a global one. */
export function pax(
  records: readonly (readonly [key: string, value: string])[],
  typeflag: "x" | "g" = "x",
): Entry {
  const body = text(records.map(([key, value]) => record(key, value)).join(""));
  return concat([block({ name: "pax", typeflag, size: body.length }), body, tarPadding(body.length)]);
}

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = text(rest).length;
  const digits = String(length + String(length).length).length;
  return `${length + digits}${rest}`;
}
