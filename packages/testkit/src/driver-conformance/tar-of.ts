import { encodeTarHeader, type TarEntryInput, type TarTime, tarEnd, tarPadding } from "@drayage/tar";
import { concat } from "../bytes.ts";

/** An entry of a layer that a case is about. Owner 0:0, mode 644 and {@link sampleTime} where nothing else is said. */
export type LayerEntry = TarEntryInput & { readonly content?: string | Uint8Array | undefined };

/** When the entries of the samples were changed. */
export const sampleTime: TarTime = { seconds: 1_700_000_000, nanoseconds: 123_456_789 };

const defaults = { mode: 0o644, mtime: sampleTime, format: "pax" } as const;

/** The tar of a layer, byte by byte the same for the same entries. */
export function tarOf(entries: readonly LayerEntry[]): Uint8Array {
  const parts = entries.flatMap(({ content = "", ...entry }) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return [encodeTarHeader({ ...defaults, ...entry, size: bytes.length }), bytes, tarPadding(bytes.length)];
  });
  return concat([...parts, tarEnd()]);
}
