import type { DrayageError } from "@drayage/errors";
import type { HttpResponse } from "@drayage/http";
import type { RetryPolicy } from "./client.ts";
import { sleep } from "./sleep.ts";

/** Counts tries that failed, and waits before the next. */
export interface Tries {
  /** Waits until the next try. Throws the error where there have been enough. */
  failed(
    error: DrayageError,
    options: { readonly response?: HttpResponse | undefined; readonly signal: AbortSignal | undefined },
  ): Promise<void>;
  /** What has failed before does not count any more. */
  progressed(): void;
}

const defaultRetries = 5;
const firstDelay = 1000;
const longestDelay = 60_000;

export function createTries({ retries = defaultRetries, delay }: RetryPolicy = {}): Tries {
  let count = 0;
  return {
    async failed(error, { response, signal }) {
      if (count === retries) throw error;
      const growing = firstDelay * 2 ** count * (1 + Math.random() / 4);
      const asked = secondsAsked(response) * 1000;
      count++;
      await sleep(Math.min(Math.max(delay ?? growing, asked), longestDelay), signal);
    },
    progressed() {
      count = 0;
    },
  };
}

/** What a `Retry-After` asks for, in seconds. */
function secondsAsked(response: HttpResponse | undefined): number {
  const text = response?.headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, (date - Date.now()) / 1000);
}
