import { DrayageError, type DrayageErrorCode, isDrayageError } from "@drayage/errors";
import type { CommandDefinition } from "../command.ts";

/** A mistake in the words that buildah has for it, and what would have been right, of which buildah says nothing. */
class SaidError extends DrayageError {
  readonly accepted: string | undefined;

  constructor(message: string, accepted: string | undefined) {
    super("ERR_DRAYAGE_USAGE", message);
    this.accepted = accepted;
  }
}

/** A mistake in the words that buildah has for it: scripts look for them. `accepted` is added for who calls dray by its own name. */
export function said(message: string, accepted?: string): DrayageError {
  return new SaidError(message, accepted);
}

/** A flag that a command does not have. */
export class UnknownFlagError extends DrayageError {
  /** `--workdir`, `-w` */
  readonly flag: string;

  constructor(message: string, flag: string) {
    super("ERR_DRAYAGE_USAGE", message);
    this.flag = flag;
  }
}

class ImageNotKnownError extends DrayageError {
  constructor(message: string, cause: unknown) {
    super("ERR_DRAYAGE_IMAGE_NOT_FOUND", message, { cause });
  }
}

/** What was called. */
export interface Called {
  /** `config`, `manifest add` */
  readonly command: string;
  readonly parameters: CommandDefinition["parameters"];
}

/** The error with what would have been right, or is meant, as its hint: for who calls dray by its own name. */
export async function withHint(error: unknown, called: Called | undefined): Promise<unknown> {
  const hint = await hintOf(error, called);
  if (hint === undefined || !isDrayageError(error)) return error;
  return new DrayageError(error.code, error.message, { hint, cause: error });
}

async function hintOf(error: unknown, called: Called | undefined): Promise<string | undefined> {
  if (error instanceof SaidError) return error.accepted && `accepted: ${error.accepted}`;
  const isImages = (one: unknown): boolean => one instanceof ImageNotKnownError;
  if (isImages(error) || (isDrayageError(error) && isImages(error.cause))) {
    return "dray images lists those that are there";
  }
  if (!(error instanceof UnknownFlagError) || called === undefined) return undefined;
  const { insteadOfFlag } = await import("./did-you-mean.ts");
  return insteadOfFlag(error.flag, called);
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
  return new ImageNotKnownError(`${name}: image not known`, error);
}

/** What stands behind the name of a container or image is no flag any more, and may not look like one. */
export function refuseLateFlags(words: readonly string[]): void {
  const late = words.find((word) => word.startsWith("-"));
  if (late === undefined) return;
  throw said(`no options (${late}) can be specified after the image or container name`);
}
