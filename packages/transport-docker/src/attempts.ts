import { DrayageError, isDrayageError, throwIfAborted } from "@drayage/errors";

/** A place that was asked in vain. */
export interface Attempt {
  readonly place: string;
  readonly error: unknown;
}

/**
 * Asks one place after the other until one answers: mirrors, and the registry as the last.
 *
 * @throws what the last one throws, with what the others said before it (as containers/image)
 */
export async function firstAnswer<P extends { readonly name: string }, T>(
  places: readonly P[],
  ask: (place: P) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<{ readonly answer: T; readonly place: P; readonly index: number }> {
  const attempts: Attempt[] = [];
  for (const [index, place] of places.entries()) {
    try {
      return { answer: await ask(place), place, index };
    } catch (error) {
      throwIfAborted(signal);
      attempts.push({ place: place.name, error });
    }
  }
  throw attemptsError(attempts);
}

/** The last attempt's error; where there were others, called `others`, they are told too. */
export function attemptsError(attempts: readonly Attempt[], others = "Mirrors"): unknown {
  const last = attempts.at(-1);
  if (last === undefined) return new TypeError("an image has at least one place");
  const { error } = last;
  if (attempts.length === 1 || !isDrayageError(error)) return error;
  const told = attempts.slice(0, -1).map(({ place, error }) => `[${place}: ${messageOf(error)}]`);
  const { code, op, side, hint, retryable } = error;
  const message = `(${others} also failed: ${told.join(" ")}): ${last.place}: ${error.message}`;
  return new DrayageError(code, message, { op, side, hint, retryable, cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
