import { DrayageError } from "@drayage/errors";
import { isObject, parseObject } from "./json.ts";

/** The version of the layout format that exists. */
export const layoutVersion = "1.0.0";

/** The bytes that skopeo writes into the file `oci-layout`. */
export function layoutFileBytes(): Uint8Array {
  return new TextEncoder().encode(`{"imageLayoutVersion": "${layoutVersion}"}`);
}

/** Whether the file holds the version alone, so that writing it anew loses nothing. */
export function isPlainLayoutFile(bytes: Uint8Array): boolean {
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return isObject(document) && Object.keys(document).length === 1;
}

/**
 * Checks what the file `oci-layout` says. `where` names it in messages.
 *
 * @throws ERR_DRAYAGE_LAYOUT_INVALID
 */
export function checkLayoutFile(bytes: Uint8Array, where: string): void {
  const { imageLayoutVersion: version } = parseObject(bytes, where);
  if (version === layoutVersion) return;
  const said = version === undefined ? "no imageLayoutVersion" : `version ${JSON.stringify(version)}`;
  throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${where}: it says ${said}, not ${layoutVersion}`, {
    hint: "the layout is damaged, or of a format that this version does not know",
  });
}
