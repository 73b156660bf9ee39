import type { DrayContext } from "../context.ts";
import { errorLine } from "../error-text.ts";
import { attemptEach } from "./attempt-each.ts";

/** Does all that is asked for. Errors are told of as the last one will be. */
export function collectErrors<Item>(
  { process, personality, signal }: DrayContext,
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const tell = (error: unknown): void => void process.stderr.write(`${errorLine(error, personality)}\n`);
  return attemptEach(items, { act, tell, signal });
}
