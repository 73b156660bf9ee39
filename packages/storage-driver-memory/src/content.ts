import type { SparseFile, SparseFragment } from "@drayage/tar";
import { invalid } from "./entry-error.ts";
import type { KeptBytes } from "./kept-bytes.ts";

/** The bytes of a regular file. */
export interface Content {
  readonly size: number;
  /** Fills the buffer from `position` on as far as there are bytes, and says how many. */
  read(buffer: Uint8Array, position: number): number;
}

/** Where an entry's data is. */
export interface DataRange {
  readonly bytes: KeptBytes;
  readonly offset: number;
  readonly size: number;
}

export function plainContent({ bytes, offset, size }: DataRange): Content {
  return {
    size,
    read: (buffer, position) =>
      bytes.read(buffer.subarray(0, Math.max(0, size - position)), offset + Math.max(0, position)),
  };
}

/** A file whose holes are not in the archive. */
export function sparseContent(range: DataRange, { realSize, fragments }: SparseFile): Content {
  const { fragments: map, dataStart } =
    fragments === undefined ? readMap(range, realSize) : { fragments, dataStart: 0 };
  const pieces = placePieces(map, range.offset + dataStart);
  const end = pieces.at(-1);
  if (end !== undefined && end.from + end.length > range.offset + range.size) {
    throw invalid("the map of a sparse file has more than its data");
  }
  return {
    size: realSize,
    read(buffer, position) {
      const length = Math.max(0, Math.min(buffer.length, realSize - position));
      const wanted = buffer.subarray(0, length).fill(0);
      for (const { offset, length: size, from } of pieces) {
        const start = Math.max(offset, position);
        const stop = Math.min(offset + size, position + length);
        if (start < stop) {
          range.bytes.read(wanted.subarray(start - position, stop - position), from + start - offset);
        }
      }
      return length;
    },
  };
}

interface Piece extends SparseFragment {
  /** Where it is in the archive. */
  readonly from: number;
}

function placePieces(fragments: readonly SparseFragment[], start: number): readonly Piece[] {
  let from = start;
  return fragments.map((fragment) => {
    const piece = { ...fragment, from };
    from += fragment.length;
    return piece;
  });
}

const blockSize = 512;
const mapLimit = 4 * 1024 * 1024;

/**
 * The map of version 1.0, with which the data begins: decimal numbers, each with a line feed behind it, that say how many
 * fragments there are and where; then zeros up to a whole block. GNU tar's manual, "PAX Format, Version 1.0".
 */
function readMap(
  { bytes, offset, size }: DataRange,
  realSize: number,
): { readonly fragments: readonly SparseFragment[]; readonly dataStart: number } {
  const head = Buffer.alloc(Math.min(size, mapLimit));
  bytes.read(head, offset);
  let at = 0;
  const next = (): number => {
    const end = head.indexOf(0x0a, at);
    const text = end === -1 ? "" : head.toString("latin1", at, end);
    if (!/^\d{1,15}$/.test(text)) throw invalid("the map of a sparse file has something that is no number");
    at = end + 1;
    return Number(text);
  };
  const count = next();
  const fragments: SparseFragment[] = [];
  for (let end = 0; fragments.length < count; ) {
    const [start, length] = [next(), next()];
    if (start < end || start + length > realSize) throw invalid("the map of a sparse file leaves the file");
    end = start + length;
    fragments.push({ offset: start, length });
  }
  return { fragments, dataStart: Math.ceil(at / blockSize) * blockSize };
}
