import { isDrayageError } from "@drayage/errors";
import { Decompress } from "fzstd";
import type { InflateEngine, SyncInflater } from "../engine.ts";
import { invalid, truncated } from "../errors.ts";
import { createFrameChecksum } from "./checksum.ts";
import { createFrameScanner } from "./frames.ts";
import type { FrameStart } from "./headers.ts";

/** A decoder in JavaScript. It verifies no checksum, limits no window and knows no end: all that is done here. */
export const fzstdInflate: InflateEngine = {
  algorithm: "zstd",
  name: "fzstd",
  unavailable: () => undefined,
  createSync: createFzstdInflater,
};

function createFzstdInflater(): SyncInflater {
  const scanner = createFrameScanner();
  let frame: Frame | undefined;

  return {
    engine: "fzstd",
    *push(chunk) {
      // A block at a time, for all that comes of one push is in memory at once, and 4 bytes may become 128 KiB.
      for (const piece of scanner.scan(chunk)) {
        if (piece.type === "frame") frame = openFrame(piece);
        else if (piece.type === "bytes") yield* frame?.push(new Uint8Array(piece.bytes)) ?? [];
        else yield* frame?.end(piece.checksum) ?? [];
      }
    },
    finish() {
      scanner.finish();
      return [];
    },
    close() {
      frame = undefined;
    },
  };
}

interface Frame {
  push(bytes: Uint8Array): Iterable<Uint8Array>;
  end(checksum: number | undefined): Iterable<Uint8Array>;
}

function openFrame({ hasChecksum, contentSize }: FrameStart): Frame {
  let output: Uint8Array[] = [];
  let size = 0;
  const hash = hasChecksum ? createFrameChecksum() : undefined;
  const decoder = new Decompress((bytes) => {
    if (bytes.length > 0) output.push(bytes);
  });

  function* push(bytes: Uint8Array, last = false): Generator<Uint8Array, void, undefined> {
    try {
      decoder.push(bytes, last);
    } catch (error) {
      throw isDrayageError(error) ? error : invalid("zstd", (error as Error).message, error);
    }
    for (const part of output) {
      size += part.length;
      hash?.update(part);
      yield part;
    }
    output = [];
  }

  return {
    push,
    *end(checksum) {
      yield* push(new Uint8Array(0), true);
      if (contentSize !== undefined && size !== contentSize) {
        throw size < contentSize
          ? truncated("zstd")
          : invalid("zstd", "a frame has more than its header says");
      }
      if (hash !== undefined && hash.value() !== checksum) throw invalid("zstd", "a checksum does not match");
    },
  };
}
