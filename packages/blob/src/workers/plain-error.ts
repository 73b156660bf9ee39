import { DrayageError, isDrayageError, type Side } from "@drayage/errors";

/**
 * An error as data: what is posted from one thread to another loses its class, and all properties that are not
 * every error's.
 */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The code of a system error or of a {@link DrayageError}. */
  readonly code: string | undefined;
  readonly errno: number | undefined;
  readonly syscall: string | undefined;
  readonly path: string | undefined;
  readonly cause: PlainError | undefined;
  /** Set where it is a {@link DrayageError}. */
  readonly own:
    | {
        readonly op: string | undefined;
        readonly side: Side | undefined;
        readonly hint: string | undefined;
        readonly retryable: boolean;
      }
    | undefined;
}

/** Causes beyond this depth are left out: a chain may be a ring. */
const deepestCause = 8;

export function plainError(thrown: unknown, depth = 0): PlainError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code, errno, syscall, path } = error as NodeJS.ErrnoException;
  const { cause } = error;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code,
    errno,
    syscall,
    path,
    cause: cause === undefined || depth >= deepestCause ? undefined : plainError(cause, depth + 1),
    own: isDrayageError<string>(error) ? ownFields(error) : undefined,
  };
}

function ownFields({ op, side, hint, retryable }: DrayageError<string>): PlainError["own"] {
  return { op, side, hint, retryable };
}

/** The error again, with its causes and the stack of the thread where it was thrown. */
export function revivedError(plain: PlainError): Error {
  const cause = plain.cause === undefined ? undefined : revivedError(plain.cause);
  const error = plain.own === undefined ? revivedForeign(plain, cause) : revivedOwn(plain, plain.own, cause);
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}

function revivedOwn(
  { code = "ERR_DRAYAGE_IO", message }: PlainError,
  own: NonNullable<PlainError["own"]>,
  cause: Error | undefined,
): Error {
  return new DrayageError<string>(code, message, { ...own, cause });
}

function revivedForeign(plain: PlainError, cause: Error | undefined): Error {
  const error = new Error(plain.message, cause === undefined ? undefined : { cause });
  error.name = plain.name;
  const { code, errno, syscall, path } = plain;
  for (const [key, value] of Object.entries({ code, errno, syscall, path })) {
    if (value !== undefined) Object.assign(error, { [key]: value });
  }
  return error;
}
