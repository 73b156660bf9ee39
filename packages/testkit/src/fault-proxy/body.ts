import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** What is done to a body on its way. Offsets and lengths in bytes. */
export interface BodyFaults {
  readonly cutAfter?: number | undefined;
  readonly stallAfter?: number | undefined;
  readonly truncateTo?: number | undefined;
  readonly corruptAt?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
}

export interface PassBody {
  readonly from: AsyncIterable<Uint8Array>;
  readonly to: Writable;
  readonly faults: BodyFaults;
  /** Told of each part, when it came. */
  readonly onBytes: (count: number) => void;
  /** Ends a pause. */
  readonly signal: AbortSignal;
}

/** Why a body stopped: it ended, or its rest is to be cut off, held back or left out. */
export type BodyResult = "ended" | "cut" | "stalled" | "truncated";

/** Writes a body as it comes and as the faults say, without its end. Throws where `to` is closed. */
export async function passBody(pass: PassBody): Promise<BodyResult> {
  const { from, to, faults, onBytes } = pass;
  const { cutAfter = never, stallAfter = never, truncateTo = never, corruptAt = never } = faults;
  const limit = Math.min(cutAfter, stallAfter, truncateTo);
  const result = limit === truncateTo ? "truncated" : limit === stallAfter ? "stalled" : "cut";
  if (limit === 0) {
    await flushed(to);
    return result;
  }
  let position = 0;
  for await (const chunk of from) {
    const part = chunk.subarray(0, limit - position);
    if (corruptAt >= position && corruptAt < position + part.length) flip(part, corruptAt - position);
    onBytes(part.length);
    position += part.length;
    await write(pass, part);
    if (position < limit) continue;
    await flushed(to);
    return result;
  }
  return "ended";
}

const never = Number.POSITIVE_INFINITY;

function flip(part: Uint8Array, index: number): void {
  part[index] = (part[index] ?? 0) ^ 0xff;
}

async function write({ to, faults, signal }: PassBody, part: Uint8Array): Promise<void> {
  const { bytesPerSecond } = faults;
  if (bytesPerSecond === undefined) return writeAtOnce(to, part);
  const step = Math.max(1, Math.floor(bytesPerSecond / 50));
  for (let start = 0; start < part.length; start += step) {
    const piece = part.subarray(start, start + step);
    await writeAtOnce(to, piece);
    await sleep((piece.length / bytesPerSecond) * 1000, undefined, { signal });
  }
}

/** Writes, and waits where the stream wants that. */
async function writeAtOnce(to: Writable, chunk: Uint8Array): Promise<void> {
  if (to.destroyed) throw new Error("the connection was closed");
  if (to.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (settled: () => void): void => {
      to.off("drain", onDrain).off("close", onClose).off("error", onClose);
      settled();
    };
    const onDrain = (): void => settle(resolve);
    const onClose = (): void => settle(() => reject(new Error("the connection was closed")));
    to.on("drain", onDrain).on("close", onClose).on("error", onClose);
  });
}

/** Waits until all that was written is with the system. An empty write adds nothing to the message. */
async function flushed(to: Writable): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    to.write(new Uint8Array(0), (error) => (error ? reject(error) : resolve()));
  });
}
