import { type Blob, bytesBlob } from "@drayage/blob";
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";

export type Entry = TarEntryInput & { readonly content?: string };

const defaults = {
  mode: 0o644,
  mtime: { seconds: 1_700_000_000, nanoseconds: 123_456_789 },
  format: "pax",
} as const;

/** When entries were changed that do not say it, in nanoseconds. */
export const entryTime = 1_700_000_000_123_456_789n;

/** The tar of a layer. Names that end in a slash are folders of mode 755. */
export function tarOf(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap(({ content = "", ...entry }) => {
    const bytes = new TextEncoder().encode(content);
    const mode = entry.name?.endsWith("/") ? 0o755 : defaults.mode;
    return [
      encodeTarHeader({ ...defaults, mode, ...entry, size: bytes.length }),
      bytes,
      tarPadding(bytes.length),
    ];
  });
  return Buffer.concat([...parts, tarEnd()]);
}

export function blobOf(entries: readonly Entry[]): Blob {
  return bytesBlob(tarOf(entries), { what: "a layer of a test" });
}

export function link(name: string, linkname: string): Entry {
  return { name, linkname, type: "link" };
}

export function symlink(name: string, linkname: string): Entry {
  return { name, linkname, type: "symlink" };
}
