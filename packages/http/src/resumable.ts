import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { type BackoffOptions, backoff } from "./backoff.ts";
import type { HttpResponse } from "./client.ts";
import { parseContentRange } from "./content-range.ts";
import { contentLength } from "./headers.ts";
import { redactedUrl } from "./redacted-url.ts";
import { sleep } from "./sleep.ts";

export interface ResumableOptions extends BackoffOptions {
  /**
   * Asks for the bytes from `offset` on: with `range: bytes=<offset>-` where it is not 0. Called again, with the count of bytes that there are,
   * when the connection was cut: it has to ask the first URL again, for one that this redirects to may have expired. It throws for answers
   * that are neither 200, 206 nor 416.
   */
  request(offset: number, signal: AbortSignal | undefined): Promise<HttpResponse>;
  /** The bytes before are not wanted; 0 where absent. */
  readonly offset?: number | undefined;
  /** Bytes of the whole, from its start, where they are known. */
  readonly size?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Tries in a row that bring no byte: 5 where absent. */
  readonly retries?: number | undefined;
  /**
   * Whether `request` has made a request again already where the host answered that it cannot serve it now (503, 429): such answers
   * are then final. Connections are always made anew.
   */
  readonly requestRetries?: boolean | undefined;
  /** Told before each wait. */
  readonly onResume?: ((event: ResumeEvent) => void) | undefined;
}

export interface ResumeEvent {
  /** Why the body ended too early. */
  readonly reason: string;
  /** Bytes of the whole that there are. */
  readonly offset: number;
  /** 1 for the first try since there was a new byte. */
  readonly retry: number;
  /** Milliseconds. */
  readonly delay: number;
}

/**
 * The bytes of something that may be read by ranges. After a cut, the rest is asked for; as long as each try brings some bytes, there is no
 * end to that. Where a host has no ranges, or answers another one than it was asked for, the whole is asked for and what one has is skipped.
 *
 * Nothing is verified but the count of bytes.
 *
 * @throws `ERR_DRAYAGE_SIZE_MISMATCH` if there are more or fewer bytes than `size`, or than an earlier answer said; what `request` throws;
 * and the last error once there were too many tries
 */
export async function* readResumable(options: ResumableOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { request, signal, retries = 5, onResume } = options;
  const progress: Progress = { at: options.offset ?? 0, size: options.size, ranges: true };
  let failures = 0;
  let before = progress.at;
  const ask = async (offset: number): Promise<HttpResponse> => {
    try {
      return await request(offset, signal);
    } catch (error) {
      const final = options.requestRetries === true && !isDrayageError(error, "ERR_DRAYAGE_CONNECTION");
      if (!final || !isDrayageError<string>(error) || !error.retryable) throw error;
      const { code, message, op, side, hint, cause } = error;
      throw new DrayageError(code, message, { op, side, hint, cause });
    }
  };
  while (progress.size === undefined || progress.at !== progress.size) {
    try {
      throwIfAborted(signal);
      const asked = progress.ranges ? progress.at : 0;
      const response = await ask(asked);
      if (await isComplete(response, asked, progress)) return;
      for await (const chunk of bodyFrom(response, asked, progress)) {
        progress.at += chunk.length;
        yield chunk;
      }
      if (progress.size === undefined || progress.at === progress.size) return;
      throw new DrayageError(
        "ERR_DRAYAGE_CONNECTION",
        `${redactedUrl(response.url)} ended after ${progress.at} of ${progress.size} bytes`,
        { retryable: true },
      );
    } catch (error) {
      if (!isDrayageError<string>(error) || !error.retryable) throw error;
      failures = progress.at > before ? 1 : failures + 1;
      before = progress.at;
      if (failures > retries) throw error;
      const delay = backoff(failures, options);
      onResume?.({ reason: error.message, offset: progress.at, retry: failures, delay });
      await sleep(delay, signal);
    }
  }
}

interface Progress {
  /** Bytes from the start of the whole that were given out, or that are not wanted. */
  at: number;
  size: number | undefined;
  /** False once the host has shown that it cannot be asked for ranges. */
  ranges: boolean;
}

/** Whether an answer 416 says that there is nothing more. */
async function isComplete(response: HttpResponse, asked: number, progress: Progress): Promise<boolean> {
  if (response.status !== 416) return false;
  await response.discard();
  const complete = parseContentRange(response.headers.all("content-range"))?.complete;
  if (complete !== undefined) noteSize(complete, response, progress);
  if (complete === asked) return true;
  return noRanges(response, asked, progress);
}

/** The bytes from where one is, of an answer to a request for the bytes from `asked` on. */
async function* bodyFrom(
  response: HttpResponse,
  asked: number,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  let skip = await bytesToSkip(response, asked, progress);
  let left = progress.size === undefined ? Number.POSITIVE_INFINITY : progress.size - progress.at + skip;
  for await (const chunk of response.body) {
    left -= chunk.length;
    if (left < 0) {
      throw new DrayageError(
        "ERR_DRAYAGE_SIZE_MISMATCH",
        `${redactedUrl(response.url)} has more than the ${progress.size} bytes that it should have`,
      );
    }
    if (skip < chunk.length) yield skip === 0 ? chunk : chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

async function bytesToSkip(response: HttpResponse, asked: number, progress: Progress): Promise<number> {
  const { status, headers } = response;
  if (status === 200) {
    const length = headers.get("content-encoding") === undefined ? contentLength(headers) : undefined;
    if (length !== undefined) await noteSizeOrEnd(length, response, progress);
    return progress.at;
  }
  if (status === 206) {
    const range = parseContentRange(headers.all("content-range"));
    if (range?.first !== asked) {
      await endBody(response);
      noRanges(response, asked, progress);
      return 0;
    }
    if (range.complete !== undefined) await noteSizeOrEnd(range.complete, response, progress);
    return progress.at - asked;
  }
  await response.discard();
  throw new DrayageError(
    "ERR_DRAYAGE_REGISTRY",
    `${redactedUrl(response.url)} answered with status ${status}`,
  );
}

/** The whole is asked for next; if that was it already, there is no way on. */
function noRanges(response: HttpResponse, asked: number, progress: Progress): never {
  const shown = JSON.stringify(response.headers.get("content-range") ?? "");
  progress.ranges = false;
  throw new DrayageError(
    "ERR_DRAYAGE_REGISTRY",
    `${redactedUrl(response.url)} answered status ${response.status} with content-range ${shown} to a request for the bytes from ${asked} on`,
    { retryable: asked > 0 },
  );
}

async function noteSizeOrEnd(size: number, response: HttpResponse, progress: Progress): Promise<void> {
  try {
    noteSize(size, response, progress);
  } catch (error) {
    await endBody(response);
    throw error;
  }
}

function noteSize(size: number, response: HttpResponse, progress: Progress): void {
  progress.size ??= size;
  if (progress.size !== size || progress.at > size) {
    throw new DrayageError(
      "ERR_DRAYAGE_SIZE_MISMATCH",
      `${redactedUrl(response.url)} has ${size} bytes, and should have ${Math.max(progress.size, progress.at)}`,
    );
  }
}

/** Leaves a body that is of no use. */
async function endBody(response: HttpResponse): Promise<void> {
  await response.body[Symbol.asyncIterator]().return?.();
}
