import { throwIfAborted } from "@drayage/errors";
import { TarDecoder } from "./decoder.ts";
import type { TarEvent, TarHeaderEvent } from "./events.ts";
import type { TarLimits } from "./limits.ts";
import type { TarLocation } from "./scan.ts";

/** An entry with its data. */
export interface TarReadEntry extends TarLocation {
  /**
   * The data, once, in order, as views of the source's chunks: each is valid until the next is asked for. What of
   * it was not taken when the next entry is asked for is passed over.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ReadTarOptions extends TarLimits {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The entries of an archive that arrives in order. Leaving the loop early ends the source.
 *
 * Throws `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED` and `ERR_DRAYAGE_ABORTED`.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadTarOptions = {},
): AsyncGenerator<TarReadEntry, void, undefined> {
  const { signal, ...limits } = options;
  const decoder = new TarDecoder(limits);
  const chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let current: TarHeaderEvent | undefined;
  let finished = false;
  try {
    for (;;) {
      const event = decoder.next() ?? (await refill());
      if (event === undefined) return;
      if (event.type !== "header") continue;
      current = event;
      const { header, rawBlocks, headerOffset, dataOffset } = event;
      yield { header, rawBlocks, headerOffset, dataOffset, body: bodyOf(event) };
      current = undefined;
    }
  } finally {
    current = undefined;
    await chunks.return?.();
  }

  /** Pushes chunks until there is an event; undefined at the end. */
  async function refill(): Promise<TarEvent | undefined> {
    while (!finished) {
      throwIfAborted(signal, "read a tar archive");
      const { value: chunk, done } = await chunks.next();
      if (done) {
        decoder.finish();
        finished = true;
      } else {
        decoder.push(chunk);
      }
      const event = decoder.next();
      if (event !== undefined) return event;
    }
    return undefined;
  }

  async function* bodyOf(entry: TarHeaderEvent): AsyncGenerator<Uint8Array, void, undefined> {
    while (current === entry) {
      const event = decoder.next() ?? (await refill());
      if (event?.type !== "data") {
        if (current === entry) current = undefined;
        return;
      }
      yield event.bytes;
    }
  }
}
