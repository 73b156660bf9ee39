import { type DrayageError, isDrayageError } from "@drayage/errors";
import { expect } from "vitest";
import { defineTransport, type Transport, type TransportDefinition } from "../src/index.ts";

/** A transport that parses and does nothing else, but for what is given. */
export function example(definition: Partial<TransportDefinition> = {}): Transport {
  return defineTransport({
    scheme: "example",
    summary: "an example",
    syntax: "NAME",
    parse: (text) => ({ text }),
    ...definition,
  });
}

/** The error that a call throws or rejects with, which must be drayage's own. */
export async function errorOf(call: () => unknown): Promise<DrayageError> {
  let thrown: unknown;
  try {
    await call();
  } catch (error) {
    thrown = error;
  }
  expect(isDrayageError(thrown), String(thrown)).toBe(true);
  return thrown as DrayageError;
}
