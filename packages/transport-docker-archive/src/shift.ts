import { throwIfAborted } from "@drayage/errors";
import { type OpenFile, readAt, writeAt } from "./positioned.ts";

const chunkSize = 1024 * 1024;

/** Moves `length` bytes of a file from `from` to the later place `to`, the last ones first. */
export async function shiftForward(
  file: OpenFile,
  move: { readonly from: number; readonly to: number; readonly length: number },
  signal?: AbortSignal,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(chunkSize, move.length));
  for (let left = move.length; left > 0; ) {
    throwIfAborted(signal);
    const bytes = buffer.subarray(0, Math.min(buffer.length, left));
    left -= bytes.length;
    await readAt(file, bytes, move.from + left);
    await writeAt(file, bytes, move.to + left);
  }
}
