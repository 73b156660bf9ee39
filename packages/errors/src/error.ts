import type { DrayageErrorCode } from "./codes.ts";
import { sanitizeText } from "./text.ts";

const brand = Symbol.for("@drayage/error");

/** Which end of a copy an error belongs to. */
export type Side = "source" | "destination";

export interface DrayageErrorOptions {
  /** The operation that failed, as a short phrase: `open oci-dir:/tmp/x`. */
  op?: string | undefined;
  side?: Side | undefined;
  /** What the reader can do about it, as one sentence. */
  hint?: string | undefined;
  cause?: unknown;
  /** Whether the same call may succeed when made again. */
  retryable?: boolean | undefined;
}

/**
 * The one error class of drayage. Tell its kinds apart by `code`, and recognise it by
 * {@link isDrayageError}, not `instanceof`: two copies of this package may be installed.
 *
 * The message is one line without control characters and without credentials in URLs.
 */
export class DrayageError<C extends string = DrayageErrorCode> extends Error {
  readonly code: C;
  readonly op: string | undefined;
  readonly side: Side | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(code: C, message: string, options: DrayageErrorOptions = {}) {
    super(sanitizeText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "DrayageError";
    this.code = code;
    this.op = options.op === undefined ? undefined : sanitizeText(options.op);
    this.side = options.side;
    this.hint = options.hint === undefined ? undefined : sanitizeText(options.hint);
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether `error` is a {@link DrayageError}, and, where `code` is given, one of that code. */
export function isDrayageError<C extends string = DrayageErrorCode>(
  error: unknown,
  code?: C,
): error is DrayageError<C> {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || ("code" in error && error.code === code);
}

/** The same error with the side of the copy filled in, where it is not known yet. Others pass as they are. */
export function withSide(error: unknown, side: Side): unknown {
  if (!isDrayageError<string>(error) || error.side !== undefined) return error;
  const { code, message, op, hint, retryable } = error;
  const twin = new DrayageError(code, message, { op, side, hint, retryable, cause: error.cause });
  if (error.stack !== undefined) twin.stack = error.stack;
  return twin;
}
