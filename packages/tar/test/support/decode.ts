import {
  TarDecoder,
  type TarGlobalEvent,
  type TarHeader,
  type TarHeaderEvent,
  type TarLimits,
} from "../../src/index.ts";
import { concat } from "./archive.ts";

export interface DecodedEntry extends Omit<TarHeaderEvent, "type"> {
  readonly data: Uint8Array;
  readonly padding: Uint8Array;
}

export interface Decoded {
  readonly entries: readonly DecodedEntry[];
  readonly globals: readonly TarGlobalEvent[];
  /** All bytes that the events carried, in their order. */
  readonly bytes: Uint8Array;
  readonly endBlocks: number | undefined;
  readonly trailing: Uint8Array;
}

/** Decodes an archive that is pushed in pieces of these lengths in turn. */
export function decode(
  archive: Uint8Array,
  lengths: readonly number[] = [archive.length],
  limits?: TarLimits,
): Decoded {
  const decoder = new TarDecoder(limits);
  const entries: DecodedEntry[] = [];
  const globals: TarGlobalEvent[] = [];
  const all: Uint8Array[] = [];
  const trailing: Uint8Array[] = [];
  let endBlocks: number | undefined;
  let header: TarHeaderEvent | undefined;
  let data: Uint8Array[] = [];
  let position = 0;
  for (let index = 0; position < archive.length; index++) {
    const length = Math.max(1, lengths[index % lengths.length] ?? 1);
    // A copy, and spoilt after use: nothing may depend on it later.
    const chunk = new Uint8Array(archive.subarray(position, position + length));
    decoder.push(chunk);
    take();
    chunk.fill(0xee);
    position += length;
  }
  decoder.finish();
  take();
  return { entries, globals, bytes: concat(...all), endBlocks, trailing: concat(...trailing) };

  function take(): void {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      if (event.type === "header") {
        all.push(event.rawBlocks);
        header = event;
        data = [];
      } else if (event.type === "data") {
        all.push(new Uint8Array(event.bytes));
        data.push(new Uint8Array(event.bytes));
      } else if (event.type === "entry-end") {
        if (header === undefined || event.padding === undefined)
          throw new Error("an entry ended that never began");
        all.push(event.padding);
        const { type: _, ...rest } = header;
        entries.push({ ...rest, data: concat(...data), padding: event.padding });
        header = undefined;
      } else if (event.type === "global") {
        all.push(event.rawBlocks);
        globals.push(event);
      } else if (event.type === "end") {
        all.push(event.rawBlocks);
        endBlocks = event.rawBlocks.length / 512;
      } else {
        all.push(new Uint8Array(event.bytes));
        trailing.push(new Uint8Array(event.bytes));
      }
    }
  }
}

export function headersOf(archive: Uint8Array): readonly TarHeader[] {
  return decode(archive).entries.map(({ header }) => header);
}

/** The error that a call throws. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
