/** The version of the format that all tools know. */
export const plainVersion = "1.1";
/** The version that has names for digests of other algorithms than sha256. */
export const algorithmsVersion = "1.2";

const pattern = /^Directory Transport Version: ([0-9]{1,9})\.([0-9]{1,9})\n?$/;

export function versionBytes(version: string): Uint8Array {
  return new TextEncoder().encode(`Directory Transport Version: ${version}\n`);
}

/** What the file `version` says: a version that is known here, a `newer` one, or nothing that could be read. */
export function readVersion(bytes: Uint8Array): "known" | "newer" | "unreadable" {
  const [, major, minor] = pattern.exec(new TextDecoder().decode(bytes)) ?? [];
  if (major === undefined || minor === undefined) return "unreadable";
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) > 2) ? "newer" : "known";
}

/** The version as the file says it, for messages. */
export function quoteVersion(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 80)));
}
