import { chunksOf } from "../chunks.ts";
import { chunkSize, type InflateEngine, type SyncInflater } from "../engine.ts";
import { invalid, trailing, truncated } from "../errors.ts";
import { type Loaded, optional, reasonOf } from "../load.ts";
import { createPakoInflater } from "./pako.ts";

/** As much of zlib-sync as is used here. */
interface ZlibSync {
  readonly Inflate: new (options: { chunkSize: number; windowBits: number }) => NativeInflate;
  readonly Z_SYNC_FLUSH: number;
  readonly Z_STREAM_END: number;
  readonly Z_BUF_ERROR: number;
}

interface NativeInflate {
  push(bytes: Uint8Array, flush: number): void;
  readonly err: number;
  readonly msg: string | null;
  readonly result: Uint8Array | null;
}

function library(): Loaded<ZlibSync> {
  return optional<ZlibSync>("zlib-sync");
}

/** Native zlib without promises, where the package zlib-sync is installed. */
export const zlibSyncInflate: InflateEngine = {
  algorithm: "gzip",
  name: "zlib-sync",
  unavailable: () => reasonOf(library()),
  createSync: createZlibSyncInflater,
};

/**
 * Input goes in by pieces, because all that comes of one push is in memory at once: at most 1032 times its size.
 * Pieces shrink while much comes of them, and grow again while little does.
 */
const pieceSizes = { least: 1024, most: 16 * 1024 };
const muchOutput = 2 * chunkSize;

const magic = Uint8Array.of(0x1f, 0x8b, 0x08);

/**
 * zlib-sync ends at the first member's end without saying how many bytes it took. So the input is split
 * before every occurrence of a member's magic and before the very last byte, and the byte before each
 * split goes in alone: the member ends there if and only if that byte ended it. What follows a first
 * member goes to pako, for zlib-sync frees no inflater's memory, and there can be a member for each file.
 */
function createZlibSyncInflater(): SyncInflater {
  const loaded = library();
  if ("reason" in loaded) throw new TypeError(`zlib-sync: ${loaded.reason}`);
  const zlib = loaded.module;
  let first: NativeInflate | undefined = new zlib.Inflate({ chunkSize, windowBits: 31 });
  let later: SyncInflater | undefined;
  // The last bytes that were pushed: one that may have to go in alone, and the start of a magic.
  let held = new Uint8Array(0);
  let pieceSize = pieceSizes.least;

  /** Inflates `bytes` and returns whether the member ended in them. */
  function* feed(inflate: NativeInflate, bytes: Uint8Array): Generator<Uint8Array, boolean, undefined> {
    for (let end = 0; end < bytes.length; ) {
      let piece = bytes.subarray(end, end + pieceSize);
      end += piece.length;
      for (;;) {
        inflate.push(piece, zlib.Z_SYNC_FLUSH);
        const status = inflate.err;
        if (status === zlib.Z_BUF_ERROR) break;
        if (status < 0) throw invalid("gzip", inflate.msg ?? `zlib's error ${status}`);
        const output = inflate.result ?? piece.subarray(0, 0);
        yield* chunksOf(output);
        if (status === zlib.Z_STREAM_END) {
          if (end < bytes.length) throw trailing("gzip");
          return true;
        }
        pieceSize = output.length > muchOutput ? pieceSize / 2 : pieceSize * 2;
        pieceSize = Math.min(Math.max(pieceSize, pieceSizes.least), pieceSizes.most);
        // It stops when its input is used up, be there more output or not.
        if (output.length === 0) break;
        piece = piece.subarray(piece.length);
      }
    }
    return false;
  }

  /** Inflates bytes of which only the last may end the member. Returns whether it did. */
  function* feedTo(inflate: NativeInflate, bytes: Uint8Array): Generator<Uint8Array, boolean, undefined> {
    if (yield* feed(inflate, bytes.subarray(0, -1))) throw trailing("gzip");
    return yield* feed(inflate, bytes.subarray(-1));
  }

  function* push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    if (later !== undefined) return yield* later.push(chunk);
    if (first === undefined) throw new TypeError("this inflater is closed");
    const bytes = new Uint8Array(held.length + chunk.length);
    bytes.set(held);
    bytes.set(chunk, held.length);
    let start = 0;
    for (let at = indexOfMagic(bytes, 1); at !== -1; at = indexOfMagic(bytes, at + 1)) {
      if (yield* feedTo(first, bytes.subarray(start, at))) {
        first = undefined;
        later = createPakoInflater();
        return yield* later.push(bytes.subarray(at));
      }
      start = at;
    }
    const end = Math.max(start, bytes.length - magic.length);
    if (yield* feed(first, bytes.subarray(start, end))) throw trailing("gzip");
    held = bytes.slice(end);
  }

  return {
    engine: "zlib-sync",
    push,
    *finish() {
      if (later !== undefined) return yield* later.finish();
      if (first === undefined || held.length === 0) throw truncated("gzip");
      if (!(yield* feedTo(first, held))) throw truncated("gzip");
    },
    close() {
      first = undefined;
      later?.close();
    },
  };
}

function indexOfMagic(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(magic[0] ?? 0, from); at !== -1; at = bytes.indexOf(magic[0] ?? 0, at + 1)) {
    if (bytes[at + 1] === magic[1] && bytes[at + 2] === magic[2]) return at;
  }
  return -1;
}
