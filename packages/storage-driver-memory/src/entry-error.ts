import { DrayageError, isDrayageError } from "@drayage/errors";
import { type ByteString, textOf } from "./byte-string.ts";

export function invalid(message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", message);
}

/** What went wrong with an entry, with its name. */
export function entryError(error: unknown, name: ByteString): unknown {
  if (!isDrayageError(error)) return error;
  const { code, message, op, hint, cause } = error;
  const text = textOf(name);
  const shown = JSON.stringify(text.length > longestShown ? `${text.slice(0, longestShown)}…` : text);
  return new DrayageError(code, `tar entry ${shown}: ${message}`, { op, hint, cause });
}

const longestShown = 200;
