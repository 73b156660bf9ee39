import { DrayageError } from "@drayage/errors";
import { cleanPath } from "./clean-path.ts";
import { quoteName } from "./problem.ts";
import { decodeText, fromByteString, toByteString } from "./text.ts";

/**
 * An entry's name, or a hard link's target, as a path below the archive's root: without a leading slash, `.`, `..`,
 * empty parts or a slash at the end; `.` for the root itself. It is cleaned and joined to the root as Go does
 * (`path.Clean`, `path.Join`): `/etc/passwd` is `etc/passwd`, and `/../x` is `x`, since nothing is above `/`.
 *
 * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` where the name leaves the root (`../x`, `a/../../x`) or has a NUL. That no
 * symbolic link on the path leads out of the root is for the one who extracts to see to.
 */
export function cleanEntryName(name: string): string {
  const inside = pathInside(name);
  if (inside === undefined) throw refusal(name);
  return inside;
}

/** As {@link cleanEntryName}, for names that are not UTF-8. */
export function cleanRawEntryName(name: Uint8Array): Uint8Array {
  const inside = pathInside(toByteString(name));
  if (inside === undefined) throw refusal(decodeText(name));
  return fromByteString(inside);
}

function pathInside(name: string): string | undefined {
  if (name.includes("\0")) return undefined;
  const clean = cleanPath(name);
  if (clean === ".." || clean.startsWith("../")) return undefined;
  return clean.startsWith("/") ? clean.slice(1) || "." : clean;
}

function refusal(name: string): DrayageError {
  const why = name.includes("\0") ? "has a NUL in its name" : "leaves the archive's root";
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", `tar entry ${quoteName(name)} ${why}`);
}
