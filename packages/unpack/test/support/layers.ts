import { type Blob, bytesBlob } from "@drayage/blob";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";

export interface Entry extends TarEntryInput {
  readonly body?: string | Uint8Array;
}

export function tarOf(entries: readonly Entry[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const { body = "", ...header } of entries) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const size = header.size ?? bytes.length;
    pieces.push(encodeTarHeader({ mode: header.type === "directory" ? 0o755 : 0o644, ...header, size }));
    pieces.push(bytes, tarPadding(bytes.length));
  }
  return Buffer.concat([...pieces, tarEnd()]);
}

export function layer(...entries: readonly Entry[]): Blob {
  return bytesBlob(tarOf(entries), { what: "the layer" });
}

/* Entries in short. */
export const file = (name: string, body = name, more: Partial<Entry> = {}): Entry => ({
  name,
  type: "file",
  body,
  ...more,
});
export const dir = (name: string, more: Partial<Entry> = {}): Entry => ({
  name: `${name}/`,
  type: "directory",
  ...more,
});
export const symlink = (name: string, linkname: string, more: Partial<Entry> = {}): Entry => ({
  name,
  type: "symlink",
  linkname,
  mode: 0o777,
  ...more,
});
export const link = (name: string, linkname: string, more: Partial<Entry> = {}): Entry => ({
  name,
  type: "link",
  linkname,
  ...more,
});
export const whiteout = (name: string): Entry => ({ name, type: "file", mode: 0 });
