import { DrayageError, isDrayageError, type Side } from "./error.ts";

interface SystemError {
  readonly code: string;
  readonly path?: string;
}

const meanings: Readonly<Record<string, readonly [sentence: string, hint?: string]>> = {
  EACCES: ["permission denied", "check who owns the path, or run as a user who may use it"],
  EDQUOT: ["the disk quota is used up", "free some space and run the command again"],
  EEXIST: ["it exists already"],
  EFBIG: ["the file would be larger than the file system allows"],
  EISDIR: ["it is a directory, where a file is needed"],
  ELOOP: ["too many symbolic links"],
  EMFILE: ["too many open files", "raise the limit with ulimit -n"],
  ENAMETOOLONG: ["the name is too long"],
  ENOENT: ["no such file or directory"],
  ENOSPC: ["no space left on the device", "free some space and run the command again"],
  ENOTDIR: ["a part of the path is not a directory"],
  ENOTEMPTY: ["the directory is not empty"],
  EPERM: ["the operation is not permitted"],
  EPIPE: ["the reader closed the pipe"],
  EROFS: ["the file system is read-only"],
};

/** The `code` of a system error such as `ENOENT`, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || isDrayageError(error)) return undefined;
  const { code } = error as Partial<SystemError>;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/**
 * A system error as `ERR_DRAYAGE_IO` that names the operation and the path in words.
 * Errors that are none of the system's come back as they are.
 */
export function ioError(
  error: unknown,
  op: string,
  options: { path?: string | undefined; side?: Side | undefined } = {},
): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const path = options.path ?? (error as SystemError).path;
  const [sentence, hint] = meanings[errno] ?? [(error as Error).message];
  const where = path === undefined ? "" : ` ${JSON.stringify(path)}`;
  return new DrayageError("ERR_DRAYAGE_IO", `cannot ${op}${where}: ${sentence} (${errno})`, {
    op,
    side: options.side,
    hint,
    cause: error,
  });
}
