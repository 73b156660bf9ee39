import { DrayageError } from "@drayage/errors";
import { cleanRawEntryName, TarDecoder, type TarHeader } from "@drayage/tar";

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
  let isEmpty = true;
  const takeAll = (): void => {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      if (event.type === "header") checkHeader(event.header);
    }
  };
  return {
    push(chunk) {
      if (chunk.length > 0) isEmpty = false;
      decoder.push(chunk);
      takeAll();
    },
    finish() {
      // GNU tar reads it as an archive of nothing. A pipe whose writer has failed gives it, too.
      if (isEmpty) {
        throw new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", "it has no bytes", {
          hint: "a tar of nothing has 1024 bytes at least: look whether what made it has failed",
        });
      }
      decoder.finish();
      takeAll();
    },
  };
}

/** The bytes of a tar, checked while they pass: what is used of them is what was checked. */
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
