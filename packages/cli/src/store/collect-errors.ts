import { throwIfAborted } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { errorLine } from "../error-text.ts";

/** Does all that is asked for, whatever fails of it. What fails is told of as it does; the last error is thrown. */
export async function collectErrors<Item>(
  { process, personality, signal }: DrayContext,
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  let last: { readonly error: unknown } | undefined;
  for (const item of items) {
    throwIfAborted(signal);
    try {
      await act(item);
    } catch (error) {
      if (last !== undefined) process.stderr.write(`${errorLine(last.error, personality)}\n`);
      last = { error };
    }
  }
  if (last !== undefined) throw last.error;
}
