import { closeSync, openSync, readSync } from "node:fs";
import { type Blob, readUnverified } from "@drayage/blob";
import { throwIfAborted } from "@drayage/errors";
import { cleanRawEntryName, scanTar, TarDecoder, type TarHeader } from "@drayage/tar";

/** Refuses entries that leave the root. Throws `ERR_DRAYAGE_ARCHIVE_INVALID`. */
function checkHeader({ rawName, rawLinkname, type }: TarHeader): void {
  cleanRawEntryName(rawName);
  if (type === "link") cleanRawEntryName(rawLinkname);
}

/** Takes a tar's bytes, and throws `ERR_DRAYAGE_ARCHIVE_INVALID` as soon as they are none, or an entry leaves the root. */
export interface TarChecker {
  push(chunk: Uint8Array): void;
  finish(): void;
}

export function tarChecker(): TarChecker {
  const decoder = new TarDecoder();
  const takeAll = (): void => {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      if (event.type === "header") checkHeader(event.header);
    }
  };
  return {
    push(chunk) {
      decoder.push(chunk);
      takeAll();
    },
    finish() {
      decoder.finish();
      takeAll();
    },
  };
}

/** The bytes of a tar, checked while they pass. */
export async function* checkedTar(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const checker = tarChecker();
  for await (const chunk of chunks) {
    checker.push(chunk);
    yield chunk;
  }
  checker.finish();
}

/** Checks a tar before it is read; of a file only the headers are looked at. */
export async function checkTar(blob: Blob, signal: AbortSignal | undefined): Promise<void> {
  const { origin, steps } = blob;
  if (origin.kind === "file" && steps.length === 0) {
    checkFile(origin, signal);
    return;
  }
  for await (const _ of checkedTar(readUnverified(blob, { signal }))) throwIfAborted(signal);
}

function checkFile(
  { path, offset, length }: Extract<Blob["origin"], { kind: "file" }>,
  signal: AbortSignal | undefined,
): void {
  const fd = openSync(path, "r");
  try {
    const buffer = new Uint8Array(64 * 1024);
    const read = (position: number, wanted: number): Uint8Array => {
      const count = readSync(fd, buffer, 0, Math.min(wanted, buffer.length), offset + position);
      return buffer.subarray(0, count);
    };
    for (const { header } of scanTar({ size: length, read })) {
      throwIfAborted(signal);
      checkHeader(header);
    }
  } finally {
    closeSync(fd);
  }
}
