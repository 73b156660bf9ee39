import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from "@drayage/tar";

export type Entry = TarEntryInput & { readonly content?: string | undefined };

/** A layer's tar. Entries are root's, of 2023, and may be read by all. */
export function tarOf(entries: readonly Entry[]): Uint8Array {
  const mtime = { seconds: 1_700_000_000, nanoseconds: 123_456_789 };
  const parts = entries.flatMap(({ content = "", ...entry }) => {
    const bytes = Buffer.from(content);
    const mode = entry.name?.endsWith("/") === true ? 0o755 : 0o644;
    return [
      encodeTarHeader({ mode, mtime, format: "pax", ...entry, size: bytes.length }),
      bytes,
      tarPadding(bytes.length),
    ];
  });
  return Buffer.concat([...parts, tarEnd()]);
}
