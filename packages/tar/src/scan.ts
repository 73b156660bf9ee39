import { TarDecoder } from "./decoder.ts";
import type { TarHeader } from "./header.ts";
import type { TarLimits } from "./limits.ts";
import { archiveProblem } from "./problem.ts";

/** Bytes that can be read anywhere: a file by `readSync`, an array. */
export interface RandomAccess {
  /** How many bytes there are. */
  readonly size: number;
  /** The bytes at `position`, at least one and at most `length`. The result is only used until the next call. */
  read(position: number, length: number): Uint8Array;
}

/** An entry, and where in the archive it is. */
export interface TarLocation {
  readonly header: TarHeader;
  /** Every block of its headers, as `TarHeaderEvent.rawBlocks`. */
  readonly rawBlocks: Uint8Array;
  /** Where its headers start, PAX headers and long names included, in bytes from the archive's start. */
  readonly headerOffset: number;
  /** Where its `header.size` bytes of data start. */
  readonly dataOffset: number;
}

/**
 * The entries of an archive that can be read anywhere. Only headers are read, never data; that the data is there in
 * full is checked. What follows the archive's end is not looked at.
 *
 * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` and `ERR_DRAYAGE_LIMIT_EXCEEDED` as {@link TarDecoder} does.
 */
export function* scanTar(
  archive: RandomAccess,
  limits: TarLimits = {},
): Generator<TarLocation, void, undefined> {
  const decoder = new TarDecoder(limits);
  let position = 0;
  for (;;) {
    const event = decoder.next();
    if (event === undefined) {
      const length = Math.min(decoder.wanted(), archive.size - position);
      const chunk = length > 0 ? archive.read(position, length) : undefined;
      if (chunk === undefined || chunk.length === 0) {
        decoder.finish();
        continue;
      }
      position += chunk.length;
      decoder.push(chunk);
    } else if (event.type === "header") {
      const { header, rawBlocks, headerOffset, dataOffset } = event;
      const missing = dataOffset + header.size - archive.size;
      if (missing > 0) {
        throw archiveProblem(`the archive ends ${missing} bytes before the end of the data`, {
          name: header.name,
          offset: headerOffset,
        });
      }
      position += decoder.skipData();
      yield { header, rawBlocks, headerOffset, dataOffset };
    } else if (event.type === "end") {
      return;
    }
  }
}
