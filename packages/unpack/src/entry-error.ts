import { DrayageError, errnoOf, ioError, isDrayageError } from "@drayage/errors";
import type { TarHeader } from "@drayage/tar";
import { quoted, toByteString } from "./byte-string.ts";

/** What went wrong while an entry was unpacked, with its name. */
export function entryError(error: unknown, header: TarHeader): unknown {
  const name = toByteString(header.rawName);
  if (isDrayageError(error)) {
    const { code, op, hint, cause } = error;
    return new DrayageError(code, `tar entry ${quoted(name)}: ${error.message}`, { op, hint, cause });
  }
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const named = ioError(error, "unpack", { path: JSON.parse(quoted(name)) as string });
  if (!isDrayageError(named) || (errno !== "EPERM" && errno !== "EINVAL")) return named;
  const { code, message, op } = named;
  return new DrayageError(code, message, {
    op,
    hint: "owners and devices are root's to make, and a user namespace has only some ids: unpack as root, or without them",
    cause: error,
  });
}

export function invalid(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", message);
}

export function tooMany(count: number, what: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `the archive has more than the ${count} ${what} that are accepted`,
  );
}
