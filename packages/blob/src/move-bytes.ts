import { DrayageError, throwIfAborted } from "@drayage/errors";
import { readAtSync } from "./file-range.ts";
import { writeAllSync } from "./file-writes.ts";
import { chunkSize, createPace } from "./pace.ts";

export interface Move {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/**
 * Moves bytes to another place of the same file, which may overlap the one where they are. After an error they may be
 * damaged.
 *
 * @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED`
 */
export async function moveBytes(
  file: { readonly fd: number; readonly path: string },
  { from, to, length }: Move,
  signal?: AbortSignal,
): Promise<void> {
  if (from === to) return;
  const buffer = new Uint8Array(Math.min(chunkSize, length));
  const pace = createPace();
  for (let done = 0; done < length; ) {
    throwIfAborted(signal);
    const count = Math.min(buffer.length, length - done);
    // No byte may be written over before it was read.
    const at = to < from ? done : length - done - count;
    readWhole(file, buffer.subarray(0, count), from + at);
    writeAllSync(file, buffer.subarray(0, count), to + at);
    done += count;
    await pace.took(count);
  }
}

function readWhole(
  file: { readonly fd: number; readonly path: string },
  bytes: Uint8Array,
  position: number,
): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readAtSync(file.fd, bytes.subarray(done), position + done, file.path);
    if (count === 0) {
      throw new DrayageError(
        "ERR_DRAYAGE_IO",
        `cannot read ${JSON.stringify(file.path)}: it ends too early`,
        {
          op: "read",
        },
      );
    }
    done += count;
  }
}
