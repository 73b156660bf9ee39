import { throwIfAborted } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { errorLine } from "../error-text.ts";

/**
 * Does all that is asked for, whatever fails of it. As with buildah, errors before the last stand on lines of their own, without what
 * the last begins with.
 */
export async function eachOf<Item>(
  { process, signal, calledAs = "buildah" }: DrayContext,
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  let last: { readonly error: unknown } | undefined;
  for (const item of items) {
    throwIfAborted(signal);
    try {
      await act(item);
    } catch (error) {
      if (last !== undefined) {
        process.stderr.write(`${errorLine(last.error, calledAs).replace(/^Error: /, "")}\n`);
      }
      last = { error };
    }
  }
  if (last !== undefined) throw last.error;
}
