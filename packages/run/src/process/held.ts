import { setTimeout as delay } from "node:timers/promises";

/** More than this of what a runtime says before the command starts is not kept. */
const limit = 64 * 1024;

/** In milliseconds. */
const longestTelling = 1000;

interface Starting {
  readonly started: Promise<boolean>;
  /** What `started` is about to be, before it is. */
  readonly hasStarted: () => boolean;
}

/**
 * Passes on what a source gives once `started` is true. What comes before is held back; where it becomes false it is given to `never` instead.
 */
export async function* heldUntil(
  source: AsyncIterable<Uint8Array>,
  { started, hasStarted }: Starting,
  never: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  let hasWaited = false;
  let next = chunks.next();
  for (;;) {
    const event = await Promise.race([started, next]);
    if (event === true) break;
    const { done, value } = await next;
    if (done) break;
    const isTooMuch = size + value.length > limit;
    if (isTooMuch && !hasWaited && !hasStarted()) {
      // A runtime starts the command first, and then tells of it.
      await Promise.race([started, delay(longestTelling, undefined, { ref: false })]);
      hasWaited = true;
    }
    const isCommands = isTooMuch && hasStarted();
    if (isCommands || !isTooMuch) held.push(value);
    size += value.length;
    next = chunks.next();
    if (isCommands) break;
  }
  if (!(await started)) {
    never(Buffer.concat(held).toString());
    return;
  }
  yield* held;
  for (let one = await next; !one.done; one = await chunks.next()) yield one.value;
}
