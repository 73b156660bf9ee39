import { fields, nameLength } from "./block.ts";
import type { ByteString } from "./text.ts";

/**
 * A name of more than 100 bytes as ustar's prefix and name, split at a slash as late as the prefix allows: Go's rule.
 * Undefined where the name is short, not ASCII, or has no slash at the right place.
 */
export function splitUstarName(name: ByteString): { prefix: ByteString; name: ByteString } | undefined {
  if (name.length <= nameLength || !isPlainAscii(name)) return undefined;
  const longestPrefix = fields.prefix.length;
  let searched = name.length;
  if (searched > longestPrefix + 1) searched = longestPrefix + 1;
  else if (name.endsWith("/")) searched--;
  const slash = name.lastIndexOf("/", searched - 1);
  const rest = name.slice(slash + 1);
  if (slash <= 0 || rest.length > nameLength || rest.length === 0) return undefined;
  return { prefix: name.slice(0, slash), name: rest };
}

/** Whether all bytes are ASCII and none is NUL. */
export function isPlainAscii(text: ByteString): boolean {
  return !text.includes("\0") && !/\P{ASCII}/u.test(text);
}
