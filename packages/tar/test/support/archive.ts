import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "../../src/index.ts";

export interface ArchiveEntry {
  readonly header: TarEntryInput;
  readonly data?: Uint8Array | undefined;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Bytes as a string of one character each: strings compare fast. */
export function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** An archive of these entries, without its end. */
export function archiveOf(...entries: readonly ArchiveEntry[]): Uint8Array {
  return concat(
    ...entries.flatMap(({ header, data = new Uint8Array() }) => [
      encodeTarHeader({ ...header, size: header.size ?? data.length }),
      data,
      tarPadding(data.length),
    ]),
  );
}

export function wholeArchive(...entries: readonly ArchiveEntry[]): Uint8Array {
  return concat(archiveOf(...entries), tarEnd());
}

/** The fields of a header block by hand: what no honest writer writes can be written so. */
export interface RawBlock {
  readonly name?: string;
  readonly mode?: string;
  readonly size?: string | Uint8Array;
  readonly mtime?: string | Uint8Array;
  readonly typeflag?: string;
  readonly linkname?: string;
  /** The magic and the version, 8 bytes. */
  readonly magic?: string;
  /** Bytes to put at an offset, before the checksum is made. */
  readonly patches?: readonly (readonly [offset: number, bytes: Uint8Array | string])[];
  readonly checksum?: "unsigned" | "signed" | string;
}

export function rawBlock(fields: RawBlock): Uint8Array {
  const block = new Uint8Array(512);
  put(block, 0, fields.name ?? "x");
  put(block, 100, fields.mode ?? "0000644\0");
  put(block, 108, "0000000\0");
  put(block, 116, "0000000\0");
  put(block, 124, fields.size ?? "00000000000\0");
  put(block, 136, fields.mtime ?? "00000000000\0");
  put(block, 156, fields.typeflag ?? "0");
  put(block, 157, fields.linkname ?? "");
  put(block, 257, fields.magic ?? "ustar\x0000");
  for (const [offset, bytes] of fields.patches ?? []) put(block, offset, bytes);
  const checksum = fields.checksum ?? "unsigned";
  if (checksum !== "unsigned" && checksum !== "signed") {
    put(block, 148, checksum);
    return block;
  }
  let sum = 8 * 0x20;
  for (const [offset, byte] of block.entries()) {
    if (offset >= 148 && offset < 156) continue;
    sum += checksum === "signed" && byte > 127 ? byte - 256 : byte;
  }
  put(block, 148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** A header block of typeflag x, g, L or K with its body, padded. */
export function extended(typeflag: string, body: Uint8Array | string, magic?: string): Uint8Array {
  const bytes = typeof body === "string" ? text(body) : body;
  const size = `${bytes.length.toString(8).padStart(11, "0")}\0`;
  const block = rawBlock({ name: "extended", typeflag, size, ...(magic === undefined ? {} : { magic }) });
  return concat(block, bytes, tarPadding(bytes.length));
}

/** One PAX record with its length in front. */
export function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = text(rest).length;
  for (let digits = 1; ; digits++) {
    if (String(length + digits).length === digits) return `${length + digits}${rest}`;
  }
}

function put(block: Uint8Array, offset: number, value: string | Uint8Array): void {
  block.set(typeof value === "string" ? text(value) : value, offset);
}
