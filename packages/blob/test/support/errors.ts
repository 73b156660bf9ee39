import { type DrayageError, isDrayageError } from "@drayage/errors";
import { expect } from "vitest";

/** The error that a promise is rejected with, which must be drayage's own. */
export async function errorOf(promise: Promise<unknown>): Promise<DrayageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isDrayageError(error), String(error)).toBe(true);
  return error as DrayageError;
}
