import type { TarEvent } from "../events.ts";

export interface TarSplitPackerOptions {
  /** Takes lines of JSON, in pieces of about 128 KiB, each the callee's to keep. They are to be gzipped. */
  write(lines: Uint8Array): void;
}

/** Makes the tar-split of an archive from the events of a `TarDecoder`, while the archive goes by. Synchronous. */
export interface TarSplitPacker {
  /**
   * Takes every event, in order; data must not have been passed over with `skipData`.
   *
   * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` where the archive has two different contents for one path: a file that is
   * replaced later in the archive cannot be given back.
   */
  take(event: TarEvent): void;
  /** Writes what is left. Call it after the last event. */
  finish(): void;
}

export declare function createTarSplitPacker(options: TarSplitPackerOptions): TarSplitPacker;
