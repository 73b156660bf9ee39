import { TarDecoder, type TarEvent } from "../../src/index.ts";
import { createTarSplitPacker, reassembleTar, type TarSplitContent } from "../../src/tar-split.ts";
import { concat } from "./archive.ts";

/** The events of an archive that is pushed in pieces of these lengths in turn. */
export function* eventsOf(
  archive: Uint8Array,
  lengths: readonly number[] = [65_536],
): Generator<TarEvent, void, undefined> {
  const decoder = new TarDecoder();
  for (let position = 0, index = 0; position < archive.length; index++) {
    const length = Math.max(1, lengths[index % lengths.length] ?? 1);
    decoder.push(archive.subarray(position, position + length));
    position += length;
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
  }
  decoder.finish();
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) yield event;
}

/** The tar-split of an archive, as text. */
export function packed(archive: Uint8Array, lengths?: readonly number[]): string {
  const pieces: Uint8Array[] = [];
  const packer = createTarSplitPacker({ write: (lines) => pieces.push(lines) });
  for (const event of eventsOf(archive, lengths)) packer.take(event);
  packer.finish();
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(concat(...pieces));
}

/** One line of tar-split. */
export interface Line {
  readonly type: 1 | 2;
  readonly name?: string;
  readonly name_raw?: string;
  readonly size?: number;
  readonly payload: string | null;
  readonly position: number;
}

export function linesOf(text: string): readonly Line[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** The names of the files whose content is left to the folder. */
export function namesLeft(text: string): readonly string[] {
  return linesOf(text).flatMap(({ type, size, name }) =>
    type === 1 && size !== undefined ? [name ?? ""] : [],
  );
}

export function contentOf(bytes: Uint8Array): TarSplitContent {
  return {
    size: bytes.length,
    read(buffer, position) {
      const piece = bytes.subarray(position, position + buffer.length);
      buffer.set(piece);
      return piece.length;
    },
    close() {},
  };
}

export type Reassembling = Parameters<typeof reassembleTar>[2] & {
  /** The lengths of the pieces in which the JSON comes. */
  readonly lengths?: readonly number[];
};

/** The archive of a tar-split, with contents by their names. */
export async function reassembled(
  text: string | Uint8Array,
  contents: (name: string) => Uint8Array | undefined,
  { lengths = [10_000], ...options }: Reassembling = {},
): Promise<Uint8Array> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0, index = 0; at < bytes.length; index++) {
      const length = Math.max(1, lengths[index % lengths.length] ?? 1);
      yield bytes.slice(at, at + length);
      at += length;
    }
  }
  const chunks: Uint8Array[] = [];
  const open = (rawName: Uint8Array): TarSplitContent | undefined => {
    const content = contents(Buffer.from(rawName).toString("latin1"));
    return content === undefined ? undefined : contentOf(content);
  };
  for await (const chunk of reassembleTar(pieces(), open, options)) chunks.push(chunk.slice());
  return concat(...chunks);
}
