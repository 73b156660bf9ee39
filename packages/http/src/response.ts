import { DrayageError } from "@drayage/errors";
import type { HttpHeaders, HttpResponse } from "./client.ts";
import { contentLength } from "./headers.ts";
import { redactedUrl } from "./redacted-url.ts";

/** Where a response's bytes come from. */
export interface ChunkSource {
  /** The next chunk, undefined at the end. Throws what ended the body too early. */
  next(): Promise<Uint8Array | undefined>;
  /** Ends the connection. Nothing is read any more. */
  cancel(): void;
  /** Whether a chunk is overwritten once the next one is asked for. */
  readonly lends?: boolean | undefined;
}

export interface ResponseParts {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly url: string;
  readonly source: ChunkSource;
}

/** As much of a body is read to save a connection, and for as long. */
const discardedBytes = 64 * 1024;
const discardedMilliseconds = 1000;

export function responseOf({ status, headers, url, source }: ResponseParts): HttpResponse {
  const body = readOnce(source, url);
  return {
    status,
    headers,
    url,
    body,
    bytes: (limit) => collect({ body, headers, url, source }, limit),
    discard: () => discard(source, headers, body),
  };
}

interface OnceBody extends AsyncIterable<Uint8Array> {
  /** Takes the body, if nobody has. */
  take(): boolean;
}

function readOnce(source: ChunkSource, url: string): OnceBody {
  let taken = false;
  let ended = false;
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        const value = await source.next();
        if (value !== undefined) return { done: false, value };
        ended = true;
        return { done: true, value: undefined };
      } catch (error) {
        ended = true;
        throw error;
      }
    },
    async return() {
      if (!ended) source.cancel();
      ended = true;
      return { done: true, value: undefined };
    },
  };
  const take = (): boolean => {
    if (taken) return false;
    taken = true;
    return true;
  };
  return {
    take,
    [Symbol.asyncIterator]() {
      if (take()) return iterator;
      throw new DrayageError("ERR_DRAYAGE_USAGE", `the body of ${redactedUrl(url)} was read already`);
    },
  };
}

interface Collected {
  readonly body: AsyncIterable<Uint8Array>;
  readonly headers: HttpHeaders;
  readonly url: string;
  readonly source: ChunkSource;
}

async function collect({ body, headers, url, source }: Collected, limit: number): Promise<Uint8Array> {
  const tooLarge = (): DrayageError =>
    new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `the answer of ${redactedUrl(url)} is larger than the ${limit} bytes that are accepted`,
    );
  if ((contentLength(headers) ?? 0) > limit) {
    source.cancel();
    throw tooLarge();
  }
  let bytes: Uint8Array | undefined;
  let size = 0;
  for await (const chunk of body) {
    const start = size;
    size += chunk.length;
    if (size > limit) throw tooLarge();
    // Most bodies come in one chunk. It is full: what comes next is not written into it.
    if (bytes === undefined && source.lends !== true) bytes = chunk;
    else {
      bytes = withRoom(bytes, start, size);
      bytes.set(chunk, start);
    }
  }
  if (bytes === undefined) return new Uint8Array();
  return bytes.length === size ? bytes : bytes.slice(0, size);
}

/**
 * Memory for `size` bytes, with the first `used` ones of what there was. Chunks are not collected: in chunks of one byte, a body would
 * take hundreds of times its size.
 */
function withRoom(bytes: Uint8Array | undefined, used: number, size: number): Uint8Array {
  const room = bytes?.length ?? 0;
  if (bytes !== undefined && size <= room) return bytes;
  const larger = new Uint8Array(Math.max(size, 2 * room));
  if (bytes !== undefined) larger.set(bytes.subarray(0, used));
  return larger;
}

/** Never rejects: nobody has a use for what may be wrong with a body that nobody wants. */
async function discard(source: ChunkSource, headers: HttpHeaders, body: OnceBody): Promise<void> {
  if (!body.take()) return;
  if ((contentLength(headers) ?? 0) > discardedBytes) {
    source.cancel();
    return;
  }
  const timer = setTimeout(() => source.cancel(), discardedMilliseconds);
  let left = discardedBytes;
  try {
    for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
      left -= chunk.length;
      if (left < 0) break;
    }
  } catch {
    left = -1;
  } finally {
    clearTimeout(timer);
    if (left < 0) source.cancel();
  }
}
