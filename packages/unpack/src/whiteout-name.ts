import { opaqueWhiteout, whiteoutPrefix } from "@drayage/tar";
import type { ByteString } from "./byte-string.ts";
import { invalid } from "./entry-error.ts";

export type WhiteoutName =
  | { readonly kind: "removed"; readonly name: ByteString }
  | { readonly kind: "opaque" }
  /** The aufs driver's own files, which mean nothing in a layer. */
  | { readonly kind: "metadata" };

const metadataPrefix = `${whiteoutPrefix}${whiteoutPrefix}`;

/** What the entry of this path, whose last part is `base`, stands for; undefined for a file. */
export function parseWhiteoutName(path: ByteString, base: ByteString): WhiteoutName | undefined {
  if (base === opaqueWhiteout) return { kind: "opaque" };
  if (path.startsWith(metadataPrefix) || base.startsWith(metadataPrefix)) return { kind: "metadata" };
  if (!base.startsWith(whiteoutPrefix)) return undefined;
  const name = base.slice(whiteoutPrefix.length);
  if (name === "" || name === "." || name === "..") throw invalid("it is a whiteout of no file");
  return { kind: "removed", name };
}
