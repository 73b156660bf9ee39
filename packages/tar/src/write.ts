import { DrayageError, throwIfAborted } from "@drayage/errors";
import { encodeTarHeader, tarEnd, tarPadding } from "./encode.ts";
import type { TarEntryInput } from "./entry-input.ts";
import { quoteName } from "./problem.ts";

/** The data of an entry that is to be written. */
export type TarBody = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** An entry to be written. The entries of `readTar` can be given as they are. */
export interface TarWriteEntry {
  /** Without a `size`, it is that of a body that is one array, and else 0. */
  readonly header: TarEntryInput;
  readonly body?: TarBody | undefined;
}

/**
 * An archive of these entries with its two zero blocks at the end, in pieces: equal entries give equal bytes.
 *
 * Throws `ERR_DRAYAGE_USAGE` for an entry that no header can be made of, `ERR_DRAYAGE_SIZE_MISMATCH` where a body
 * has more or fewer bytes than its header says, and `ERR_DRAYAGE_ABORTED`.
 */
export async function* writeTar(
  entries: AsyncIterable<TarWriteEntry> | Iterable<TarWriteEntry>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal } = options;
  for await (const { header, body = [] } of entries) {
    throwIfAborted(signal, "write a tar archive");
    const chunks = body instanceof Uint8Array ? [body] : body;
    const size = header.size ?? (body instanceof Uint8Array ? body.length : 0);
    yield encodeTarHeader({ ...header, size });
    let written = 0;
    for await (const chunk of chunks) {
      throwIfAborted(signal, "write a tar archive");
      written += chunk.length;
      if (written > size) throw sizeMismatch(header.name, size, "more");
      if (chunk.length > 0) yield chunk;
    }
    if (written < size) throw sizeMismatch(header.name, size, `only ${written}`);
    const padding = tarPadding(size);
    if (padding.length > 0) yield padding;
  }
  yield tarEnd();
}

/** The error for a body of another size than its header says. */
export function sizeMismatch(name: string | undefined, size: number, found: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_SIZE_MISMATCH",
    `the body of the tar entry ${quoteName(name ?? "")} has ${found} bytes where its header says ${size}`,
  );
}
