import { abortError, DrayageError, ioError, isDrayageError, type Side, withSide } from "@drayage/errors";

/** The error as one of ours that says which end of the copy it belongs to. */
export function errorOnSide(error: unknown, side: Side, op: string): unknown {
  if (error instanceof Error && error.name === "AbortError" && !isDrayageError(error))
    return abortError(error, op);
  if (isDrayageError(error, "ERR_DRAYAGE_ABORTED")) return error;
  return withSide(ioError(error, op, { side }), side);
}

/** Runs a call to one end of the copy. */
export async function onSide<T>(side: Side, op: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw errorOnSide(error, side, op);
  }
}

/** Errors that tell of manifests and configs, which are only ever read at the source. */
const documentCodes: ReadonlySet<string> = new Set([
  "ERR_DRAYAGE_CONFIG_INVALID",
  "ERR_DRAYAGE_LIMIT_EXCEEDED",
  "ERR_DRAYAGE_MANIFEST_INVALID",
  "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
]);

/** Runs work on the source's documents: an error in what they say is the source's. */
export async function onDocuments<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDrayageError<string>(error) && documentCodes.has(error.code) ? withSide(error, "source") : error;
  }
}

/** Errors that tell of the bytes themselves, whoever was reading them. */
const contentCodes: ReadonlySet<string> = new Set([
  "ERR_DRAYAGE_DIGEST_MISMATCH",
  "ERR_DRAYAGE_SIZE_MISMATCH",
  "ERR_DRAYAGE_COMPRESSION_INVALID",
  "ERR_DRAYAGE_BLOB_NOT_FOUND",
]);

/** The side that a failed transfer is to be blamed on, where the error does not say so itself. */
export function sideOfTransfer(error: unknown, originPath: string | undefined): Side {
  if (!isDrayageError<string>(error)) return "destination";
  if (contentCodes.has(error.code)) return "source";
  const isRead = error.code === "ERR_DRAYAGE_IO" && error.op?.startsWith("read") === true;
  if (!isRead || originPath === undefined) return "destination";
  return error.message.includes(JSON.stringify(originPath)) ? "source" : "destination";
}

/** Why a document may not change. */
export type FrozenReason = "preserve digests" | "destination digest" | "signatures";

const frozenTexts: Readonly<Record<FrozenReason, { text: string; hint: string }>> = {
  "preserve digests": {
    text: "digests are to be preserved",
    hint: "leave out preserveDigests (--preserve-digests), or choose a destination that takes the image as it is",
  },
  "destination digest": {
    text: "the destination's reference names its digest",
    hint: "name the destination by a tag",
  },
  signatures: {
    text: "its signatures would no longer hold",
    hint: "leave the signatures behind with removeSignatures (--remove-signatures)",
  },
};

export function frozenText(reason: FrozenReason | undefined): string | undefined {
  return reason === undefined ? undefined : frozenTexts[reason].text;
}

/** The error for a change that is needed and not allowed. */
export function frozenError(needed: string, reason: FrozenReason, cause?: unknown): DrayageError {
  const { text, hint } = frozenTexts[reason];
  return new DrayageError("ERR_DRAYAGE_CONVERSION_UNSUPPORTED", `${needed}, but it may not change: ${text}`, {
    hint,
    cause,
  });
}
