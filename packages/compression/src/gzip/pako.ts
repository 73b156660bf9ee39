import * as pako from "pako";
import { concat } from "../chunks.ts";
import {
  chunkSize,
  type DeflateBlock,
  type DeflateEngine,
  type InflateEngine,
  type SyncInflater,
} from "../engine.ts";
import { invalid, trailing, truncated } from "../errors.ts";

/** zlib in JavaScript: runs everywhere, and knows to the byte where a member ends. */
export const pakoInflate: InflateEngine = {
  algorithm: "gzip",
  name: "pako",
  unavailable: () => undefined,
  createSync: createPakoInflater,
};

export const pakoDeflate: DeflateEngine = {
  algorithm: "gzip",
  name: "pako",
  unavailable: () => undefined,
  open: () => ({ engine: "pako", deflateBlock, close: () => undefined }),
};

function deflateBlock({ bytes, dictionary, last, level }: DeflateBlock): Uint8Array {
  const options = { raw: true, level, memLevel: 9, chunkSize };
  const deflater = new pako.Deflate(dictionary.length > 0 ? { ...options, dictionary } : options);
  const parts: Uint8Array[] = [];
  deflater.onData = (part) => void parts.push(part);
  deflater.push(bytes, last ? pako.Z_FINISH : pako.Z_SYNC_FLUSH);
  return concat(parts);
}

/** zlib's window bits for a stream with gzip's header and trailer. */
const gzipWindow = 31;

export function createPakoInflater(): SyncInflater {
  let member: pako.ZStream | undefined;
  let members = 0;

  function* push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let rest = chunk;
    while (rest.length > 0) {
      member ??= openMember();
      member.input = rest;
      member.next_in = 0;
      member.avail_in = rest.length;
      const ended = yield* run(member, members > 0);
      rest = rest.subarray(member.next_in);
      if (!ended) continue;
      member = undefined;
      members++;
    }
  }

  return {
    engine: "pako",
    push,
    finish() {
      if (member !== undefined || members === 0) throw truncated("gzip");
      return [];
    },
    close() {
      member = undefined;
    },
  };
}

function openMember(): pako.ZStream {
  const stream = new pako.ZStream();
  pako.zlibInflateInit2(stream, gzipWindow);
  return stream;
}

/** Inflates all that the member has of its input. Returns whether it ended. */
function* run(member: pako.ZStream, later: boolean): Generator<Uint8Array, boolean, undefined> {
  for (;;) {
    if (member.avail_out === 0) {
      member.output = new Uint8Array(chunkSize);
      member.next_out = 0;
      member.avail_out = chunkSize;
    }
    const start = member.next_out;
    const status = pako.zlibInflate(member, pako.Z_NO_FLUSH);
    if (member.next_out > start) yield member.output.subarray(start, member.next_out);
    if (status === pako.Z_STREAM_END) return true;
    if (status === pako.Z_BUF_ERROR || (status === pako.Z_OK && member.avail_out > 0)) return false;
    if (status === pako.Z_OK) continue;
    if (later && member.msg === "incorrect header check") throw trailing("gzip");
    throw invalid("gzip", member.msg || `zlib's error ${status}`);
  }
}
