import { errnoOf, isDrayageError } from "@drayage/errors";
import { type BackoffOptions, backoff, longestDelay } from "./backoff.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./client.ts";
import { redactedUrl } from "./redacted-url.ts";
import { sleep } from "./sleep.ts";
import { isUnreachable } from "./unreachable.ts";

export interface RetryOptions extends BackoffOptions {
  /** Tries after the first: 5 where absent. */
  readonly retries?: number | undefined;
  /** Milliseconds that a request may wait between its tries, all together: 300,000 where absent. */
  readonly budget?: number | undefined;
  /** Told before each wait. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

export interface RetryEvent {
  /** `GET https://host/path`, without secrets. */
  readonly op: string;
  /** What failed: `status 503`, or the error's message. */
  readonly reason: string;
  /** Whether nobody answered: there was no connection, or nothing was heard. */
  readonly unreachable: boolean;
  /** 1 for the first try after the one that failed. */
  readonly retry: number;
  /** Milliseconds. */
  readonly delay: number;
}

const passing = new Set([408, 429, 500, 502, 503, 504]);

/**
 * A client that makes a request again when it failed for a reason that may pass: the statuses 408, 429, 500, 502, 503 and 504, and errors
 * that are `retryable`. The last response or error is what the caller gets.
 *
 * Only requests that do no harm when the host did serve the first of them:
 * GET and HEAD change nothing; PUT and DELETE leave behind the same, sent once or twice (a DELETE may then answer 404);
 * POST without a body begins an upload at a registry, or mounts a blob, and an upload that nobody goes on with expires;
 * and those that say so themselves (`repeatable`). A body that is made while it is sent is never sent again here.
 *
 * A host that refuses connections and has not answered once is not asked again: mostly, its name is wrong.
 */
export function withRetries(client: HttpClient, options: RetryOptions = {}): HttpClient {
  const answered = new Set<string>();
  return {
    request: (request) =>
      isRepeatable(request) ? tryAgain(request, { client, options, answered }) : client.request(request),
    close: () => client.close(),
  };
}

interface Trying {
  readonly client: HttpClient;
  readonly options: RetryOptions;
  readonly answered: Set<string>;
}

async function tryAgain(request: HttpRequest, { client, options, answered }: Trying): Promise<HttpResponse> {
  const { retries = 5, budget = 300_000, onRetry } = options;
  const origin = URL.canParse(request.url) ? new URL(request.url).origin : request.url;
  let left = budget;
  for (let retry = 1; ; retry += 1) {
    const outcome = await attempt(client, request);
    if ("response" in outcome) answered.add(origin);
    const reason = retry > retries ? undefined : reasonToRetry(outcome, answered.has(origin));
    const delay = Math.max(backoff(retry, options), "response" in outcome ? retryAfter(outcome.response) : 0);
    if (reason === undefined || delay > left) {
      if ("response" in outcome) return outcome.response;
      throw outcome.error;
    }
    left -= delay;
    if ("response" in outcome) await outcome.response.discard();
    const op = `${request.method} ${redactedUrl(request.url)}`;
    onRetry?.({ op, reason, unreachable: "error" in outcome && isUnreachable(outcome.error), retry, delay });
    await sleep(delay, request.signal);
  }
}

type Outcome = { readonly response: HttpResponse } | { readonly error: unknown };

async function attempt(client: HttpClient, request: HttpRequest): Promise<Outcome> {
  try {
    return { response: await client.request(request) };
  } catch (error) {
    return { error };
  }
}

function reasonToRetry(outcome: Outcome, hasAnswered: boolean): string | undefined {
  if ("response" in outcome) {
    const { status } = outcome.response;
    return passing.has(status) ? `status ${status}` : undefined;
  }
  const { error } = outcome;
  if (!isDrayageError<string>(error) || !error.retryable) return undefined;
  return !hasAnswered && errnoOf(error.cause) === "ECONNREFUSED" ? undefined : error.message;
}

function isRepeatable({ method, body, repeatable }: HttpRequest): boolean {
  if (body !== undefined && !(body instanceof Uint8Array)) return false;
  if (repeatable !== undefined) return repeatable;
  return method === "POST" ? body === undefined : method !== "PATCH";
}

/** Milliseconds that the response wants one to wait: `Retry-After`, in seconds or as a date; never more than a minute, as in the Go tools. */
function retryAfter({ headers }: HttpResponse): number {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? 0 : Math.min(Math.max(milliseconds, 0), longestDelay);
}
