import type { DrayContext } from "../context.ts";
import { errorLine } from "../error-text.ts";
import { attemptEach } from "../store/attempt-each.ts";

/** Does all that is asked for. As with buildah, errors before the last stand on lines of their own, without what the last begins with. */
export function eachOf<Item>(
  { process, signal, calledAs = "buildah" }: DrayContext,
  items: readonly Item[],
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const tell = (error: unknown): void =>
    void process.stderr.write(`${errorLine(error, calledAs).replace(/^Error: /, "")}\n`);
  return attemptEach(items, { act, tell, signal });
}
