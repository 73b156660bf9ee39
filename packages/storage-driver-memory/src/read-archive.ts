import { type Blob, type DrainResult, drain } from "@drayage/blob";
import { TarDecoder, type TarEvent, whiteoutPrefix } from "@drayage/tar";
import type { Budget } from "./budget.ts";
import { toByteString } from "./byte-string.ts";
import { type Entry, entryOf } from "./entry.ts";
import { entryError } from "./entry-error.ts";
import { KeptBytes } from "./kept-bytes.ts";

/** A layer's archive, in memory. */
export interface Archive {
  readonly bytes: KeptBytes;
  readonly entries: readonly Entry[];
  /** The owners that occur in headers, whiteouts aside, each once, sorted by number. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

export interface ReadArchiveOptions {
  readonly budget: Budget;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((total: number) => void) | undefined;
}

/** Reads a layer's archive, verified, and keeps it as it is. */
export async function readArchive(
  blob: Blob,
  { budget, signal, onBytes }: ReadArchiveOptions,
): Promise<{ readonly archive: Archive; readonly drained: DrainResult }> {
  const reader = createReader(budget);
  try {
    const drained = await drain(blob, { kind: "writer", write: reader.push }, { signal, onBytes });
    return { archive: reader.finish(), drained };
  } catch (error) {
    reader.bytes.release();
    throw error;
  }
}

function createReader(budget: Budget): {
  readonly bytes: KeptBytes;
  push(chunk: Uint8Array): void;
  finish(): Archive;
} {
  const bytes = new KeptBytes(budget);
  const decoder = new TarDecoder();
  const entries: Entry[] = [];
  const uids = new Set<number>();
  const gids = new Set<number>();

  function takeAll(): void {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) take(event);
  }
  function take(event: TarEvent): void {
    if (event.type !== "header") return;
    const { header, dataOffset } = event;
    try {
      const entry = entryOf(header, { bytes, offset: dataOffset, size: header.size });
      entries.push(entry);
      if (entry.path.at(-1)?.startsWith(whiteoutPrefix)) return;
      uids.add(header.uid);
      gids.add(header.gid);
    } catch (error) {
      throw entryError(error, toByteString(header.rawName));
    }
  }

  return {
    bytes,
    push(chunk) {
      // The chunk is only lent, and the decoder keeps what it has not read yet.
      for (const piece of bytes.append(chunk)) {
        decoder.push(piece);
        takeAll();
      }
    },
    finish() {
      decoder.finish();
      takeAll();
      bytes.finish();
      return { bytes, entries, uids: sorted(uids), gids: sorted(gids) };
    },
  };
}

function sorted(ids: ReadonlySet<number>): readonly number[] {
  return [...ids].sort((a, b) => a - b);
}
