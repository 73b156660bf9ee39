import { createInflater, type Inflater, kernelsUnavailable } from "@drayage/kernels";
import type { InflateEngine, SyncInflater, SyncInflaterOptions } from "../engine.ts";
import { invalid, truncated } from "../errors.ts";
import { gzipChecksum } from "./checksum.ts";
import { createMemberHeaderReader } from "./member-header.ts";

/** The kernel of @drayage/kernels in WebAssembly: without promises, and faster than zlib. */
export const kernelsInflate: InflateEngine = {
  algorithm: "gzip",
  name: "kernels",
  unavailable: () => kernelsUnavailable("inflate"),
  createSync: createKernelsInflater,
};

/** An inflater of a stream that is closed, for the next one: each has a memory of its own, which is slow to come and go. */
let spare: Inflater | undefined;

const trailerLength = 8;

function createKernelsInflater({ borrow = false }: SyncInflaterOptions = {}): SyncInflater {
  let inflater: Inflater | undefined = spare ?? createInflater({ format: "gzip" });
  spare = undefined;
  const trailer = new Uint8Array(trailerLength);
  let part: "header" | "content" | "trailer" = "header";
  let header = createMemberHeaderReader(false);
  /** Whether nothing of the member has come yet. */
  let atStart = true;
  let members = 0;
  let trailerFilled = 0;
  let checksum = 0;
  let size = 0;
  /** What the stream was refused with, for good. */
  let failure: { readonly error: unknown } | undefined;

  function* push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    if (failure !== undefined) throw failure.error;
    const content = openInflater();
    try {
      yield* inflate(content, chunk);
    } catch (error) {
      if (inflater !== undefined) failure = { error };
      throw error;
    }
  }

  function openInflater(): Inflater {
    if (inflater === undefined) throw new TypeError("this inflater is closed");
    return inflater;
  }

  function* inflate(content: Inflater, chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (let rest = chunk; rest.length > 0; ) {
      atStart = false;
      if (part === "header") rest = readHeader(content, rest);
      else if (part === "content") rest = yield* inflateContent(content, rest);
      else rest = readTrailer(rest);
    }
  }

  /** Each of these returns the bytes that follow. */
  function readHeader(content: Inflater, bytes: Uint8Array): Uint8Array {
    const taken = header.read(bytes);
    if (header.ended) {
      part = "content";
      content.reset();
      checksum = 0;
      size = 0;
    }
    return bytes.subarray(taken);
  }

  function* inflateContent(
    content: Inflater,
    bytes: Uint8Array,
  ): Generator<Uint8Array, Uint8Array, undefined> {
    content.push(bytes);
    for (let output = content.next(); output.length > 0; output = content.next()) {
      checksum = gzipChecksum(output, checksum);
      size += output.length;
      yield borrow ? output : output.slice();
      // Who still iterates after a close must not get what comes of another stream.
      openInflater();
    }
    if (content.ended) {
      part = "trailer";
      trailerFilled = 0;
    }
    return bytes.subarray(bytes.length - content.unused);
  }

  function readTrailer(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, trailerLength - trailerFilled);
    trailer.set(taken, trailerFilled);
    trailerFilled += taken.length;
    if (trailerFilled === trailerLength) endMember();
    return bytes.subarray(taken.length);
  }

  function endMember(): void {
    const fields = new DataView(trailer.buffer);
    if (fields.getUint32(0, true) !== checksum) {
      throw invalid("gzip", "a member's content has another CRC-32 than its trailer says");
    }
    if (fields.getUint32(4, true) !== size % 2 ** 32) {
      throw invalid("gzip", "a member's content has another size than its trailer says");
    }
    members++;
    part = "header";
    header = createMemberHeaderReader(true);
    atStart = true;
  }

  return {
    engine: "kernels",
    push,
    finish() {
      if (failure !== undefined) throw failure.error;
      if (!atStart || members === 0) throw truncated("gzip");
      return [];
    },
    close() {
      // What has failed, by a fault of its own perhaps, serves no other stream.
      if (failure === undefined && inflater !== undefined && spare === undefined) {
        inflater.reset();
        spare = inflater;
      }
      inflater = undefined;
    },
  };
}
