import { DrayageError, isDrayageError } from "@drayage/errors";
import { TarDecoder } from "@drayage/tar";

/** Finds out whether the bytes that pass are a tar archive. */
export interface TarCheck {
  push(chunk: Uint8Array): void;
  /** Says that the bytes are over. */
  finish(): void;
}

/**
 * Both methods throw ERR_DRAYAGE_ARCHIVE_INVALID, which names `what`, where the bytes are none. No bytes at all are an
 * archive without entries, as for the Go tools.
 */
export function createTarCheck(what: string): TarCheck {
  const decoder = new TarDecoder();

  function step(action: () => void): void {
    try {
      action();
      while (decoder.next() !== undefined);
    } catch (error) {
      throw isDrayageError(error) ? named(error, what) : error;
    }
  }

  return {
    push: (chunk) => step(() => decoder.push(chunk)),
    finish: () => step(() => decoder.finish()),
  };
}

function named(error: DrayageError, what: string): DrayageError {
  return new DrayageError(error.code, `${what} is not a layer: ${error.message}`, {
    hint: "each file is a tar archive, or one that is compressed",
    cause: error,
  });
}
