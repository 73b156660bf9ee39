import { DrayageError, type DrayageErrorCode, isDrayageError } from "@drayage/errors";

/** A mistake in the words that buildah has for it, and what to do instead, of which buildah says nothing. */
class SaidError extends DrayageError {
  readonly instead: string | undefined;

  constructor(message: string, instead: string | undefined) {
    super("ERR_DRAYAGE_USAGE", message);
    this.instead = instead;
  }
}

/** A mistake in the words that buildah has for it: scripts look for them. `accepted` is added for who calls dray by its own name. */
export function said(message: string, accepted?: string): DrayageError {
  return saidWithHint(message, accepted && `accepted: ${accepted}`);
}

/** The same with another hint. */
export function saidWithHint(message: string, hint: string | undefined): DrayageError {
  return new SaidError(message, hint);
}

/** The error with what to do instead as its hint. */
export function withHint(error: unknown): unknown {
  if (!(error instanceof SaidError) || error.instead === undefined) return error;
  return new DrayageError("ERR_DRAYAGE_USAGE", error.message, { hint: error.instead, cause: error });
}

/** The error behind what was being done, as buildah puts it before its own. */
export function saidWhile(doing: string, error: unknown): unknown {
  if (!isDrayageError(error) || isDrayageError(error, "ERR_DRAYAGE_ABORTED")) return error;
  const { code, hint, op } = error;
  const sentence = short[code] ?? error.message;
  return new DrayageError(code, `${doing}: ${sentence}`, { hint, op, cause: error });
}

/** What containers/storage says of what is not there. */
const short: Readonly<Partial<Record<DrayageErrorCode, string>>> = {
  ERR_DRAYAGE_CONTAINER_NOT_FOUND: "container not known",
};

/** An image that the store has not, as containers/storage says it. */
export function imageNotKnown(name: string, error: unknown): unknown {
  if (!isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return error;
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${name}: image not known`, { cause: error });
}

/** What stands behind the name of a container or image is no flag any more, and may not look like one. */
export function refuseLateFlags(words: readonly string[]): void {
  const late = words.find((word) => word.startsWith("-"));
  if (late === undefined) return;
  throw said(`no options (${late}) can be specified after the image or container name`);
}
