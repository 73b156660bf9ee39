import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { quoteName } from "../problem.ts";
import { decodeText } from "../text.ts";
import { cleanRawName } from "./clean-name.ts";
import type { OpenTarSplitContent, TarSplitContent } from "./content.ts";
import { chooseCrc64, crc64Bytes } from "./crc64.ts";
import { TarSplitDecoder } from "./decoder.ts";
import type { TarSplitFile } from "./entry.ts";

export interface ReassembleTarOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whose tar-split it is, for messages: `layer 1a2b…`. */
  readonly what?: string | undefined;
  /** The longest line of JSON that is accepted, in bytes; 32 MiB where absent. */
  readonly lineBytes?: number | undefined;
  /** One buffer is filled again and again: each chunk is valid until the next is asked for. */
  readonly borrow?: boolean | undefined;
}

const chunkLength = 256 * 1024;
const longestLine = 32 * 1024 * 1024;

/**
 * The archive that a tar-split was made of, byte for byte, in chunks of at most 256 KiB.
 *
 * `tarSplit` is the JSON, inflated. A content is compared with its size before, and with its CRC-64 after it was read;
 * whether the whole is the layer is for the caller to verify by its digest: that a tar-split ends early between two lines
 * is not seen here, and some bytes of a wrong content are given before it is known to be wrong.
 *
 * Throws `ERR_DRAYAGE_STORE_INVALID` where the tar-split is damaged, or a content is missing or another, and names the file
 * and `what`; `ERR_DRAYAGE_LIMIT_EXCEEDED` and `ERR_DRAYAGE_ABORTED`; and what the opener throws.
 */
export async function* reassembleTar(
  tarSplit: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  openContent: OpenTarSplitContent,
  options: ReassembleTarOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, what = "a layer", lineBytes = longestLine, borrow = false } = options;
  const decoder = new TarSplitDecoder({ what, lineBytes });
  const crc64 = chooseCrc64();
  let chunk = new Uint8Array(chunkLength);
  let used = 0;

  for await (const lines of named(tarSplit, what)) {
    decoder.push(lines);
    yield* chunks();
  }
  decoder.finish();
  yield* chunks();
  if (used > 0) yield chunk.subarray(0, used);

  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    throwIfAborted(signal, `read ${what}`);
    for (const step of assemble()) {
      if (step instanceof Promise) await step;
      else yield step;
      throwIfAborted(signal, `read ${what}`);
    }
  }

  /** What the lines so far give: full chunks, and what has to be waited for. Most of the many entries need neither. */
  function* assemble(): Generator<Uint8Array | Promise<void>, void, undefined> {
    for (let entry = decoder.next(); entry !== undefined; entry = decoder.next()) {
      if (entry.type === "segment") {
        const { payload } = entry;
        for (let at = 0; at < payload.length; ) {
          if (used === chunk.length) yield full();
          const piece = payload.subarray(at, at + chunk.length - used);
          chunk.set(piece, used);
          used += piece.length;
          at += piece.length;
        }
      } else if (entry.size > 0) {
        yield* assembleFile(entry);
      }
    }
  }

  function* assembleFile(file: TarSplitFile): Generator<Uint8Array | Promise<void>, void, undefined> {
    const opened: { content?: TarSplitContent | undefined } = {};
    const opening = openContent(cleanRawName(file.rawName));
    if (opening instanceof Promise) {
      yield opening.then((content) => {
        opened.content = content;
      });
    } else opened.content = opening;
    if (opened.content === undefined) throw invalid(file, "is not in the layer's folder");
    try {
      yield* assembleContent(file, opened.content);
    } finally {
      opened.content.close();
    }
  }

  function* assembleContent(
    file: TarSplitFile,
    content: TarSplitContent,
  ): Generator<Uint8Array, void, undefined> {
    if (content.size !== file.size) {
      throw invalid(file, `has ${content.size} bytes where the layer has ${file.size}`);
    }
    let crc = 0n;
    for (let at = 0; at < file.size; ) {
      if (used === chunk.length) yield full();
      const room = chunk.subarray(used, used + Math.min(chunk.length - used, file.size - at));
      const length = content.read(room, at);
      if (length === 0) throw invalid(file, `ends after ${at} of ${file.size} bytes`);
      crc = crc64(room.subarray(0, length), crc);
      used += length;
      at += length;
    }
    if (!crc64Bytes(crc).every((byte, index) => byte === file.crc64[index])) {
      throw invalid(file, "has another content than the layer had: its CRC-64 differs");
    }
  }

  function full(): Uint8Array {
    const taken = chunk;
    if (!borrow) chunk = new Uint8Array(chunkLength);
    used = 0;
    return taken;
  }

  function invalid(file: TarSplitFile, problem: string): DrayageError {
    const name = quoteName(decodeText(file.rawName));
    return new DrayageError("ERR_DRAYAGE_STORE_INVALID", `the file ${name} of ${what} ${problem}`);
  }
}

/** The same chunks; an error of what inflates them says whose they are. */
async function* named(
  tarSplit: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* tarSplit;
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_COMPRESSION_INVALID")) throw error;
    throw new DrayageError(
      "ERR_DRAYAGE_STORE_INVALID",
      `the tar-split of ${what} is damaged: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}
